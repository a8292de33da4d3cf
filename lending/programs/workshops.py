"""Workshops: who came, how many were counted, and how often the recording was viewed, each kept apart.

Anyone with a card may attend, enrolled or not. Signing in again changes nothing. A recorded view is never attendance.
Source: RULES 7, "Workshops"; the permission sheet, "record attendance".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, true
from sqlalchemy.orm import Session

from lending.circulation.journal import record, record_unchanged
from lending.circulation.locks import lock_card_holder, lock_patrons
from lending.domain.actors import Actor
from lending.domain.names import short_name
from lending.domain.permissions import Act, Role
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import (
    Attendance,
    AttendanceMode,
    Cohort,
    CohortStatus,
    Enrolment,
    HeadCount,
    HeadCountKind,
    Pool,
    RecordedViews,
    Workshop,
    WorkshopMode,
)
from lending.models.people import Patron
from lending.models.stock import Stock
from lending.programs.cohorts import permit_for_program

OPENS_BEFORE = timedelta(hours=12)
"""How long before a workshop people may be signed in: on its day, not on the days before."""

MODES: Mapping[WorkshopMode, frozenset[AttendanceMode]] = {
    WorkshopMode.ONSITE: frozenset({AttendanceMode.ONSITE}),
    WorkshopMode.VIRTUAL: frozenset({AttendanceMode.VIRTUAL}),
    WorkshopMode.HYBRID: frozenset(AttendanceMode),
}
"""How somebody can attend a workshop."""

COUNTS: Mapping[HeadCountKind, AttendanceMode] = {
    HeadCountKind.ONSITE: AttendanceMode.ONSITE,
    HeadCountKind.DEVICES: AttendanceMode.VIRTUAL,
    HeadCountKind.PEAK_VIEWERS: AttendanceMode.VIRTUAL,
}
"""Which attendance a count is of; registrations are of none."""

MOST = 100_000
"""Heads, devices or views: more is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who attends. ``again``: they had signed in before, as ``mode`` says, and nothing changed."""

    workshop: str
    patron_name: str
    mode: AttendanceMode
    again: bool


@dataclass(frozen=True, slots=True)
class WorkshopFound:
    """A workshop, which is locked, and its cohort. ``branch_ids``: where it is held, or its cohort's kits are lent."""

    workshop: Workshop
    cohort: Cohort
    branch_ids: frozenset[int]


def sign_in(session: Session, *, workshop: str, patron: str, mode: AttendanceMode, at: datetime, by: Actor) -> SignedIn:
    """Note that ``patron`` (the card number) attends ``workshop`` (its public id); again, nothing changes, but that the
    other way to attend takes the place of the first.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``CARD_UNKNOWN``, ``CARD_REPLACED``, or all of ``COHORT_OVER``
    for a session that was cancelled, ``WORKSHOP_TO_COME`` before the workshop's day, and ``VALUE_WRONG`` for a way to
    attend that this workshop has not.
    """
    found = lock_workshop(session, workshop, by)
    check_countable(found, mode, at)
    person = lock_card_holder(session, patron)
    before = _attendance(session, found.workshop.id, person.id)
    if before is not None and before.mode is not mode:
        _record(session, "sign_in", found, at=at, by=by, mode=mode.value, was=before.mode.value)
        before.mode, before.staff_id = mode, by.staff_id
        return SignedIn(workshop, short_name(person.name), mode, again=False)
    if before is not None:
        record_unchanged(session, "sign_in", at=at, by=by)
        return SignedIn(workshop, short_name(person.name), before.mode, again=True)
    seat = seats_of(session, found.cohort.id, [person.id]).get(person.id)
    session.add(
        Attendance(
            workshop_id=found.workshop.id,
            patron_id=person.id,
            enrolment_id=seat,
            mode=mode,
            at=at,
            staff_id=by.staff_id,
        )
    )
    _record(session, "sign_in", found, at=at, by=by, mode=mode.value)
    return SignedIn(workshop, short_name(person.name), mode, again=False)


def undo_sign_in(session: Session, *, workshop: str, patron: str, at: datetime, by: Actor) -> SignedIn:
    """Take back that ``patron`` (the public id) attends ``workshop``; the journal keeps that it was said.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, and ``NOTHING_TO_UNDO`` for somebody who had not signed in or
    whom ``by`` does not see on the sheet (``on_sheet_of``).
    """
    found = lock_workshop(session, workshop, by)
    lock_patrons(session, session.scalars(select(Patron.id).where(Patron.public_id == patron)).all())
    theirs = (
        select(Attendance, Patron)
        .join(Patron, Patron.id == Attendance.patron_id)
        .where(Attendance.workshop_id == found.workshop.id, Patron.public_id == patron, on_sheet_of(found.workshop, by))
    )
    row = session.execute(theirs).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    before, person = row.Attendance, row.Patron
    session.execute(delete(Attendance).where(Attendance.id == before.id))
    _record(session, "undo_sign_in", found, at=at, by=by, mode=before.mode.value)
    return SignedIn(workshop, short_name(person.name), before.mode, again=False)


