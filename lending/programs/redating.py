"""A cohort is changed, and its kits follow: loans, promises and shelf dates are worked out once, then shown or written.

Everybody's date may come later at once and earlier only with notice. Some dates are a person's own and stay: one set by
hand or renewed for this borrower, because somebody gave a reason for it, and one shortened because its borrower left,
because it has nothing to do with the cohort any more. Source: RULES 4, "Cohort moved"; cases 2 and 12 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.addressees import REGISTERED_MOVED, registered_for, tell_registered
from lending.circulation.checkout_statements import enrolments, loans, patrons, reservations
from lending.circulation.journal import record
from lending.circulation.locks import keep_calendar, lock_stocks
from lending.circulation.redating import (
    Ground,
    LoanMove,
    Moved,
    Redating,
    ShelfMove,
    Thing,
    Why,
    lines,
    on_shelf,
    open_loans,
    promises,
    shelf_end,
    stands_apart,
)
from lending.circulation.redating_rows import lock_open_loans, lock_promises, move_loans, move_shelf, tell_people
from lending.circulation.reservations import serve_stock
from lending.circulation.telling import CONTACT
from lending.domain.actors import Actor
from lending.domain.due_dates import Due, DueRule
from lending.domain.permissions import Act
from lending.domain.redating import moved_due, moved_shelf
from lending.domain.states import LIVE_ENROLMENTS, ReservationState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.cohorts import Cohort, CohortStatus, Pool
from lending.models.loans import TermKind
from lending.programs.cohorts import keep_program, permit_for_program
from lending.programs.enrolment import cohort_id_of, lock_cohort
from lending.programs.offers import pass_on
from lending.programs.plans import CohortChange, NewPlan, new_plan, stocks_of

COHORT_MOVED = "cohort_moved"
"""The step of the notice that the dates of a session have changed."""

OWN_DATES: Mapping[TermKind, Why] = {
    TermKind.BY_HAND: Why.BY_HAND,
    TermKind.STAFF_RENEWAL: Why.BY_HAND,
    TermKind.PATRON_RENEWAL: Why.BY_HAND,
    TermKind.AUTO_RENEWAL: Why.BY_HAND,
    TermKind.SHORTENED: Why.SHORTENED,
}
"""Terms that give a loan a date of its own, which does not follow its cohort."""


@dataclass(frozen=True, slots=True)
class _Worked:
    """What a change comes to, ready to be written."""

    plan: NewPlan
    loans: Sequence[LoanMove]
    shelf: Sequence[ShelfMove]
    list: Redating


def preview_change(session: Session, *, cohort: str, change: CohortChange, at: datetime, by: Actor) -> Redating:
    """What ``change_cohort`` would change now, and nothing is. Its ``digest`` is what the act may be given as ``seen``.

    Raises ``Refused`` as ``change_cohort`` does.
    """
    held = session.get_one(Cohort, cohort_id_of(session, cohort))
    permit_for_program(by, Act.PLAN_COHORT, held.program_id)
    return _work_out(session, held, change, at=at).list


def change_cohort(
    session: Session, *, cohort: str, change: CohortChange, seen: str | None = None, at: datetime, by: Actor
) -> Redating:
    """Change a cohort (its code), and everything that hangs on it in the same act: nothing is left for a later one.

    ``seen`` is the digest of the preview that was confirmed. More seats go to the waiting list and more kits to the
    queues, in order. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``COHORT_CANCELLED``, ``PREVIEW_OUTDATED``,
    or all that is against it: ``VALUE_MISSING`` and ``VALUE_WRONG`` by field, ``DATE_IN_THE_PAST``,
    ``CAPACITY_BELOW_SEATS``, ``POOL_BELOW_PROMISES``, ``POOL_EXCEEDS_STOCK``.
    """
    cohort_id = cohort_id_of(session, cohort)
    permit_for_program(by, Act.PLAN_COHORT, session.get_one(Cohort, cohort_id).program_id)
    keep_calendar(session, None)
    held = lock_cohort(session, cohort_id)
    keep_program(session, held.program_id)
    lock_stocks(session, stocks_of(session, cohort_id, change.pools))
    lock_open_loans(session, loans.c.cohort_id == cohort_id)
    lock_promises(session, reservations.c.cohort_id == cohort_id)
    worked = _work_out(session, held, change, at=at)
    if seen is not None and seen != worked.list.digest:
        raise Refused.because(Reason.PREVIEW_OUTDATED)
    _write(session, held, worked, at=at, by=by)
    return worked.list


def _work_out(session: Session, held: Cohort, change: CohortChange, *, at: datetime) -> _Worked:
    """The computing step: reads alone, so that a preview can take it as well as the act."""
    if held.status is CohortStatus.CANCELLED:
        raise Refused.because(Reason.COHORT_CANCELLED, cohort=held.name)
    ground = Ground(session, at=at)
    plan = new_plan(session, held, change, ground, at=at)
    loan_moves = _loan_moves(session, held, plan.return_by, ground, at)
    promised = promises(session, reservations.c.cohort_id == held.id)
    shelf_moves = _shelf_moves(promised, held.pickup_from, plan.pickup_from, ground, at)
    moved, stays = lines([*loan_moves, *shelf_moves])
    return _Worked(
        plan,
        loan_moves,
        shelf_moves,
        Redating(
            of=held.code,
            changed=plan.changed,
            moved=(*moved, *_promise_lines(promised, held.pickup_from, plan.pickup_from), *plan.workshops_moved),
            stays=(*stays, *plan.workshops_stay),
            closed_on=plan.closed_on,
            counts=plan.counts,
        ),
    )


def _loan_moves(session: Session, held: Cohort, return_by: date, ground: Ground, at: datetime) -> list[LoanMove]:
    """What becomes of every loan of the cohort whose kit is not back, if its kits come back on another day."""
    if return_by == held.return_by:
        return []
    return [
        move
        for row in open_loans(session, loans.c.cohort_id == held.id)
        if (move := _loan_move(row, return_by, ground, at)) is not None
    ]


def _loan_move(row: AnyRow, return_by: date, ground: Ground, at: datetime) -> LoanMove | None:
    """One loan's line; ``None`` for one that is due that day already."""
    own = stands_apart(row) or OWN_DATES.get(row.term_kind) or (Why.LEFT if row.left_cohort else None)
    if own is not None:
        return LoanMove(row, None, own)
    calendar, policy = ground.calendar(row.branch_id), ground.policy(row)
    current = Due(row.due_at, calendar.local_date(row.due_at), DueRule.COHORT_RETURN_BY)
    due = moved_due(calendar, current, return_by, policy.notice_days, at=at)
    if due is not current:
        notice = due.rule is DueRule.NOTICE_PERIOD
        return LoanMove(row, due, Why.AS_EARLY_AS_NOTICE_ALLOWS if notice else Why.COHORT_MOVED, policy.id)
    return None if calendar.next_open_on_or_after(return_by) == current.on else LoanMove(row, None, Why.NO_NOTICE_LEFT)


