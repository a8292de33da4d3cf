"""The managers' roll-ups made anew from the journal, to compare with those that were kept as things happened.

Each act on the journal stands for what ``domain/counting.py`` says of its verb and detail, on the day it happened at
its branch; an undo takes that off again. Of the people who were served the journal can tell that every check-out has
its token, not whose it is: that is what the keys were destroyed for.
Source: RULES 7; INTERFACES, "the managers' roll-ups from the journal".
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, case, delete, func, insert, null, select, text
from sqlalchemy.orm import Session

from lending.circulation.counts import BUCKETS, counted_at
from lending.domain.actors import Actor
from lending.domain.counting import (
    CIRCULATION,
    COUNTED,
    PARTS_COUNTED,
    Counter,
    counters,
    part_counters,
)
from lending.domain.permissions import Act
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.counts import (
    DailyCount,
    DailyDuration,
    DailyPartCount,
    Measure,
    PeriodKey,
    PeriodToken,
    StockDay,
    Whom,
)
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, Part

STOCK_COUNTED = "count_stock"
"""What the journal calls the count of a branch's kits at the end of a day (``stock_days.py``)."""

_MEASURED = {"free": Measure.TURNAROUND, "capture": Measure.HOLD_WAIT}
_TAKEN_BACK = ("undo_capture", *(f"undo_{verb}" for verb in COUNTED))
_STOCK = ("in_service", "out", "overdue", "turnaround", "ready", "free", "waiting")
_journal, _kits = table_of(JournalEntry), table_of(Kit)

Key = tuple[Any, ...]
"""The values of a roll-up's key, in the order of its columns."""

ROLL_UPS: Mapping[str, Table] = {
    row.__tablename__: table_of(row) for row in (DailyCount, DailyDuration, DailyPartCount)
}
"""The roll-ups that hold one number, ``n``."""


@dataclass(frozen=True, slots=True)
class Recounted:
    """What follows from the journal: the roll-ups by the name of their table, and the kits by day, branch and type."""

    roll_ups: Mapping[str, Tally[Key]]
    stock_days: Mapping[Key, tuple[int, ...]]


def recounted(session: Session) -> Recounted:
    """Every roll-up that follows from the journal, without what comes to nothing."""
    days = _DayCache(dict(session.execute(select(Branch.id, Branch.zone)).all()))
    book = _Book(days, _ids_taken_back(session))
    for row in _rows(session):
        book.enter(row)
    kinds = dict(session.execute(select(Part.id, Part.kind_id)).all()) if book.parts else {}
    part_counts: Tally[Key] = Tally()
    for (day, branch_id, part_id, counter), n in book.parts.items():
        part_counts[day, branch_id, kinds[part_id], counter] += n
    found = {"daily_counts": book.counts, "daily_durations": book.durations, "daily_part_counts": part_counts}
    clean = {name: Tally({key: n for key, n in tally.items() if n}) for name, tally in found.items()}
    return Recounted(clean, book.stock_days)


def differences(session: Session, right: Recounted | None = None) -> list[dict[str, Any]]:
    """Every roll-up that is not what the journal says: its table and key, what was kept and what it should be.

    ``right`` is what the journal says, where that is known already.
    """
    right = recounted(session) if right is None else right
    found = []
    for name, table in ROLL_UPS.items():
        kept, wanted = _kept(session, table), right.roll_ups[name]
        found += [
            _as_row(table, key) | {"kept": kept[key], "right": wanted[key]}
            for key in sorted(wanted.keys() | kept.keys())
            if kept[key] != wanted[key]
        ]
    return found + _stock_differences(session, right) + _token_differences(session, right)


