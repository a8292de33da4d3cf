"""``lending counts rebuild``: what differs is named, ends with 1, and is made right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from lending.db import Database
from lending.models.counts import DailyCount, PeriodKey, StockDay
from tests.cast import NOW, assemble
from tests.circulation.kits_in_hand import lend, rows


def test_counts_that_are_those_of_the_journal_are_said_to_be(lending: Any, database: Database) -> None:
    lend(database, assemble(database))
    done = lending("counts", "rebuild", "--check")
    assert (done.exit_code, done.output) == (0, "The counts are those of the journal.\n")


def test_what_differs_is_named_and_then_made_right(lending: Any, database: Database) -> None:
    lend(database, assemble(database))
    database.act(lambda session: session.execute(update(DailyCount).values(n=3)))
    done = lending("counts", "rebuild", "--check")
    assert done.exit_code == 1
    assert "table=daily_counts" in done.output
    assert "kept=3, right=1" in done.output
    assert [row.n for row in rows(database, DailyCount)] == [3], "checking changes nothing"
    assert lending("counts", "rebuild").output == "Counted anew. 1 differed.\n"
    assert lending("counts", "rebuild", "--check").exit_code == 0


def test_the_sweep_counts_the_days_that_are_over_once(lending: Any, database: Database) -> None:
    assemble(database)
    morning = NOW + timedelta(days=1)
    for _ in range(2):
        assert lending("jobs", "run", "counts", "--at", morning.isoformat()).exit_code == 0
    assert {row.day for row in rows(database, StockDay)} == {NOW.date()}
    assert len(rows(database, StockDay)) == 3
    assert {row.period for row in rows(database, PeriodKey)} >= {"2026-03", "2026-04", "FY2025-07", "FY2026-07"}
