"""Counts as they happen: one roll-up row per local day, branch, kit type, cohort and counter.

Written in the act's transaction, last of all its locks, as ``domain/counting.py`` says what an act counts as. Undo
counts backwards, on the day of what is undone. Durations go into histograms, parts by their kind; whom a check-out
serves is in ``served.py``. Source: RULES 7, ARCHITECTURE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, Table, bindparam, literal_column, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.together import Write
from lending.domain.counting import (
    CIRCULATION,
    Counter,
    counters,
    part_counters,
    turnaround_bucket,
    wait_bucket,
)
from lending.models.base import constant, table_of
from lending.models.counts import DailyCount, DailyDuration, DailyPartCount, Measure
from lending.models.kits import Part

_counts, _durations, _part_counts = table_of(DailyCount), table_of(DailyDuration), table_of(DailyPartCount)

BUCKETS = {Measure.TURNAROUND: turnaround_bucket, Measure.HOLD_WAIT: wait_bucket}
"""What a duration in seconds is counted as, by its measure."""


@cache
def adding(table: Table, engine: str, rows: int) -> Insert:
    """The statement that adds ``rows`` rows to a roll-up, whose ``n`` are added where the row is there already.

    The values of one row are named as its columns are, those of several as ``names_of`` says.
    """
    made: Any = (sqlite if engine == "sqlite" else postgresql).insert(table)
    statement = made
    if rows > 1:
        # As a list of values it would be compiled at each run: SQLAlchemy keeps no such statement.
        statement = made.from_select(
            [column.name for column in table.c],
            union_all(*(_row_given(table, n).where(literal_column("1") == constant(1)) for n in range(rows))),
        )
    key = [column.name for column in table.primary_key.columns]
    added: Insert = statement.on_conflict_do_update(index_elements=key, set_={"n": table.c.n + made.excluded.n})
    return added


def _row_given(table: Table, n: int) -> Select[Any]:
    return select(*(bindparam(_name(table, n, column.name), type_=column.type) for column in table.c))


def _name(table: Table, n: int, column: str) -> str:
    return f"{table.name}_{column}_{n}"


def added(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> Write:
    """The rows to add to a roll-up, of which no two have the same key, as one write of an act (``write_together``)."""
    statement = adding(table, session.connection().dialect.name, len(rows))
    if len(rows) == 1:
        return statement, rows[0]
    return statement, {_name(table, n, column): value for n, row in enumerate(rows) for column, value in row.items()}


def add_to(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a roll-up, in one statement; none where there are none."""
    if rows:
        statement, values = added(session, table, rows)
        session.connection().execute(statement, values)


def count(
    session: Session,
    counter: Counter,
    *,
    day: date,
    branch_id: int,
    kit_type_id: int,
    cohort_id: int | None = None,
    n: int = 1,
) -> None:
    """Add ``n`` (negative for an undo) to ``counter`` on ``day``, local to the branch. Call it last in a verb."""
    row = _row(counter, day, branch_id, kit_type_id, cohort_id, n)
    add_to(session, _counts, [row])


def counted(
    session: Session,
    *wanted: tuple[Counter, int],
    day: date,
    kit_type_id: int,
    cohort_id: int | None = None,
) -> Write:
    """One more of each counter at its branch, to go with the other writes of an act (``write_together``)."""
    rows = [_row(counter, day, branch_id, kit_type_id, cohort_id, 1) for counter, branch_id in wanted]
    return added(session, _counts, rows)


def count_act(
    session: Session,
    verb: str,
    detail: Mapping[str, Any],
    *,
    day: date,
    branch_id: int,
    kit_type_id: int,
    cohort_id: int | None = None,
    undone: bool = False,
) -> None:
    """Count an act by its verb and the detail that the journal keeps; ``undone`` takes it off again.

    What is undone of circulation is counted as that besides. Call it last in a verb.
    """
    n = -1 if undone else 1
    rows = [
        _row(counter, day, counted_at(counter, detail, branch_id), kit_type_id, cohort_id, n)
        for counter in counters(verb, detail)
    ]
    if undone and verb in CIRCULATION:
        rows.append(_row(Counter.UNDONE, day, branch_id, kit_type_id, cohort_id, 1))
    add_to(session, _counts, rows)


def counted_at(counter: Counter, detail: Mapping[str, Any], branch_id: int) -> int:
    """The branch whose count an act at ``branch_id`` is: a lost kit is found again for the one that lent it."""
    return int(detail["lent_at"]) if counter is Counter.FOUND_AGAIN else branch_id


def count_duration(
    session: Session,
    measure: Measure,
    seconds: int | None,
    *,
    day: date,
    branch_id: int,
    kit_type_id: int,
    n: int = 1,
) -> None:
    """Add a duration that ended on ``day``, local to the branch, to its histogram; ``None`` is none."""
    if seconds is None:
        return
    row = {
        "day": day,
        "branch_id": branch_id,
        "kit_type_id": kit_type_id,
        "measure": measure,
        "bucket": BUCKETS[measure](seconds),
        "n": n,
    }
    add_to(session, _durations, [row])


def count_parts(
    session: Session, verb: str, detail: Mapping[str, Any], *, day: date, branch_id: int, n: int = 1
) -> None:
    """Count what an act found of parts, each by its kind, as the journal's detail says; ``n`` is -1 for an undo."""
    found = part_counters(verb, detail)
    if not found:
        return
    session.flush()  # a part that was made in this act has its row
    kinds = dict(session.execute(select(Part.id, Part.kind_id).where(Part.id.in_(found))).all())
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for part_id, counter in sorted(found.items()):
        key = (kinds[part_id], counter.value)
        row = rows.setdefault(key, {"day": day, "branch_id": branch_id, "kind_id": key[0], "counter": key[1], "n": 0})
        row["n"] += n
    add_to(session, _part_counts, list(rows.values()))


def _row(
    counter: Counter, day: date, branch_id: int, kit_type_id: int, cohort_id: int | None, n: int
) -> dict[str, Any]:
    return {
        "day": day,
        "branch_id": branch_id,
        "kit_type_id": kit_type_id,
        "cohort_id": cohort_id or 0,
        "counter": counter.value,
        "n": n,
    }
