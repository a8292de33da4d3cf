"""What circulated: the managers' counts of a period, by whatever they are wanted by, beside households and patrons.

All of it comes from roll-ups (``models/counts.py``), so that a page takes as long after a million loans as after none.
``scope`` is the branches that the reader may see, or has chosen of them; everything else of the library is left out in
the statement itself. Households and patrons are distinct tokens of one period and are never added up; where a period
has none, or not of all its check-outs, they are unknown (``None``). See also ``stock_days``, ``losses``, ``funnels``
and ``closed_months``. Source: RULES 7; issue "Managers see what circulated", Build 1 and 2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, distinct, func, select
from sqlalchemy.orm import Session

from lending.domain.counting import Counter
from lending.domain.periods import Period, PeriodKind, month_of, week_of
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Program
from lending.models.counts import DailyCount, PeriodToken, Whom
from lending.models.kits import KitType
from lending.queries.scope import Branches, within

_counts, _tokens, _cohorts = table_of(DailyCount), table_of(PeriodToken), table_of(Cohort)


@unique
class By(StrEnum):
    """What counts are wanted by. Of the first three one at most."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    BRANCH = "branch"
    KIT_TYPE = "kit_type"
    COHORT = "cohort"
    PROGRAM = "program"


TIMES = frozenset({By.DAY, By.WEEK, By.MONTH})


@dataclass(frozen=True, slots=True)
class Served:
    """How many households and patrons a kit was lent to in a period, in each case as one; ``None`` is unknown."""

    households: int | None = None
    patrons: int | None = None


UNKNOWN = Served()


@dataclass(frozen=True, slots=True)
class Circulated:
    """One row of a report. ``at`` says which by, in the order asked for: dates (the first day) and codes.

    Of an open loan, cohort and program are the empty text. ``counts`` holds what is not 0, by counter.
    """

    at: Mapping[By, date | str]
    counts: Mapping[Counter, int]
    served: Served = UNKNOWN

    def n(self, *counters: Counter) -> int:
        """The sum of the counters that a report names."""
        return sum(self.counts.get(counter, 0) for counter in counters)


def circulated(
    session: Session,
    scope: Branches,
    period: Period,
    by: Sequence[By] = (),
    *,
    kit_type_id: int | None = None,
    program_id: int | None = None,
) -> list[Circulated]:
    """The counts of a period by ``by``, in its order; without it one row, which is there even where all is 0.

    Two statements for the counts and the names, one for the people where they can be known. Raises ``ValueError`` for
    two kinds of time.
    """
    if len(TIMES & set(by)) > 1:
        raise ValueError("one of day, week and month")
    chosen = _Chosen(scope, period, kit_type_id, program_id)
    found: dict[tuple[Any, ...], dict[Counter, int]] = defaultdict(dict)
    for *key, counter, n in session.execute(_counted(chosen, by)):
        at = tuple(_time(each, part) for each, part in zip(by, key, strict=True))
        counts = found[at]
        counts[Counter(counter)] = counts.get(Counter(counter), 0) + int(n)
    if not by:
        found.setdefault((), {})
    served = _served(session, chosen, by, found)
    names = _names(session, by, found)
    rows = [
        Circulated(
            {each: names.get((each, part), part) for each, part in zip(by, key, strict=True)},
            {counter: n for counter, n in counts.items() if n},
            served.get(key, UNKNOWN),
        )
        for key, counts in found.items()
        if not by or any(counts.values())
    ]
    return sorted(rows, key=lambda row: tuple(row.at.values()))


def total(
    session: Session,
    scope: Branches,
    period: Period,
    *,
    kit_type_id: int | None = None,
    program_id: int | None = None,
) -> Circulated:
    """The counts of a period in one row."""
    return circulated(session, scope, period, kit_type_id=kit_type_id, program_id=program_id)[0]


@dataclass(frozen=True, slots=True)
class Compared:
    """A period beside the comparable one before."""

    period: Period
    now: Circulated
    before: Circulated


