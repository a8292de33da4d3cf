"""The forms of the kit and patron pages. What a value may be is the verbs' matter; a form only says what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from flask import request
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from lending.domain.calendars import FIRST_DAY, LAST_DAY
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.web import current

TOLD_BY = (
    ("email", lazy_gettext("e-mail")),
    ("text", lazy_gettext("text message")),
    ("call", lazy_gettext("a call")),
    ("letter", lazy_gettext("letter")),
)
"""How a patron may ask to be told, and the words for it."""

AGREES_TO_TEXTS = lazy_gettext(
    "I agree to get text messages from the library about the kits I borrow. They may cost money. I can reply STOP."
)
"""What a patron agrees to. It is kept with the time, as it was shown."""

AGREES_TO_TEXTS_OF_WORKSHOP = lazy_gettext(
    "I agree to get text messages about this workshop. They may cost money. I can reply STOP."
)
"""The same of somebody who registers for one workshop."""

_NEEDED = lazy_gettext("Fill this in.")


_NAMES_ITS_FIELD = frozenset({Reason.VALUE_MISSING, Reason.VALUE_WRONG})
"""Their words for staff say which field; at the field that stands there already, and the shorter words do."""


class PageForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """What a page asks, answered in a form alone: what a JSON body holds could be anything, and nobody has looked."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # the same
        """How a form is read."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """The fields as they were posted; of JSON, which Flask-WTF would take for a form, none."""
            return super().wrap_formdata(form, None if request.is_json else formdata)


class KeyedForm(PageForm):
    """A form whose act happens once, however often it is sent."""

    FIRST: ClassVar[tuple[str, ...]] = ()
    """What a form that adds to another asks before the fields of the other."""

    key = HiddenField(default=new_public_id)

    def __iter__(self) -> Iterator[Any]:
        """The fields in the order in which they are asked for."""
        fields = {field.short_name: field for field in super().__iter__()}
        return iter([*(fields.pop(name) for name in self.FIRST), *fields.values()])

    def refuse(self, refused: Refused) -> None:
        """Put a refusal at the fields it is about, and what is about none of them at the top."""
        for block in refused.blocks:
            name = str(block.detail.get("field", ""))
            if name in self:
                says = current.sentence_for_patron if block.reason in _NAMES_ITS_FIELD else current.sentence
                self[name].errors = [*self[name].errors, says(block)]
            else:
                self.form_errors.append(current.sentence(block))

    def given(self, *names: str) -> dict[str, Any]:
        """The values of fields, by name; an empty text is nothing."""
        return {name: (self[name].data or None) for name in names}


class DayField(DateField):  # type: ignore[misc]  # WTForms has no types
    """A day that is planned with; one of another millennium is a slip of the finger."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day as typed; ``ValueError`` where it is none of the library's time."""
        super().process_formdata(valuelist)
        if self.data is not None and not FIRST_DAY <= self.data <= LAST_DAY:
            raise ValueError(self.gettext("Not a valid date value."))


