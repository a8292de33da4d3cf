"""Months that were reported: what was said then, what is counted now, and the difference, called a restatement.

A page shows ``month_states`` to choose from, and ``reported`` for one month: its figures by kind of kit and session,
reported beside now. A month that is not closed has no reported figures.
Source: RULES 7, "later changes appear as restatements".
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.closing_months import DURATIONS, PEOPLE, FigureKey, figures_of
from lending.domain.counting import Counter
from lending.domain.periods import Period, month_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.counts import ClosedMonth, ReportedCount
from lending.models.kits import KitType
from lending.models.people import Staff
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class MonthState:
    """A month (its first day) of a branch: whether it is over there, and when and by whom it was closed, if it was.

    ``branch`` is the code, ``closed_by`` the name of a member of the staff.
    """

    month: date
    branch: str
    branch_name: str
    is_over: bool
    closed_at: datetime | None
    closed_by: str | None

    @property
    def may_be_closed(self) -> bool:
        """Whether it waits to be closed."""
        return self.is_over and self.closed_at is None


@dataclass(frozen=True, slots=True)
class Restated:
    """One figure of a closed month: as reported, as it is counted now, and by how much it changed.

    ``kit_type`` and ``cohort`` are codes, empty where the figure is of all of them. ``figure`` is a counter's name or
    one of ``circulation/closing_months.py``; a median is no sum, and its difference is one of hours or days.
    ``None`` is unknown, then or now, and so is the difference.
    """

    month: date
    branch: str
    kit_type: str
    cohort: str
    figure: str
    reported: int | None
    now: int | None

    @property
    def has_changed(self) -> bool:
        """Whether it is a restatement."""
        return self.now != self.reported

    @property
    def difference(self) -> int | None:
        """What came to it since it was reported; below 0 what went."""
        return None if self.now is None or self.reported is None else self.now - self.reported


def month_states(session: Session, scope: Branches, *, at: datetime, months: int = 13) -> list[MonthState]:
    """The last ``months`` months of each branch in scope, this one first, branches by their codes. Two statements."""
    branches = session.execute(
        select(Branch.id, Branch.code, Branch.name, Branch.zone).where(within(Branch.id, scope)).order_by(Branch.code)
    ).all()
    closed = (
        select(ClosedMonth.month, ClosedMonth.branch_id, ClosedMonth.closed_at, Staff.name)
        .outerjoin(Staff, Staff.id == ClosedMonth.staff_id)
        .where(within(ClosedMonth.branch_id, scope))
    )
    known = {(row.month, row.branch_id): row for row in session.execute(closed)}
    states = []
    for branch in branches:
        today = at.astimezone(ZoneInfo(branch.zone)).date()
        period = month_of(today)
        for _ in range(months):
            row = known.get((period.first, branch.id))
            over, when, who = period.is_over(today), row and row.closed_at, row and row.name
            states.append(MonthState(period.first, branch.code, branch.name, over, when, who))
            period = period.before()
    return sorted(states, key=lambda state: (-state.month.toordinal(), state.branch))


def reported(session: Session, scope: Branches, month: date) -> list[Restated]:
    """Every figure of a month (its first day) at the branches that closed it, as reported and as counted now.

    By branch, kit type, cohort and figure; figures that were 0 both times are left out.
    """
    closed = select(ClosedMonth.branch_id).where(ClosedMonth.month == month, within(ClosedMonth.branch_id, scope))
    branch_ids = session.scalars(closed).all()
    return list(_compared(session, branch_ids, month_of(month))) if branch_ids else []


def _compared(session: Session, branch_ids: Sequence[int], month: Period) -> Iterator[Restated]:
    kept = select(ReportedCount).where(ReportedCount.month == month.first, ReportedCount.branch_id.in_(branch_ids))
    then = {(row.branch_id, row.kit_type_id, row.cohort_id, row.counter): row.n for row in session.scalars(kept)}
    now = figures_of(session, branch_ids, month)
    keys = then.keys() | now.keys()
    branches, kit_types, cohorts = (
        _codes(session, row, {key[n] for key in keys}) for n, row in enumerate((Branch, KitType, Cohort))
    )
    then_of, now_of = _reader(then), _reader(now)
    named = sorted((branches[key[0]], kit_types.get(key[1], ""), cohorts.get(key[2], ""), key[3], key) for key in keys)
    for branch, kit_type, cohort, figure, key in named:
        yield Restated(month.first, branch, kit_type, cohort, figure, then_of(key), now_of(key))


def _reader(figures: Mapping[FigureKey, int]) -> Callable[[FigureKey], int | None]:
    """How to read a figure: people are unknown where something was lent and nobody can say to how many."""
    lent = {branch_id for branch_id, _, _, name in figures if name == Counter.CHECK_OUT.value}

    def read(key: FigureKey) -> int | None:
        unknown = key[3] in DURATIONS or (key[3] in PEOPLE and key[0] in lent)
        return figures.get(key, None if unknown else 0)

    return read


def _codes(session: Session, row: Any, ids: Collection[Any]) -> dict[int, str]:
    return dict(session.execute(select(row.id, row.code).where(row.id.in_(ids))).all())
