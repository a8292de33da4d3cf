"""Counts as they happen: each act on its own counters, once, on its own day, and backwards when it is undone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation import counts
from lending.circulation.checkout import check_out
from lending.circulation.counts import count
from lending.circulation.exchange import swap_part
from lending.circulation.lost import declare_lost
from lending.circulation.missing_parts import bring_back_part, report_missing_part, settle_incomplete_loans
from lending.circulation.recounting import differences
from lending.circulation.reserving import cancel, reserve
from lending.circulation.shelf import capture, expire_shelf
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.completeness import Found
from lending.domain.counting import Counter
from lending.models.counts import DailyCount, DailyDuration, DailyPartCount, Measure
from lending.models.kits import Kit, KitTypePart
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import back_without, lend, look, part_id, receive, rows, seen
from tests.races import race, without_locks

LATE = NOW + timedelta(days=60)
MIDNIGHT = datetime(2026, 3, 4, 7, 59, tzinfo=UTC)
"""A minute before midnight of 3 March in Los Angeles, which is 4 March elsewhere."""


def counted(database: Database) -> dict[str, int]:
    """Every counter that is not 0, whatever the day and branch."""
    with database.read() as session:
        chosen = select(DailyCount.counter, func.sum(DailyCount.n)).group_by(DailyCount.counter)
        return {counter: int(n) for counter, n in session.execute(chosen) if n}


def parts_counted(database: Database) -> dict[tuple[str, str], int]:
    """By the part's name and what became of it, what is not 0."""
    with database.read() as session:
        chosen = select(KitTypePart.name, DailyPartCount.counter, DailyPartCount.n)
        chosen = chosen.join(KitTypePart, KitTypePart.id == DailyPartCount.kind_id)
        return {(name, counter): n for name, counter, n in session.execute(chosen) if n}


def holds(database: Database) -> bool:
    """Whether all this follows from the journal."""
    with database.snapshot() as session:
        return differences(session) == []


def test_a_late_return_is_a_return_and_late(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, at=LATE)
    assert counted(database) == {"check_out": 1, "return": 1, "late_return": 1}
    assert holds(database)


def test_a_return_in_time_is_not_late(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, at=NOW + timedelta(days=1))
    assert counted(database) == {"check_out": 1, "return": 1}


def test_a_kit_is_lost_and_billed_where_it_was_lent_and_found_again_there_too(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: declare_lost(session, kit=OPEN_KIT, at=NOW, by=cast.eli))
    assert counted(database) == {"check_out": 1, "lost": 1, "billed": 1}
    receive(database, cast, at=NOW + timedelta(days=1), branch_id=cast.com, by=cast.cleo)
    where = {row.counter: row.branch_id for row in rows(database, DailyCount)}
    assert where == dict.fromkeys(("check_out", "lost", "billed", "found_again"), cast.ela) | {"return": cast.com}
    assert holds(database)


def test_a_lost_kit_whose_return_is_undone_is_not_found_again(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: declare_lost(session, kit=OPEN_KIT, at=NOW, by=cast.eli))
    receive(database, cast)
    database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    assert counted(database) == {"check_out": 1, "lost": 1, "billed": 1, "undone": 1}
    assert holds(database)


def test_what_happened_before_midnight_counts_on_that_day(database: Database, cast: Cast) -> None:
    lend(database, cast, at=MIDNIGHT)
    lend(database, cast, OTHER_OPEN_KIT, MINA, at=MIDNIGHT + timedelta(minutes=2))
    assert [(row.day, row.n) for row in rows(database, DailyCount)] == [(date(2026, 3, 3), 1), (date(2026, 3, 4), 1)]
    assert holds(database)


