"""The questions of the pages where people reserve. What a value may be is the verbs' matter."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import DateField, HiddenField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from lending.domain.contacts import email_address, phone_number
from lending.web.forms import AGREES_TO_TEXTS, KeyedForm, PageForm
from lending.web.online.proof import ProofForm

_NEEDED = lazy_gettext("Fill this in.")
_CHOOSE = lazy_gettext("Choose one of the list.")


def contact_of(typed: str) -> dict[str, str]:
    """An e-mail address or a telephone number, by which of both it is; ``ValueError`` for neither."""
    text = typed.strip()
    return {"email": email_address(text)} if "@" in text else {"phone": phone_number(text)}


def a_contact(form: Any, field: Any) -> None:
    """Refuse what is neither an e-mail address nor a telephone number."""
    try:
        contact_of(field.data or "")
    except ValueError:
        raise ValidationError(
            _("Type an e-mail address such as name@example.org, or a phone number with its area code.")
        ) from None


class NewcomerForm(PageForm):
    """Somebody without a card: who they are, and how they are reached."""

    name = StringField(lazy_gettext("Your name"), validators=[InputRequired(_NEEDED), Length(max=160)])
    birth_date = DateField(lazy_gettext("Your date of birth"), validators=[InputRequired(_NEEDED)])
    contact = StringField(
        lazy_gettext("Your e-mail address or mobile phone"),
        description=lazy_gettext("We use it to tell you when your kit is ready."),
        validators=[InputRequired(_NEEDED), Length(max=254), a_contact],
    )


class ChoiceForm(PageForm):
    """The session, or the kind of kit."""

    choice = RadioField(lazy_gettext("What would you like?"), validators=[InputRequired(_CHOOSE)])


class PlaceForm(PageForm):
    """Where the kit is picked up; the questions of the session's programme are added."""

    QUESTION = "question_"

    place = RadioField(lazy_gettext("Library"), validators=[InputRequired(_CHOOSE)])

    def answers(self) -> dict[str, bool]:
        """The answers by the codes of their questions."""
        found = {field.short_name.removeprefix(self.QUESTION): field for field in self if self.QUESTION in field.name}
        return {code: field.data == "yes" for code, field in found.items()}


def place_form(questions: list[tuple[str, str]]) -> Any:
    """The form with a question, by its code and text, for each."""
    yes_or_no = [SelectChoice("yes", _("Yes")), SelectChoice("no", _("No"))]
    fields = {
        PlaceForm.QUESTION + code: RadioField(
            text, choices=yes_or_no, validators=[InputRequired(_("Choose yes or no."))]
        )
        for code, text in questions
    }
    return type(PlaceForm.__name__, (PlaceForm,), fields)()


class ReachForm(ProofForm):
    """How somebody is told, and in which language."""

    contact = StringField(
        lazy_gettext("Your e-mail address or mobile phone"), validators=[Optional(), Length(max=254), a_contact]
    )
    channel = RadioField(lazy_gettext("The way that suits you best"), validators=[InputRequired(_CHOOSE)])
    language = RadioField(lazy_gettext("In which language?"), validators=[InputRequired(_CHOOSE)])

    def validate_channel(self, field: Any) -> None:
        """An e-mail goes to an address, a text and a call to a telephone."""
        if "contact" not in self or self.contact.errors:
            return
        try:
            known = contact_of(self.contact.data or "")
        except ValueError:
            raise ValidationError(_("Type where we can reach you.")) from None
        if field.data == "email" and "email" not in known:
            raise ValidationError(_("For e-mail we need your e-mail address."))
        if field.data != "email" and "phone" not in known:
            raise ValidationError(_("For a text message or a call we need your phone number."))


CHANNELS = {
    "email": lazy_gettext("By e-mail"),
    "text": lazy_gettext("By text message"),
    "call": lazy_gettext("By a call"),
}
"""How people may ask to be told on these pages, and the words for it."""

TEXTS_HINT = AGREES_TO_TEXTS
"""What somebody agrees to who chooses text messages."""


class CheckForm(KeyedForm):
    """The last page: the name instead of a signature, where something is to be signed."""

    read = HiddenField()
    typed_name = StringField(
        lazy_gettext("Type your full name to sign"),
        description=lazy_gettext("It counts like a signature on paper."),
        validators=[Optional(), Length(max=160)],
    )
