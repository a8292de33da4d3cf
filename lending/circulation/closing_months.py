"""Closing a month: a branch's figures as they are reported are kept, and nothing changes them any more.

What is corrected later (a return that is dated back, an act undone, a late book drop) changes what is counted now; the
reported figures stay, and the difference is shown as a restatement (``queries/closed_months.py``). A month is closed
once, by a manager, when its last day is over at the branch. Source: RULES 7, "A month is closed".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import distinct, func, insert, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.counting import Counter, quantile
from lending.domain.periods import Period, PeriodKind, month_of
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.counts import (
    ClosedMonth,
    DailyCount,
    DailyDuration,
    DailyPartCount,
    Measure,
    PeriodToken,
    ReportedCount,
    StockDay,
    Whom,
)
from lending.models.kits import KitTypePart

HOUSEHOLDS: Final = "households"
PATRONS: Final = "patrons"
KIT_DAYS_IN_SERVICE: Final = "kit_days_in_service"
KIT_DAYS_OUT: Final = "kit_days_out"
MEDIANS: Final = {Measure.TURNAROUND: "turnaround_median", Measure.HOLD_WAIT: "hold_wait_median"}
NINETIETHS: Final = {Measure.TURNAROUND: "turnaround_p90", Measure.HOLD_WAIT: "hold_wait_p90"}
PEOPLE: Final = frozenset({HOUSEHOLDS, PATRONS})
DURATIONS: Final = frozenset({*MEDIANS.values(), *NINETIETHS.values()})
NO_SUM: Final = PEOPLE | DURATIONS
"""Figures of one library that are no part of a sum. One of them that is not there is unknown, unless nobody came."""

PART: Final = "part_"
"""Before the name of a part's counter."""

OF_THE_BRANCH: Final = 0
"""In place of a kit type or cohort: the figure is the branch's own and no sum of theirs, as households are."""

FigureKey = tuple[int, int, int, str]
"""The branch, kit type and cohort (ids, 0 for none) of a figure, and its name: a counter's, or one of those above."""


@dataclass(frozen=True, slots=True)
class MonthClosed:
    """A month of a branch (its code) that was closed, and how many figures were kept."""

    branch: str
    month: date
    figures: int


def close_month(session: Session, *, branch_id: int, month: date, at: datetime, by: Actor) -> MonthClosed:
    """Keep the figures of a branch for the month that begins on ``month``, as they are reported.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``VALUE_WRONG`` for what is not the first day of a month,
    ``MONTH_NOT_OVER`` with its last day (``on``), or ``MONTH_CLOSED`` with the day on which it was (``on``).
    """
    by.permit(Act.CLOSE_MONTH, branch_id)
    branch = session.get(Branch, branch_id, with_for_update={"key_share": True}, populate_existing=True)
    if branch is None:
        raise Refused.because(Reason.NOT_FOUND)
    if month.day != 1:
        raise Refused.because(Reason.VALUE_WRONG, field="month")
    period = month_of(month)
    if not period.is_over(local_day(session, branch_id, at)):
        raise Refused.because(Reason.MONTH_NOT_OVER, on=period.last)
    closed = session.get(ClosedMonth, (month, branch_id))
    if closed is not None:
        raise Refused.because(Reason.MONTH_CLOSED, on=local_day(session, branch_id, closed.closed_at))
    session.add(ClosedMonth(month=month, branch_id=branch_id, closed_at=at, staff_id=by.staff_id))
    session.flush()  # of two who close it at once, the second fails here at the latest
    figures = figures_of(session, [branch_id], period)
    rows = [
        {"month": month, "branch_id": branch, "kit_type_id": kit_type, "cohort_id": cohort, "counter": name, "n": n}
        for (branch, kit_type, cohort, name), n in sorted(figures.items())
    ]
    if rows:
        session.execute(insert(table_of(ReportedCount)), rows)
    detail = {"month": period.name, "figures": len(rows)}
    record(session, "close_month", at=at, by=by, branch_id=branch_id, detail=detail)
    return MonthClosed(branch.code, month, len(rows))


