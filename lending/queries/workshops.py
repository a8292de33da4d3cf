"""Workshops as staff read them: a session's list with its figures, and who signed in to one of them.

The figures are made by ``domain/attendance.py``; a workshop counts from its beginning on. Source: RULES 7, "Workshops".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.attendance import Counted, WorkshopTold, count, to_come
from lending.domain.names import short_name
from lending.domain.states import EnrolmentState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.cohorts import (
    Attendance,
    AttendanceMode,
    Cohort,
    CohortStatus,
    Enrolment,
    HeadCount,
    HeadCountKind,
    RecordedViews,
    Workshop,
    WorkshopMode,
)
from lending.models.outcomes import Registration
from lending.models.people import Card, Patron
from lending.programs.workshops import on_sheet_of, permit_attendance

RECENT, SOON = timedelta(days=14), timedelta(days=7)
"""Which workshops are near: those whose attendance may still be taken, and those of the coming week."""


@dataclass(frozen=True, slots=True)
class WorkshopShown:
    """One workshop with its figures; ``zone`` is that of where it is held, ``None`` on line.

    ``told`` is what was counted, ``counted`` what that comes to; before it has begun only who is registered counts.
    """

    workshop: str
    cohort: str
    cohort_name: str
    n: int
    title: str
    starts_at: datetime
    ends_at: datetime
    mode: WorkshopMode
    branch: str | None
    zone: str | None
    posted_on: date | None
    told: WorkshopTold
    counted: Counted


@dataclass(frozen=True, slots=True)
class SeriesShown:
    """A session's workshops and what they count together.

    ``registered``: who had a seat when they began, or later, and who registered for one of them alone.
    """

    cohort: str
    name: str
    registered: int
    workshops: tuple[WorkshopShown, ...]
    counted: Counted


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who signed in. ``patron`` is the public id; it, name and card are ``None`` once their link is cut."""

    patron: str | None
    patron_name: str | None
    card: str | None
    mode: AttendanceMode
    at: datetime


@dataclass(frozen=True, slots=True)
class SignInSheet:
    """A workshop and who signed in, the newest first: those whom the reader may see (``on_sheet_of``).

    The workshop's figures count everybody.
    """

    workshop: WorkshopShown
    attendees: tuple[Attendee, ...]


