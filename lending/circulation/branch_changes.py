"""Changing a branch: other hours move the dates that no longer fall within them, as if they had been known.

Nothing comes earlier, a lost loan is not touched, everybody whose date moves is told, and the list can be looked at
before. Source: RULES 3 ("Weekly hours", "Emergency closing"); SCREENS, "calendars and closures with a preview".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.branches import checked_branch
from lending.circulation.checkout_statements import loans, reservations
from lending.circulation.closures import CLOSED, lock_branches, shelf_move
from lending.circulation.codes import refusing_twins
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
    stands_apart,
)
from lending.circulation.redating_rows import lock_open_loans, lock_promises, move_loans, move_shelf
from lending.domain.actors import Actor
from lending.domain.due_dates import Due, DueRule, redated_for_closing, still_open_on_or_after
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.loans import TermKind


@dataclass(frozen=True, slots=True)
class BranchPlan:
    """What a branch is to be: see ``models.branches.Branch``. ``hours`` is the text of ``WeeklyHours.format``."""

    code: str
    name: str
    zone: str
    hours: str
    address: str = ""
    phone: str = ""
    floats: bool = False


@dataclass(frozen=True, slots=True)
class _Worked:
    """What a change comes to, ready to be written."""

    values: dict[str, Any]
    loans: Sequence[LoanMove]
    shelf: Sequence[ShelfMove]
    list: Redating


def preview_branch(session: Session, *, branch_id: int, plan: BranchPlan, at: datetime, by: Actor) -> Redating:
    """What ``change_branch`` would change now, and nothing is. Raises ``Refused`` as that does."""
    by.permit(Act.ADMINISTER)
    return _work_out(session, branch_id, plan, at=at, by=by).list


def change_branch(
    session: Session, *, branch_id: int, plan: BranchPlan, seen: str | None = None, at: datetime, by: Actor
) -> Redating:
    """Change a branch, and move the due dates and shelf dates that its new hours hit in the same act.

    ``seen`` is the digest of the preview that was confirmed. Dates that move ask for the permission of closings too.
    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``VALUE_MISSING`` and ``VALUE_WRONG`` by field,
    ``ALREADY_EXISTS`` for a code, ``PREVIEW_OUTDATED``.
    """
    by.permit(Act.ADMINISTER)
    lock_branches(session, branch_id)
    lock_open_loans(session, (loans.c.branch_id == branch_id) & (loans.c.due_at >= at))
    lock_promises(session, reservations.c.pickup_branch_id == branch_id)
    worked = _work_out(session, branch_id, plan, at=at, by=by)
    if seen is not None and seen != worked.list.digest:
        raise Refused.because(Reason.PREVIEW_OUTDATED)
    row = session.get_one(Branch, branch_id)
    for name, value in worked.values.items():
        setattr(row, name, value)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=plan.code):
        session.flush()  # a code taken a moment ago is refused by name
    move_loans(session, worked.loans, TermKind.CLOSURE, CLOSED, at=at, by=by)
    move_shelf(session, worked.shelf, CLOSED, at=at, by=by)
    record(session, "change_branch", at=at, by=by, branch_id=branch_id, detail=worked.list.as_detail())
    return worked.list


def _work_out(session: Session, branch_id: int, plan: BranchPlan, *, at: datetime, by: Actor) -> _Worked:
    """The computing step: reads alone, so that a preview can take it as well as the act."""
    given = asdict(plan)
    floats = given.pop("floats")
    values = {**checked_branch(**given), "floats": floats}
    row = session.scalars(
        select(Branch).where(Branch.id == branch_id).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    if session.scalar(select(Branch.id).where(Branch.code == plan.code, Branch.id != branch_id)) is not None:
        raise Refused.because(Reason.ALREADY_EXISTS, field="code", value=plan.code)
    changed = tuple(
        Changed(name, _as_text(getattr(row, name)), _as_text(value))
        for name, value in values.items()
        if getattr(row, name) != value
    )
    loan_moves: list[LoanMove] = []
    shelf_moves: list[ShelfMove] = []
    if (row.zone, row.hours) != (values["zone"], values["hours"]):
        ground = Ground(session, at=at, weeks={branch_id: (values["zone"], values["hours"])})
        to_come = open_loans(session, (loans.c.branch_id == branch_id) & (loans.c.due_at >= at))
        loan_moves = [move for move in (_loan_move(loan, ground) for loan in to_come) if move is not None]
        waiting = on_shelf(promises(session, reservations.c.pickup_branch_id == branch_id))
        shelf_moves = [move for move in (shelf_move(one, ground) for one in waiting) if move is not None]
    if loan_moves or shelf_moves:
        by.permit(Act.CLOSE_BRANCH, branch_id)
    moved, stays = lines([*loan_moves, *shelf_moves])
    return _Worked(values, loan_moves, shelf_moves, Redating(of=row.code, changed=changed, moved=moved, stays=stays))


def _loan_move(row: AnyRow, ground: Ground) -> LoanMove | None:
    """One loan's line; ``None`` for one that is due within the new hours."""
    calendar = ground.calendar(row.branch_id)
    on = calendar.local_date(row.due_at)
    if still_open_on_or_after(calendar, row.due_at, on) == on:
        return None
    apart = stands_apart(row)
    if apart is not None:
        return LoanMove(row, None, apart)
    current = Due(row.due_at, on, DueRule.COHORT_RETURN_BY)
    due = redated_for_closing(calendar, current)
    return LoanMove(row, None if due is current else due, Why.CLOSED)


def _as_text(value: object) -> str:
    return value.format() if hasattr(value, "format") and not isinstance(value, str) else str(value)
