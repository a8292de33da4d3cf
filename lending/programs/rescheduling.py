"""One workshop is renamed, held at another time, place or way, or dropped; the people of its cohort are told.

A new title or place is no news; another time is, also to whoever registered for it alone, and so is a workshop that
will not be held. One for which people are registered is not dropped.

Source: RULES 4, "six weekly workshops"; issue "Kits follow cohorts", Build 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from lending.circulation.addressees import REGISTERED_MOVED, registered_for, tell_registered
from lending.circulation.calendars import branch_calendar
from lending.circulation.journal import record
from lending.circulation.redating_rows import tell_people
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import (
    Attendance,
    AttendanceMode,
    Cohort,
    CohortStatus,
    HeadCount,
    RecordedViews,
    Workshop,
    WorkshopMode,
)
from lending.programs.cohorts import permit_for_program, zone_of
from lending.programs.enrolment import lock_cohort
from lending.programs.pools import pools_of
from lending.programs.redating import enrolled
from lending.programs.registrations import forget_cancelled, taken
from lending.programs.timetable import LONGEST_TITLE
from lending.programs.workshops import COUNTS, MODES

WORKSHOP_MOVED = "workshop_moved"
"""The step of the notice that a workshop is held at another time."""

WORKSHOP_DROPPED = "workshop_dropped"
"""The step of the notice that a workshop is not held."""

LONGEST_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class WorkshopChange:
    """What of a workshop changes; ``None`` leaves it. ``branch_id`` 0 says that it is held at no branch."""

    title: str | None = None
    starts_at: datetime | None = None
    minutes: int | None = None
    mode: WorkshopMode | None = None
    branch_id: int | None = None


@dataclass(frozen=True, slots=True)
class WorkshopChanged:
    """A workshop as it is now. ``closed``: on that day a branch of its cohort, or where it is held, is closed."""

    workshop: str
    title: str
    starts_at: datetime
    ends_at: datetime
    closed: bool


@dataclass(frozen=True, slots=True)
class WorkshopDropped:
    """A workshop that is not held, as it was planned."""

    workshop: str
    cohort: str
    title: str
    starts_at: datetime


def change_workshop(
    session: Session, *, workshop: str, change: WorkshopChange, at: datetime, by: Actor
) -> WorkshopChanged:
    """Change one workshop (its public id). A closed day is told (``closed``), not assumed away.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``COHORT_CANCELLED``, ``VALUE_MISSING`` and ``VALUE_WRONG`` by
    field; a time is wrong that is not within the session, or of a workshop that has begun, and so is a way to hold it
    in which those who are noted or counted already could not have attended.
    """
    held, found = _lock(session, workshop, by)
    starts_at = change.starts_at or found.starts_at
    minutes = _minutes(found) if change.minutes is None else change.minutes
    against = _against(session, held, found, change, starts_at, minutes, at)
    if against:
        raise Refused(*against)
    is_moved = starts_at != found.starts_at
    before = found.starts_at
    found.title = found.title if change.title is None else plain_text(change.title, LONGEST_TITLE) or found.title
    found.starts_at, found.ends_at = starts_at, starts_at + timedelta(minutes=minutes)
    found.mode = change.mode or found.mode
    if change.branch_id is not None:
        found.branch_id = change.branch_id or None
    if is_moved:
        tell_people(session, enrolled(session, held.id), "enrolment", WORKSHOP_MOVED, at=at, by=by)
        tell_registered(session, REGISTERED_MOVED, registered_for(session, [found.id]), at=at, act=by.act)
    detail = {"workshop": workshop, "starts_from": before.isoformat(), "starts_at": starts_at.isoformat()}
    record(session, "change_workshop", at=at, by=by, cohort_id=held.id, detail=detail)
    return WorkshopChanged(workshop, found.title, found.starts_at, found.ends_at, _is_closed(session, held, found))


def drop_workshop(session: Session, *, workshop: str, at: datetime, by: Actor) -> WorkshopDropped:
    """Take a workshop (its public id) that will not be held off the list of its cohort; the others keep their numbers.

    The journal keeps what it was. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``COHORT_CANCELLED``, and
    ``WORKSHOP_HELD`` for one that has begun, or of which anything was recorded, or ``HAS_REGISTRATIONS``.
    """
    held, found = _lock(session, workshop, by)
    if found.starts_at <= at or _is_recorded(session, found):
        raise Refused.because(Reason.WORKSHOP_HELD, workshop=found.title)
    registered = taken(session, found.id)
    if registered:
        raise Refused.because(Reason.HAS_REGISTRATIONS, workshop=found.title, out=registered)
    dropped = WorkshopDropped(workshop, held.code, found.title, found.starts_at)
    detail = {
        "workshop": workshop,
        "cohort": held.code,
        "n": found.n,
        "title": found.title,
        "starts_at": found.starts_at.isoformat(),
        "ends_at": found.ends_at.isoformat(),
    }
    forget_cancelled(session, found.id)
    session.delete(found)
    tell_people(session, enrolled(session, held.id), "enrolment", WORKSHOP_DROPPED, at=at, by=by)
    record(session, "drop_workshop", at=at, by=by, cohort_id=held.id, detail=detail)
    return dropped


def _lock(session: Session, workshop: str, by: Actor) -> tuple[Cohort, Workshop]:
    """Permit a change of a workshop, and lock its cohort and then it: whoever counts who came has it now, or waits."""
    chosen = select(Workshop).where(Workshop.public_id == workshop)
    found = session.scalars(chosen).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    permit_for_program(by, Act.PLAN_COHORT, session.get_one(Cohort, found.cohort_id).program_id)
    held = lock_cohort(session, found.cohort_id)
    if held.status is CohortStatus.CANCELLED:
        raise Refused.because(Reason.COHORT_CANCELLED, cohort=held.name)
    locked = chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalars(locked).one_or_none()
    if found is None:  # dropped in this very moment
        raise Refused.because(Reason.NOT_FOUND)
    return held, found


def _is_recorded(session: Session, found: Workshop) -> bool:
    """Whether somebody signed in to a workshop, which is locked, or was counted, or its recording was viewed."""
    counted = (exists().where(kind.workshop_id == found.id) for kind in (Attendance, HeadCount, RecordedViews))
    return found.posted_on is not None or bool(session.scalar(select(or_(*counted))))


def _against(
    session: Session,
    held: Cohort,
    found: Workshop,
    change: WorkshopChange,
    starts_at: datetime,
    minutes: int,
    at: datetime,
) -> list[Block]:
    against, has_begun = [], found.starts_at <= at
    if change.title is not None:
        try:
            if plain_text(change.title, LONGEST_TITLE) is None:
                against.append(Block(Reason.VALUE_MISSING, {"field": "title"}))
        except ValueError:
            against.append(Block(Reason.VALUE_WRONG, {"field": "title"}))
    if starts_at != found.starts_at:
        on = starts_at.astimezone(ZoneInfo(zone_of(session, held.id))).date()
        if has_begun or not held.starts_on <= on <= held.ends_on:
            against.append(Block(Reason.VALUE_WRONG, {"field": "starts_at"}))
    if not 1 <= minutes <= LONGEST_MINUTES or (has_begun and minutes != _minutes(found)):
        against.append(Block(Reason.VALUE_WRONG, {"field": "minutes"}))
    if change.mode is not None and not _counted(session, found) <= MODES[change.mode]:
        against.append(Block(Reason.VALUE_WRONG, {"field": "mode"}))
    if change.branch_id and session.get(Branch, change.branch_id) is None:
        against.append(Block(Reason.NOT_FOUND, {}))
    return against


def _minutes(found: Workshop) -> int:
    return (found.ends_at - found.starts_at) // timedelta(minutes=1)


def _counted(session: Session, found: Workshop) -> set[AttendanceMode]:
    """How people attended a workshop, which is locked, as far as anybody noted or counted them."""
    noted = session.scalars(select(Attendance.mode).where(Attendance.workshop_id == found.id).distinct())
    counted = session.scalars(select(HeadCount.kind).where(HeadCount.workshop_id == found.id))
    return {*noted, *(COUNTS[kind] for kind in counted)}


def _is_closed(session: Session, held: Cohort, found: Workshop) -> bool:
    places = {pool.branch_id for pool in pools_of(session, held.id)} | {found.branch_id}
    on = found.starts_at.date() - timedelta(days=1)
    calendars = [branch_calendar(session, id_, since=on) for id_ in sorted(id_ for id_ in places if id_ is not None)]
    return not all(calendar.is_open_on(calendar.local_date(found.starts_at)) for calendar in calendars)