def series(session: Session, cohort: str, *, at: datetime, by: Actor) -> SeriesShown:
    """The workshops of a session (its code), in order. ``NOT_FOUND`` also where the reader may not look."""
    found = session.scalars(select(Cohort).where(Cohort.code == cohort)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    _check_visible(session, found, by)
    shown = _shown(session, found, at)
    begun = [one.told for one in shown if one.starts_at <= at]
    seats = _registered(session, found)
    registered = seats + sum(one.told.singles + (one.told.registered or 0) for one in shown)
    return SeriesShown(found.code, found.name, registered, tuple(shown), count(begun, seats=seats))


def workshop_shown(session: Session, workshop: str, *, at: datetime, by: Actor) -> WorkshopShown:
    """The workshop with this public id. ``NOT_FOUND`` also where the reader may not look."""
    cohort = session.scalars(
        select(Cohort).join(Workshop, Workshop.cohort_id == Cohort.id).where(Workshop.public_id == workshop)
    ).one_or_none()
    if cohort is None:
        raise Refused.because(Reason.NOT_FOUND)
    _check_visible(session, cohort, by)
    (shown,) = [one for one in _shown(session, cohort, at) if one.workshop == workshop]
    return shown


def sign_in_sheet(session: Session, workshop: str, *, at: datetime, by: Actor) -> SignInSheet:
    """A workshop (its public id) with those who signed in. ``NOT_FOUND`` also where the reader may not look."""
    shown = workshop_shown(session, workshop, at=at, by=by)
    held = session.scalars(select(Workshop).where(Workshop.public_id == workshop)).one()
    rows = session.execute(
        select(Patron.public_id, Patron.name, Card.number, Attendance.mode, Attendance.at)
        .select_from(Attendance)
        .outerjoin(Patron, Patron.id == Attendance.patron_id)
        .outerjoin(Card, and_(Card.patron_id == Attendance.patron_id, Card.ended_at.is_(None)))
        .where(Attendance.workshop_id == held.id, on_sheet_of(held, by))
        .order_by(Attendance.id.desc())
    )
    return SignInSheet(shown, tuple(_attendee(row) for row in rows))


def _attendee(row: AnyRow) -> Attendee:
    name = None if row.name is None else short_name(row.name)
    return Attendee(row.public_id, name, row.number, row.mode, row.at)


def workshops_around(session: Session, *, at: datetime, by: Actor) -> list[WorkshopShown]:
    """The workshops of two weeks back and one ahead that a reader may record attendance for, the next first."""
    near = select(Workshop.cohort_id).where(Workshop.starts_at.between(at - RECENT, at + SOON)).distinct()
    found = []
    for cohort in session.scalars(select(Cohort).where(Cohort.id.in_(near)).order_by(Cohort.id)):
        if cohort.status is CohortStatus.PLANNED and _may_see(session, cohort, by):
            found += [one for one in _shown(session, cohort, at) if at - RECENT <= one.starts_at <= at + SOON]
    return sorted(found, key=lambda one: (abs(one.starts_at - at), one.workshop))


def _check_visible(session: Session, cohort: Cohort, by: Actor) -> None:
    if not _may_see(session, cohort, by):
        raise Refused.because(Reason.NOT_FOUND)


def _may_see(session: Session, cohort: Cohort, by: Actor) -> bool:
    held_at = session.scalars(select(Workshop.branch_id).where(Workshop.cohort_id == cohort.id).distinct())
    try:
        permit_attendance(session, cohort, by, *held_at)
    except Refused:
        return False
    return True


def _shown(session: Session, cohort: Cohort, at: datetime) -> list[WorkshopShown]:
    rows = session.execute(
        select(Workshop, Branch.code, Branch.zone)
        .outerjoin(Branch, Branch.id == Workshop.branch_id)
        .where(Workshop.cohort_id == cohort.id)
        .order_by(Workshop.n)
    ).all()
    told = told_of(session, [row.Workshop for row in rows])
    seats = _seats(session, cohort)
    return [
        WorkshopShown(
            workshop=row.Workshop.public_id,
            cohort=cohort.code,
            cohort_name=cohort.name,
            n=row.Workshop.n,
            title=row.Workshop.title,
            starts_at=row.Workshop.starts_at,
            ends_at=row.Workshop.ends_at,
            mode=row.Workshop.mode,
            branch=row.code,
            zone=row.zone,
            posted_on=row.Workshop.posted_on,
            told=told[row.Workshop.id],
            counted=_counted(row.Workshop, told[row.Workshop.id], seats, at),
        )
        for row in rows
    ]


def _counted(workshop: Workshop, told: WorkshopTold, seats: Iterable[AnyRow], at: datetime) -> Counted:
    """What one workshop counts; of one to come, who is registered so far."""
    there = [row for row in seats if row.seated_at <= workshop.starts_at]
    seated = sum(row.ended_at is None or row.ended_at > workshop.starts_at for row in there)
    if workshop.starts_at <= at:
        return count([told], seats=seated)
    return to_come(seated + told.singles + (told.registered or 0))


def told_of(session: Session, workshops: Iterable[Workshop]) -> Mapping[int, WorkshopTold]:
    """What is known of each workshop, by its key, by four statements."""
    found = {workshop.id: workshop for workshop in workshops}
    named: dict[tuple[int, AttendanceMode], int] = defaultdict(int)
    attending = select(Attendance.workshop_id, Attendance.mode, func.count().label("n"))
    for row in session.execute(
        attending.where(Attendance.workshop_id.in_(found)).group_by(Attendance.workshop_id, Attendance.mode)
    ):
        named[row.workshop_id, row.mode] = row.n
    heads = {
        (row.workshop_id, row.kind): row.n
        for row in session.scalars(select(HeadCount).where(HeadCount.workshop_id.in_(found)))
    }
    views: dict[int, dict[date, int]] = defaultdict(dict)
    for seen in session.scalars(select(RecordedViews).where(RecordedViews.workshop_id.in_(found))):
        views[seen.workshop_id][seen.day] = seen.views
    registered = (
        select(Registration.workshop_id, func.count().label("n"))
        .where(Registration.workshop_id.in_(found), Registration.cancelled_at.is_(None))
        .group_by(Registration.workshop_id)
    )
    singles = {row.workshop_id: row.n for row in session.execute(registered)}
    return {
        id_: WorkshopTold(
            named_onsite=named[id_, AttendanceMode.ONSITE],
            named_virtual=named[id_, AttendanceMode.VIRTUAL],
            in_room=heads.get((id_, HeadCountKind.ONSITE)),
            devices=heads.get((id_, HeadCountKind.DEVICES)),
            peak_viewers=heads.get((id_, HeadCountKind.PEAK_VIEWERS)),
            posted_on=workshop.posted_on,
            views=views[id_],
            hybrid=workshop.mode is WorkshopMode.HYBRID,
            registered=heads.get((id_, HeadCountKind.REGISTERED)),
            singles=singles.get(id_, 0),
        )
        for id_, workshop in found.items()
    }


def _seats(session: Session, cohort: Cohort) -> list[AnyRow]:
    """From when until when each seat of a session was somebody's; of who moved to another one, not at all."""
    seated = select(Enrolment.seated_at, Enrolment.ended_at).where(
        Enrolment.cohort_id == cohort.id,
        Enrolment.seated_at.is_not(None),
        Enrolment.state != EnrolmentState.TRANSFERRED,
    )
    return list(session.execute(seated))


def _registered(session: Session, cohort: Cohort) -> int:
    """Seats held when the first workshop began, or given later. Who moved to another session registered there."""
    first = select(func.min(Workshop.starts_at)).where(Workshop.cohort_id == cohort.id).scalar_subquery()
    seated = select(func.count()).where(
        Enrolment.cohort_id == cohort.id,
        Enrolment.seated_at.is_not(None),
        Enrolment.state != EnrolmentState.TRANSFERRED,
        or_(Enrolment.ended_at.is_(None), Enrolment.ended_at > first),
    )
    return session.scalars(seated).one()
