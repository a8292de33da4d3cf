"""Freed seats: given to whoever waits longest, or offered to them with a deadline where the programme says so.

Whatever frees a seat ends with ``pass_on``, in the same act. An offered seat is kept until it is accepted or lapses; a
kit is promised only once it is accepted. Who lets an offer lapse leaves the list, as one who does not collect a kit
leaves its queue: the seat goes to the next at once, nobody is offered it twice in a row, and whoever comes after all
enrols again, at the end. Source: RULES 4, "a freed seat is *offered* with a deadline".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.locks import lock_patron, lock_stocks
from lending.circulation.reservations import cancel_reservation, promise_next, serve_stock
from lending.circulation.telling import tell, untell
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import HOLDS_A_SEAT, LIVE_RESERVATIONS, EnrolmentState, EnrolmentVerb
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.reservations import Reservation
from lending.programs.cohorts import today_everywhere
from lending.programs.enrolment import (
    Enrolled,
    enrolment_as_it_stands,
    free_seats,
    lock_cohort,
    lock_cohorts,
    lock_enrolments,
    permit_on_own_enrolment,
    record_seat,
    refresh_enrolment,
    waiting_list,
)

SEAT_OFFERED, SEAT_GIVEN, OFFER_LAPSED = "seat_offered", "seat_given", "offer_lapsed"
"""The steps of the notices about a seat, whose subject is the enrolment."""

LAPSED_REASON = "offer lapsed"
"""Why a place on the list ended, where nobody answered an offer."""


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Who moved up: enrolments that have or were offered a seat, reservations that were promised a kit (public ids)."""

    seated: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    promised: tuple[str, ...] = ()


def pass_on(session: Session, held: Cohort, pool_ids: Collection[int], *, at: datetime, by: Actor) -> PassedOn:
    """Give or offer the free seats of a cohort, and promise what is free in its pools. Part of another act.

    The cohort is locked, and the stocks of these pools, which are those of ``pools_that_move``.
    """
    moved = _fill_seats(session, held, at=at, by=by)
    session.flush()  # the queues are asked for those who have a seat by now
    # Of the whole stock: a promise that ends may leave more to those who wait for no cohort, too.
    stocks = session.scalars(select(Pool.stock_id).where(Pool.id.in_(sorted(pool_ids))).distinct()).all()
    promised = [next_ for stock_id in sorted(stocks) for next_ in serve_stock(session, stock_id, at=at, by=by)]
    return PassedOn(
        tuple(row.public_id for row in moved if row.state is EnrolmentState.ENROLLED),
        tuple(row.public_id for row in moved if row.state is EnrolmentState.OFFERED),
        tuple(next_.public_id for next_ in promised),
    )


def pools_that_move(session: Session, held: Cohort, leaving: Collection[Enrolment] = ()) -> dict[int, int]:
    """The pools (to their stocks) that may have a kit to promise once ``leaving`` have left: theirs, and those in which
    whoever gets a seat then waits. The cohort is locked.
    """
    freed = sum(row.state in HOLDS_A_SEAT for row in leaving)
    ids = {row.id for row in leaving}
    following = [
        row for row in waiting_list(session, held.id, _seats_to_fill(session, held, freed, ids)) if row.id not in ids
    ]
    pools = select(Reservation.pool_id, Reservation.stock_id).where(
        Reservation.cohort_id == held.id,
        Reservation.patron_id.in_([row.patron_id for row in (*leaving, *following) if row.patron_id is not None]),
        Reservation.pool_id.is_not(None),
    )
    rows = session.execute(pools.order_by(Reservation.pool_id))
    return {row.pool_id: row.stock_id for row in rows if row.pool_id is not None}


def accept_offer(session: Session, *, enrolment: str, at: datetime, by: Actor) -> Enrolled:
    """Take the seat that was offered to an enrolment (its public id); a kit is promised to it if its pool has one.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``WRONG_STATE`` where no offer stands, and ``OFFER_LAPSED``
    after its deadline, also before the sweep has passed it on.
    """
    found = permit_on_own_enrolment(session, enrolment, by)
    held = lock_cohort(session, found.cohort_id)
    refresh_enrolment(session, found, held, by)
    if found.patron_id is not None:
        lock_patron(session, found.patron_id)
    pools = pools_that_move(session, held, [found])
    lock_stocks(session, pools.values())
    [row] = lock_enrolments(session, [found.id])
    if row.state is not EnrolmentState.OFFERED:
        raise Refused.because(Reason.WRONG_STATE, state=row.state.value)
    if _has_lapsed(row, at):
        raise Refused.because(Reason.OFFER_LAPSED, at=row.offered_until)
    row.move(EnrolmentVerb.SEAT)
    row.seated_at = at
    untell(session, SEAT_OFFERED, subject=subject_of(row))
    record_seat(session, "accept_offer", row, at=at, by=by)
    session.flush()  # the queue is asked for those who have a seat by now
    for pool_id in sorted(pools):
        promise_next(session, pool_id, at=at, by=by)
    return enrolment_as_it_stands(session, enrolment)


