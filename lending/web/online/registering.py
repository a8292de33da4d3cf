"""Registering for one workshop on the public pages: which there are, one form, and one's registration by its link.

Nobody signs in and nobody needs a card; whoever has the link of a registration sees and cancels it. Who is signed in to
this browser registers as nobody too. Source: RULES 7, "anyone may register for one workshop without card or kit".
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from lending.circulation.acts import once
from lending.errors import Reason, Refused
from lending.models.outcomes import RegistrationWay
from lending.phrases import Reader
from lending.programs.registrations import REGISTERED, cancel_registration, register
from lending.queries.journal import detail_of
from lending.queries.open_workshops import (
    OpenWorkshop,
    RegistrationShown,
    open_workshop,
    open_workshops,
    registration_shown,
)
from lending.web import current, guesses, heard, languages
from lending.web.access import public
from lending.web.acting import key_of
from lending.web.forms import AGREES_TO_TEXTS_OF_WORKSHOP, KeyedForm
from lending.web.online import files
from lending.web.online.reserve_forms import a_contact, contact_of
from lending.web.online.workshop_words import event, told
from lending.wording import status_of

bp = Blueprint("registering", __name__, url_prefix="/workshops")

_NEEDED = lazy_gettext("Fill this in.")
_CHOOSE = lazy_gettext("Choose one of the list.")
WAYS = {
    RegistrationWay.ONSITE: lazy_gettext("In person, at the library"),
    RegistrationWay.VIRTUAL: lazy_gettext("Online"),
    RegistrationWay.EITHER: lazy_gettext("I don't know yet"),
}


class RegisterForm(KeyedForm):
    """Who comes, how they are reached and how they take part; how they heard of it, if they like to say."""

    name = StringField(lazy_gettext("Your name"), validators=[InputRequired(_NEEDED), Length(max=160)])
    contact = StringField(
        lazy_gettext("Your e-mail address or phone"),
        description=lazy_gettext("We use it for this workshop only, and delete it afterwards."),
        validators=[InputRequired(_NEEDED), Length(max=254), a_contact],
    )
    texts = BooleanField(AGREES_TO_TEXTS_OF_WORKSHOP, description=lazy_gettext("If you gave us a phone number."))
    way = RadioField(lazy_gettext("How will you take part?"), validators=[InputRequired(_CHOOSE)])
    language = RadioField(lazy_gettext("In which language?"), validators=[InputRequired(_CHOOSE)])
    heard = SelectField(heard.ASKED, default="", validators=[Optional()])


@bp.get("/open")
@public
def index() -> ResponseReturnValue:
    """The workshops that anyone may register for."""
    with current.library().db.read() as session:
        found = open_workshops(session, at=current.now())
    return render_template("online/registering/list.html", workshops=[_line(one) for one in found])


@bp.route("/open/<workshop>", methods=["GET", "POST"])
@public
def page(workshop: str) -> ResponseReturnValue:
    """One workshop, and the form to register for it."""
    with current.library().db.read() as session:
        found = open_workshop(session, workshop, at=current.now())
    if found is None:
        abort(404)
    form, status, headers = _form(found), 200, {}
    if form.validate_on_submit():
        try:
            made = _registered(form, workshop)
        except Refused as refused:
            if any(block.reason in (Reason.BUSY, Reason.NOT_PERMITTED) for block in refused.blocks):
                raise
            _tell(form, refused)
            status, headers = status_of(refused.blocks), guesses.retry_after(refused)
        else:
            return redirect(url_for(".registered", registration=made), 303)
    elif request.method == "POST":
        status = 422
    page = render_template("online/registering/register.html", form=form, workshop=_line(found), ways=found.ways)
    return page, status, headers


@bp.get("/registered/<registration>")
@public
def registered(registration: str) -> ResponseReturnValue:
    """One's own registration, for whoever has its link."""
    found = _mine(registration)
    return render_template("online/registering/registered.html", it=_shown(found))


@bp.get("/registered/<registration>/calendar.ics")
@public
def calendar(registration: str) -> ResponseReturnValue:
    """The workshop for one's own calendar."""
    held = _mine(registration).workshop.held
    return files.calendar(event(held, current.reader()), name=held.title, file="workshop")


