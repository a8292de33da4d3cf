"""Moving between cohorts: a transfer takes the kit along, and rolling over continues its loan into the next cohort.

A transfer ends the old seat; rolling over leaves it, to be completed. The due date of a kit that is out follows the new
cohort, as a new term and with a notice: earlier only with the days of notice, never into the past. What the old cohort
had promised passes on. Source: RULES 4, "Transfer", "Rolling over".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.counts import count
from lending.circulation.loans import add_term, moved_from, record_on_kit, tell_borrower
from lending.circulation.locks import keep_calendar, lock_kit, lock_patron, lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.reservations import (
    PoolFound,
    cancel_reservation,
    collected_from_pool,
    left_in_pool,
    promise_next,
    reserve_from_pool,
)
from lending.circulation.telling import untell
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.domain.counting import Counter
from lending.domain.due_dates import Due, DueRule, cohort_due
from lending.domain.permissions import Act, Role
from lending.domain.redating import moved_due
from lending.domain.states import LIVE_ENROLMENTS, EnrolmentState, EnrolmentVerb
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.kits import Kit
from lending.models.loans import Loan, TermKind
from lending.models.people import Patron
from lending.programs.closing import against_kits
from lending.programs.cohorts import permit_for_program
from lending.programs.enrolment import (
    Enrolled,
    against_a_kit,
    against_enrolling,
    enrolment_as_it_stands,
    lock_cohorts,
    lock_enrolments,
    permit_enrolling,
    permit_on_enrolment,
    pool_at,
    record_seat,
    refresh_enrolment,
    take_seat,
)
from lending.programs.offers import SEAT_OFFERED, PassedOn, pass_on, pools_that_move, subject_of
from lending.programs.withdrawal import lock_loans_of, lock_promises_of, shorten

TRANSFERRED_NOTICE, ROLLED_OVER_NOTICE = "transferred", "rolled_over"
"""The steps of the notices that a kit is due with another cohort."""

LONGEST_PAUSE = timedelta(days=28)
"""How long after its due date a kit may lie at somebody's home until their next session begins; beyond, others want it.
"""

_STAYS = frozenset({EnrolmentState.ENROLLED, EnrolmentState.COMPLETED})
"""Who rolls over has the old seat, or has just completed it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Somebody went on to another cohort. ``left`` is the old enrolment (public id), ``now`` how the new one stands.

    ``due_at`` is when the kit they have is due now, ``None`` without one. ``why`` says why a kit did not go along;
    ``moved_up`` who has what they left.
    """

    left: str
    now: Enrolled
    due_at: datetime | None
    why: tuple[Block, ...]
    moved_up: PassedOn


@dataclass(frozen=True, slots=True)
class _Move:
    """What a move has locked: both cohorts, the person and the row of the old seat; and where the kit is picked up."""

    old: Cohort
    new: Cohort
    person: Patron
    seat: Enrolment
    branch_id: int


def transfer(
    session: Session,
    *,
    enrolment: str,
    to_cohort: str,
    pickup_branch_id: int | None = None,
    answers: Mapping[str, bool] | None = None,
    at: datetime,
    by: Actor,
) -> Moved:
    """End somebody's place in a cohort (the public id of the enrolment) and give them one in another (its code).

    A kit they have out goes along with a seat; who only gets a place on the other list, or a seat in a session that
    begins too late (``why``: ``BEGINS_TOO_LATE``), brings it back in the notice period. Raises ``Refused``:
    ``NOT_FOUND``, ``NOT_PERMITTED``, ``WRONG_STATE`` for a place that has ended, ``NO_SUCH_POOL``, and all that
    ``enrol`` refuses for.
    """
    move = _lock_move(session, enrolment, to_cohort, pickup_branch_id, answers or {}, at=at, by=by)
    if move.seat.state not in LIVE_ENROLMENTS:
        raise Refused.because(Reason.WRONG_STATE, state=move.seat.state.value)
    target = _target(session, move, at=at)
    own = _pool_of_loan(session, move)
    pools = pools_that_move(session, move.old, [move.seat])
    lock_stocks(session, [*pools.values(), *(pool.stock_id for pool in (target, own) if pool is not None)])
    loan = lock_loans_of(session, move.old.id, [move.person.id]).get(move.person.id)
    promise = lock_promises_of(session, move.old.id, [move.person.id]).get(move.person.id)
    [seat] = lock_enrolments(session, [move.seat.id])
    seat.move(EnrolmentVerb.TRANSFER)
    seat.ended_at, seat.ended_reason = at, f"to {move.new.code}"
    untell(session, SEAT_OFFERED, subject=subject_of(seat))
    if promise is not None:
        cancel_reservation(session, promise, reason=seat.state.value, at=at, by=by)
    record_seat(session, "transfer", seat, at=at, by=by, to_cohort_id=move.new.id)
    new = _enrol_in(session, move, at=at)
    why = _against_keeping(session, loan, move.new, at)
    record_seat(session, "enrol", new, at=at, by=by, from_cohort_id=move.old.id, why=_as_detail(why))
    if loan is not None and new.state is EnrolmentState.ENROLLED and not why:
        if own is not None and left_in_pool(session, own.id, at=at) > 0:
            _draw_on(session, loan, own, new, at=at)
        _take_along(session, loan, move.new, at=at, by=by)
    else:
        if loan is not None:
            shorten(session, loan, at=at, by=by)
        _queue(session, target, new, at=at, by=by)
    session.flush()  # seats and kits of the old cohort are counted next
    up = pass_on(session, move.old, pools, at=at, by=by)
    now = enrolment_as_it_stands(session, new.public_id)
    return Moved(seat.public_id, now, None if loan is None else loan.due_at, why, up)


def roll_over(
    session: Session,
    *,
    enrolment: str,
    to_cohort: str,
    pickup_branch_id: int | None = None,
    answers: Mapping[str, bool] | None = None,
    at: datetime,
    by: Actor,
) -> Moved:
    """Enrol somebody who has a seat (the public id of the enrolment) in the next cohort (its code), and renew their
    loan into it if that cohort's pool has a kit left for it.

    Where it has none, no seat is free, or it begins too late to keep the kit at home until then, the loan stays due as
    it is and they have a place in the pool's queue; ``why`` says so (``NO_KIT_TO_ROLL_OVER``, ``BEGINS_TOO_LATE``).
    Raises ``Refused`` as ``transfer`` does.
    """
    move = _lock_move(session, enrolment, to_cohort, pickup_branch_id, answers or {}, at=at, by=by)
    if move.seat.state not in _STAYS:
        raise Refused.because(Reason.WRONG_STATE, state=move.seat.state.value)
    target = _target(session, move, at=at)
    own = _pool_of_loan(session, move)
    lock_stocks(session, [pool.stock_id for pool in (target, own) if pool is not None])
    loan = lock_loans_of(session, move.old.id, [move.person.id]).get(move.person.id)
    new = _enrol_in(session, move, at=at)
    why = _against_keeping(session, loan, move.new, at)
    has_one_left = own is not None and left_in_pool(session, own.id, at=at) > 0
    if loan is not None and not why and not (has_one_left and new.state is EnrolmentState.ENROLLED):
        why = (Block(Reason.NO_KIT_TO_ROLL_OVER, {"cohort": move.new.name}),)
    record_seat(session, "roll_over", new, at=at, by=by, from_cohort_id=move.old.id, why=_as_detail(why))
    if loan is not None and own is not None and not why:
        _draw_on(session, loan, own, new, at=at)
        _renew_into(session, loan, move.new, at=at, by=by)
    else:
        _queue(session, target, new, at=at, by=by)
    now = enrolment_as_it_stands(session, new.public_id)
    return Moved(enrolment, now, None if loan is None else loan.due_at, why, PassedOn())


def _lock_move(
    session: Session,
    enrolment: str,
    to_cohort: str,
    pickup_branch_id: int | None,
    answers: Mapping[str, bool],
    *,
    at: datetime,
    by: Actor,
) -> _Move:
    """Permit a move, lock both cohorts and the person, and refuse for all that is against the new place."""
    found = permit_on_enrolment(session, enrolment, by)
    branch_id = pickup_branch_id or found.pickup_branch_id
    to_id = permit_enrolling(session, cohort=to_cohort, pickup_branch_id=branch_id, by=by)
    keep_calendar(session, None)
    held = lock_cohorts(session, [found.cohort_id, to_id])
    refresh_enrolment(session, found, held[found.cohort_id], by)
    branch_id = pickup_branch_id or found.pickup_branch_id
    permit_for_program(by, Act.ENROL, held[to_id].program_id, branch_id)
    if found.patron_id is None:
        raise Refused.because(Reason.WRONG_STATE, state=found.state.value)
    person = lock_patron(session, found.patron_id)
    # The place alone: a kit is waited for only where one can still be had, or goes along.
    against = list(
        against_enrolling(session, held[to_id], person, branch_id=branch_id, answers=answers, wants_kit=False, at=at)
    )
    has_a_place = any(block.reason is Reason.ALREADY_ENROLLED for block in against)
    if found.wants_kit and not has_a_place:  # decision 14: their place there says it all
        against += against_a_kit(session, to_id, person.id, leaving=found.cohort_id)
    if held[to_id].program_id == held[found.cohort_id].program_id:  # who may take part was asked when they enrolled
        against = [block for block in against if block.reason is not Reason.NOT_ELIGIBLE]
    if against:
        raise Refused(*against)
    return _Move(held[found.cohort_id], held[to_id], person, found, branch_id)


def _enrol_in(session: Session, move: _Move, *, at: datetime) -> Enrolment:
    return take_seat(session, move.new, move.person, branch_id=move.branch_id, wants_kit=move.seat.wants_kit, at=at)


def _as_detail(why: tuple[Block, ...]) -> list[dict[str, object]]:
    """Why a kit did not go along, as the journal keeps it for the answer to the same request again."""
    return [{"reason": block.reason.value, **block.detail} for block in why]


def _queue(session: Session, pool: PoolFound | None, new: Enrolment, *, at: datetime, by: Actor) -> None:
    if pool is not None:
        reserve_from_pool(session, pool=pool, enrolment=new, at=at)
        promise_next(session, pool.pool_id, at=at, by=by)


def _target(session: Session, move: _Move, *, at: datetime) -> PoolFound | None:
    """The pool in whose queue somebody who wants a kit goes on, unless its programme lends no more."""
    if not move.seat.wants_kit or against_kits(session, move.new, branch_id=move.branch_id, at=at):
        return None
    return pool_at(session, move.new.id, move.branch_id)


def _pool_of_loan(session: Session, move: _Move) -> Pool | None:
    """The new cohort's pool of the stock that the kit in the person's hands belongs to."""
    theirs = (
        select(Pool)
        .join(Kit, Kit.stock_id == Pool.stock_id)
        .join(Loan, Loan.kit_id == Kit.id)
        .where(
            Pool.cohort_id == move.new.id,
            Loan.patron_id == move.person.id,
            Loan.cohort_id == move.old.id,
            Loan.received_at.is_(None),
        )
    )
    return session.scalars(theirs.order_by(Pool.id)).first()


def _draw_on(session: Session, loan: Loan, pool: Pool, new: Enrolment, *, at: datetime) -> None:
    """Count the kit in somebody's hands as one of the new cohort's; the old one may promise another in its place."""
    kit_type_id, kit_id = loan.kit_type_id, loan.kit_id
    made = collected_from_pool(session, pool=pool, kit_type_id=kit_type_id, enrolment=new, kit_id=kit_id, at=at)
    loan.reservation_id = made.id


def _against_keeping(session: Session, loan: Loan | None, new: Cohort, at: datetime) -> tuple[Block, ...]:
    """What stands against keeping a kit at home until another cohort begins: nothing where it begins soon."""
    if loan is None:
        return ()
    calendar, current = _current(session, loan)
    if new.starts_on <= max(current.on, calendar.local_date(at)) + LONGEST_PAUSE:
        return ()
    return (Block(Reason.BEGINS_TOO_LATE, {"cohort": new.name}),)


def _take_along(session: Session, loan: Loan, new: Cohort, *, at: datetime, by: Actor) -> None:
    """Let a loan, which is locked, follow its borrower into another cohort."""
    calendar, current = _current(session, loan)
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    due = moved_due(calendar, current, new.return_by, policy.notice_days, at=at)
    due_from, loan.cohort_id = loan.due_at, new.id
    add_term(session, loan, TermKind.TRANSFER, due, at=at, by=by, policy_id=policy.id)
    if due.at != due_from:
        tell_borrower(session, TRANSFERRED_NOTICE, loan=loan, at=at)
    _record(session, "transfer_loan", loan, due, due_from, at=at, by=by)


def _renew_into(session: Session, loan: Loan, new: Cohort, *, at: datetime, by: Actor) -> None:
    """Renew a loan, which is locked, until the next cohort's kits are due; counted as a renewal, under that cohort."""
    calendar, current = _current(session, loan)
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    wanted = cohort_due(calendar, new.return_by, at=at)
    due = current if wanted is None or wanted.at <= current.at else wanted
    due_from, loan.cohort_id = loan.due_at, new.id
    loan.renewals += 1
    add_term(session, loan, TermKind.ROLLED_OVER, due, at=at, by=by, policy_id=policy.id)
    tell_borrower(session, ROLLED_OVER_NOTICE, loan=loan, at=at)
    counter = Counter.PATRON_RENEWAL if by.role is Role.PATRON else Counter.STAFF_RENEWAL
    _record(session, "renew", loan, due, due_from, at=at, by=by, kind=counter.value, left=0, overridden=[])
    count(
        session,
        counter,
        day=calendar.local_date(at),
        branch_id=loan.branch_id,
        kit_type_id=loan.kit_type_id,
        cohort_id=loan.cohort_id,
    )


def _current(session: Session, loan: Loan) -> tuple[Calendar, Due]:
    """The calendar of a loan, and when it is due as its cohort's kits are."""
    calendar = branch_calendar(session, loan.branch_id, since=loan.checked_out_at.date() - timedelta(days=1))
    return calendar, Due(loan.due_at, calendar.local_date(loan.due_at), DueRule.COHORT_RETURN_BY)


def _record(
    session: Session, verb: str, loan: Loan, due: Due, due_from: datetime, *, at: datetime, by: Actor, **more: object
) -> None:
    record_on_kit(
        session,
        verb,
        kit=lock_kit(session, loan.kit_id),
        loan=loan,
        branch_id=loan.branch_id,
        at=at,
        by=by,
        detail={**moved_from(due_from, due, loan), "rule": due.rule.value, **more},
    )
