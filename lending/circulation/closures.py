"""Closing a branch, or the whole library: dates that fall on the closed days move as if they had been known.

An ordinary closing, entered early, hits few dates; an emergency closing hits those of today. Either way nothing comes
earlier, a lost loan is not touched, everybody is told, and the list can be looked at before. Source: RULES 3,
"Emergency closing".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, exists, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from lending.circulation.checkout_statements import loans, reservations
from lending.circulation.journal import record
from lending.circulation.redating import (
    Changed,
    Ground,
    LoanMove,
    Redating,
    ShelfMove,
    Why,
    lines,
    on_shelf,
    open_loans,
    promises,
    shelf_end,
    stands_apart,
)
from lending.circulation.redating_rows import lock_open_loans, lock_promises, move_loans, move_shelf
from lending.domain.actors import Actor
from lending.domain.calendars import Closure, check_days, parse_hours
from lending.domain.due_dates import Due, DueRule, redated_for_closing, still_open_on_or_after
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Block, Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.branches import Closure as ClosureRow
from lending.models.cohorts import Cohort, CohortStatus, Pool, Workshop
from lending.models.loans import TermKind
from lending.models.stock import Stock

CLOSED = "closed"
"""The step of the notice that a date has moved because the library is closed that day."""

LONGEST = timedelta(days=366)
"""A closing of more than a year is a branch that is given up."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClosurePlan:
    """Days, first and last included, on which a branch keeps other hours (``10:00-13:00``), or is closed (no hours).

    ``branch_id`` is ``None`` for the whole library.
    """

    branch_id: int | None
    starts_on: date
    ends_on: date
    reason: str
    hours: str = ""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class _Worked:
    """What a closing comes to, ready to be written."""

    loans: Sequence[LoanMove]
    shelf: Sequence[ShelfMove]
    list: Redating


def preview_closure(session: Session, *, plan: ClosurePlan, at: datetime, by: Actor) -> Redating:
    """What ``enter_closure`` would change now, and nothing is. Raises ``Refused`` as that does."""
    by.permit(Act.CLOSE_BRANCH, plan.branch_id)
    return _work_out(session, plan, at=at).list


def enter_closure(session: Session, *, plan: ClosurePlan, seen: str | None = None, at: datetime, by: Actor) -> Redating:
    """Enter a closing, and move the due dates and shelf dates that it hits in the same act.

    ``seen`` is the digest of the preview that was confirmed. The whole library is an administrator's to close. Raises
    ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the branch, ``VALUE_MISSING`` and ``VALUE_WRONG`` by field,
    ``ALREADY_EXISTS``, ``PREVIEW_OUTDATED``.
    """
    by.permit(Act.CLOSE_BRANCH, plan.branch_id)
    lock_branches(session, plan.branch_id)
    _, until = _instants(plan)
    # What is due before the closing may be renewed into it meanwhile, and so is kept from that.
    lock_open_loans(session, _here(loans.c.branch_id, plan) & (loans.c.due_at < until))
    lock_promises(session, _here(reservations.c.pickup_branch_id, plan))
    worked = _work_out(session, plan, at=at)
    if seen is not None and seen != worked.list.digest:
        raise Refused.because(Reason.PREVIEW_OUTDATED)
    session.add(
        ClosureRow(
            branch_id=plan.branch_id,
            starts_on=plan.starts_on,
            ends_on=plan.ends_on,
            reason=plain_text(plan.reason, 120),
            hours=plan.hours.strip(),
            emergency=plan.emergency,
        )
    )
    move_loans(session, worked.loans, TermKind.CLOSURE, CLOSED, at=at, by=by)
    move_shelf(session, worked.shelf, CLOSED, at=at, by=by)
    record(session, "enter_closure", at=at, by=by, branch_id=plan.branch_id, detail=worked.list.as_detail())
    return worked.list