class TicksField(SelectMultipleField):  # type: ignore[misc]  # WTForms has no types
    """Any number of things from a list, each with a box to tick: a list of names says nothing of how to choose two."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ReasonForm(KeyedForm):
    """An act that needs no more than a reason."""

    reason = StringField(lazy_gettext("Reason"), validators=[InputRequired(_NEEDED), Length(max=240)])


class KitForm(KeyedForm):
    """Where a kit stands and what is to be known about it."""

    place = StringField(lazy_gettext("Place on the shelf"), validators=[Optional(), Length(max=60)])
    note = TextAreaField(lazy_gettext("Note"), validators=[Optional(), Length(max=500)])


class NewKitForm(KitForm):
    """A kit that did not circulate before."""

    FIRST = ("code", "kit_type", "branch")

    code = StringField(
        lazy_gettext("Code on the label"),
        description=lazy_gettext("Scan it, or type it."),
        validators=[InputRequired(_NEEDED)],
    )
    kit_type = SelectField(lazy_gettext("Kind"), validators=[InputRequired(_NEEDED)])
    branch = SelectField(lazy_gettext("Library"), validators=[InputRequired(_NEEDED)])


class PartForm(KeyedForm):
    """The part that takes the place of another."""

    tag = StringField(
        lazy_gettext("Label"), description=lazy_gettext("Scan it, or leave it empty."), validators=[Optional()]
    )
    manufacturer = StringField(lazy_gettext("Maker"), validators=[Optional(), Length(max=80)])
    model = StringField(lazy_gettext("Model"), validators=[Optional(), Length(max=80)])
    serial = StringField(lazy_gettext("Serial number"), validators=[Optional(), Length(max=80)])


class LineForm(KeyedForm):
    """A mobile line, as the carrier describes it; of one that the library has, the number is enough."""

    number = TelField(
        lazy_gettext("Number of the line"),
        description=lazy_gettext(
            "Of a line that the library has already, the number is enough. One that had ended works again."
        ),
        validators=[InputRequired(_NEEDED), Length(max=32)],
    )
    iccid = StringField(
        lazy_gettext("Number of the SIM card"),
        description=lazy_gettext("Of a line that works again, only if the carrier sent another card."),
        validators=[Optional(), Length(max=40)],
    )
    carrier = StringField(lazy_gettext("Carrier"), validators=[Optional(), Length(max=80)])
    plan = StringField(lazy_gettext("Plan"), validators=[Optional(), Length(max=80)])


class DueDateForm(KeyedForm):
    """The day by which a kit is to come back, and why it is not the usual one."""

    due_on = DateField(lazy_gettext("Due on"), validators=[InputRequired(_NEEDED)])
    reason = StringField(lazy_gettext("Reason"), validators=[InputRequired(_NEEDED), Length(max=240)])


class SendForm(KeyedForm):
    """Where a kit is sent."""

    to_branch = SelectField(lazy_gettext("To"), validators=[InputRequired(_NEEDED)])


class ExchangeForm(KeyedForm):
    """The kit that goes out for a faulty one, and what is wrong with that."""

    replacement = StringField(
        lazy_gettext("Kit that goes out instead"),
        description=lazy_gettext("Scan it, or type it."),
        validators=[InputRequired(_NEEDED), Length(max=80)],
    )
    reason = StringField(lazy_gettext("What is wrong with it?"), validators=[InputRequired(_NEEDED), Length(max=240)])


class KitFilter(PageForm):
    """Which kits are listed."""

    class Meta:
        csrf = False  # it only reads

    branch = SelectField(lazy_gettext("Library"), validators=[Optional()])
    type = SelectField(lazy_gettext("Kind"), validators=[Optional()])
    state = SelectField(lazy_gettext("State"), validators=[Optional()])


class PatronForm(KeyedForm):
    """What the library knows about a patron."""

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=160)])
    birth_date = DateField(lazy_gettext("Date of birth"), validators=[InputRequired(_NEEDED)])
    guardian_agreed_on = DateField(lazy_gettext("Day the guardian agreed"), validators=[Optional()])
    email = EmailField(lazy_gettext("E-mail"), validators=[Optional(), Length(max=254)])
    phone = TelField(lazy_gettext("Telephone"), validators=[Optional(), Length(max=60)])
    texts = BooleanField(AGREES_TO_TEXTS, description=lazy_gettext("The patron says so; read it out."))
    texts_before = HiddenField()
    notice_channel = SelectField(
        lazy_gettext("Tell about kits by"),
        default="",
        choices=[SelectChoice("", lazy_gettext("whatever reaches them")), *(SelectChoice(*pair) for pair in TOLD_BY)],
    )
    street = StringField(lazy_gettext("Street"), validators=[Optional(), Length(max=160)])
    unit = StringField(lazy_gettext("Apartment or unit"), validators=[Optional(), Length(max=40)])
    city = StringField(lazy_gettext("City"), validators=[Optional(), Length(max=80)])
    postal_code = StringField(lazy_gettext("Postal code"), validators=[Optional(), Length(max=16)])
    language = SelectField(
        lazy_gettext("Language"), choices=[SelectChoice("en", "English"), SelectChoice("es", "Español")]
    )
    expires_on = DateField(lazy_gettext("Card good until"), validators=[Optional()])
    note = TextAreaField(lazy_gettext("Note for staff"), validators=[Optional(), Length(max=500)])

    DETAILS = (
        "name",
        "birth_date",
        "guardian_agreed_on",
        "email",
        "phone",
        "notice_channel",
        "street",
        "unit",
        "city",
        "postal_code",
        "language",
        "expires_on",
        "note",
    )

    def details(self, known_phone: str | None = None) -> dict[str, Any]:
        """What the form says of a patron; ``known_phone`` is the number that the library has.

        A tick that was there before says nothing new about text messages: the patron may have stopped them while the
        page was open. For another number it does.
        """
        given = self.given(*self.DETAILS)
        agrees = bool(self.texts.data)
        if agrees is not bool(self.texts_before.data) or (agrees and self.phone.data != known_phone):
            given["text_consent_wording"] = str(AGREES_TO_TEXTS) if agrees else None
        return given


class NewPatronForm(PatronForm):
    """A person who gets a card. The card is in the hand."""

    FIRST = ("card", "home_branch")

    card = StringField(
        lazy_gettext("Library card"),
        description=lazy_gettext("Scan the new card."),
        validators=[InputRequired(_NEEDED), Length(max=80)],
    )
    home_branch = SelectField(lazy_gettext("Home library"), validators=[InputRequired(_NEEDED)])


class CardForm(KeyedForm):
    """A card that takes the place of another."""

    card = StringField(
        lazy_gettext("New card"),
        description=lazy_gettext("Scan the new card."),
        validators=[InputRequired(_NEEDED), Length(max=80)],
    )


class MergeForm(KeyedForm):
    """The record that goes into this one."""

    card = StringField(
        lazy_gettext("Card of the double record"),
        description=lazy_gettext("Its loans, promises and charges come here. This cannot be undone."),
        validators=[InputRequired(_NEEDED), Length(max=80)],
    )


def offer(field: SelectField, options: Iterable[tuple[str, str]]) -> None:
    """Say what may be chosen: values and the words for them."""
    field.choices = [SelectChoice(value, label) for value, label in options]


def fill(form: KeyedForm, values: Mapping[str, Any]) -> None:
    """Show what is kept, on the first look at a form."""
    for name, value in values.items():
        if name in form:
            form[name].data = value