def lapse_offers(session: Session, *, at: datetime, by: Actor, limit: int) -> int:
    """End the offers whose deadline has passed, at most ``limit``, and pass their seats on. Gives how many ended."""
    by.permit(Act.ENROL)
    late = (
        select(Enrolment)
        .where(Enrolment.state == EnrolmentState.OFFERED, Enrolment.offered_until < at)
        .order_by(Enrolment.offered_until, Enrolment.id)
        .limit(limit)
    )
    found = session.scalars(late).all()
    cohorts = lock_cohorts(session, {row.cohort_id for row in found})
    pools = {cohort_id: pools_that_move(session, held, _of(found, cohort_id)) for cohort_id, held in cohorts.items()}
    lock_stocks(session, {stock_id for moving in pools.values() for stock_id in moving.values()})
    promises = _lock_promises(session, found)
    lapsed = [row for row in lock_enrolments(session, [row.id for row in found]) if _has_lapsed(row, at)]
    for row in lapsed:
        _lapse(session, row, at=at, by=by)
        if row.id in promises:
            cancel_reservation(session, promises[row.id], reason=LAPSED_REASON, at=at, by=by)
    session.flush()  # seats and kits are counted next
    for cohort_id, held in cohorts.items():
        pass_on(session, held, pools[cohort_id], at=at, by=by)
    return len(lapsed)


def give_free_seats(session: Session, *, at: datetime, by: Actor, limit: int) -> int:
    """Give or offer seats that stand free while people wait, in at most ``limit`` cohorts; gives how many moved up.

    Whatever frees a seat passes it on itself; but two records of one person that are merged free one without a word.
    """
    by.permit(Act.ENROL)
    taken = (
        select(func.count())
        .where(Enrolment.cohort_id == Cohort.id, Enrolment.state.in_(HOLDS_A_SEAT))
        .correlate(Cohort)
        .scalar_subquery()
    )
    waited_for = select(Enrolment.cohort_id).where(Enrolment.state == EnrolmentState.WAITING)
    idle = select(Cohort.id).where(
        Cohort.status == CohortStatus.PLANNED,
        Cohort.ends_on >= today_everywhere(session, at),
        Cohort.id.in_(waited_for),
        Cohort.capacity > taken,
    )
    cohorts = lock_cohorts(session, session.scalars(idle.order_by(Cohort.id).limit(limit)).all())
    pools = {cohort_id: pools_that_move(session, held) for cohort_id, held in cohorts.items()}
    lock_stocks(session, {stock_id for moving in pools.values() for stock_id in moving.values()})
    moved = [pass_on(session, held, pools[cohort_id], at=at, by=by) for cohort_id, held in cohorts.items()]
    return sum(len(up.seated) + len(up.offered) for up in moved)


def subject_of(enrolment: Enrolment) -> str:
    """What the notices about a seat hang on."""
    return f"enrolment:{enrolment.public_id}"


def _fill_seats(session: Session, held: Cohort, *, at: datetime, by: Actor) -> list[Enrolment]:
    """Give each free seat to whoever waits longest, or offer it to them."""
    if held.status is CohortStatus.CANCELLED:
        return []
    following = waiting_list(session, held.id, free_seats(session, held))
    hours = session.scalars(select(Program.seat_offer_hours).where(Program.id == held.program_id)).one()
    moved = lock_enrolments(session, [row.id for row in following])
    for row in moved:
        if hours is None:
            row.move(EnrolmentVerb.SEAT)
            row.seated_at = at
        else:
            row.move(EnrolmentVerb.OFFER)
            row.offered_until = at + timedelta(hours=hours)
        verb, step = ("seat", SEAT_GIVEN) if hours is None else ("offer_seat", SEAT_OFFERED)
        tell(session, step, subject=subject_of(row), patron_id=row.patron_id, at=at)
        record_seat(session, verb, row, at=at, by=by, **({} if hours is None else {"hours": hours}))
    return moved


def _seats_to_fill(session: Session, held: Cohort, freed: int, leaving: Collection[int]) -> int:
    """How many of the waiting list to look at: as many as there will be seats, and the leaving who stand among them."""
    seats = free_seats(session, held) + freed
    return seats + len(leaving) if seats > 0 else 0


def _has_lapsed(row: Enrolment, at: datetime) -> bool:
    return row.state is EnrolmentState.OFFERED and row.offered_until is not None and row.offered_until < at


def _lapse(session: Session, row: Enrolment, *, at: datetime, by: Actor) -> None:
    row.move(EnrolmentVerb.LAPSE)
    row.ended_at, row.ended_reason = at, LAPSED_REASON
    untell(session, SEAT_OFFERED, subject=subject_of(row))
    tell(session, OFFER_LAPSED, subject=subject_of(row), patron_id=row.patron_id, at=at)
    record_seat(session, "lapse_offer", row, at=at, by=by)


def _lock_promises(session: Session, rows: Collection[Enrolment]) -> dict[int, Reservation]:
    """Lock the places in the kits' queues that hang on enrolments; gives them by enrolment."""
    chosen = select(Reservation).where(
        Reservation.enrolment_id.in_([row.id for row in rows]), Reservation.state.in_(LIVE_RESERVATIONS)
    )
    locked = chosen.order_by(Reservation.id).with_for_update(of=Reservation, key_share=True)
    found = session.scalars(locked.execution_options(populate_existing=True))
    return {row.enrolment_id: row for row in found if row.enrolment_id is not None}


def _of(rows: Collection[Enrolment], cohort_id: int) -> list[Enrolment]:
    return [row for row in rows if row.cohort_id == cohort_id]