def remove_closure(
    session: Session,
    *,
    branch_id: int | None,
    starts_on: date,
    ends_on: date,
    hours: str | None = None,
    at: datetime,
    by: Actor,
) -> None:
    """Take back a closing of these days. Dates that it moved stay where they are: nobody's comes earlier.

    ``hours`` say which, where several are entered for the same days; empty for the one without. Raises ``Refused``:
    ``NOT_PERMITTED``, ``NOT_FOUND`` where none is entered, ``VALUE_MISSING`` for hours that are needed.
    """
    by.permit(Act.CLOSE_BRANCH, branch_id)
    lock_branches(session, branch_id)
    same_days = session.scalars(_same_days(branch_id, starts_on, ends_on))
    found = [row for row in same_days if hours is None or row.hours == hours.strip()]
    if not found:
        raise Refused.because(Reason.NOT_FOUND)
    if len(found) > 1:
        raise Refused.because(Reason.VALUE_MISSING, field="hours")
    session.delete(found[0])
    detail = {"starts_on": starts_on.isoformat(), "ends_on": ends_on.isoformat(), "hours": found[0].hours}
    record(session, "remove_closure", at=at, by=by, branch_id=branch_id, detail=detail)


def lock_branches(session: Session, branch_id: int | None) -> None:
    """Lock a branch, or all of them, whose calendar changes: a check-out there waits, and reads the new one."""
    chosen = select(Branch.id).order_by(Branch.id)
    if branch_id is not None:
        chosen = chosen.where(Branch.id == branch_id)
    session.execute(chosen.with_for_update(key_share=True)).all()


def _work_out(session: Session, plan: ClosurePlan, *, at: datetime) -> _Worked:
    """The computing step: reads alone, so that a preview can take it as well as the act."""
    closure = _checked(session, plan)
    branch = None if plan.branch_id is None else session.get(Branch, plan.branch_id)
    if branch is None and plan.branch_id is not None:
        raise Refused.because(Reason.NOT_FOUND)
    closed = None if branch is None else [branch.id]
    first, until = _instants(plan)
    ground = Ground(session, at=at, closure=closure, closed=closed)
    window = (loans.c.due_at >= first) & (loans.c.due_at < until)
    hit = open_loans(session, _here(loans.c.branch_id, plan) & window)
    loan_moves = [move for move in (_loan_move(row, ground, closure) for row in hit) if move is not None]
    waiting = on_shelf(promises(session, _here(reservations.c.pickup_branch_id, plan)))
    shelf_moves = [move for move in (shelf_move(row, ground) for row in waiting) if move is not None]
    moved, stays = lines([*loan_moves, *shelf_moves])
    span = f"{plan.starts_on.isoformat()}/{plan.ends_on.isoformat()}"
    listed = Redating(
        of="" if branch is None else branch.code,
        changed=(Changed("hours", "", f"{span} {plan.hours.strip() or 'closed'}"),),
        moved=moved,
        stays=stays,
        closed_on=_workshop_days(session, plan, ground, first, until),
    )
    return _Worked(loan_moves, shelf_moves, listed)


def _loan_move(row: AnyRow, ground: Ground, closure: Closure) -> LoanMove | None:
    """One loan's line; ``None`` for one that the closing does not hit."""
    calendar = ground.calendar(row.branch_id)
    on = calendar.local_date(row.due_at)
    if not closure.covers(on) or still_open_on_or_after(calendar, row.due_at, on) == on:
        return None
    apart = stands_apart(row)
    if apart is not None:
        return LoanMove(row, None, apart)
    current = Due(row.due_at, on, DueRule.COHORT_RETURN_BY)
    due = redated_for_closing(calendar, current)
    return LoanMove(row, None if due is current else due, Why.CLOSED)


