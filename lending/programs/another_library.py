"""Picking up somewhere else: whoever waits for a kit changes to another library's queue, and stands at its end.

Those before them there asked earlier, so the place is a new one; who was promised a kit keeps it where it is. Source:
RULES 4; issue "Patrons reserve online", Build 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.locks import lock_patron, lock_reservation, lock_stocks
from lending.circulation.reservations import (
    PoolFound,
    cancel_reservation,
    pickup_code,
    place_in_queue,
    record_reservation,
    serve_stock,
)
from lending.circulation.reserving import Reserved, as_it_stands, card_blocks
from lending.circulation.stocks import stock_of
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus
from lending.models.kits import KitType
from lending.models.reservations import Reservation
from lending.programs.closing import against_kits
from lending.programs.enrolment import lock_cohort, lock_enrolments, pool_at

ELSEWHERE = "another library"
"""Why the first of the two reservations ended, for staff."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a kit is wanted now: a stock and, for a session's kit, its pool there."""

    branch_id: int
    stock_id: int
    pool: PoolFound | None


def pick_up_elsewhere(
    session: Session, *, reservation: str, pickup_branch_id: int, at: datetime, by: Actor
) -> Reserved:
    """Let whoever waits by a reservation (its public id) wait at another branch, at the end of the queue there.

    A kit that nobody waits for there is promised at once. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``,
    ``WRONG_STATE`` for one that does not wait or is of that branch already, ``NO_SUCH_POOL``, and all of
    ``CARD_BLOCKED``, ``CARD_EXPIRED``, ``COHORT_CANCELLED``, ``COHORT_OVER`` and ``NO_MORE_KITS`` that apply.
    """
    found = session.scalars(select(Reservation).where(Reservation.public_id == reservation)).one_or_none()
    if found is None or found.patron_id is None:
        raise Refused.because(Reason.NOT_FOUND)
    for branch_id in (found.pickup_branch_id, pickup_branch_id):
        _permit(session, found, branch_id, by)
    held = None if found.cohort_id is None else lock_cohort(session, found.cohort_id)
    person = lock_patron(session, found.patron_id)
    target = _target(session, found, pickup_branch_id)
    lock_stocks(session, [found.stock_id, target.stock_id])
    row = lock_reservation(session, found.id)
    if row.state is not ReservationState.WAITING or row.pickup_branch_id == pickup_branch_id:
        raise Refused.because(Reason.WRONG_STATE, state=row.state.value)
    today = branch_calendar(session, pickup_branch_id, since=at.date()).local_date(at)
    against = list(card_blocks(person, today))
    if held is not None:
        against += _against(session, held, target, at)
    if against:
        raise Refused(*against)
    cancel_reservation(session, row, reason=ELSEWHERE, at=at, by=by)
    session.flush()  # one live reservation of a kind each: the first one has ended before the second is written
    new = _queue(session, row, target, at=at)
    detail = {"position": place_in_queue(session, new), "instead_of": row.public_id}
    record_reservation(session, "reserve", new, at=at, by=by, detail=detail)
    serve_stock(session, target.stock_id, at=at, by=by)
    return as_it_stands(session, new)


def _permit(session: Session, found: Reservation, branch_id: int, by: Actor) -> None:
    if found.cohort_id is None:
        by.permit_for_patron(Act.RESERVE, found.patron_id, branch_id)
        return
    program_id = session.scalars(select(Cohort.program_id).where(Cohort.id == found.cohort_id)).one()
    by.permit_for_program(Act.ENROL, program_id, branch_id, patron_id=found.patron_id)


def _target(session: Session, found: Reservation, branch_id: int) -> _Target:
    if found.cohort_id is None:
        return _Target(branch_id, stock_of(session, branch_id=branch_id, kit_type_id=found.kit_type_id), None)
    kit_type = session.scalars(select(KitType.code).where(KitType.id == found.kit_type_id)).one()
    pool = pool_at(session, found.cohort_id, branch_id, kit_type)
    return _Target(branch_id, pool.stock_id, pool)


def _against(session: Session, held: Cohort, target: _Target, at: datetime) -> list[Block]:
    if held.status is CohortStatus.CANCELLED:
        return [Block(Reason.COHORT_CANCELLED, {"cohort": held.name})]
    today = branch_calendar(session, target.branch_id, since=at.date()).local_date(at)
    if held.ends_on < today:
        return [Block(Reason.COHORT_OVER, {"cohort": held.name})]
    return against_kits(session, held, branch_id=target.branch_id, at=at)


def _queue(session: Session, old: Reservation, target: _Target, *, at: datetime) -> Reservation:
    """A place at the end of the queue; a seat goes along, so that its kit is asked for where it is now."""
    if old.enrolment_id is not None:
        [seat] = lock_enrolments(session, [old.enrolment_id])
        seat.pickup_branch_id = target.branch_id
    new = Reservation(
        patron_id=old.patron_id,
        kit_type_id=old.kit_type_id,
        stock_id=target.stock_id,
        pickup_branch_id=target.branch_id,
        cohort_id=old.cohort_id,
        pool_id=None if target.pool is None else target.pool.pool_id,
        enrolment_id=old.enrolment_id,
        _state=ReservationState.WAITING,
        pickup_code=pickup_code(),
        queued_at=at,
    )
    session.add(new)
    session.flush()  # its id is its place in the queue
    return new