def rebuild(session: Session, *, by: Actor) -> int:
    """Write the roll-ups anew, all in this transaction; how many rows were wrong. Acts wait until it is done.

    Tokens are not made again: they need what only the act knew.
    """
    by.permit(Act.ADMINISTER)
    tables = [*ROLL_UPS.values(), table_of(StockDay)]
    _keep_others_out(session, tables)
    right = recounted(session)
    wrong = differences(session, right)
    for name, table in ROLL_UPS.items():
        session.execute(delete(table))
        rows = [_values(table, key) | {"n": n} for key, n in right.roll_ups[name].items()]
        if rows:
            session.execute(insert(table), rows)
    days = table_of(StockDay)
    session.execute(delete(days))
    rows = [_values(days, key) | dict(zip(_STOCK, figures, strict=True)) for key, figures in right.stock_days.items()]
    if rows:
        session.execute(insert(days), rows)
    return len(wrong)


def _keep_others_out(session: Session, tables: Iterable[Table]) -> None:
    """Let whoever counts wait, and wait for whoever has counted: nothing comes between the journal and the new counts.

    On SQLite whoever writes is alone anyway.
    """
    if session.connection().dialect.name == "postgresql":
        names = ", ".join(table.name for table in tables)
        session.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


@dataclass(slots=True)
class _Book:
    """The journal as it is read, row by row."""

    days: _DayCache
    taken_back: frozenset[int]
    """The rows that a later one takes back: of the others nothing has to be remembered, and the journal is long."""
    counts: Tally[Key] = field(default_factory=Tally)
    durations: Tally[Key] = field(default_factory=Tally)
    parts: Tally[Key] = field(default_factory=Tally)
    stock_days: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    entered: dict[int, tuple[bool, list[tuple[Tally[Key], Key]]]] = field(default_factory=dict)
    """By the row's id, whether it is of circulation, and what it counted, for whatever takes it back."""

    def enter(self, row: AnyRow) -> None:
        """Count one row."""
        detail = row.detail or {}
        if row.verb == STOCK_COUNTED:
            for kit_type_id, *figures in detail["kits"]:
                self.stock_days[date.fromisoformat(detail["day"]), row.branch_id, kit_type_id] = tuple(figures)
            return
        for undone in _undone_by(detail):
            self._take_back(undone)
        if row.verb in _TAKEN_BACK:
            return
        day = self.days.day(row.branch_id, row.at)
        counted: list[tuple[Tally[Key], Key]] = []
        for counter in counters(row.verb, detail):
            where = counted_at(counter, detail, row.branch_id)
            counted.append((self.counts, (day, where, row.type_id, row.cohort_id or 0, counter.value)))
        for part_id, found in part_counters(row.verb, detail).items():
            counted.append((self.parts, (day, row.branch_id, part_id, found.value)))
        measure = _MEASURED.get(row.verb)
        if measure is not None and detail["seconds"] is not None:
            bucket = BUCKETS[measure](detail["seconds"])
            counted.append((self.durations, (day, row.branch_id, row.type_id, measure.value, bucket)))
        for tally, key in counted:
            tally[key] += 1
        if counted and row.id in self.taken_back:
            self.entered[row.id] = (row.verb in CIRCULATION, counted)

    def _take_back(self, entry_id: int) -> None:
        of_circulation, counted = self.entered.get(entry_id, (False, []))
        for tally, key in counted:
            tally[key] -= 1
        if of_circulation:
            _, (day, branch_id, *rest, _counter) = counted[0]
            self.counts[day, branch_id, *rest, Counter.UNDONE.value] += 1


def _ids_taken_back(session: Session) -> frozenset[int]:
    details = session.scalars(select(_journal.c.detail).where(_journal.c.verb.in_(_TAKEN_BACK)))
    return frozenset(undone for detail in details for undone in _undone_by(detail))


def _undone_by(detail: Mapping[str, Any]) -> list[int]:
    """The rows that an undo takes back: the act, and what it had set free besides."""
    return [detail[name] for name in ("undone", "freed") if detail.get(name) is not None]