def compared(
    session: Session,
    scope: Branches,
    period: Period,
    *,
    today: date,
    kit_type_id: int | None = None,
    program_id: int | None = None,
) -> Compared:
    """A period, as far as it has come by ``today``, beside the comparable one before."""
    so_far = period.until(today)
    now, before = (
        total(session, scope, each, kit_type_id=kit_type_id, program_id=program_id)
        for each in (so_far, so_far.before())
    )
    return Compared(so_far, now, before)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What of the library a report is about."""

    scope: Branches
    period: Period
    kit_type_id: int | None
    program_id: int | None

    def of(self, table: Any) -> Iterable[ColumnElement[bool]]:
        """The conditions on a roll-up by branch and kit type."""
        yield within(table.c.branch_id, self.scope)
        if self.kit_type_id is not None:
            yield table.c.kit_type_id == self.kit_type_id


_PARTS: Mapping[By, ColumnElement[Any]] = {
    By.DAY: cast(_counts.c.day, String),
    By.WEEK: cast(_counts.c.day, String),
    By.MONTH: func.substr(cast(_counts.c.day, String), 1, 7),
    By.BRANCH: _counts.c.branch_id,
    By.KIT_TYPE: _counts.c.kit_type_id,
    By.COHORT: _counts.c.cohort_id,
    By.PROGRAM: func.coalesce(_cohorts.c.program_id, 0),
}


def _counted(chosen: _Chosen, by: Sequence[By]) -> Select[Any]:
    parts = [_PARTS[each] for each in by]
    counted = select(*parts, _counts.c.counter, func.sum(_counts.c.n)).where(
        _counts.c.day.between(chosen.period.first, chosen.period.last), *chosen.of(_counts)
    )
    if chosen.program_id is not None or By.PROGRAM in by:
        counted = counted.select_from(_counts.outerjoin(_cohorts, _cohorts.c.id == _counts.c.cohort_id))
    if chosen.program_id is not None:
        counted = counted.where(_cohorts.c.program_id == chosen.program_id)
    return counted.group_by(*parts, _counts.c.counter)


def _time(by: By, part: Any) -> Any:
    """A day, or the first day of its week or month."""
    if by is By.MONTH:
        return date.fromisoformat(f"{part}-01")
    if by in TIMES:
        day = date.fromisoformat(part)
        return week_of(day).first if by is By.WEEK else day
    return part


_TOKEN_PARTS: Mapping[By, ColumnElement[Any]] = {
    By.MONTH: _tokens.c.period,
    By.BRANCH: _tokens.c.branch_id,
    By.KIT_TYPE: _tokens.c.kit_type_id,
    By.PROGRAM: _tokens.c.program_id,
}


def _token_periods(period: Period, by: Sequence[By]) -> list[str]:
    """The names of the periods whose tokens say who was served; none where no period fits."""
    if not set(by) <= _TOKEN_PARTS.keys():
        return []
    if By.MONTH in by:
        return [month.name for month in period.months()]
    if period.kind is PeriodKind.FISCAL_YEAR:
        return [f"FY{period.first:%Y-%m}"]
    month = month_of(period.first)
    return [month.name] if period.kind is PeriodKind.MONTH or period.last == month.last else []


def _served(
    session: Session, chosen: _Chosen, by: Sequence[By], found: Mapping[tuple[Any, ...], Mapping[Counter, int]]
) -> dict[tuple[Any, ...], Served]:
    """Who was served, by the keys of what was counted; only where the tokens are those of all its check-outs."""
    periods = _token_periods(chosen.period, by)
    if not periods:
        return {}
    parts = [_TOKEN_PARTS[each] for each in by]
    told = select(*parts, _tokens.c.whom, func.count(distinct(_tokens.c.token)), func.sum(_tokens.c.n)).where(
        _tokens.c.period.in_(periods), *chosen.of(_tokens)
    )
    if chosen.program_id is not None:
        told = told.where(_tokens.c.program_id == chosen.program_id)
    people: dict[tuple[Any, ...], dict[Whom, tuple[int, int]]] = defaultdict(dict)
    for *key, whom, n, check_outs in session.execute(told.group_by(*parts, _tokens.c.whom)):
        at = tuple(_time(each, part) for each, part in zip(by, key, strict=True))
        people[at][whom] = (n, int(check_outs))
    return {
        key: Served(
            *(_known(people[key].get(whom, (0, 0)), counts.get(Counter.CHECK_OUT, 0)) for whom in (_HOUSE, _PATRON))
        )
        for key, counts in found.items()
    }


_HOUSE, _PATRON = Whom.HOUSEHOLD, Whom.PATRON


def _known(told: tuple[int, int], check_outs: int) -> int | None:
    n, of_check_outs = told
    return n if of_check_outs == check_outs else None


_NAMED: Mapping[By, Any] = {By.BRANCH: Branch, By.KIT_TYPE: KitType, By.COHORT: Cohort, By.PROGRAM: Program}


def _names(session: Session, by: Sequence[By], keys: Collection[tuple[Any, ...]]) -> dict[tuple[By, Any], str]:
    """The codes of what the counts are by."""
    names: dict[tuple[By, Any], str] = {}
    for n, each in enumerate(by):
        if (row := _NAMED.get(each)) is not None:
            names[each, 0] = ""
            ids = {key[n] for key in keys}
            for id_, code in session.execute(select(row.id, row.code).where(row.id.in_(ids))):
                names[each, id_] = code
    return names