def test_a_missing_part_is_billed_once_at_its_deadline(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    assert counted(database) == {"check_out": 1, "return": 1}
    for _ in range(2):
        database.act(lambda session: settle_incomplete_loans(session, at=LATE, by=cast.system))
    assert counted(database)["billed"] == 1
    assert parts_counted(database) == {("Charger", "missing"): 1}
    assert holds(database)


def test_a_part_that_was_missing_before_is_not_missed_again(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger", "Laptop")
    again = {
        part_id(database, "Charger"): seen(database)[part_id(database, "Charger")],
        part_id(database, "Laptop"): seen(database, Laptop=Found.MISSING)[part_id(database, "Laptop")],
    }
    look(database, cast, again)
    assert parts_counted(database) == {
        ("Charger", "missing"): 1,
        ("Charger", "brought_back"): 1,
        ("Laptop", "missing"): 1,
    }
    assert holds(database)


def test_a_part_that_is_brought_back_is_counted_so(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast, "Charger")
    charger = part_id(database, "Charger")
    database.act(lambda session: bring_back_part(session, kit=OPEN_KIT, part_id=charger, at=NOW, by=cast.ben))
    assert parts_counted(database) == {("Charger", "missing"): 1, ("Charger", "brought_back"): 1}


@pytest.mark.parametrize("reported", [True, False])
def test_a_part_that_is_swapped_was_missing_or_does_not_work(database: Database, cast: Cast, reported: bool) -> None:
    lend(database, cast)
    charger = part_id(database, "Charger")
    if reported:
        database.act(lambda session: report_missing_part(session, kit=OPEN_KIT, part_id=charger, at=NOW, by=cast.ben))
    swap = {"kit": OPEN_KIT, "part_id": charger, "branch_id": cast.ela, "at": NOW, "by": cast.ben}
    database.act(lambda session: swap_part(session, **swap))
    assert parts_counted(database) == {("Charger", "missing" if reported else "damaged"): 1}
    assert holds(database)


def ask(database: Database, cast: Cast, card: str) -> str:
    """Somebody asks for an open kit at East Los Angeles; the reservation's public id."""
    wish = {"kit_type": "laptop-hotspot", "pickup_branch_id": cast.ela, "at": NOW, "by": cast.ben}
    return database.act(lambda session: reserve(session, patron=card, **wish)).reservation


def test_a_request_that_ends_before_a_kit_was_ready_went_unfilled(database: Database, cast: Cast) -> None:
    wish = ask(database, cast, LUIS)
    database.act(lambda session: cancel(session, reservation=wish, reason="", at=NOW, by=cast.ben))
    assert counted(database) == {"unfilled": 1}
    assert holds(database)


def test_a_kit_that_was_ready_and_not_collected_was_no_request_unfilled(database: Database, cast: Cast) -> None:
    ask(database, cast, LUIS)
    database.act(lambda session: capture(session, kit=OPEN_KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    assert database.act(lambda session: expire_shelf(session, at=LATE, by=cast.system)) == 1
    assert counted(database) == {}


def test_a_turnaround_is_counted_in_hours_and_a_wait_in_days_where_they_end(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database), at=NOW + timedelta(hours=30, minutes=59))
    ask(database, cast, MINA)
    ready = NOW + timedelta(days=3, hours=23)
    database.act(lambda session: capture(session, kit=OPEN_KIT, branch_id=cast.ela, at=ready, by=cast.ben))
    assert {(row.measure, row.bucket): row.n for row in rows(database, DailyDuration)} == {
        (Measure.TURNAROUND, 30): 1,
        (Measure.HOLD_WAIT, 3): 1,
    }
    assert holds(database)


def one_more(cast: Cast) -> Any:
    """One more check-out of the day, and nothing else."""
    about = {"day": NOW.date(), "branch_id": cast.ela, "kit_type_id": cast.work_ready}
    return lambda session: count(session, Counter.CHECK_OUT, **about)


@pytest.mark.parametrize("before", [0, 5])
def test_of_two_who_count_at_once_both_are_counted(database: Database, cast: Cast, before: int) -> None:
    for _ in range(before):
        database.act(one_more(cast))
    outcome = race(database, one_more(cast), one_more(cast), before="INSERT")
    assert (len(outcome.done), outcome.broken, counted(database)) == (2, [], {"check_out": before + 2})


def test_two_check_outs_at_once_are_two(database: Database, cast: Cast) -> None:
    def out(code: str, card: str) -> Any:
        return lambda session: check_out(session, kit=code, patron=card, branch_id=cast.ela, at=NOW, by=cast.ben)

    outcome = race(database, out(OPEN_KIT, LUIS), out(OTHER_OPEN_KIT, MINA))
    assert (len(outcome.done), counted(database)) == (2, {"check_out": 2})
    assert holds(database)


def test_who_read_a_count_and_wrote_it_back_would_lose_one(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What counting by one statement prevents: both read 5 and write 6."""
    for _ in range(5):
        database.act(one_more(cast))

    def read_and_write(session: Session, table: Any, given: Any) -> None:
        kept = session.scalar(select(table.c.n)) or 0
        made = (sqlite if database.is_sqlite else postgresql).insert(table)
        key = [column.name for column in table.primary_key.columns]
        row = {**given[0], "n": kept + given[0]["n"]}
        write = made.on_conflict_do_update(index_elements=key, set_={"n": made.excluded.n})
        session.connection().execute(write, row)

    monkeypatch.setattr(counts, "add_to", read_and_write)
    with without_locks(database):
        outcome = race(database, one_more(cast), one_more(cast), before="INSERT")
    assert (len(outcome.done), counted(database)) == (2, {"check_out": 6})


def test_a_reserved_kit_of_a_session_counts_with_its_session(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    [row] = rows(database, DailyCount)
    assert (row.counter, row.cohort_id, row.kit_type_id) == ("check_out", cast.cohort, cast.work_ready)
    assert rows(database, Kit, Kit.barcode == KIT)[0].kit_type_id == cast.work_ready
