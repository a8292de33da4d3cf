"""The roll-ups follow from the journal: kept as things happen, undone, and made anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from lending.circulation import recounting
from lending.circulation.checkout import check_out
from lending.circulation.recounting import differences, rebuild
from lending.circulation.shelf import capture
from lending.circulation.stock_days import DayOver, count_stock
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.completeness import Found
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.counts import DailyCount, DailyDuration, DailyPartCount, PeriodKey, PeriodToken, StockDay
from lending.models.loans import Loan
from lending.models.people import Patron
from tests.cast import KIT, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, kit
from tests.circulation.kits_in_hand import DONE, lend, look, receive, rows, seen, why
from tests.races import Race, overtake, without_locks

SOON, LATER = NOW + timedelta(minutes=5), NOW + timedelta(days=2)
ROLL_UPS = (DailyCount, DailyDuration, DailyPartCount, StockDay)


def wrong(database: Database) -> list[dict[str, Any]]:
    """What differs from the journal."""
    with database.snapshot() as session:
        return differences(session)


def kept(database: Database) -> list[tuple[Any, ...]]:
    """Every row of every roll-up."""
    with database.read() as session:
        return [
            tuple(row)
            for each in ROLL_UPS
            for row in session.execute(select(each.__table__).order_by(*each.__table__.c))
        ]


def undone(database: Database, cast: Cast) -> None:
    """Ben's station takes back its last act."""
    database.act(lambda session: undo(session, at=SOON, by=cast.ben))


