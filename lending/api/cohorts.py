"""Cohorts, for other programs: planned, copied, changed, cancelled, and what of it moves whose date.

Whoever may not plan for a programme is told that there is no such cohort. Source: INTERFACES, "GET/POST /cohorts, PATCH
/cohorts/{code}"; RULES 4.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import time
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current, redatings
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Day, Flag, Instant, Page, Text
from lending.api.paging import after, cursor_of
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.models.cohorts import CohortStatus, WorkshopMode
from lending.programs.cancelling import cancel_cohort, preview_cancellation
from lending.programs.cohorts import CohortTexts, copy_cohort, plan_cohort
from lending.programs.plans import CohortChange
from lending.programs.pools import PoolPlan
from lending.programs.redating import change_cohort, preview_change
from lending.programs.rescheduling import WorkshopChange, change_workshop, drop_workshop
from lending.programs.timetable import MOST_WORKSHOPS, WeeklyWorkshops
from lending.queries import cohorts
from lending.queries.branches import branch
from lending.queries.closures import redating_after
from lending.queries.journal import detail_of

_TEXTS = ("languages", "partners", "captains", "materials", "first_day_mandatory")
_Seats = validate.Range(1, 1_000_000)
_Kits = validate.Range(0, 1_000_000)


class PoolGiven(Schema):
    """Kits of one type that a branch sets aside."""

    branch = CodeText(required=True)
    kit_type = CodeText(required=True)
    kits = fields.Integer(strict=True, required=True, validate=_Kits)


class WeeklyGiven(Schema):
    """A workshop a week from first_on, at the wall clock of zone; without a zone, that of the branch or the library."""

    first_on = Day(required=True)
    starts = fields.Time(format="%H:%M", required=True)
    minutes = fields.Integer(strict=True, load_default=90, validate=validate.Range(1, 1440))
    count = fields.Integer(strict=True, load_default=6, validate=validate.Range(1, MOST_WORKSHOPS))
    titles = fields.List(Text(160, shortest=1), load_default=list, validate=validate.Length(max=MOST_WORKSHOPS))
    mode = fields.Enum(WorkshopMode, by_value=True, load_default=WorkshopMode.VIRTUAL)
    branch = CodeText()
    zone = Text(64, shortest=1)


class CohortTextsGiven(Schema):
    """What people are told of a cohort; captains are alumni who coach."""

    languages = Text(60)
    partners = Text(240)
    captains = Text(240)
    materials = Text(500)
    first_day_mandatory = Flag()


class NewCohort(CohortTextsGiven):
    """A cohort. return_by and pickup_from have their usual days unless they are given."""

    code = CodeText(required=True)
    program = CodeText(required=True)
    name = Text(120, shortest=1, required=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    return_by = Day()
    pickup_from = Day()
    capacity = fields.Integer(strict=True, required=True, validate=_Seats)
    pools = fields.List(fields.Nested(PoolGiven), load_default=list, validate=validate.Length(max=1000))
    workshops = fields.Nested(WeeklyGiven)


class CohortPatch(CohortTextsGiven, redatings.Seen):
    """What of a cohort changes. A new first day moves the whole session; pools that are not named stay."""

    name = Text(120, shortest=1)
    starts_on = Day()
    ends_on = Day()
    return_by = Day()
    pickup_from = Day()
    capacity = fields.Integer(strict=True, validate=_Seats)
    pools = fields.List(fields.Nested(PoolGiven), load_default=list, validate=validate.Length(max=1000))


class Copy(Schema):
    """The next run of a cohort: everything as there, so many days later."""

    code = CodeText(required=True)
    starts_on = Day(required=True)
    name = Text(120, shortest=1)


class Cancellation(redatings.Seen):
    """Why a cohort is cancelled, and the code of the one its people go on to, if they are to.

    Nobody cancels what they have not seen: without preview=1 the digest of the preview is needed.
    """

    reason = Text(240, shortest=1, required=True)
    carry_to = CodeText()


class WorkshopPatch(Schema):
    """What of a workshop changes; branch null: at none."""

    title = Text(160, shortest=1)
    starts_at = Instant()
    minutes = fields.Integer(strict=True, validate=validate.Range(1, 1440))
    mode = fields.Enum(WorkshopMode, by_value=True)
    branch = CodeText(allow_none=True)


class CohortQuery(Page):
    """Which cohorts: of one programme, or current, coming or past ones."""

    program = CodeText()
    phase = fields.Enum(cohorts.Phase, by_value=True)


class PlannedWorkshop(Schema):
    """A workshop of a cohort."""

    id = answers.text()
    n = fields.Integer(required=True)
    title = answers.text()
    starts_at = answers.instant()
    ends_at = answers.instant()
    mode = fields.Enum(WorkshopMode, by_value=True, required=True)
    branch = answers.optional(fields.String)


class PoolAnswer(Schema):
    """A pool: kits set aside, promised, waited for, and out with the cohort."""

    branch = answers.text()
    kit_type = answers.text()
    kits = fields.Integer(required=True)
    promised = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    out = fields.Integer(required=True)


class CohortAnswer(Schema):
    """A cohort; seats are taken or offered, waiting people are on its list."""

    code = answers.text()
    program = answers.text()
    name = answers.text()
    status = fields.Enum(CohortStatus, by_value=True, required=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    return_by = fields.Date(required=True)
    pickup_from = fields.Date(required=True)
    capacity = fields.Integer(required=True)
    seats = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    languages = answers.text()
    partners = answers.text()
    captains = answers.text()
    materials = answers.text()
    first_day_mandatory = fields.Boolean(required=True)
    pools = fields.List(fields.Nested(PoolAnswer), required=True)
    workshops = fields.List(fields.Nested(PlannedWorkshop), required=True)


class RedatedCohort(CohortAnswer):
    """A cohort as it is, and what changed or, in a preview, would change."""

    redated = fields.Nested(redatings.Redated, required=True)


class CohortPage(Schema):
    """A page of cohorts by code; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(CohortAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/cohorts", query=CohortQuery, gives=CohortPage, tag="Sessions")
def get_cohorts(query: Body) -> Any:
    """List the cohorts by code; for a lead, those of their programmes"""
    cursor = after(query.pop("cursor", None))
    with current.library().db.read() as session:
        page = cohorts.cohorts(session, by=current.actor(), on=current.today(), after=cursor, **query)
    return {"items": [_shown(one) for one in page.cohorts], "next": cursor_of(page.after)}


@call("GET", "/cohorts/<code>", gives=CohortAnswer, tag="Sessions")
def get_cohort(code: str) -> Any:
    """Show a cohort with its workshops, pools and numbers"""
    with current.library().db.read() as session:
        return _cohort(session, code)


@call("POST", "/cohorts", Act.PLAN_COHORT, takes=NewCohort, gives=CohortAnswer, tag="Sessions")
def post_cohort(body: Body) -> Any:
    """Plan a cohort"""

    def do(session: Session, by: Actor) -> object:
        given = {name: value for name, value in body.items() if name not in (*_TEXTS, "pools", "workshops")}
        texts = CohortTexts(**{name: body[name] for name in _TEXTS if name in body})
        with hidden_as(Reason.NOT_FOUND):
            return plan_cohort(
                session,
                **given,
                texts=texts,
                spaces=current.library().spaces,
                pools=_pools(session, body["pools"]),
                workshops=_weekly(session, body),
                at=current.now(),
                by=by,
            )

    return key_welcome(do, lambda session, act: _cohort(session, body["code"]), body=body)


@call("POST", "/cohorts/<code>/copies", Act.PLAN_COHORT, takes=Copy, gives=CohortAnswer, tag="Sessions")
def post_copy(body: Body, code: str) -> Any:
    """Copy a cohort to the next one"""

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            spaces = current.library().spaces
            return copy_cohort(session, cohort=code, **body, spaces=spaces, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _cohort(session, body["code"]), body=body)


@call(
    "PATCH",
    "/cohorts/<code>",
    Act.PLAN_COHORT,
    takes=CohortPatch,
    query=redatings.Preview,
    gives=RedatedCohort,
    tag="Sessions",
)
def patch_cohort(body: Body, query: Body, code: str) -> Any:
    """Change a cohort, and everything that hangs on its dates"""

    def change(session: Session) -> CohortChange:
        given = {name: value for name, value in body.items() if name not in ("seen", "pools")}
        return CohortChange(**given, pools=_pools(session, body["pools"]))

    if query["preview"]:
        with current.library().db.read() as session, hidden_as(Reason.NOT_FOUND):
            found = preview_change(session, cohort=code, change=change(session), at=current.now(), by=current.actor())
            return _cohort(session, code) | {"redated": redatings.shown(found)}

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return change_cohort(
                session, cohort=code, change=change(session), seen=body.get("seen"), at=current.now(), by=by
            )

    return key_welcome(do, lambda session, act: _redated(session, code, act), body=body)


@call(
    "POST",
    "/cohorts/<code>/cancellation",
    Act.PLAN_COHORT,
    takes=Cancellation,
    query=redatings.Preview,
    gives=RedatedCohort,
    tag="Sessions",
)
def post_cancellation(body: Body, query: Body, code: str) -> Any:
    """Cancel a cohort"""
    carry_to = body.get("carry_to")
    if query["preview"]:
        with current.library().db.read() as session, hidden_as(Reason.NOT_FOUND):
            found = preview_cancellation(session, cohort=code, carry_to=carry_to, at=current.now(), by=current.actor())
            return _cohort(session, code) | {"redated": redatings.shown(found)}

    if "seen" not in body:
        raise Refused.because(Reason.VALUE_MISSING, field="seen")

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return cancel_cohort(
                session,
                cohort=code,
                reason=body["reason"],
                carry_to=carry_to,
                seen=body["seen"],
                at=current.now(),
                by=by,
            )

    return key_welcome(do, lambda session, act: _redated(session, code, act), body=body)


@call("PATCH", "/workshops/<workshop_id>", Act.PLAN_COHORT, takes=WorkshopPatch, gives=PlannedWorkshop, tag="Workshops")
def patch_workshop(body: Body, workshop_id: str) -> Any:
    """Rename a workshop, or hold it at another time, place or way"""

    def do(session: Session, by: Actor) -> object:
        given = {name: value for name, value in body.items() if name != "branch"}
        if "branch" in body:
            given["branch_id"] = 0 if body["branch"] is None else _branch_id(session, body["branch"])
        with hidden_as(Reason.NOT_FOUND):
            return change_workshop(
                session, workshop=workshop_id, change=WorkshopChange(**given), at=current.now(), by=by
            )

    def show(session: Session, act: str) -> Body:
        return asdict(cohorts.workshop(session, workshop_id, by=current.actor()))

    return key_welcome(do, show, body=body)


@call("DELETE", "/workshops/<workshop_id>", Act.PLAN_COHORT, gives=CohortAnswer, tag="Workshops")
def delete_workshop(workshop_id: str) -> Any:
    """Drop a workshop that will not be held, and show its cohort with those that stay"""

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return drop_workshop(session, workshop=workshop_id, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        dropped = detail_of(session, act, "drop_workshop")
        if dropped is None:
            raise Refused.because(Reason.KEY_REUSED)
        return _cohort(session, dropped["cohort"])

    return key_welcome(do, show, body={})


def _cohort(session: Session, code: str) -> Body:
    return _shown(cohorts.cohort(session, code, by=current.actor()))


def _redated(session: Session, code: str, act: str) -> Body:
    return _cohort(session, code) | {"redated": redatings.shown(redating_after(session, act))}


def _shown(found: cohorts.CohortShown) -> Body:
    meetings = [answers.local(asdict(meeting), found.zone) for meeting in found.workshops]
    return {**asdict(found), "workshops": meetings}


def _branch_id(session: Session, code: str) -> int:
    found = branch(session, code)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found.branch_id


def _pools(session: Session, given: list[Body]) -> list[PoolPlan]:
    return [PoolPlan(_branch_id(session, pool["branch"]), pool["kit_type"], pool["kits"]) for pool in given]


def _weekly(session: Session, body: Body) -> WeeklyWorkshops | None:
    given = body.get("workshops")
    if given is None:
        return None
    starts: time = given["starts"]
    place = given.get("branch") or next((pool["branch"] for pool in body["pools"]), None)
    where = None if place is None else branch(session, place)
    zone = given.get("zone") or (where.zone if where is not None else current.library().settings.zone)
    held_at = None if given.get("branch") is None else _branch_id(session, given["branch"])
    plain = {name: given[name] for name in ("first_on", "minutes", "count", "titles", "mode")}
    return WeeklyWorkshops(**plain, starts=starts, zone=zone, branch_id=held_at)