def figures_of(session: Session, branch_ids: Collection[int], period: Period) -> dict[FigureKey, int]:
    """What is counted now of these branches in a period, each figure by itself; a count of 0 and what is unknown are
    left out, and a time of 0 is not: it was less than an hour, or a day.

    Households and patrons are there for a whole month or fiscal year alone.
    """
    figures: dict[FigureKey, int] = {}
    counts, days = table_of(DailyCount), table_of(StockDay)
    key = (counts.c.branch_id, counts.c.kit_type_id, counts.c.cohort_id, counts.c.counter)
    there = (counts.c.branch_id.in_(branch_ids), counts.c.day.between(period.first, period.last))
    for *at, n in session.execute(select(*key, func.sum(counts.c.n)).where(*there).group_by(*key)):
        figures[tuple(at)] = int(n)
    kept = select(days.c.branch_id, days.c.kit_type_id, func.sum(days.c.in_service), func.sum(days.c.out))
    kept = kept.where(days.c.branch_id.in_(branch_ids), days.c.day.between(period.first, period.last))
    for branch_id, type_id, in_service, out in session.execute(kept.group_by(days.c.branch_id, days.c.kit_type_id)):
        figures[branch_id, type_id, OF_THE_BRANCH, KIT_DAYS_IN_SERVICE] = int(in_service)
        figures[branch_id, type_id, OF_THE_BRANCH, KIT_DAYS_OUT] = int(out)
    figures |= _of_parts(session, branch_ids, period) | _of_durations(session, branch_ids, period)
    figures |= _of_people(session, branch_ids, period, figures)
    return {key: n for key, n in figures.items() if n or key[3] in DURATIONS}


def _of_parts(session: Session, branch_ids: Collection[int], period: Period) -> dict[FigureKey, int]:
    parts, kinds = table_of(DailyPartCount), table_of(KitTypePart)
    key = (parts.c.branch_id, kinds.c.kit_type_id, parts.c.counter)
    chosen = (
        select(*key, func.sum(parts.c.n))
        .select_from(parts.join(kinds, kinds.c.id == parts.c.kind_id))
        .where(parts.c.branch_id.in_(branch_ids), parts.c.day.between(period.first, period.last))
        .group_by(*key)
    )
    return {
        (branch_id, type_id, OF_THE_BRANCH, PART + counter): int(n)
        for branch_id, type_id, counter, n in session.execute(chosen)
    }


def _of_durations(session: Session, branch_ids: Collection[int], period: Period) -> dict[FigureKey, int]:
    took = table_of(DailyDuration)
    key = (took.c.branch_id, took.c.measure, took.c.bucket)
    there = (took.c.branch_id.in_(branch_ids), took.c.day.between(period.first, period.last))
    histograms: dict[tuple[int, Measure], dict[int, int]] = defaultdict(dict)
    for branch_id, measure, bucket, n in session.execute(select(*key, func.sum(took.c.n)).where(*there).group_by(*key)):
        if n > 0:
            histograms[branch_id, measure][bucket] = int(n)
    return {
        (branch_id, OF_THE_BRANCH, OF_THE_BRANCH, name): value
        for (branch_id, measure), histogram in histograms.items()
        for name, share in ((MEDIANS[measure], 0.5), (NINETIETHS[measure], 0.9))
        if (value := quantile(histogram, share)) is not None
    }


def _of_people(
    session: Session, branch_ids: Collection[int], period: Period, figures: dict[FigureKey, int]
) -> dict[FigureKey, int]:
    """Households and patrons of each branch, where every check-out of the period has its token."""
    if period.kind not in (PeriodKind.MONTH, PeriodKind.FISCAL_YEAR):
        return {}
    tokens = table_of(PeriodToken)
    key = (tokens.c.branch_id, tokens.c.whom)
    chosen = select(*key, func.count(distinct(tokens.c.token)), func.sum(tokens.c.n)).where(
        tokens.c.period == period.name, tokens.c.branch_id.in_(branch_ids)
    )
    check_outs: dict[int, int] = defaultdict(int)
    for (branch_id, _, _, name), n in figures.items():
        check_outs[branch_id] += n if name == Counter.CHECK_OUT.value else 0
    return {
        (branch_id, OF_THE_BRANCH, OF_THE_BRANCH, HOUSEHOLDS if whom is Whom.HOUSEHOLD else PATRONS): n
        for branch_id, whom, n, of_check_outs in session.execute(chosen.group_by(*key))
        if of_check_outs == check_outs[branch_id]
    }
