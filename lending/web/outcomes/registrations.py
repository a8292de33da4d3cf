"""Registrations of one workshop for its staff: who comes, noting that they came, and opening or limiting it.

Somebody may also be registered here on the telephone, and a workshop be planned that belongs to no series.
Source: RULES 7, "Registered is its own number (anyone may register for one workshop without card or kit)".
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, hidden_as
from lending.models.base import new_public_id
from lending.models.cohorts import AttendanceMode, WorkshopMode
from lending.models.outcomes import RegistrationWay
from lending.programs.registrations import (
    MOST_PLACES,
    cancel_registration,
    note_came,
    open_registration,
    register,
    undo_came,
)
from lending.programs.singles import SinglePlan, plan_single
from lending.programs.workshops import MODES
from lending.queries import branches as places
from lending.queries import cohorts as sessions
from lending.queries.registrations import RegisteredPerson, RegistrationSheet, registration_sheet
from lending.web import current, heard, languages
from lending.web.access import allow
from lending.web.forms import AGREES_TO_TEXTS_OF_WORKSHOP, DayField, KeyedForm, fill, offer
from lending.web.online.registering import WAYS, details_of
from lending.web.online.reserve_forms import a_contact
from lending.web.posting import Doing, NotDone, posted, pressed, status
from lending.web.session_forms import MODES as HELD

bp = Blueprint("registrations", __name__, url_prefix="/workshops")

_NEEDED = lazy_gettext("Fill this in.")
_PLACES = {
    "description": lazy_gettext("Leave it empty for no limit."),
    "validators": [Optional(), NumberRange(1, MOST_PLACES, lazy_gettext("A whole number, 1 or more."))],
}
CAME = {
    AttendanceMode.ONSITE: lazy_gettext("Came to the room"),
    AttendanceMode.VIRTUAL: lazy_gettext("Was online"),
}


class PersonForm(KeyedForm):
    """Somebody on the telephone."""

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=160)])
    contact = StringField(
        lazy_gettext("E-mail or telephone"), validators=[InputRequired(_NEEDED), Length(max=254), a_contact]
    )
    texts = BooleanField(
        AGREES_TO_TEXTS_OF_WORKSHOP, description=lazy_gettext("Read this aloud, and tick it if they say yes.")
    )
    way = RadioField(lazy_gettext("How they take part"), validators=[InputRequired(lazy_gettext("Choose one."))])
    language = SelectField(lazy_gettext("Language"))
    heard = SelectField(lazy_gettext("How they heard about it"), default="", validators=[Optional()])


class OpenForm(KeyedForm):
    """Whether people register, and how many."""

    is_open = BooleanField(lazy_gettext("Anyone may register for this workshop alone"))
    places = IntegerField(lazy_gettext("Places"), **_PLACES)


class SingleForm(KeyedForm):
    """A workshop of no series."""

    title = StringField(lazy_gettext("Title"), validators=[InputRequired(_NEEDED), Length(max=120)])
    program = SelectField(lazy_gettext("Program"), validators=[InputRequired(_NEEDED)])
    on = DayField(lazy_gettext("Day"), validators=[InputRequired(_NEEDED)])
    starts = TimeField(lazy_gettext("Begins at"), validators=[InputRequired(_NEEDED)])
    minutes = IntegerField(
        lazy_gettext("Minutes"), default=90, validators=[InputRequired(_NEEDED), NumberRange(1, 1440)]
    )
    mode = SelectField(lazy_gettext("Held"), choices=[SelectChoice(mode.value, words) for mode, words in HELD.items()])
    branch = SelectField(
        lazy_gettext("Library"), description=lazy_gettext("Where people meet, if they do."), validators=[Optional()]
    )
    places = IntegerField(lazy_gettext("Places"), **_PLACES)
    languages = StringField(
        lazy_gettext("Languages"),
        description=lazy_gettext("Their codes, apart by commas: en, es."),
        default="en",
        validators=[Optional(), Length(max=60)],
    )


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def new() -> ResponseReturnValue:
    """Plan one workshop that belongs to no series."""
    form, made = SingleForm(), list[str]()
    with current.library().db.read() as session:
        offer(form.program, [(one.code, one.name) for one in sessions.programs(session, by=current.actor())])
        libraries = places.branches(session, current.branch_ids())
    offer(form.branch, [("", _("No library")), *((one.code, one.name) for one in libraries)])
    where = next((one.branch_id for one in libraries if one.code == form.branch.data), None)

    def do(session: Session, at: datetime, by: Actor) -> None:
        plan = SinglePlan(
            title=form.title.data,
            on=form.on.data,
            starts=form.starts.data,
            minutes=form.minutes.data,
            mode=WorkshopMode(form.mode.data),
            branch_id=where,
            zone=current.library().settings.zone,
            places=form.places.data,
            languages=form.languages.data or "en",
        )
        program = form.program.data
        made.append(plan_single(session, program=program, plan=plan, spaces=current.spaces(), at=at, by=by))

    if posted(form, do):
        flash(_("%(name)s is planned. Anyone may register.", name=form.title.data), "done")
        return redirect(url_for(".show", public_id=made[0]) if made else url_for("workshops.index"), 303)
    return _form_page(form, _("Plan one workshop"), _("Plan it"), url_for("workshops.index"))


@bp.get("/<public_id>/registrations")
@allow(Act.RECORD_ATTENDANCE)
def show(public_id: str) -> ResponseReturnValue:
    """Who registered, and how many."""
    return _page(_sheet(public_id))


@bp.route("/<public_id>/registrations/new", methods=["GET", "POST"])
@allow(Act.ENROL)
def person(public_id: str) -> ResponseReturnValue:
    """Register somebody on the telephone."""
    found, form = _sheet(public_id), PersonForm()
    form.way.choices = [SelectChoice(way.value, WAYS[way]) for way in found.ways]
    form.language.choices = [SelectChoice(code, name) for code, name in languages.named()]
    form.heard.choices = [SelectChoice(value, words) for value, words in heard.choices(_("not asked"))]
    if request.method == "GET":
        form.way.data = found.ways[0].value

    def do(session: Session, at: datetime, by: Actor) -> None:
        register(
            session,
            workshop=public_id,
            details=details_of(form),
            way=RegistrationWay(form.way.data),
            heard=heard.read(form.heard.data),
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("%(name)s is registered.", name=form.name.data), "done")
        return redirect(url_for(".show", public_id=public_id), 303)
    heading = _("Register somebody: %(workshop)s", workshop=found.workshop.title)
    return _form_page(form, heading, _("Register"), url_for(".show", public_id=public_id))


@bp.route("/<public_id>/registrations/open", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def opening(public_id: str) -> ResponseReturnValue:
    """Open a workshop to everybody, close it, or limit its places."""
    found, form = _sheet(public_id), OpenForm()
    if request.method == "GET":
        fill(form, {"is_open": found.is_open, "places": found.places})

    def do(session: Session, at: datetime, by: Actor) -> None:
        given = {"is_open": bool(form.is_open.data), "places": form.places.data}
        open_registration(session, workshop=public_id, at=at, by=by, **given)

    if posted(form, do):
        flash(_("Saved."), "done")
        return redirect(url_for(".show", public_id=public_id), 303)
    heading = _("Registration: %(workshop)s", workshop=found.workshop.title)
    return _form_page(form, heading, _("Save"), url_for(".show", public_id=public_id))


@bp.post("/<public_id>/registrations/<registration>/came/<mode>")
@allow(Act.RECORD_ATTENDANCE)
def came(public_id: str, registration: str, mode: str) -> ResponseReturnValue:
    """Note that somebody who registered is here."""
    how = AttendanceMode.VIRTUAL if mode == AttendanceMode.VIRTUAL else AttendanceMode.ONSITE
    return _press(
        public_id,
        lambda session, at, by: note_came(session, registration=registration, mode=how, at=at, by=by),
        _("Noted. They count as attended."),
    )


@bp.post("/<public_id>/registrations/<registration>/undo")
@allow(Act.RECORD_ATTENDANCE)
def undo(public_id: str, registration: str) -> ResponseReturnValue:
    """Take back that somebody is here."""
    return _press(
        public_id,
        lambda session, at, by: undo_came(session, registration=registration, at=at, by=by),
        _("Taken back. Nobody is counted twice."),
    )


@bp.post("/<public_id>/registrations/<registration>/cancel")
@allow(Act.ENROL)
def cancel(public_id: str, registration: str) -> ResponseReturnValue:
    """Cancel for somebody who called."""
    return _press(
        public_id,
        lambda session, at, by: cancel_registration(session, registration=registration, at=at, by=by),
        _("The registration is canceled."),
    )


def _press(public_id: str, do: Doing, told: str) -> ResponseReturnValue:
    found = _sheet(public_id)

    def hidden(session: Session, at: datetime, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):  # a registration of another's workshop looks as if there were none
            do(session, at, by)

    not_done = pressed(hidden)
    if not_done is not None:
        return _page(found, not_done)
    flash(told, "done")
    return redirect(url_for(".show", public_id=public_id), 303)


def _sheet(public_id: str) -> RegistrationSheet:
    with current.library().db.read() as session:
        return registration_sheet(session, public_id, at=current.now(), by=current.actor())


def _page(found: RegistrationSheet, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    held, reader = found.workshop, current.reader()
    page = render_template(
        "outcomes/registrations.html",
        workshop={
            "public_id": held.workshop,
            "title": held.title,
            "session": held.cohort_name,
            "when": reader.moment(held.starts_at),
            "url": url_for("workshops.show", public_id=held.workshop),
            "open_url": url_for("registering.page", workshop=held.workshop, _external=True),
        },
        counts=found,
        registered=held.counted.registered,
        people=None if found.people is None else [_line(found, one) for one in found.people],
        may_plan=current.may_anywhere(Act.PLAN_COHORT),
        key=new_public_id(),
        problems=not_done.sentences,
    )
    return page, not_done.status


def _line(found: RegistrationSheet, one: RegisteredPerson) -> dict[str, Any]:
    return {
        "name": one.name or _("deleted"),
        "reference": one.reference,
        "contact": one.contact or "",
        "language": current.reader().language(one.language),
        "way": WAYS[one.way],
        "came": None if one.came is None else CAME[one.came],
        "is_cancelled": one.is_cancelled,
        "actions": [] if one.is_cancelled else list(_actions(found, one)),
    }


def _actions(found: RegistrationSheet, one: RegisteredPerson) -> list[dict[str, Any]]:
    """What may be done: note that they came, or take it back; cancel before the workshop."""
    held = found.workshop

    def button(label: Any, endpoint: str, **more: Any) -> dict[str, Any]:
        url = url_for(endpoint, public_id=held.workshop, registration=one.registration, **more)
        return {"label": label, "url": url, "post": True}

    if one.came is not None:
        return [button(_("Take back"), ".undo")]
    actions = [button(CAME[mode], ".came", mode=mode.value) for mode in sorted(MODES[held.mode])]
    if held.starts_at > current.now():
        actions.append(button(_("Cancel"), ".cancel"))
    return actions


def _form_page(form: KeyedForm, heading: str, submit: str, back_url: str) -> ResponseReturnValue:
    page = render_template("sessions/edit.html", form=form, heading=heading, submit=submit, back_url=back_url)
    return page, status(form)