def a_day_at_the_desk(database: Database, cast: Cast) -> None:
    """A kit goes out and comes back with a part missing; another is freed, waited for and undone."""
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database, Charger=Found.MISSING), steps=DONE)
    lend(database, cast, OTHER_OPEN_KIT)
    receive(database, cast, OTHER_OPEN_KIT)
    look(database, cast, seen(database, OTHER_OPEN_KIT), kit=OTHER_OPEN_KIT, steps=DONE)
    database.act(lambda session: capture(session, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    database.act(lambda session: count_stock(session, DayOver(cast.ela, NOW.date()), at=LATER, by=cast.system))


def test_what_a_day_at_the_desk_counts_is_what_its_journal_says(database: Database, cast: Cast) -> None:
    a_day_at_the_desk(database, cast)
    assert wrong(database) == []
    assert {len(rows(database, each)) > 0 for each in ROLL_UPS} == {True}


def test_a_day_begins_at_a_quarter_of_an_hour_where_the_branchs_clock_says_so(database: Database, cast: Cast) -> None:
    zone = update(Branch).where(Branch.id == cast.ela).values(zone="Asia/Kathmandu")  # midnight is 18:15 in UTC
    database.act(lambda session: session.execute(zone))
    before = NOW.replace(hour=18, minute=10)
    lend(database, cast, at=before)
    lend(database, cast, OTHER_OPEN_KIT, MINA, at=before + timedelta(minutes=10))
    assert len({row.day for row in rows(database, DailyCount)}) == 2
    assert wrong(database) == []


def test_a_rebuild_writes_what_was_kept(database: Database, cast: Cast) -> None:
    a_day_at_the_desk(database, cast)
    undone(database, cast)
    before = kept(database)
    # Nought is not written anew; nothing else changes.
    assert database.act(lambda session: rebuild(session, by=cast.system)) == 0
    assert [row for row in kept(database) if row[-1]] == [row for row in before if row[-1]]


@pytest.mark.parametrize("table", ROLL_UPS)
def test_a_roll_up_that_was_changed_is_found_and_made_right(database: Database, cast: Cast, table: Any) -> None:
    a_day_at_the_desk(database, cast)
    before = kept(database)
    column = "free" if table is StockDay else "n"
    database.act(lambda session: session.execute(update(table).values({column: getattr(table, column) + 1})))
    assert {row["table"] for row in wrong(database)} == {table.__tablename__}
    database.act(lambda session: rebuild(session, by=cast.system))
    assert (wrong(database), kept(database)) == ([], before)


def test_a_roll_up_that_was_lost_is_made_again(database: Database, cast: Cast) -> None:
    a_day_at_the_desk(database, cast)
    before = kept(database)
    database.act(lambda session: [session.execute(delete(table)) for table in ROLL_UPS])
    assert database.act(lambda session: rebuild(session, by=cast.system)) == len(before)
    assert kept(database) == before


ACTS: dict[str, Callable[[Database, Cast], object]] = {
    "check_out": lambda database, cast: lend(database, cast),
    "return": lambda database, cast: (lend(database, cast), receive(database, cast, at=SOON)),
    "inspect": lambda database, cast: (
        lend(database, cast),
        receive(database, cast),
        look(database, cast, seen(database, Case=Found.MISSING, Laptop=Found.DAMAGED), steps=DONE),
    ),
    "inspect and free": lambda database, cast: (
        lend(database, cast),
        receive(database, cast),
        look(database, cast, seen(database), steps=DONE),
    ),
    "capture": lambda database, cast: database.act(
        lambda session: capture(session, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben)
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_undone_is_counted_off_again(database: Database, cast: Cast, act: str) -> None:
    ACTS[act](database, cast)
    before = kept(database)
    undone(database, cast)
    assert wrong(database) == []
    with database.read() as session:
        left = {each: session.scalar(select(func.sum(each.n))) for each in (DailyDuration, DailyPartCount)}
    assert set(left.values()) <= {None, 0}
    assert kept(database) != before


def test_counts_stand_when_nobody_is_named_any_more(database: Database, cast: Cast) -> None:
    a_day_at_the_desk(database, cast)
    database.act(lambda session: session.execute(update(Loan).values(patron_id=None)))
    database.act(lambda session: session.execute(update(Patron).values(household_id=None)))
    assert wrong(database) == []
    before = kept(database)
    database.act(lambda session: rebuild(session, by=cast.system))
    assert kept(database) == before


def test_a_check_out_without_its_token_is_found(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: session.execute(delete(PeriodToken)))
    assert [(row["table"], row["kept"], row["right"]) for row in wrong(database)] == [("period_tokens", 0, 1)]


def test_of_a_month_whose_key_is_destroyed_no_token_is_asked_for(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(lambda session: session.execute(delete(PeriodToken)))
    database.act(lambda session: session.execute(update(PeriodKey).values(key=None)))
    assert wrong(database) == []


def test_only_who_administers_counts_anew(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        database.act(lambda session: rebuild(session, by=cast.ben))
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_a_new_kit_counts_with_the_stock_of_its_day(database: Database, cast: Cast) -> None:
    over = DayOver(cast.ela, NOW.date())
    database.act(lambda session: kit(session, "KIT-2999", cast.laptop_hotspot, cast.ela))
    assert database.act(lambda session: count_stock(session, over, at=LATER, by=cast.system))
    assert not database.act(lambda session: count_stock(session, over, at=LATER, by=cast.system))
    lend(database, cast, OPEN_KIT, at=LATER)
    [counted] = [row for row in rows(database, StockDay) if row.kit_type_id == cast.laptop_hotspot]
    assert (counted.in_service, counted.free, counted.out) == (3, 3, 0)


def meanwhile(database: Database, cast: Cast) -> Race[Any]:
    """A kit goes out while the counts are made anew, after the journal was read."""
    return overtake(
        database,
        lambda session: rebuild(session, by=cast.system),
        lambda session: check_out(session, kit=OTHER_OPEN_KIT, patron=MINA, branch_id=cast.ela, at=NOW, by=cast.ben),
        before="DELETE",
    )


def test_what_happens_while_counts_are_made_anew_is_counted(database: Database, cast: Cast) -> None:
    lend(database, cast)
    outcome = meanwhile(database, cast)
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert wrong(database) == []


def test_without_the_lock_it_would_be_lost(database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    lend(database, cast)
    monkeypatch.setattr(recounting, "_keep_others_out", lambda *_: None)
    with without_locks(database):
        meanwhile(database, cast)
    assert [(row["kept"], row["right"]) for row in wrong(database) if row["table"] == "daily_counts"] == [(1, 2)]
