"""The managers' counts made anew from the journal, to compare with those that were kept as things happened.

Each act on the journal stands for one on its counter, on the day it happened at its branch; an undo takes one off
again and counts itself. Source: RULES 7; INTERFACES, "the managers' roll-ups from the journal".
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.counting import Counter
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.counts import DailyCount
from lending.models.journal import JournalEntry
from lending.models.kits import Kit

_COUNTED = ("check_out", "return", "renew", "exchange", "in_library")
"""The verbs that count. A renewal's ``kind`` says by whom, and is its counter; the others are counters themselves."""

_journal, _kits, _counts = table_of(JournalEntry), table_of(Kit), table_of(DailyCount)


def miscounted(session: Session) -> list[dict[str, Any]]:
    """Every count that is not what the journal says: where, what was kept and what it should be."""
    right, kept = recounted(session), _kept(session)
    return [
        {"day": key[0], "branch_id": key[1], "kit_type_id": key[2], "cohort_id": key[3], "counter": key[4]}
        | {"kept": kept[key], "right": right[key]}
        for key in sorted(right.keys() | kept.keys())
        if kept[key] != right[key]
    ]


_Key = tuple[date, int, int, int, str]


def recounted(session: Session) -> Tally[_Key]:
    """The counts that follow from the journal, without those that are nothing."""
    zones = {branch_id: ZoneInfo(zone) for branch_id, zone in session.execute(select(Branch.id, Branch.zone))}
    days = _DayCache(zones)
    acts: dict[int, _Key] = {}
    tally: Tally[_Key] = Tally()
    for row in _rows(session):
        if row.verb in _COUNTED:
            counter = row.detail["kind"] if row.verb == "renew" else row.verb
            day = days.day(row.branch_id, row.at)
            key = acts[row.id] = (day, row.branch_id, row.kit_type_id, row.cohort_id or 0, counter)
            tally[key] += 1
        elif row.detail.get("undone") in acts:
            key = acts[row.detail["undone"]]
            tally[key] -= 1
            tally[*key[:4], Counter.UNDONE.value] += 1
    return Tally({key: n for key, n in tally.items() if n})


def _rows(session: Session) -> Iterator[Any]:
    """The journal's rows that count, in the order written."""
    undoes = [f"undo_{verb}" for verb in _COUNTED]
    columns = (_journal.c.id, _journal.c.verb, _journal.c.at, _journal.c.branch_id, _journal.c.cohort_id)
    chosen = (
        select(*columns, _journal.c.detail, _kits.c.kit_type_id)
        .join(_kits, _kits.c.id == _journal.c.kit_id)
        .where(_journal.c.verb.in_([*_COUNTED, *undoes]), _journal.c.branch_id.is_not(None))
        .order_by(_journal.c.id)
    )
    yield from session.execute(chosen.execution_options(yield_per=2_000))


def _kept(session: Session) -> Tally[_Key]:
    rows = session.execute(select(_counts).where(_counts.c.n != 0))
    return Tally({(row.day, row.branch_id, row.kit_type_id, row.cohort_id, row.counter): row.n for row in rows})


class _DayCache:
    """The local day of an instant at a branch; asked for every row of the journal, and the same within each hour."""

    def __init__(self, zones: Mapping[int, ZoneInfo]) -> None:
        self._zones = zones
        self._found: dict[tuple[int, datetime], date] = {}

    def day(self, branch_id: int, at: datetime) -> date:
        # No zone has its midnight but at a quarter of an hour of UTC.
        quarter = at.astimezone(UTC).replace(second=0, microsecond=0)
        quarter -= timedelta(minutes=quarter.minute % 15)
        found = self._found.get((branch_id, quarter))
        if found is None:
            found = self._found[branch_id, quarter] = quarter.astimezone(self._zones[branch_id]).date()
        return found
