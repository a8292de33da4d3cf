"""The kits of a branch are counted once for each day that is over, as they stood when it ended."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending.circulation.kits import declare_missing, withdraw
from lending.circulation.lost import declare_lost
from lending.circulation.shelf import capture
from lending.circulation.stock_days import DayOver, count_stock, days_over, stock_at
from lending.db import Database
from lending.errors import Refused
from lending.models.counts import StockDay
from lending.models.kits import Kit
from tests.cast import LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import DONE, journalled, lend, look, receive, rows, seen
from tests.circulation.test_reserving import ask
from tests.races import race, without_locks

TODAY = NOW.date()
MIDNIGHT = datetime(2026, 3, 4, 8, tzinfo=UTC)
"""The end of 3 March in Los Angeles."""

MORNING = MIDNIGHT + timedelta(hours=8)
KINDS = ("in_service", "out", "turnaround", "ready", "free")


def night(database: Database, cast: Cast, day: date = TODAY, *, at: datetime = MORNING) -> bool:
    over = DayOver(cast.ela, day)
    return database.act(lambda session: count_stock(session, over, at=at, by=cast.system))


def open_kits(database: Database, cast: Cast, day: date = TODAY) -> dict[str, int]:
    """What was counted of the two laptops with hotspots."""
    [row] = rows(database, StockDay, StockDay.day == day, StockDay.kit_type_id == cast.laptop_hotspot)
    return {name: getattr(row, name) for name in (*KINDS, "overdue", "waiting") if getattr(row, name)}


def as_it_was(database: Database, cast: Cast, until: datetime = MIDNIGHT) -> dict[str, int]:
    """The same, reckoned back to an instant of the past."""
    with database.read() as session:
        figures = stock_at(session, cast.ela, until=until)[cast.laptop_hotspot]
    return {name: n for name, n in figures.items() if n}


def test_every_kit_in_service_is_out_in_turnaround_ready_or_free(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    assert night(database, cast)
    assert open_kits(database, cast) == {"in_service": 2, "turnaround": 1, "free": 1}
    for row in rows(database, StockDay):
        assert row.in_service == row.out + row.turnaround + row.ready + row.free


def test_a_day_is_counted_once_and_is_on_the_journal(database: Database, cast: Cast) -> None:
    assert [night(database, cast), night(database, cast)] == [True, False]
    [entry] = journalled(database, "count_stock")
    assert (entry.detail["day"], entry.branch_id) == ("2026-03-03", cast.ela)
    assert entry.detail["kits"][0][1] == 3


def test_a_day_that_is_not_over_is_not_counted(database: Database, cast: Cast) -> None:
    assert not night(database, cast, at=MIDNIGHT - timedelta(minutes=1))
    assert rows(database, StockDay) == []


def test_lost_missing_and_withdrawn_kits_are_not_in_service(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: declare_lost(session, kit=OPEN_KIT, at=NOW, by=cast.eli))
    database.act(lambda session: declare_missing(session, kit=OTHER_OPEN_KIT, at=NOW, by=cast.eli))
    night(database, cast)
    assert [row.kit_type_id for row in rows(database, StockDay)] == [cast.work_ready]


def test_kits_on_the_shelf_are_ready_and_people_without_a_promise_wait(database: Database, cast: Cast) -> None:
    lend(database, cast)
    ask(database, cast, MINA)
    database.act(lambda session: capture(session, kit=OTHER_OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    database.act(lambda session: session.execute(update(Kit).where(Kit.barcode == OPEN_KIT).values(note="out")))
    ask(database, cast, LUIS)
    night(database, cast)
    assert open_kits(database, cast) == {"in_service": 2, "out": 1, "ready": 1, "waiting": 1}


def test_a_kit_that_is_due_and_not_back_is_overdue(database: Database, cast: Cast) -> None:
    lend(database, cast)
    later = date(2026, 6, 1)
    night(database, cast, later, at=datetime(2026, 6, 2, 16, tzinfo=UTC))
    assert open_kits(database, cast, later) == {"in_service": 2, "out": 1, "free": 1, "overdue": 1}


ACTS: dict[str, Any] = {
    "check-out": lambda database, cast: lend(database, cast, OTHER_OPEN_KIT, MINA, at=MORNING),
    "return": lambda database, cast: receive(database, cast, at=MORNING),
    "lost": lambda database, cast: database.act(
        lambda session: declare_lost(session, kit=OPEN_KIT, at=MORNING, by=cast.eli)
    ),
    "return and inspection": lambda database, cast: (
        receive(database, cast, at=MORNING),
        look(database, cast, seen(database), steps=DONE, at=MORNING),
    ),
    "withdrawal": lambda database, cast: database.act(
        lambda session: withdraw(session, kit=OTHER_OPEN_KIT, reason="worn", at=MORNING, by=cast.eli)
    ),
    "request": lambda database, cast: ask(database, cast, MINA, at=MORNING),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_happened_since_is_reckoned_back(database: Database, cast: Cast, act: str) -> None:
    lend(database, cast)
    before = as_it_was(database, cast)
    assert before == {"in_service": 2, "out": 1, "free": 1}
    ACTS[act](database, cast)
    assert as_it_was(database, cast) == before


def test_days_that_were_missed_are_made_up_for_in_order(database: Database, cast: Cast) -> None:
    night(database, cast)
    with database.read() as session:
        found = days_over(session, at=MORNING + timedelta(days=3))
    assert [over.day.day for over in found if over.branch_id == cast.ela] == [4, 5, 6]
    assert [over.day.day for over in found if over.branch_id == cast.com] == [6]


def test_days_of_a_long_silence_stay_unknown(database: Database, cast: Cast) -> None:
    night(database, cast)
    with database.read() as session:
        found = [over for over in days_over(session, at=MORNING + timedelta(days=400)) if over.branch_id == cast.ela]
    assert len(found) == 61


def test_only_the_system_counts(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused):
        database.act(lambda session: count_stock(session, DayOver(cast.ela, TODAY), at=MORNING, by=cast.ben))


def test_of_two_schedulers_that_count_a_day_at_once_one_does(database: Database, cast: Cast) -> None:
    def count(session: Session) -> bool:
        return count_stock(session, DayOver(cast.ela, TODAY), at=MORNING, by=cast.system)

    outcome = race(database, count, count, before="INSERT")
    assert (sorted(outcome.done), outcome.broken) == ([False, True], [])
    assert len(journalled(database, "count_stock")) == 1


def test_without_the_lock_the_second_would_break(database: Database, cast: Cast) -> None:
    def count(session: Session) -> bool:
        return count_stock(session, DayOver(cast.ela, TODAY), at=MORNING, by=cast.system)

    with without_locks(database):
        outcome = race(database, count, count, before="INSERT")
    assert (outcome.done, len(outcome.broken)) == ([True], 1)
