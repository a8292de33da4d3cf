"""Workshops for other programs: who signed in, what was counted, and views of recordings, kept apart.

Source: INTERFACES, "POST /workshops/{id}/attendance"; RULES 7, "Workshops".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Day, Text
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.models.cohorts import AttendanceMode, HeadCountKind, WorkshopMode
from lending.programs.participants import IMPORTED, MOST_PARTICIPANTS, Participant, import_participants, rows_in
from lending.programs.workshops import (
    COUNTS,
    MOST,
    lock_workshop,
    post_recording,
    record_views,
    set_head_count,
    sign_in,
    undo_sign_in,
)
from lending.queries.codes import card_number
from lending.queries.journal import detail_of
from lending.queries.workshops import WorkshopShown, series, sign_in_sheet, workshop_shown

_COUNTED = {AttendanceMode.ONSITE: HeadCountKind.ONSITE, AttendanceMode.VIRTUAL: HeadCountKind.DEVICES}


class NewAttendance(Schema):
    """Either a patron who attends, or how many were counted; count null says that nobody knows.

    Without kind a count is of people in the room or of devices in the meeting, as mode says.
    """

    patron = CodeText(metadata={"description": "The card."})
    mode = fields.Enum(AttendanceMode, by_value=True, required=True)
    count = fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, MOST))
    kind = fields.Enum(HeadCountKind, by_value=True)

    @validates_schema
    def _one_of_two(self, data: Body, **_options: Any) -> None:
        if ("patron" in data) == ("count" in data):
            raise ValidationError("Either a patron or a count.", "count")
        if "kind" in data and ("patron" in data or COUNTS.get(data["kind"], data.get("mode")) is not data.get("mode")):
            raise ValidationError("This is no count of that mode.", "kind")


class Recording(Schema):
    """From when on the recording can be viewed."""

    posted_on = Day(required=True)


class Views(Schema):
    """How often the recording was viewed on one day; said again, the later number holds."""

    day = Day(required=True)
    views = fields.Integer(strict=True, required=True, validate=validate.Range(0, MOST))


class OneParticipant(Schema):
    """One connection to a meeting, as the meeting tool names it. Nothing of it is kept."""

    name = Text(200, load_default="")
    email = Text(254, load_default="")


class Participants(Schema):
    """The connections of a meeting, in the order in which the answer counts them, from 1."""

    participants = fields.List(
        fields.Nested(OneParticipant), required=True, validate=validate.Length(1, MOST_PARTICIPANTS)
    )


class Figures(Schema):
    """What workshops count; null is not known. A view is never attendance; reach is attendance and all views.

    Of a hybrid workshop with one half that nobody counted, attendance and reach are not known; sums are of the others.
    """

    sessions = fields.Integer(required=True)
    registered = fields.Integer(
        required=True,
        metadata={"description": "Who has a seat, and who registered for one workshop alone. Never attendance."},
    )
    onsite = answers.optional(fields.Integer)
    virtual = answers.optional(fields.Integer)
    attended = answers.optional(fields.Integer)
    uncounted = fields.Integer(
        required=True,
        metadata={"description": "Sessions that are in no sum, for nobody knows their attendance, or half of it."},
    )
    survey_views = answers.optional(fields.Integer, metadata={"description": "Within 30 days of posting."})
    all_views = answers.optional(fields.Integer)
    reach = answers.optional(fields.Integer)


class Workshop(Schema):
    """One weekly meeting of a cohort, with its figures."""

    id = answers.text()
    cohort = answers.text()
    n = fields.Integer(required=True)
    title = answers.text()
    starts_at = answers.instant()
    ends_at = answers.instant()
    mode = fields.Enum(WorkshopMode, by_value=True, required=True)
    branch = answers.optional(fields.String)
    posted_on = answers.optional(fields.Date)
    counted = fields.Nested(Figures, required=True)


class Series(Schema):
    """A cohort's workshops in order, and what they count together."""

    cohort = answers.text()
    registered = fields.Integer(required=True)
    counted = fields.Nested(Figures, required=True)
    items = fields.List(fields.Nested(Workshop), required=True)


class Attendee(Schema):
    """Somebody who signed in, of those whom one may see; id and card are null once the patron's link is cut."""

    id = answers.optional(fields.String, metadata={"description": "The person's, by which it is taken back."})
    patron = answers.optional(fields.String)
    mode = fields.Enum(AttendanceMode, by_value=True, required=True)
    at = answers.instant()


class Sheet(Schema):
    """Who signed in to a workshop, the newest first."""

    workshop = fields.Nested(Workshop, required=True)
    attendees = fields.List(fields.Nested(Attendee), required=True)


class WorkshopAnswer(Schema):
    """A workshop as it stands. again: the patron had signed in before, and nothing changed."""

    workshop = fields.Nested(Workshop, required=True)
    again = fields.Boolean(required=True)


class Imported(Schema):
    """What became of each connection, by its place in the list. Nobody's and ambiguous ones are only counted."""

    workshop = fields.Nested(Workshop, required=True)
    matched = fields.List(fields.Integer(), required=True)
    again = fields.List(fields.Integer(), required=True)
    ambiguous = fields.List(fields.Integer(), required=True)
    unmatched = fields.List(fields.Integer(), required=True)
    devices = fields.Integer(required=True)


@call("GET", "/cohorts/<code>/workshops", Act.RECORD_ATTENDANCE, gives=Series, tag="Workshops")
def get_workshops(code: str) -> Any:
    """List a cohort's workshops with what they count"""
    with current.library().db.read() as session:
        found = series(session, code, at=current.now(), by=current.actor())
    return {
        "cohort": found.cohort,
        "registered": found.registered,
        "counted": asdict(found.counted),
        "items": [_shown(one) for one in found.workshops],
    }