def _rows(session: Session) -> Iterator[AnyRow]:
    """The journal's rows that count, in the order written."""
    verbs = [*COUNTED, *PARTS_COUNTED, *_MEASURED, *_TAKEN_BACK, STOCK_COUNTED]
    # A check-out is counted by its verb alone: nearly half of what would be read.
    detail = case((_journal.c.verb == "check_out", null()), else_=_journal.c.detail)
    type_id = func.coalesce(_kits.c.kit_type_id, _journal.c.detail["kit_type_id"].as_integer())
    columns = (_journal.c.id, _journal.c.verb, _journal.c.at, _journal.c.branch_id, _journal.c.cohort_id)
    chosen = (
        select(*columns, detail.label("detail"), type_id.label("type_id"))
        .outerjoin(_kits, _kits.c.id == _journal.c.kit_id)
        .where(_journal.c.verb.in_(sorted(set(verbs))), _journal.c.branch_id.is_not(None))
        .order_by(_journal.c.id)
    )
    yield from session.execute(chosen.execution_options(yield_per=2_000))


def _values(table: Table, key: Key) -> dict[str, Any]:
    return dict(zip((column.name for column in table.primary_key.columns), key, strict=True))


def _as_row(table: Table, key: Key) -> dict[str, Any]:
    return {"table": table.name} | _values(table, key)


def _kept(session: Session, table: Table) -> Tally[Key]:
    columns = [*table.primary_key.columns, table.c.n]
    rows = session.execute(select(*columns).where(table.c.n != 0))
    return Tally({tuple(key): n for *key, n in rows})


def _stock_differences(session: Session, right: Recounted) -> list[dict[str, Any]]:
    days = table_of(StockDay)
    columns = [*days.primary_key.columns, *(days.c[name] for name in _STOCK)]
    kept = {tuple(row[:3]): tuple(row[3:]) for row in session.execute(select(*columns))}
    return [
        _as_row(days, key) | {"kept": kept.get(key), "right": right.stock_days.get(key)}
        for key in sorted(kept.keys() | right.stock_days.keys())
        if kept.get(key) != right.stock_days.get(key)
    ]


def _token_differences(session: Session, right: Recounted) -> list[dict[str, Any]]:
    """Where a month whose key lives has not one patron's token for each check-out."""
    months = set(session.scalars(select(PeriodKey.period).where(PeriodKey.key.is_not(None))))
    programs = dict(session.execute(select(Cohort.id, Cohort.program_id)).all())
    wanted: Tally[Key] = Tally()
    for (day, branch_id, type_id, cohort_id, counter), n in right.roll_ups["daily_counts"].items():
        if counter == Counter.CHECK_OUT.value and f"{day:%Y-%m}" in months:
            wanted[f"{day:%Y-%m}", branch_id, type_id, programs.get(cohort_id, 0)] += n
    tokens = table_of(PeriodToken)
    key = (tokens.c.period, tokens.c.branch_id, tokens.c.kit_type_id, tokens.c.program_id)
    chosen = select(*key, func.sum(tokens.c.n)).where(tokens.c.whom == Whom.PATRON, tokens.c.period.not_like("FY%"))
    chosen = chosen.where(tokens.c.period.in_(sorted(months))).group_by(*key)
    kept: Tally[Key] = Tally({tuple(at): int(n) for *at, n in session.execute(chosen)})
    names = ("period", "branch_id", "kit_type_id", "program_id")
    return [
        {"table": "period_tokens"} | dict(zip(names, at, strict=True)) | {"kept": kept[at], "right": wanted[at]}
        for at in sorted(wanted.keys() | kept.keys())
        if kept[at] != wanted[at]
    ]


class _DayCache:
    """The local day of an instant at a branch; asked for every row of the journal, and the same within each hour."""

    def __init__(self, zones: Mapping[int, str]) -> None:
        self._zones = {branch_id: ZoneInfo(zone) for branch_id, zone in zones.items()}
        self._found: dict[tuple[int, datetime], date] = {}

    def day(self, branch_id: int, at: datetime) -> date:
        # No zone has its midnight but at a quarter of an hour of UTC.
        quarter = at.astimezone(UTC).replace(second=0, microsecond=0)
        quarter -= timedelta(minutes=quarter.minute % 15)
        found = self._found.get((branch_id, quarter))
        if found is None:
            found = self._found[branch_id, quarter] = quarter.astimezone(self._zones[branch_id]).date()
        return found
