"""A cohort is cancelled: promises and seats end, kits come back in the notice period, and everybody is told.

On request its people go on to another cohort of the programme in the order they had: seats first, then the waiting
list, and in the kits' queues whoever was promised a kit before whoever waited for one. Source: RULES 4, "Cohort
cancelled".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.addressees import REGISTERED_CANCELLED, registered_for, tell_registered
from lending.circulation.checkout_statements import loans
from lending.circulation.journal import record
from lending.circulation.locks import keep_calendar, lock_patrons, lock_stocks
from lending.circulation.redating import Changed, Ground, LoanMove, Redating, Why, lines, open_loans, stands_apart
from lending.circulation.redating_rows import lock_open_loans, move_loans, tell_people
from lending.circulation.reservations import PoolFound, cancel_reservation, reserve_from_pool, serve_stock
from lending.circulation.telling import untell
from lending.domain.actors import Actor
from lending.domain.due_dates import Due, DueRule, shortened_due
from lending.domain.permissions import Act
from lending.domain.states import (
    HOLDS_A_SEAT,
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    EnrolmentState,
    EnrolmentVerb,
    ReservationState,
)
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Workshop
from lending.models.loans import TermKind
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.cohorts import permit_for_program, today_everywhere
from lending.programs.enrolment import (
    against_a_kit,
    cohort_id_of,
    lock_cohorts,
    lock_enrolments,
    record_seat,
    seats_left,
)
from lending.programs.offers import SEAT_OFFERED, subject_of
from lending.programs.pools import pools_of
from lending.programs.redating import OWN_DATES, enrolled

COHORT_CANCELLED = "cohort_cancelled"
"""The step of the notice that a session does not take place, or does not go on."""

ENDED_REASON = "session cancelled"
"""Why seats and promises of a cancelled cohort ended."""


@dataclass(frozen=True, slots=True)
class _Carried:
    """Who goes on to the next cohort, in order: to a seat or the waiting list, and to the queues of its pools."""

    seats: Sequence[Enrolment]
    kits: Sequence[tuple[Enrolment, PoolFound]]


@dataclass(frozen=True, slots=True)
class _Worked:
    """What a cancellation comes to, ready to be written."""

    loans: Sequence[LoanMove]
    seats: Sequence[Enrolment]
    promises: Sequence[Reservation]
    carried: _Carried
    list: Redating


def preview_cancellation(
    session: Session, *, cohort: str, carry_to: str | None = None, at: datetime, by: Actor
) -> Redating:
    """What ``cancel_cohort`` would do now, and nothing is done. Raises ``Refused`` as that does."""
    held = session.get_one(Cohort, cohort_id_of(session, cohort))
    permit_for_program(by, Act.PLAN_COHORT, held.program_id)
    return _work_out(session, held, _next(session, held, carry_to, at), at=at).list


def cancel_cohort(
    session: Session,
    *,
    cohort: str,
    reason: str,
    carry_to: str | None = None,
    seen: str | None = None,
    at: datetime,
    by: Actor,
) -> Redating:
    """Cancel a cohort (its code); ``carry_to`` is the code of the one its people go on to, if they are to.

    ``seen`` is the digest of the preview that was confirmed. A date that somebody set by hand stays. Raises
    ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``REASON_NEEDED``, ``COHORT_CANCELLED``, ``PREVIEW_OUTDATED``, or
    ``VALUE_WRONG`` for a next cohort that is of another programme, over, or cancelled itself.
    """
    cohort_id = cohort_id_of(session, cohort)
    found = session.get_one(Cohort, cohort_id)
    permit_for_program(by, Act.PLAN_COHORT, found.program_id)
    if not reason.strip():
        raise Refused.because(Reason.REASON_NEEDED)
    following = _next(session, found, carry_to, at)
    keep_calendar(session, None)
    ids = [cohort_id, *([] if following is None else [following.id])]
    held = lock_cohorts(session, ids)[cohort_id]
    people = select(Enrolment.patron_id).where(Enrolment.cohort_id == cohort_id, Enrolment.state.in_(LIVE_ENROLMENTS))
    lock_patrons(session, [id_ for id_ in session.scalars(people) if id_ is not None])
    stocks = {pool.stock_id for id_ in ids for pool in pools_of(session, id_)}
    lock_stocks(session, stocks)
    lock_open_loans(session, loans.c.cohort_id == cohort_id)
    worked = _work_out(session, held, _next(session, held, carry_to, at), at=at)
    if seen is not None and seen != worked.list.digest:
        raise Refused.because(Reason.PREVIEW_OUTDATED)
    told = move_loans(session, worked.loans, TermKind.SHORTENED, COHORT_CANCELLED, at=at, by=by)
    others = [row for row in enrolled(session, cohort_id) if row.patron_id not in told]
    tell_people(session, others, "enrolment", COHORT_CANCELLED, at=at, by=by)
    to_come = select(Workshop.id).where(Workshop.cohort_id == cohort_id, Workshop.starts_at > at)
    coming = registered_for(session, session.scalars(to_come).all())
    tell_registered(session, REGISTERED_CANCELLED, coming, at=at)
    _end(session, worked, at=at, by=by)
    held.status = CohortStatus.CANCELLED
    detail = {**worked.list.as_detail(), "reason": reason.strip()[:240]}
    record(session, "cancel_cohort", at=at, by=by, cohort_id=cohort_id, detail=detail)
    if following is not None:
        _carry(session, following, worked.carried, at=at, by=by)
    session.flush()  # seats and kits are counted next, without this cohort
    for stock_id in sorted(stocks):
        serve_stock(session, stock_id, at=at, by=by)
    return worked.list


def _next(session: Session, held: Cohort, code: str | None, at: datetime) -> Cohort | None:
    """The cohort that people go on to."""
    if code is None:
        return None
    found = session.scalars(select(Cohort).where(Cohort.code == code)).one_or_none()
    if (
        found is None
        or found.id == held.id
        or found.program_id != held.program_id
        or found.status is CohortStatus.CANCELLED
        or found.ends_on < today_everywhere(session, at)
    ):
        raise Refused.because(Reason.VALUE_WRONG, field="carry_to")
    return found


def _work_out(session: Session, held: Cohort, following: Cohort | None, *, at: datetime) -> _Worked:
    """The computing step: reads alone."""
    if held.status is CohortStatus.CANCELLED:
        raise Refused.because(Reason.COHORT_CANCELLED, cohort=held.name)
    loan_moves = _loan_moves(session, held, at)
    chosen = select(Enrolment).where(Enrolment.cohort_id == held.id, Enrolment.state.in_(LIVE_ENROLMENTS))
    seats = session.scalars(chosen.order_by(Enrolment.id)).all()
    live = select(Reservation).where(Reservation.cohort_id == held.id, Reservation.state.in_(LIVE_RESERVATIONS))
    promised = session.scalars(live.order_by(Reservation.id)).all()
    carried = _Carried((), ()) if following is None else _carried(session, seats, promised, following)
    moved, stays = lines(loan_moves)
    counts = {
        "seats_end": sum(seat.state in HOLDS_A_SEAT for seat in seats),
        "waiting_end": sum(seat.state not in HOLDS_A_SEAT for seat in seats),
        "promises_end": sum(row.state is not ReservationState.WAITING for row in promised),
        "carried": len(carried.seats),
        "carried_kits": len(carried.kits),
    }
    return _Worked(
        loan_moves,
        seats,
        promised,
        carried,
        Redating(held.code, changed=_goes_on(following), moved=moved, stays=stays, counts=counts),
    )


def _goes_on(following: Cohort | None) -> tuple[Changed, ...]:
    """Where people go on to, as a line of the list: who confirms the list confirms that session and no other."""
    return () if following is None else (Changed("carry_to", "", f"{following.name} ({following.code})"),)


def _loan_moves(session: Session, held: Cohort, at: datetime) -> list[LoanMove]:
    ground = Ground(session, at=at)
    moves = []
    for row in open_loans(session, loans.c.cohort_id == held.id):
        own = stands_apart(row) or OWN_DATES.get(row.term_kind)
        if own is not None and own is not Why.SHORTENED:
            moves.append(LoanMove(row, None, own))
            continue
        calendar, policy = ground.calendar(row.branch_id), ground.policy(row)
        current = Due(row.due_at, calendar.local_date(row.due_at), DueRule.COHORT_RETURN_BY)
        due = shortened_due(calendar, current, policy.notice_days, at=at)
        if due is current:
            moves.append(LoanMove(row, None, Why.NO_NOTICE_LEFT))
        else:
            moves.append(LoanMove(row, due, Why.COHORT_CANCELLED, policy.id))
    return moves


def _carried(
    session: Session, seats: Sequence[Enrolment], promised: Sequence[Reservation], following: Cohort
) -> _Carried:
    """Who goes on: all who are not in the next cohort yet, to a kit where it has a pool of that kind at the branch.

    Who has the kit of yet another session in those weeks goes on to a seat alone.
    """
    there = select(Enrolment.patron_id).where(Enrolment.cohort_id == following.id, Enrolment.state.in_(LIVE_ENROLMENTS))
    known = set(session.scalars(there))
    going = [seat for seat in seats if seat.patron_id is not None and seat.patron_id not in known]
    in_order = sorted(going, key=lambda seat: (seat.state is EnrolmentState.WAITING, seat.id))
    by_enrolment = {row.enrolment_id: row for row in promised}
    pools = _pools_by_place(session, following)
    wishes = []
    for seat in in_order:
        row = by_enrolment.get(seat.id)
        pool = pools.get((seat.pickup_branch_id, row.kit_type_id if row is not None else None))
        if seat.wants_kit and pool is not None and not _has_a_kit(session, seat, following):
            # A promise before a place in the queue, and both before somebody who has a kit of this cohort out.
            rank = 2 if row is None else int(row.state is ReservationState.WAITING)
            wishes.append(((rank, row.id if row is not None else seat.id), seat, pool))
    return _Carried(in_order, [(seat, pool) for _, seat, pool in sorted(wishes, key=lambda wish: wish[0])])


def _has_a_kit(session: Session, seat: Enrolment, following: Cohort) -> bool:
    against = against_a_kit(session, following.id, seat.patron_id or 0, leaving=seat.cohort_id)
    return next(against, None) is not None


def _pools_by_place(session: Session, cohort: Cohort) -> Mapping[tuple[int, int | None], PoolFound]:
    """The pools of a cohort by branch and kit type, and by branch alone where it has one there."""
    chosen = (
        select(Pool.id, Stock.id, Stock.kit_type_id, Pool.kits, Stock.branch_id)
        .join(Stock, Stock.id == Pool.stock_id)
        .where(Pool.cohort_id == cohort.id)
        .order_by(Pool.id.desc())
    )
    found: dict[tuple[int, int | None], PoolFound] = {}
    for row in session.execute(chosen):
        pool = PoolFound(*row[:4])
        found[row.branch_id, pool.kit_type_id] = found[row.branch_id, None] = pool
    return found


def _end(session: Session, worked: _Worked, *, at: datetime, by: Actor) -> None:
    """End the promises and seats. A kit on the hold shelf stays there until it is put back."""
    going = {seat.id for seat in worked.carried.seats}
    live = select(Reservation).where(Reservation.id.in_([row.id for row in worked.promises])).order_by(Reservation.id)
    for row in session.scalars(live.with_for_update(key_share=True)):
        cancel_reservation(session, row, reason=ENDED_REASON, at=at, by=by)
    for seat in lock_enrolments(session, [seat.id for seat in worked.seats]):
        seat.move(EnrolmentVerb.TRANSFER if seat.id in going else EnrolmentVerb.WITHDRAW)
        seat.ended_at, seat.ended_reason = at, ENDED_REASON
        untell(session, SEAT_OFFERED, subject=subject_of(seat))
        record_seat(session, "transfer" if seat.id in going else "withdraw", seat, at=at, by=by)


def _carry(session: Session, following: Cohort, carried: _Carried, *, at: datetime, by: Actor) -> None:
    """Enrol people in the next cohort in order, and put them into the queues for its kits."""
    free = seats_left(session, following)
    new: dict[int, Enrolment] = {}
    for n, seat in enumerate(carried.seats):
        new[seat.id] = Enrolment(
            cohort_id=following.id,
            patron_id=seat.patron_id,
            pickup_branch_id=seat.pickup_branch_id,
            wants_kit=seat.wants_kit,
            _state=EnrolmentState.ENROLLED if n < free else EnrolmentState.WAITING,
            created_at=at,
            seated_at=at if n < free else None,
        )
        session.add(new[seat.id])
        session.flush()  # its id is its place on the waiting list
        record_seat(session, "enrol", new[seat.id], at=at, by=by, carried_from=seat.public_id)
    for seat, pool in carried.kits:
        reserve_from_pool(session, pool=pool, enrolment=new[seat.id], at=at)