@bp.route("/registered/<registration>/cancel", methods=["GET", "POST"])
@public
def cancel(registration: str) -> ResponseReturnValue:
    """Cancel: first what it means, then one button."""
    found = _mine(registration)
    if not found.may_cancel:
        return redirect(url_for(".registered", registration=registration))
    form = KeyedForm()
    if form.validate_on_submit():
        at, by = current.now(), current.nobody()
        current.library().db.act(lambda s: cancel_registration(s, registration=registration, at=at, by=by))
        flash(_("Your registration is canceled. Thank you for telling us."), "done")
        return redirect(url_for(".registered", registration=registration), 303)
    return render_template(
        "online/sure.html",
        heading=_("Cancel your registration?"),
        sentences=[found.workshop.held.title, _("Somebody else can have your place.")],
        button=_("Cancel my registration"),
        back=url_for(".registered", registration=registration),
        key=form.key.data,
        tab="workshops",
    )


def _form(found: OpenWorkshop) -> Any:
    form = RegisterForm()
    form.way.choices = [SelectChoice(way.value, WAYS[way]) for way in found.ways]
    form.language.choices = [SelectChoice(code, name) for code, name in languages.named()]
    form.heard.choices = [SelectChoice(value, words) for value, words in heard.choices(_("I would rather not say"))]
    if request.method == "GET":
        form.language.data = current.locale() if current.locale() in languages.codes() else languages.SOURCE
    if len(found.ways) == 1:
        form.way.data = found.ways[0].value
        form.way.validators = ()
    return form


def _registered(form: Any, workshop: str) -> str:
    """Do it, once for the key of the form; the public id of the registration."""
    by, at, key = current.nobody(), current.now(), key_of(request.form)
    address = guesses.tried(at)
    details = details_of(form)
    way, told_by = RegistrationWay(form.way.data), heard.read(form.heard.data)

    def do(session: Session) -> str:
        done = register(
            session, workshop=workshop, details=details, way=way, heard=told_by, address=address, at=at, by=by
        )
        return done.registration

    def again(session: Session, act: str) -> str:
        detail = detail_of(session, act, REGISTERED)
        if detail is None:
            raise Refused.because(Reason.KEY_REUSED)
        return str(detail["registration"])

    return current.library().db.act(
        lambda session: once(
            session,
            by=by,
            key=key,
            body={"workshop": workshop},
            at=at,
            do=lambda: do(session),
            again=lambda act: again(session, act),
        )
    )


def details_of(form: Any) -> dict[str, str]:
    """What somebody says of themselves; what they agreed to is kept as they read it."""
    agreed = {"text_consent_wording": str(AGREES_TO_TEXTS_OF_WORKSHOP)} if form.texts.data else {}
    return {"name": form.name.data, "language": form.language.data, **contact_of(form.contact.data), **agreed}


def _tell(form: Any, refused: Refused) -> None:
    """Put a refusal at the field it is about, or above, in the words for the public."""
    for block in refused.blocks:
        name = str(block.detail.get("field", ""))
        field = form[{"email": "contact", "phone": "contact"}.get(name, name)] if name in _FIELDS else None
        sentence = current.sentence_for_patron(block)
        if field is None:
            form.form_errors.append(sentence)
        else:
            field.errors = [*field.errors, sentence]


_FIELDS = frozenset({"name", "contact", "email", "phone", "way", "language"})


def _mine(registration: str) -> RegistrationShown:
    with current.library().db.read() as session:
        found = registration_shown(session, registration, at=current.now())
    if found is None:
        abort(404)
    return found


def _line(found: OpenWorkshop) -> dict[str, Any]:
    """A workshop as the pages show it."""
    reader = current.reader()
    return {
        **told(found.held, Reader(reader.gettext, reader.locale, found.held.zone)),
        "is_single": found.is_single,
        "languages": reader.languages(found.languages),
        "places_left": found.places_left,
        "is_full": found.places_left == 0,
        "is_open": found.is_open,
        "is_held": found.is_held,
        "url": url_for("registering.page", workshop=found.held.workshop),
    }


def _shown(found: RegistrationShown) -> dict[str, Any]:
    return {
        **_line(found.workshop),
        "registration": found.registration,
        "reference": found.reference,
        "name": found.name,
        "way": WAYS[found.way],
        "is_cancelled": found.is_cancelled,
        "may_cancel": found.may_cancel,
        "is_told": found.is_told,
        "link": url_for("registering.registered", registration=found.registration, _external=True),
    }
