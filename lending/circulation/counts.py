"""Counts as they happen: one roll-up row per local day, branch, kit type, cohort and counter.

Written in the act's transaction, last of all its locks. Undo counts backwards. Source: RULES 7, ARCHITECTURE.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.together import Write
from lending.domain.counting import Counter
from lending.models.base import table_of
from lending.models.counts import DailyCount

_counts = table_of(DailyCount)
_COUNTED_BY = ["day", "branch_id", "kit_type_id", "cohort_id", "counter"]
_sqlite = sqlite.insert(_counts)
_postgresql = postgresql.insert(_counts)
_ADD = {
    "sqlite": _sqlite.on_conflict_do_update(index_elements=_COUNTED_BY, set_={"n": _counts.c.n + _sqlite.excluded.n}),
    "postgresql": _postgresql.on_conflict_do_update(
        index_elements=_COUNTED_BY, set_={"n": _counts.c.n + _postgresql.excluded.n}
    ),
}


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
    statement, row = counted(
        session, counter, day=day, branch_id=branch_id, kit_type_id=kit_type_id, cohort_id=cohort_id, n=n
    )
    session.connection().execute(statement, row)


def counted(
    session: Session,
    counter: Counter,
    *,
    day: date,
    branch_id: int,
    kit_type_id: int,
    cohort_id: int | None = None,
    n: int = 1,
) -> Write:
    """What ``count`` writes, to go with the other writes of an act (``write_together``)."""
    row = {
        "day": day,
        "branch_id": branch_id,
        "kit_type_id": kit_type_id,
        "cohort_id": cohort_id or 0,
        "counter": counter.value,
        "n": n,
    }
    return _ADD[session.connection().dialect.name], row
