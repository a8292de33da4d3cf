"""Who registered for a workshop, for its staff; and what the workshops of a period count, for reports.

Class records are confidential: names and contacts are shown to its lead, and to staff of the library where it is held;
everybody else who may record attendance sees numbers. Source: RULES 7, "Workshops"; RULES 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.attendance import Counted, count
from lending.domain.periods import Period
from lending.domain.permissions import Role
from lending.domain.states import EnrolmentState
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.cohorts import Attendance, AttendanceMode, Cohort, CohortStatus, Enrolment, Program, Workshop
from lending.models.outcomes import Registration, RegistrationWay
from lending.programs.registrations import ways_of
from lending.queries.scope import Branches, within
from lending.queries.workshops import WorkshopShown, told_of, workshop_shown


@dataclass(frozen=True, slots=True)
class RegisteredPerson:
    """One registration. Name and contact are ``None`` once the privacy clock has emptied them."""

    registration: str
    reference: str
    name: str | None
    contact: str | None
    language: str
    way: RegistrationWay
    came: AttendanceMode | None
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class RegistrationSheet:
    """A workshop with those who registered for it alone.

    ``people`` is ``None`` for a reader who sees no names. ``places`` is ``None`` where as many may register as like.
    """

    workshop: WorkshopShown
    is_open: bool
    places: int | None
    registered: int
    cancelled: int
    came: int
    ways: tuple[RegistrationWay, ...]
    people: tuple[RegisteredPerson, ...] | None


@dataclass(frozen=True, slots=True)
class WorkshopFigures:
    """What the workshops of a period count: those where people met at a reader's libraries, and those on line.

    A workshop on line belongs to no library and counts once for the whole system: it is never added up over libraries.
    """

    here: Counted
    on_line: Counted
    everywhere: Counted


def registration_sheet(session: Session, workshop: str, *, at: datetime, by: Actor) -> RegistrationSheet:
    """Who registered for a workshop (its public id), in order. ``NOT_FOUND`` also where the reader may not look."""
    shown = workshop_shown(session, workshop, at=at, by=by)
    held = session.scalars(select(Workshop).where(Workshop.public_id == workshop)).one()
    rows = session.execute(
        select(Registration, Attendance.mode)
        .outerjoin(Attendance, Attendance.id == Registration.attendance_id)
        .where(Registration.workshop_id == held.id)
        .order_by(Registration.id)
    ).all()
    live = [row for row in rows if row.Registration.cancelled_at is None]
    return RegistrationSheet(
        workshop=shown,
        is_open=held.is_open,
        places=held.places,
        registered=len(live),
        cancelled=len(rows) - len(live),
        came=sum(row.mode is not None for row in live),
        ways=tuple(ways_of(held)),
        people=tuple(map(_person, rows)) if _sees_names(held, by) else None,
    )


def _sees_names(held: Workshop, by: Actor) -> bool:
    return by.everywhere or by.role is Role.PROGRAM or held.branch_id in by.branch_ids


def _person(row: AnyRow) -> RegisteredPerson:
    mine: Registration = row.Registration
    return RegisteredPerson(
        registration=mine.public_id,
        reference=mine.reference,
        name=mine.name,
        contact=mine.email or mine.phone,
        language=mine.language,
        way=mine.way,
        came=row.mode,
        is_cancelled=mine.cancelled_at is not None,
    )


def workshop_figures(
    session: Session, scope: Branches, period: Period, *, at: datetime, program: str | None = None
) -> WorkshopFigures:
    """What the workshops count that began on a day of ``period`` and by ``at``, by so many statements as ever.

    ``scope``: those where people met are of these libraries; ``program`` (its code) takes those of one alone.
    """
    held = held_in(session, period, at=at, program=program)
    met = [row.Workshop for row in held if row.Workshop.branch_id is not None]
    there = [one for one in met if scope is None or one.branch_id in scope]
    on_line = [row.Workshop for row in held if row.Workshop.branch_id is None]
    return WorkshopFigures(
        here=_counted(session, there), on_line=_counted(session, on_line), everywhere=_counted(session, met + on_line)
    )


def held_in(
    session: Session, period: Period, *, at: datetime, scope: Branches = None, program: str | None = None
) -> list[AnyRow]:
    """The workshops (``Workshop``, ``zone``) that began on a local day of ``period`` and by ``at``, in order.

    None of a cancelled session. ``scope``: where people met, of these libraries alone, and all those on line.
    """
    anywhere = select(Branch.zone).order_by(Branch.id).limit(1).scalar_subquery()
    since = datetime.combine(period.first - timedelta(days=1), time(), UTC)
    until = datetime.combine(period.last + timedelta(days=2), time(), UTC)
    chosen = (
        select(Workshop, func.coalesce(Branch.zone, anywhere, "UTC").label("zone"))
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .outerjoin(Branch, Branch.id == Workshop.branch_id)
        .where(
            Cohort.status == CohortStatus.PLANNED,
            Workshop.starts_at >= since,
            Workshop.starts_at < until,
            Workshop.starts_at <= at,
            or_(Workshop.branch_id.is_(None), within(Branch.id, scope)),
        )
        .order_by(Workshop.starts_at, Workshop.id)
    )
    if program is not None:
        chosen = chosen.join(Program, Program.id == Cohort.program_id).where(Program.code == program)
    return [
        row
        for row in session.execute(chosen)
        if period.first <= row.Workshop.starts_at.astimezone(ZoneInfo(row.zone)).date() <= period.last
    ]


def _counted(session: Session, workshops: Sequence[Workshop]) -> Counted:
    if not workshops:
        return count([])
    told = told_of(session, workshops)
    return count([told[one.id] for one in workshops], seats=_seats(session, [one.id for one in workshops]))


def _seats(session: Session, workshop_ids: Sequence[int]) -> int:
    """Who had a seat in a session while its workshops of the list took place: once for each session.

    From the beginning of its first one on the list until that of its last. Who moved to another session registered
    there.
    """
    span = (
        select(
            Workshop.cohort_id,
            func.min(Workshop.starts_at).label("first"),
            func.max(Workshop.starts_at).label("last"),
        )
        .where(Workshop.id.in_(workshop_ids))
        .group_by(Workshop.cohort_id)
        .subquery()
    )
    seated = (
        select(func.count())
        .select_from(Enrolment)
        .join(span, span.c.cohort_id == Enrolment.cohort_id)
        .where(
            Enrolment.seated_at <= span.c.last,
            Enrolment.state != EnrolmentState.TRANSFERRED,
            or_(Enrolment.ended_at.is_(None), Enrolment.ended_at > span.c.first),
        )
    )
    return session.scalars(seated).one()
