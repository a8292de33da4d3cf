"""People of a session by their short names, where the reader may see them: who moved up, who missed the first day.

Source: RULES 4, "seat and promise go on"; 8, class records are confidential.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.models.cohorts import Cohort, Enrolment
from lending.models.people import Patron
from lending.models.reservations import Reservation


def of_seats(session: Session, enrolments: Collection[str], *, by: Actor) -> list[str | None]:
    """The short name of each of these enrolments (public ids), in order; ``None`` where the reader may not see it."""
    chosen = (
        select(Patron.name, Enrolment.pickup_branch_id, Cohort.program_id)
        .join(Enrolment, Enrolment.patron_id == Patron.id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.public_id.in_(enrolments))
        .order_by(Enrolment.id)
    )
    return [_name(*row, by=by) for row in session.execute(chosen)]


def of_kits(session: Session, reservations: Collection[str], *, by: Actor) -> list[str | None]:
    """The short name of each of these reservations (public ids), as ``of_seats`` gives it."""
    chosen = (
        select(Patron.name, Reservation.pickup_branch_id, Cohort.program_id)
        .join(Reservation, Reservation.patron_id == Patron.id)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
        .where(Reservation.public_id.in_(reservations))
        .order_by(Reservation.id)
    )
    return [_name(*row, by=by) for row in session.execute(chosen)]


def _name(name: str, branch_id: int, program_id: int | None, *, by: Actor) -> str | None:
    theirs = by.may(Act.ENROL, branch_id) or program_id in by.program_ids
    return short_name(name) if theirs else None
