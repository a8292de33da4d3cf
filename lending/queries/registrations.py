"""Who registered for one workshop, for its staff.

Class records are confidential: names and contacts are shown to its lead, and to staff of the library where it is held;
everybody else who may record attendance sees numbers. What the workshops of a period count, registrations among it,
is read by ``queries/program_sessions.py``. Source: RULES 7, "Workshops"; RULES 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.cohorts import Attendance, AttendanceMode, Cohort, CohortStatus, Workshop
from lending.models.journal import JournalEntry
from lending.models.outcomes import Registration, RegistrationWay
from lending.programs.registrations import ways_of
from lending.queries.workshops import WorkshopShown, workshop_shown


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
    ``is_held``: its session was not cancelled.
    """

    workshop: WorkshopShown
    is_held: bool
    is_open: bool
    places: int | None
    registered: int
    cancelled: int
    came: int
    ways: tuple[RegistrationWay, ...]
    people: tuple[RegisteredPerson, ...] | None


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
        is_held=session.get_one(Cohort, held.cohort_id).status is CohortStatus.PLANNED,
        is_open=held.is_open,
        places=held.places,
        registered=len(live),
        cancelled=len(rows) - len(live),
        came=sum(row.mode is not None for row in live),
        ways=tuple(ways_of(held)),
        people=tuple(map(_person, rows)) if _sees_names(held, by) else None,
    )


def single_after(session: Session, act: str) -> str:
    """The workshop (its public id) that an act planned, of no series. ``NOT_FOUND`` where it planned none."""
    planned = select(JournalEntry.cohort_id).where(JournalEntry.act == act, JournalEntry.cohort_id.is_not(None))
    found = session.scalars(select(Workshop.public_id).where(Workshop.cohort_id.in_(planned))).first()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


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