def on_sheet_of(workshop: Workshop, by: Actor) -> ColumnElement[bool]:
    """Whether ``by`` sees that somebody attended, in a statement that joins ``Patron``: class records are confidential.

    Its lead sees all. Staff see whoever came to their own branch; of those who came elsewhere or on line the people of
    their branches, by pick-up or home, and those whom they signed in themselves.
    """
    if by.everywhere or by.role is Role.PROGRAM or workshop.branch_id in by.branch_ids:
        return true()
    own = sorted(by.branch_ids)
    picks_up = exists().where(
        Enrolment.cohort_id == workshop.cohort_id,
        Enrolment.patron_id == Attendance.patron_id,
        Enrolment.pickup_branch_id.in_(own),
    )
    return or_(Patron.home_branch_id.in_(own), picks_up, Attendance.staff_id == by.staff_id)


def set_head_count(
    session: Session, *, workshop: str, kind: HeadCountKind, n: int | None, at: datetime, by: Actor
) -> None:
    """Set how many were counted in the room, as devices in the meeting or as most viewers; ``None``: nobody knows.

    How many registered in another program may be set before the workshop too, for any way it is held. Raises
    ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, or all of ``COHORT_OVER``, ``WORKSHOP_TO_COME``, and ``VALUE_WRONG``
    for a count below 0 and for a format that this workshop has not.
    """
    found = lock_workshop(session, workshop, by)
    check_countable(found, COUNTS.get(kind), at, *_against_number(n))
    if n is None:
        row = session.get(HeadCount, (found.workshop.id, kind))
        before = None if row is None else row.n
        session.execute(delete(HeadCount).where(HeadCount.workshop_id == found.workshop.id, HeadCount.kind == kind))
    else:
        before = put_head_count(session, found.workshop.id, kind, n, at=at)
    _record(session, "count_heads", found, at=at, by=by, kind=kind.value, n=n, before=before)


def post_recording(session: Session, *, workshop: str, posted_on: date, at: datetime, by: Actor) -> None:
    """Say from which day on the recording of ``workshop`` can be viewed.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``DATE_IN_THE_FUTURE``, ``DATE_IN_THE_PAST`` for a day before
    the workshop, ``VALUE_WRONG`` for one after a day on which views were counted already.
    """
    found = lock_workshop(session, workshop, by)
    held_on, today = _days(session, found, at)
    if posted_on > today:
        raise Refused.because(Reason.DATE_IN_THE_FUTURE, on=posted_on)
    if posted_on < held_on:
        raise Refused.because(Reason.DATE_IN_THE_PAST, on=posted_on)
    viewed = select(RecordedViews.day).where(RecordedViews.workshop_id == found.workshop.id)
    if any(day < posted_on for day in session.scalars(viewed)):
        raise Refused.because(Reason.VALUE_WRONG, field="posted_on")
    before = found.workshop.posted_on
    found.workshop.posted_on = posted_on
    was = None if before is None else before.isoformat()
    _record(session, "post_recording", found, at=at, by=by, posted_on=posted_on.isoformat(), before=was)


def record_views(session: Session, *, workshop: str, day: date, views: int, at: datetime, by: Actor) -> None:
    """Set how often the recording of ``workshop`` was viewed on ``day``; said again, the later number holds.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``VALUE_MISSING`` before it is known when the recording was
    posted, or all of ``VALUE_WRONG`` for a day before that and for a number below 0, and ``DATE_IN_THE_FUTURE``.
    """
    found = lock_workshop(session, workshop, by)
    _held_on, today = _days(session, found, at)
    posted_on = found.workshop.posted_on
    if posted_on is None:
        raise Refused.because(Reason.VALUE_MISSING, field="posted_on")
    against = [*_against_number(views)]
    if day > today:
        against.append(Block(Reason.DATE_IN_THE_FUTURE, {"on": day}))
    if day < posted_on:
        against.append(Block(Reason.VALUE_WRONG, {"field": "day"}))
    if against:
        raise Refused(*against)
    row = session.get(RecordedViews, (found.workshop.id, day))
    before = None if row is None else row.views
    if row is None:
        session.add(RecordedViews(workshop_id=found.workshop.id, day=day, views=views))
    else:
        row.views = views
    _record(session, "record_views", found, at=at, by=by, day=day.isoformat(), views=views, before=before)


