"""Registrations of one workshop alone, for other programs: how many there are, one more, one less, and who came.

Nobody who registered is named in an answer. Source: RULES 7, "Registered is its own number (anyone may register for one
workshop without card or kit)".
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import Do, key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Day, Flag, Text
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.models.cohorts import AttendanceMode, WorkshopMode
from lending.models.outcomes import HeardFrom, RegistrationWay
from lending.programs.hearing import Heard
from lending.programs.registrations import (
    MOST_PLACES,
    REGISTERED,
    cancel_registration,
    note_came,
    open_registration,
    register,
    undo_came,
)
from lending.programs.singles import SinglePlan, plan_single
from lending.queries.journal import detail_of
from lending.queries.open_workshops import registration_shown
from lending.queries.registrations import registration_sheet, single_after

_DETAILS = ("name", "email", "phone", "language", "text_consent_wording")


class NewRegistration(Schema):
    """Somebody who means to come, with an e-mail address or a telephone number, and how they heard of it, if asked.

    They are told by e-mail, or by text if they agreed to that: text_consent_wording is what they read.
    """

    name = Text(160, required=True)
    email = Text(254)
    phone = Text(32)
    text_consent_wording = Text(300)
    language = Text(12)
    way = fields.Enum(RegistrationWay, by_value=True, required=True)
    heard = fields.Enum(HeardFrom, by_value=True)
    friend_cohort = CodeText(metadata={"description": "Heard from a friend: the session in which that one took part."})

    @validates_schema
    def _of_a_friend(self, data: Body, **_options: Any) -> None:
        if "friend_cohort" in data and data.get("heard") is not HeardFrom.FRIEND:
            raise ValidationError("Only where they heard from a friend.", "friend_cohort")


class RegistrationCounts(Schema):
    """How many registered for a workshop alone. registered adds whoever has a seat in its session to alone.

    places is null where as many may register as like.
    """

    workshop = answers.text()
    is_open = fields.Boolean(required=True)
    places = answers.optional(fields.Integer)
    alone = fields.Integer(required=True)
    registered = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)
    came = fields.Integer(required=True)


class RegistrationMade(Schema):
    """A registration: its id stands in the link with which the person cancels."""

    id = answers.text()
    reference = answers.text()


class RegistrationRules(Schema):
    """Whether anyone may register, and how many; null for as many as like. What is left out stays."""

    is_open = Flag()
    places = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, MOST_PLACES))


class NewWorkshop(Schema):
    """A workshop of its own, of no series: starts is on the wall clock of the branch or, on line, of the library."""

    program = CodeText(required=True)
    title = Text(120, shortest=1, required=True)
    on = Day(required=True)
    starts = fields.Time(required=True, format="%H:%M")
    minutes = fields.Integer(strict=True, load_default=90, validate=validate.Range(1, 24 * 60))
    mode = fields.Enum(WorkshopMode, by_value=True, required=True)
    branch = CodeText()
    places = fields.Integer(strict=True, allow_none=True, load_default=None, validate=validate.Range(1, MOST_PLACES))
    languages = Text(60, shortest=2, load_default="en")


class Came(Schema):
    """How somebody who registered attends."""

    mode = fields.Enum(AttendanceMode, by_value=True, required=True)


class RegistrationChanged(Schema):
    """A registration after an act; nobody is named."""

    id = answers.text()
    cancelled = fields.Boolean(required=True)


@call(
    "GET",
    "/workshops/<workshop_id>/registrations",
    Act.RECORD_ATTENDANCE,
    gives=RegistrationCounts,
    tag="Workshops",
)
def get_registrations(workshop_id: str) -> Any:
    """Count who registered for a workshop"""
    with current.library().db.read() as session:
        return _counts(session, workshop_id)


def _counts(session: Session, workshop_id: str) -> dict[str, Any]:
    found = registration_sheet(session, workshop_id, at=current.now(), by=current.actor())
    return {
        "workshop": workshop_id,
        "is_open": found.is_open,
        "places": found.places,
        "alone": found.registered,
        "registered": found.workshop.counted.registered,
        "cancelled": found.cancelled,
        "came": found.came,
    }


@call(
    "POST",
    "/workshops/<workshop_id>/registrations",
    Act.ENROL,
    takes=NewRegistration,
    gives=RegistrationMade,
    tag="Workshops",
)
def post_registration(body: Body, workshop_id: str) -> Any:
    """Register somebody for a workshop, without a card"""
    heard = Heard(body["heard"], body.get("friend_cohort")) if "heard" in body else None
    details = {name: body[name] for name in _DETAILS if name in body}

    def do(session: Session, by: Actor) -> object:
        given = {"workshop": workshop_id, "details": details, "way": body["way"], "heard": heard}
        with hidden_as(Reason.NOT_FOUND):
            return register(session, at=current.now(), by=by, **given)

    def show(session: Session, act: str) -> Body:
        detail = detail_of(session, act, REGISTERED) or {}
        found = registration_shown(session, str(detail["registration"]), at=current.now())
        return {"id": str(detail["registration"]), "reference": "" if found is None else found.reference}

    # How they heard hangs on nobody: of so few answers a digest would tell which it was.
    kept = {name: value for name, value in body.items() if name not in ("heard", "friend_cohort")}
    return key_welcome(do, show, body=kept)


@call(
    "PATCH",
    "/workshops/<workshop_id>/registrations",
    Act.PLAN_COHORT,
    takes=RegistrationRules,
    gives=RegistrationCounts,
    tag="Workshops",
)
def patch_registrations(body: Body, workshop_id: str) -> Any:
    """Open a workshop to everybody, close it, or limit its places"""

    def do(session: Session, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):
            now = _counts(session, workshop_id)
            is_open, places = body.get("is_open", now["is_open"]), body.get("places", now["places"])
            open_registration(session, workshop=workshop_id, is_open=is_open, places=places, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _counts(session, workshop_id), body=body)


@call("POST", "/workshops", Act.PLAN_COHORT, takes=NewWorkshop, gives=RegistrationCounts, tag="Workshops")
def post_workshop(body: Body) -> Any:
    """Plan one workshop that belongs to no series; anyone may register for it"""
    given = {name: value for name, value in body.items() if name not in ("program", "branch")}

    def do(session: Session, by: Actor) -> object:
        library = current.library()
        branch_id = branch_of(session, body["branch"], by) if "branch" in body else None
        plan = SinglePlan(**given, branch_id=branch_id, zone=library.settings.zone)
        with hidden_as(Reason.NOT_FOUND):
            return plan_single(
                session, program=body["program"], plan=plan, spaces=library.spaces, at=current.now(), by=by
            )

    return key_welcome(do, lambda session, act: _counts(session, single_after(session, act)), body=body)


_ONE = "/registrations/<registration_id>"


@call("DELETE", _ONE, Act.ENROL, gives=RegistrationChanged, tag="Workshops")
def delete_registration(registration_id: str) -> Any:
    """Cancel a registration"""

    def do(session: Session, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):
            cancel_registration(session, registration=registration_id, at=current.now(), by=by)

    return _changing(do, registration_id, {})


@call("POST", f"{_ONE}/attendance", Act.RECORD_ATTENDANCE, takes=Came, gives=RegistrationChanged, tag="Workshops")
def post_registration_attendance(body: Body, registration_id: str) -> Any:
    """Note that somebody who registered attends"""

    def do(session: Session, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):
            note_came(session, registration=registration_id, mode=body["mode"], at=current.now(), by=by)

    return _changing(do, registration_id, body)


@call("DELETE", f"{_ONE}/attendance", Act.RECORD_ATTENDANCE, gives=RegistrationChanged, tag="Workshops")
def delete_registration_attendance(registration_id: str) -> Any:
    """Take back that somebody who registered attends"""

    def do(session: Session, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):
            undo_came(session, registration=registration_id, at=current.now(), by=by)

    return _changing(do, registration_id, {})


def _changing(do: Do, registration_id: str, body: Body) -> Any:
    def show(session: Session, _act: str) -> Body:
        found = registration_shown(session, registration_id, at=current.now())
        if found is None:
            raise Refused.because(Reason.NOT_FOUND)
        registration_sheet(session, found.workshop.held.workshop, at=current.now(), by=current.actor())
        return {"id": registration_id, "cancelled": found.is_cancelled}

    return key_welcome(do, show, body=body)
