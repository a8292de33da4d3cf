"""The end of a cohort: whoever had a seat has completed it, and whoever still waited is let go kindly.

Loans are untouched: they are due when the cohort's kits are. Source: RULES 4; INTERFACES, ``lending jobs run cohorts``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from lending.circulation.locks import lock_stocks
from lending.circulation.reservations import cancel_reservation
from lending.circulation.telling import tell, untell
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS, EnrolmentState, EnrolmentVerb
from lending.models.cohorts import Cohort, CohortStatus, Enrolment
from lending.models.reservations import Reservation
from lending.programs.cohorts import today_everywhere
from lending.programs.enrolment import lock_cohorts, lock_enrolments, record_seat
from lending.programs.offers import SEAT_OFFERED, subject_of
from lending.programs.surveys import survey_of

OVER_REASON = "session over"
"""Why a place on a list, or a promise nobody collected, ended with its cohort."""

SESSION_OVER, COMPLETED = "session_over", "completed"
"""The steps of the notices about the end: to whoever still waited, and to whoever took part, with the survey's link."""


def complete_cohorts(session: Session, *, at: datetime, by: Actor, limit: int) -> int:
    """Complete the cohorts whose last day is over at every branch, at most ``limit`` of them; gives how many.

    A seat is completed; a place on the waiting list and an offer end, as do reservations that nobody collected.
    """
    by.permit(Act.ENROL)
    has_people = exists().where(Enrolment.cohort_id == Cohort.id, Enrolment.state.in_(LIVE_ENROLMENTS))
    has_promises = exists().where(Reservation.cohort_id == Cohort.id, Reservation.state.in_(LIVE_RESERVATIONS))
    today = today_everywhere(session, at)
    over = (
        select(Cohort.id)
        .where(Cohort.status == CohortStatus.PLANNED, Cohort.ends_on < today, or_(has_people, has_promises))
        .order_by(Cohort.id)
        .limit(limit)
    )
    held = lock_cohorts(session, session.scalars(over).all()).values()
    # One that was lengthened or cancelled in this very moment goes on, or has ended already.
    cohort_ids = [row.id for row in held if row.status is CohortStatus.PLANNED and row.ends_on < today]
    promises = _lock_promises(session, cohort_ids)
    live = select(Enrolment.id).where(Enrolment.cohort_id.in_(cohort_ids), Enrolment.state.in_(LIVE_ENROLMENTS))
    seats = lock_enrolments(session, session.scalars(live).all())
    for cohort_id in cohort_ids:
        survey_of(session, cohort_id=cohort_id)  # the thanks for taking part ask how it was
    for promise in promises:
        cancel_reservation(session, promise, reason=OVER_REASON, at=at, by=by)
    for seat in seats:
        _end(session, seat, at=at, by=by)
    return len(cohort_ids)


def _end(session: Session, seat: Enrolment, *, at: datetime, by: Actor) -> None:
    took_part = seat.state is EnrolmentState.ENROLLED
    seat.move(EnrolmentVerb.COMPLETE if took_part else EnrolmentVerb.WITHDRAW)
    seat.ended_at = at
    seat.ended_reason = None if took_part else OVER_REASON
    untell(session, SEAT_OFFERED, subject=subject_of(seat))
    step = COMPLETED if took_part else SESSION_OVER
    tell(session, step, subject=subject_of(seat), patron_id=seat.patron_id, at=at)
    record_seat(session, "complete" if took_part else "withdraw", seat, at=at, by=by)


def _lock_promises(session: Session, cohort_ids: Iterable[int]) -> list[Reservation]:
    """Lock what is still promised or waited for in these cohorts, and before it the stocks."""
    chosen = select(Reservation).where(Reservation.cohort_id.in_(cohort_ids), Reservation.state.in_(LIVE_RESERVATIONS))
    lock_stocks(session, {row.stock_id for row in session.scalars(chosen)})
    locked = chosen.order_by(Reservation.id).with_for_update(of=Reservation, key_share=True)
    return list(session.scalars(locked.execution_options(populate_existing=True)))