def lock_workshop(session: Session, public_id: str, by: Actor) -> WorkshopFound:
    """Lock the workshop with this public id, whose attendance is counted next. Part of another act.

    For a lead of its programme, or staff of a branch where it is held or whose kits its cohort borrows. Raises
    ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    chosen = select(Workshop).where(Workshop.public_id == public_id)
    workshop = session.scalars(
        chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if workshop is None:
        raise Refused.because(Reason.NOT_FOUND)
    cohort = session.get_one(Cohort, workshop.cohort_id)
    return WorkshopFound(workshop, cohort, permit_attendance(session, cohort, by, workshop.branch_id))


def permit_attendance(session: Session, cohort: Cohort, by: Actor, *held_at: int | None) -> frozenset[int]:
    """Refuse (``NOT_PERMITTED``) unless ``by`` may record attendance; gives the branches whose staff may.

    They are those where a workshop is held and those whose kits the cohort borrows.
    """
    lending = select(Stock.branch_id).join(Pool, Pool.stock_id == Stock.id).where(Pool.cohort_id == cohort.id)
    branch_ids = {*session.scalars(lending), *held_at} - {None}
    own = min(branch_ids & by.branch_ids, default=None)
    permit_for_program(by, Act.RECORD_ATTENDANCE, cohort.program_id, own)
    return frozenset(branch_ids)


def check_countable(found: WorkshopFound, mode: AttendanceMode | None, at: datetime, *besides: Block) -> None:
    """Refuse what cannot be counted, for all that stands against it and ``besides``.

    ``COHORT_OVER`` of a cancelled session, else ``WORKSHOP_TO_COME`` before the workshop's day; ``VALUE_WRONG`` for a
    way to attend that it has not. Without a ``mode`` it is no attendance, and neither the day nor the way matters.
    """
    against = [*besides]
    if found.cohort.status is CohortStatus.CANCELLED:
        against.append(Block(Reason.COHORT_OVER, {"cohort": found.cohort.name}))
    elif mode is not None and at < found.workshop.starts_at - OPENS_BEFORE:
        against.append(Block(Reason.WORKSHOP_TO_COME, {"at": found.workshop.starts_at}))
    if mode is not None and mode not in MODES[found.workshop.mode]:
        against.append(Block(Reason.VALUE_WRONG, {"field": "mode"}))
    if against:
        raise Refused(*against)


def put_head_count(session: Session, workshop_id: int, kind: HeadCountKind, n: int, *, at: datetime) -> int | None:
    """Write a count of a workshop, which is locked, and give the one it takes the place of. Part of another act."""
    row = session.get(HeadCount, (workshop_id, kind))
    if row is None:
        session.add(HeadCount(workshop_id=workshop_id, kind=kind, n=n, at=at))
        return None
    before, row.n, row.at = row.n, n, at
    return before


def seats_of(session: Session, cohort_id: int, patron_ids: Iterable[int]) -> dict[int, int]:
    """The newest enrolments (ids) that people (ids) have had in a cohort: what they attend is counted for those."""
    chosen = (
        select(Enrolment.patron_id, func.max(Enrolment.id))
        .where(Enrolment.cohort_id == cohort_id, Enrolment.patron_id.in_(list(patron_ids)))
        .group_by(Enrolment.patron_id)
    )
    return {patron_id: seat for patron_id, seat in session.execute(chosen) if patron_id is not None}


def _attendance(session: Session, workshop_id: int, patron_id: int) -> Attendance | None:
    chosen = select(Attendance).where(Attendance.workshop_id == workshop_id, Attendance.patron_id == patron_id)
    return session.scalars(chosen).one_or_none()


def _against_number(n: int | None) -> Iterator[Block]:
    if n is not None and not 0 <= n <= MOST:
        yield Block(Reason.VALUE_WRONG, {"field": "count"})


def _days(session: Session, found: WorkshopFound, at: datetime) -> tuple[date, date]:
    """The local day of the workshop and today, where it is held or, on line, at a branch of its cohort."""
    branch_id = found.workshop.branch_id or min(found.branch_ids, default=None)
    zone = ZoneInfo(
        "UTC" if branch_id is None else session.scalars(select(Branch.zone).where(Branch.id == branch_id)).one()
    )
    return found.workshop.starts_at.astimezone(zone).date(), at.astimezone(zone).date()


def _record(
    session: Session,
    verb: str,
    found: WorkshopFound,
    *,
    at: datetime,
    by: Actor,
    patron: str | None = None,
    **detail: object,
) -> None:
    record(
        session,
        verb,
        at=at,
        by=by,
        branch_id=found.workshop.branch_id,
        cohort_id=found.cohort.id,
        patron=patron,
        detail={"workshop": found.workshop.public_id, **detail},
    )