@call("GET", "/workshops/<workshop_id>/attendance", Act.RECORD_ATTENDANCE, gives=Sheet, tag="Workshops")
def get_attendance(workshop_id: str) -> Any:
    """List who signed in to a workshop"""
    with current.library().db.read() as session:
        found = sign_in_sheet(session, workshop_id, at=current.now(), by=current.actor())
    zone = _zone(found.workshop)
    people = [
        {"id": one.patron, "patron": one.card, "mode": one.mode, "at": one.at.astimezone(zone)}
        for one in found.attendees
    ]
    return {"workshop": _shown(found.workshop), "attendees": people}


@call(
    "POST",
    "/workshops/<workshop_id>/attendance",
    Act.RECORD_ATTENDANCE,
    takes=NewAttendance,
    gives=WorkshopAnswer,
    tag="Workshops",
)
def post_attendance(body: Body, workshop_id: str) -> Any:
    """Sign a patron in, or set how many were counted"""

    def do(session: Session, by: Actor, at: datetime) -> None:
        if "patron" in body:
            card = _card(session, workshop_id, body["patron"], by)
            sign_in(session, workshop=workshop_id, patron=card, mode=body["mode"], at=at, by=by)
        else:
            kind = body.get("kind", _COUNTED[body["mode"]])
            set_head_count(session, workshop=workshop_id, kind=kind, n=body["count"], at=at, by=by)

    return _change(do, body, workshop_id)


@call(
    "DELETE",
    "/workshops/<workshop_id>/attendance/<attendee>",
    Act.RECORD_ATTENDANCE,
    gives=WorkshopAnswer,
    tag="Workshops",
)
def delete_attendance(workshop_id: str, attendee: str) -> Any:
    """Take back that somebody attends, by their id on the list of who signed in"""

    def do(session: Session, by: Actor, at: datetime) -> object:
        return undo_sign_in(session, workshop=workshop_id, patron=attendee, at=at, by=by)

    return _change(do, {}, workshop_id)


@call(
    "POST",
    "/workshops/<workshop_id>/recording",
    Act.RECORD_ATTENDANCE,
    takes=Recording,
    gives=WorkshopAnswer,
    tag="Workshops",
)
def post_recording_day(body: Body, workshop_id: str) -> Any:
    """Say from when on a workshop's recording can be viewed"""
    return _change(
        lambda session, by, at: post_recording(session, workshop=workshop_id, at=at, by=by, **body), body, workshop_id
    )


@call(
    "POST",
    "/workshops/<workshop_id>/views",
    Act.RECORD_ATTENDANCE,
    takes=Views,
    gives=WorkshopAnswer,
    tag="Workshops",
)
def post_views(body: Body, workshop_id: str) -> Any:
    """Set how often a recording was viewed on one day"""
    return _change(
        lambda session, by, at: record_views(session, workshop=workshop_id, at=at, by=by, **body), body, workshop_id
    )


@call(
    "POST",
    "/workshops/<workshop_id>/participants",
    Act.RECORD_ATTENDANCE,
    takes=Participants,
    gives=Imported,
    tag="Workshops",
)
def post_participants(body: Body, workshop_id: str) -> Any:
    """Note who of a meeting's participants attended, and count the rest"""
    given = [Participant(row, one["name"], one["email"]) for row, one in enumerate(body["participants"], start=1)]

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return import_participants(session, workshop=workshop_id, participants=given, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        told = detail_of(session, act, IMPORTED)
        if told is None:
            raise Refused.because(Reason.KEY_REUSED)
        rows = {name: rows_in(told[name]) for name in ("matched", "again", "ambiguous", "unmatched")}
        return {"workshop": _now(session, workshop_id), "devices": told["devices"], **rows}

    return key_welcome(do, show, body=body)


def _change(do: Callable[[Session, Actor, datetime], object], body: Body, workshop_id: str) -> Any:
    """Record something about a workshop; one that the account may not touch looks as if there were none."""

    def act(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return do(session, by, current.now())

    def show(session: Session, act_id: str) -> Body:
        again = "patron" in body and detail_of(session, act_id, "sign_in") is None
        return {"workshop": _now(session, workshop_id), "again": again}

    return key_welcome(act, show, body=body)


def _card(session: Session, workshop_id: str, raw: str, by: Actor) -> str:
    """The number of a card that is sent to sign somebody in. Who may not do that learns nothing about cards."""
    try:
        return card_number(session, raw, current.library().spaces)
    except Refused:
        lock_workshop(session, workshop_id, by)
        raise


def _now(session: Session, workshop_id: str) -> Body:
    return _shown(workshop_shown(session, workshop_id, at=current.now(), by=current.actor()))


def _shown(found: WorkshopShown) -> Body:
    zone = _zone(found)
    return {
        "id": found.workshop,
        "cohort": found.cohort,
        "n": found.n,
        "title": found.title,
        "starts_at": found.starts_at.astimezone(zone),
        "ends_at": found.ends_at.astimezone(zone),
        "mode": found.mode,
        "branch": found.branch,
        "posted_on": found.posted_on,
        "counted": asdict(found.counted),
    }


def _zone(found: WorkshopShown) -> ZoneInfo:
    """The clock of where a workshop is held; on line, that of the library."""
    return ZoneInfo(found.zone or current.library().settings.zone)