def shelf_move(row: AnyRow, ground: Ground) -> ShelfMove | None:
    """One kit on the hold shelf; ``None`` where it waits as long as before."""
    policy = ground.policy(row)
    before = shelf_end(ground.known(row.branch_id), policy, row, row.pickup_from)
    calendar = ground.calendar(row.branch_id)
    wanted = shelf_end(calendar, policy, row, row.pickup_from)
    if (
        wanted is not None and wanted < row.ready_until
    ):  # that day closes earlier: as on the shelf as before, and no less
        on = still_open_on_or_after(calendar, row.ready_until, calendar.local_date(row.ready_until))
        wanted = None if on is None else calendar.closing_at(on)
    if wanted is None or wanted == before or wanted <= row.ready_until:
        return None
    return ShelfMove(row, wanted, Why.CLOSED)


def _workshop_days(
    session: Session, plan: ClosurePlan, ground: Ground, first: datetime, until: datetime
) -> tuple[date, ...]:
    """Closed days on which a workshop is to be held at the branch, or by a cohort that has kits there."""
    pooled = exists().where(
        Pool.cohort_id == Workshop.cohort_id, Pool.stock_id == Stock.id, _here(Stock.branch_id, plan)
    )
    chosen = (
        select(Workshop.starts_at, Branch.id)
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .join(Branch, _here(Branch.id, plan))
        .where(
            Cohort.status == CohortStatus.PLANNED,
            Workshop.starts_at >= first,
            Workshop.starts_at < until,
            or_(Workshop.branch_id == Branch.id, pooled),
        )
    )
    days = set()
    for row in session.execute(chosen):
        calendar = ground.calendar(row.id)
        on = calendar.local_date(row.starts_at)
        if plan.starts_on <= on <= plan.ends_on and not calendar.is_open_on(on):
            days.add(on)
    return tuple(sorted(days))


def _checked(session: Session, plan: ClosurePlan) -> Closure:
    """The closing as a calendar knows it, unless something is wrong with it."""
    against = []
    try:
        reason = plain_text(plan.reason, 120)
    except ValueError:
        reason = ""
        against.append(Block(Reason.VALUE_WRONG, {"field": "reason"}))
    if reason is None:
        against.append(Block(Reason.VALUE_MISSING, {"field": "reason"}))
    try:
        hours = parse_hours(plan.hours)
    except ValueError:
        hours = ()
        against.append(Block(Reason.VALUE_WRONG, {"field": "hours"}))
    if len(plan.hours.strip()) > 60:
        against.append(Block(Reason.VALUE_WRONG, {"field": "hours"}))
    if not timedelta() <= plan.ends_on - plan.starts_on <= LONGEST:
        against.append(Block(Reason.VALUE_WRONG, {"field": "ends_on"}))
    if not against:
        again = _same_days(plan.branch_id, plan.starts_on, plan.ends_on)
        if any(row.hours == plan.hours.strip() for row in session.scalars(again)):
            against.append(Block(Reason.ALREADY_EXISTS, {"field": "starts_on"}))
    if against:
        raise Refused(*against)
    return Closure(plan.starts_on, plan.ends_on, reason or "", hours)


def _same_days(branch_id: int | None, starts_on: date, ends_on: date) -> Select[ClosureRow]:
    return select(ClosureRow).where(
        ClosureRow.branch_id.is_not_distinct_from(branch_id),
        ClosureRow.starts_on == starts_on,
        ClosureRow.ends_on == ends_on,
    )


def _here(column: ColumnElement[int] | InstrumentedAttribute[int], plan: ClosurePlan) -> ColumnElement[bool]:
    return true() if plan.branch_id is None else column == plan.branch_id


def _instants(plan: ClosurePlan) -> tuple[datetime, datetime]:
    """From when until when it may be one of these days somewhere on earth; refused for days that nobody plans with."""
    check_days(starts_on=plan.starts_on, ends_on=plan.ends_on)
    first, last = plan.starts_on - _DAY, plan.ends_on + 2 * _DAY
    return datetime.combine(first, time(), UTC), datetime.combine(last, time(), UTC)
