"""Hiring events for other programs: planned, tallied, corrected. Offers are not people; null is not known, never 0.

Source: RULES 7, "Hiring events"; issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Instant, Page, Text
from lending.api.paging import after, cursor_of
from lending.domain.actors import Actor
from lending.domain.hiring import MOST, EventTally, Figure
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.programs.hiring import (
    PLANNED,
    EventPlan,
    cancel_event,
    change_event,
    plan_event,
    set_figures,
    tally_event,
)
from lending.queries.hiring import EventShown, hiring_event, hiring_events
from lending.queries.journal import detail_of
from lending.queries.scope import branches_of

CANCELLED = "cancelled"


def _figure(**options: Any) -> fields.Integer:
    return fields.Integer(strict=True, allow_none=True, validate=validate.Range(0, MOST), **options)


class NewHiringEvent(Schema):
    """An event that a branch holds, at home or at another place; program is a programme's code."""

    branch = CodeText(required=True)
    name = Text(160, shortest=1, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    place = Text(160, load_default="")
    program = Text(32, shortest=1, allow_none=True, load_default=None)


class HiringEventChange(Schema):
    """What changes of the plan or of the figures; null says that nobody knows a figure. state cancels the event."""

    name = Text(160, shortest=1)
    starts_at = Instant()
    ends_at = Instant()
    place = Text(160)
    program = Text(32, shortest=1, allow_none=True)
    registered = _figure()
    attended = _figure()
    employers = _figure()
    interviews = _figure()
    offers = _figure()
    people_offered = _figure()
    hires = _figure()
    state = fields.String(validate=validate.OneOf([CANCELLED]))


class EventCount(Schema):
    """One more of something (an offer to somebody who has one already is another_offer), or one less (n: -1)."""

    what = fields.Enum(EventTally, by_value=True, required=True)
    n = fields.Integer(strict=True, load_default=1, validate=validate.OneOf([1, -1]))


class HiringEventAnswer(Schema):
    """An event and its figures; null is not known. people_offered had the offers, some of them several."""

    id = answers.text()
    name = answers.text()
    branch = answers.text()
    place = answers.text()
    program = answers.optional(fields.String)
    starts_at = answers.instant()
    ends_at = answers.instant()
    cancelled = fields.Boolean(required=True)
    registered = answers.optional(fields.Integer)
    attended = answers.optional(fields.Integer)
    employers = answers.optional(fields.Integer)
    interviews = answers.optional(fields.Integer)
    offers = answers.optional(fields.Integer)
    people_offered = answers.optional(fields.Integer)
    hires = answers.optional(fields.Integer)


class HiringEventPage(Schema):
    """A page of events, the last first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(HiringEventAnswer), required=True)
    next = answers.optional(fields.String)


_ONE = "/hiring_events/<event_id>"
_PLAN = ("name", "starts_at", "ends_at", "place", "program")


@call("GET", "/hiring_events", Act.TALLY, query=Page, gives=HiringEventPage, tag="Outcomes")
def get_hiring_events(query: Body) -> Any:
    """List the hiring events of one's branches, the last first"""
    with current.library().db.read() as session:
        found, more = hiring_events(
            session, branches_of(current.actor()), after=after(query.get("cursor")), limit=query["limit"]
        )
    return {"items": [_shown(one) for one in found], "next": cursor_of(more)}


@call("GET", _ONE, Act.TALLY, gives=HiringEventAnswer, tag="Outcomes")
def get_hiring_event(event_id: str) -> Any:
    """Show a hiring event"""
    with current.library().db.read() as session:
        return _shown(hiring_event(session, event_id, branches_of(current.actor())))


@call("POST", "/hiring_events", Act.TALLY, takes=NewHiringEvent, gives=HiringEventAnswer, tag="Outcomes")
def post_hiring_event(body: Body) -> Any:
    """Plan a hiring event"""

    def do(session: Session, by: Actor) -> object:
        plan = EventPlan(**{name: body[name] for name in _PLAN})
        branch_id = branch_of(session, body["branch"], by)
        return plan_event(session, branch_id=branch_id, plan=plan, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        planned = detail_of(session, act, PLANNED)
        if planned is None:
            raise Refused.because(Reason.KEY_REUSED)
        return _now(session, planned["event"])

    return key_welcome(do, show, body=body)


@call("PATCH", _ONE, Act.TALLY, takes=HiringEventChange, gives=HiringEventAnswer, tag="Outcomes")
def patch_hiring_event(body: Body, event_id: str) -> Any:
    """Change the plan of a hiring event, correct its figures, or cancel it"""
    figures = {figure: body[figure.value] for figure in Figure if figure.value in body}
    plan = {name: body[name] for name in _PLAN if name in body}

    def do(session: Session, by: Actor) -> None:
        at = current.now()
        with hidden_as(Reason.NOT_FOUND):
            if plan:
                kept = _planned(hiring_event(session, event_id, branches_of(current.actor())))
                change_event(session, event=event_id, plan=replace(kept, **plan), at=at, by=by)
            if figures or not (plan or "state" in body):
                set_figures(session, event=event_id, figures=figures, at=at, by=by)
            if "state" in body:
                cancel_event(session, event=event_id, at=at, by=by)

    return key_welcome(do, lambda session, act: _now(session, event_id), body=body)


@call("POST", f"{_ONE}/tallies", Act.TALLY, takes=EventCount, gives=HiringEventAnswer, tag="Outcomes")
def post_hiring_event_tally(body: Body, event_id: str) -> Any:
    """Count one more at a hiring event, or one less"""

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return tally_event(session, event=event_id, what=body["what"], n=body["n"], at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _now(session, event_id), body=body)


def _planned(one: EventShown) -> EventPlan:
    return EventPlan(one.name, one.starts_at, one.ends_at, one.program, one.place)


def _now(session: Session, event_id: str) -> Body:
    return _shown(hiring_event(session, event_id, branches_of(current.actor())))


def _shown(one: EventShown) -> Body:
    zone = ZoneInfo(one.zone)
    return {
        "id": one.event,
        "name": one.name,
        "branch": one.branch,
        "place": one.place,
        "program": one.program,
        "starts_at": one.starts_at.astimezone(zone),
        "ends_at": one.ends_at.astimezone(zone),
        "cancelled": one.cancelled,
        **{figure.value: n for figure, n in one.figures.items()},
    }
