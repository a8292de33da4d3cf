"""How the kits were used: in service, out, free and waited for, day by day; and how long things took.

``StockDay`` is counted each night (``circulation/stock_days.py``), for the branch that the kits belong to. Utilisation
is kit-days out of kit-days in service. Medians come from histograms of whole hours or days, and are never averaged.
Source: RULES 7, "Manager's counts".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lending.domain.counting import quantile, share_of
from lending.domain.periods import Period
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.counts import DailyDuration, Measure, StockDay
from lending.models.kits import KitType
from lending.queries.scope import Branches, within

_days, _durations = table_of(StockDay), table_of(DailyDuration)
_FIGURES = ("in_service", "out", "overdue", "turnaround", "ready", "free", "waiting")


@dataclass(frozen=True, slots=True)
class StockOn:
    """The kits at the end of a day: ``in_service`` is ``out``, ``turnaround``, ``ready`` and ``free`` together.

    ``overdue`` are some of ``out``; ``waiting`` are people without a promise.
    """

    day: date
    in_service: int
    out: int
    overdue: int
    turnaround: int
    ready: int
    free: int
    waiting: int


@dataclass(frozen=True, slots=True)
class StockFigures:
    """The days of a period that were counted, added up and one by one.

    ``utilisation`` and ``overdue_rate`` (of the kits that were out) are shares from 0 to 1, ``None`` where nothing was
    in service or out. ``latest`` is the last day counted. ``branch`` and ``kit_type`` are codes, ``None`` for all.
    """

    branch: str | None
    kit_type: str | None
    kit_days_in_service: int
    kit_days_out: int
    kit_days_overdue: int
    days: tuple[StockOn, ...] = field(default=())

    @property
    def utilisation(self) -> float | None:
        """Kit-days out of kit-days in service."""
        return share_of(self.kit_days_out, self.kit_days_in_service)

    @property
    def overdue_rate(self) -> float | None:
        """Kit-days overdue of kit-days out."""
        return share_of(self.kit_days_overdue, self.kit_days_out)

    @property
    def latest(self) -> StockOn | None:
        """How the kits stood at the end of the last day that was counted."""
        return self.days[-1] if self.days else None


def stock_figures(
    session: Session, scope: Branches, period: Period, *, kit_type_ids: Collection[int] | None = None
) -> StockFigures:
    """All kits of the branches together, with every day of the period that was counted. One statement."""
    sums = [func.sum(_days.c[name]) for name in _FIGURES]
    chosen = select(_days.c.day, *sums).where(*_of(_days, scope, period, kit_type_ids)).group_by(_days.c.day)
    days = tuple(StockOn(day, *map(int, rest)) for day, *rest in session.execute(chosen.order_by(_days.c.day)))
    return StockFigures(
        None, None, sum(on.in_service for on in days), sum(on.out for on in days), sum(on.overdue for on in days), days
    )


def stock_by_branch(
    session: Session, scope: Branches, period: Period, *, kit_type_ids: Collection[int] | None = None
) -> list[StockFigures]:
    """The same for each branch and kit type, in the order of their codes, with the last day alone. Two statements."""
    where = _of(_days, scope, period, kit_type_ids)
    key = (_days.c.branch_id, _days.c.kit_type_id)
    sums = [func.sum(_days.c[name]) for name in ("in_service", "out", "overdue")]
    chosen = (
        select(Branch.code, KitType.code, *key, func.max(_days.c.day), *sums)
        .join(Branch, Branch.id == _days.c.branch_id)
        .join(KitType, KitType.id == _days.c.kit_type_id)
        .where(*where)
        .group_by(Branch.code, KitType.code, *key)
        .order_by(Branch.code, KitType.code)
    )
    rows = session.execute(chosen).all()
    newest = {row[4] for row in rows}
    last = {
        (row.branch_id, row.kit_type_id, row.day): StockOn(row.day, *(row._mapping[name] for name in _FIGURES))
        for row in session.execute(select(_days).where(*where, _days.c.day.in_(newest)))
    }
    return [
        StockFigures(branch, kit_type, int(in_service), int(out), int(overdue), (last[branch_id, type_id, day],))
        for branch, kit_type, branch_id, type_id, day, in_service, out, overdue in rows
    ]


@dataclass(frozen=True, slots=True)
class DurationFigures:
    """How long something took: of ``n`` that ended in the period, the middle one, and what nine of ten took at most.

    A turnaround is in hours, from received to free; a wait for a kit in days, from reserved to ready.
    """

    measure: Measure
    n: int
    median: int | None
    p90: int | None


def durations(
    session: Session, scope: Branches, period: Period, *, kit_type_ids: Collection[int] | None = None
) -> dict[Measure, DurationFigures]:
    """Both measures, for all branches together. One statement."""
    found = _histograms(session, scope, period, kit_type_ids, ())
    return {measure: _figures(measure, found.get((measure,), {})) for measure in Measure}


def durations_by_branch(
    session: Session, scope: Branches, period: Period, *, kit_type_ids: Collection[int] | None = None
) -> dict[str, dict[Measure, DurationFigures]]:
    """Both measures by the code of the branch. One statement."""
    found = _histograms(session, scope, period, kit_type_ids, (Branch.code,))
    branches = sorted({key[1] for key in found})
    return {
        branch: {measure: _figures(measure, found.get((measure, branch), {})) for measure in Measure}
        for branch in branches
    }


def _histograms(
    session: Session, scope: Branches, period: Period, kit_type_ids: Collection[int] | None, by: tuple[Any, ...]
) -> Mapping[tuple[Any, ...], Mapping[int, int]]:
    chosen = (
        select(_durations.c.measure, *by, _durations.c.bucket, func.sum(_durations.c.n))
        .select_from(_durations.join(table_of(Branch), Branch.id == _durations.c.branch_id))
        .where(*_of(_durations, scope, period, kit_type_ids))
        .group_by(_durations.c.measure, *by, _durations.c.bucket)
    )
    found: dict[tuple[Any, ...], dict[int, int]] = defaultdict(dict)
    for *key, bucket, n in session.execute(chosen):
        if n > 0:
            found[tuple(key)][bucket] = int(n)
    return found


def _figures(measure: Measure, histogram: Mapping[int, int]) -> DurationFigures:
    return DurationFigures(measure, sum(histogram.values()), quantile(histogram, 0.5), quantile(histogram, 0.9))


def _of(table: Any, scope: Branches, period: Period, kit_type_ids: Collection[int] | None) -> list[ColumnElement[bool]]:
    where = [table.c.day.between(period.first, period.last), within(table.c.branch_id, scope)]
    if kit_type_ids is not None:
        where.append(table.c.kit_type_id.in_(sorted(kit_type_ids)))
    return where