def _shelf_moves(
    promised: Sequence[AnyRow], was: date, pickup_from: date, ground: Ground, at: datetime
) -> list[ShelfMove]:
    """What becomes of kits on the hold shelf, if they may be picked up from another day on."""
    if was == pickup_from:
        return []
    moves = []
    for row in on_shelf(promised):
        calendar, policy = ground.calendar(row.branch_id), ground.policy(row)
        before, wanted = (shelf_end(calendar, policy, row, first) for first in (was, pickup_from))
        until = moved_shelf(calendar, row.ready_until, wanted, policy.notice_days, at=at)
        if before == wanted:
            continue
        if until != row.ready_until:
            moves.append(ShelfMove(row, until, Why.COHORT_MOVED))
        elif wanted != row.ready_until:
            moves.append(ShelfMove(row, None, Why.NO_NOTICE_LEFT))
    return moves


def _promise_lines(promised: Sequence[AnyRow], was: date, pickup_from: date) -> Iterator[Moved]:
    """Promises whose kit is not on the shelf yet: from when on it may be picked up."""
    if was == pickup_from:
        return
    for row in promised:
        if row.state is not ReservationState.READY:
            zone = ZoneInfo(row.zone)
            first, moved = (datetime.combine(on, time(), zone).astimezone(UTC) for on in (was, pickup_from))
            where = (Thing.PROMISE, row.public_id, row.pickup_code, row.branch, row.zone)
            yield Moved(*where, first, moved, Why.COHORT_MOVED)


def _write(session: Session, held: Cohort, worked: _Worked, *, at: datetime, by: Actor) -> None:
    """The writing step: the plan, then what follows it, then who is told, then whoever moves up."""
    plan = worked.plan
    for name, value in plan.values.items():
        setattr(held, name, value)
    for move in plan.meetings:
        move.workshop.starts_at, move.workshop.ends_at = move.starts_at, move.ends_at
    pools = {pool.stock_id: pool for pool in session.scalars(select(Pool).where(Pool.cohort_id == held.id))}
    for stock_id, kits in plan.pools.items():
        if stock_id in pools:
            pools[stock_id].kits = kits
        else:
            session.add(Pool(cohort_id=held.id, stock_id=stock_id, kits=kits))
    told = move_loans(session, worked.loans, TermKind.COHORT_MOVED, COHORT_MOVED, at=at, by=by)
    told |= move_shelf(session, worked.shelf, COHORT_MOVED, at=at, by=by)
    if plan.moves_dates:
        others = [row for row in enrolled(session, held.id) if row.patron_id not in told]
        tell_people(session, others, "enrolment", COHORT_MOVED, at=at, by=by)
    moved = registered_for(session, [move.workshop.id for move in plan.meetings])
    tell_registered(session, REGISTERED_MOVED, moved, at=at, act=by.act)
    record(session, "change_cohort", at=at, by=by, cohort_id=held.id, detail=worked.list.as_detail())
    session.flush()  # seats and kits are counted next, by the new plan
    pool_ids = session.scalars(select(Pool.id).where(Pool.cohort_id == held.id).order_by(Pool.id)).all()
    pass_on(session, held, pool_ids, at=at, by=by)
    for stock_id in sorted(pools.keys() | plan.pools.keys()):
        serve_stock(session, stock_id, at=at, by=by)


def enrolled(session: Session, cohort_id: int) -> Sequence[AnyRow]:
    """The people of a cohort and of its waiting list, and how they are reached."""
    chosen = (
        select(enrolments.c.public_id, enrolments.c.patron_id, *CONTACT)
        .outerjoin_from(enrolments, patrons, patrons.c.id == enrolments.c.patron_id)
        .where(enrolments.c.cohort_id == cohort_id, enrolments.c.state.in_(LIVE_ENROLMENTS))
        .order_by(enrolments.c.id)
    )
    return session.execute(chosen).all()
