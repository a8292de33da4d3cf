"""Counting what stands at a branch, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lending.circulation.checkout import check_out
from lending.circulation.kits import change_kit, declare_missing
from lending.circulation.stocktake import KitSeen, StocktakeStands, begin, end, see
from lending.circulation.transfers import send
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import KitState
from lending.domain.stocktake import Standing
from lending.errors import Reason, Refused
from lending.queries.stocktakes import StocktakeReport, report, stocktakes
from tests.cast import COMPTON_KIT, KIT, LUIS, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, THIRD_KIT, Cast
from tests.circulation.kits_in_hand import journalled, kit_row, lend, receive, why
from tests.races import overtake, race, without_locks

LATER = NOW + timedelta(hours=1)


def start(database: Database, cast: Cast, place: str = "", by: Actor | None = None) -> StocktakeStands:
    """Ben begins to count at East Los Angeles."""
    actor = by or cast.ben
    return database.act(lambda session: begin(session, branch_id=cast.ela, place=place, at=NOW, by=actor))


def scan(database: Database, cast: Cast, stocktake: str, kit: str, by: Actor | None = None) -> KitSeen:
    """Ben sees a kit."""
    actor = by or cast.ben
    return database.act(lambda session: see(session, stocktake=stocktake, kit=kit, at=LATER, by=actor))


def stop(database: Database, cast: Cast, stocktake: str) -> StocktakeStands:
    """Ben has seen all there is."""
    return database.act(lambda session: end(session, stocktake=stocktake, at=LATER, by=cast.ben))


def read(database: Database, cast: Cast, stocktake: str) -> StocktakeReport:
    """The report, as staff of East Los Angeles read it."""
    with database.read() as session:
        return report(session, stocktake, branch_ids={cast.ela})


def lists(found: StocktakeReport) -> tuple[list[str], list[str], list[str], list[str]]:
    """The codes that were seen, missing, gone by rights, and not expected."""
    seen, missing, left, unexpected = (
        [kit.kit for kit in kits] for kits in (found.seen, found.missing, found.left, found.unexpected)
    )
    return seen, missing, left, unexpected


def put_at(database: Database, cast: Cast, kit: str, place: str) -> None:
    """Ben puts a kit at a place."""
    database.act(lambda session: change_kit(session, kit=kit, details={"place": place}, at=NOW, by=cast.ben))


def test_a_count_expects_what_stands_at_the_branch(database: Database, cast: Cast) -> None:
    lend(database, cast)
    found = start(database, cast)
    assert (found.expected, found.seen, found.unexpected) == (4, 0, 0)
    assert lists(read(database, cast, found.stocktake)) == ([], [KIT, OTHER_KIT, THIRD_KIT, OTHER_OPEN_KIT], [], [])


def test_a_kit_on_its_way_is_not_expected(database: Database, cast: Cast) -> None:
    database.act(lambda session: send(session, kit=OPEN_KIT, to_branch="COM", at=NOW, by=cast.dora))
    assert start(database, cast).expected == 4


def test_each_scan_says_how_far_the_count_is(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    first = scan(database, cast, stocktake, KIT)
    assert (first.standing, first.again, first.count.seen, first.count.expected) == (Standing.EXPECTED, False, 1, 5)
    assert scan(database, cast, stocktake, OTHER_KIT).count.seen == 2


def test_the_same_kit_twice_says_so_and_counts_once(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    scan(database, cast, stocktake, KIT)
    twice = scan(database, cast, stocktake, KIT)
    assert (twice.again, twice.count.seen) == (True, 1)
    assert len(journalled(database, "see_kit")) == 1


def test_a_kit_of_another_branch_is_told_and_not_moved(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    found = scan(database, cast, stocktake, COMPTON_KIT)
    assert (found.standing, found.branch, found.count.unexpected) == (
        Standing.OTHER_BRANCH,
        "Compton Library",
        1,
    )
    assert (kit_row(database, COMPTON_KIT).branch_id, found.count.seen) == (cast.com, 0)
    assert lists(read(database, cast, stocktake))[3] == [COMPTON_KIT]


def test_a_kit_that_is_out_is_told_and_stays_out(database: Database, cast: Cast) -> None:
    lend(database, cast)
    stocktake = start(database, cast).stocktake
    assert scan(database, cast, stocktake, OPEN_KIT).standing is Standing.OUT
    assert kit_row(database).state is KitState.ON_LOAN


def test_a_missing_kit_that_is_seen_stays_missing_until_somebody_finds_it(database: Database, cast: Cast) -> None:
    database.act(lambda session: declare_missing(session, kit=OPEN_KIT, at=NOW, by=cast.eli))
    stocktake = start(database, cast).stocktake
    assert scan(database, cast, stocktake, OPEN_KIT).standing is Standing.MISSING
    assert kit_row(database).state is KitState.MISSING


def test_a_kit_that_came_home_unreceived_is_told(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, branch_id=cast.com, by=cast.cleo)
    stocktake = start(database, cast).stocktake
    found = scan(database, cast, stocktake, OPEN_KIT)
    assert (found.standing, found.to_branch) == (Standing.ARRIVING, "East Los Angeles Library")


def test_a_place_is_counted_by_itself(database: Database, cast: Cast) -> None:
    put_at(database, cast, KIT, "Shelf 1")
    put_at(database, cast, OTHER_KIT, "Shelf 2")
    found = start(database, cast, " Shelf  1 ")
    assert found.expected == 1
    assert scan(database, cast, found.stocktake, KIT).standing is Standing.EXPECTED
    other = scan(database, cast, found.stocktake, OTHER_KIT)
    assert (other.standing, other.place) == (Standing.OTHER_PLACE, "Shelf 2")


def test_a_kit_that_comes_back_during_the_count_is_no_surprise(database: Database, cast: Cast) -> None:
    lend(database, cast)
    stocktake = start(database, cast).stocktake
    receive(database, cast, at=LATER)
    assert scan(database, cast, stocktake, OPEN_KIT).standing is Standing.CAME_SINCE
    assert OPEN_KIT in lists(read(database, cast, stocktake))[0]


def test_a_kit_lent_by_a_clock_that_was_read_before_the_count_is_not_missing(database: Database, cast: Cast) -> None:
    counted = start(database, cast).stocktake
    lend(database, cast, at=NOW - timedelta(seconds=2))
    assert lists(read(database, cast, counted)) == ([], [KIT, OTHER_KIT, THIRD_KIT, OTHER_OPEN_KIT], [OPEN_KIT], [])


def test_a_kit_that_was_out_and_back_in_the_moment_before_the_count_is_missing(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    counted = start(database, cast).stocktake
    assert OPEN_KIT in lists(read(database, cast, counted))[1]


def handing_out_as_a_count_begins(database: Database, cast: Cast) -> tuple[int, list[str]]:
    """Ben hands a kit out in the moment in which Eli begins to count; gives how many it expects, and what it misses."""
    ben, eli = cast.ben, cast.eli

    def hand_out(session: Session) -> object:
        return check_out(session, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=ben)

    def count(session: Session) -> object:
        return begin(session, branch_id=cast.ela, at=NOW, by=eli)

    found = overtake(database, hand_out, count)
    assert found.broken == []
    [one] = [done for done in found.done if isinstance(done, StocktakeStands)]
    return one.expected, lists(read(database, cast, one.stocktake))[1]


def test_a_count_waits_for_who_is_handing_a_kit_out(database: Database, cast: Cast) -> None:
    assert handing_out_as_a_count_begins(database, cast) == (4, [KIT, OTHER_KIT, THIRD_KIT, OTHER_OPEN_KIT])


def test_without_the_locks_a_kit_that_goes_out_would_be_expected(database: Database, cast: Cast) -> None:
    with without_locks(database):
        assert handing_out_as_a_count_begins(database, cast)[0] == 5


def test_a_kit_lent_during_the_count_is_not_missing(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    lend(database, cast, at=NOW + timedelta(minutes=5))
    for kit in (KIT, OTHER_KIT, THIRD_KIT):
        scan(database, cast, stocktake, kit)
    stop(database, cast, stocktake)
    assert lists(read(database, cast, stocktake)) == ([KIT, OTHER_KIT, THIRD_KIT], [OTHER_OPEN_KIT], [OPEN_KIT], [])


def test_the_report_of_a_count_that_ended_stays_as_it_was(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    scan(database, cast, stocktake, OPEN_KIT)
    assert stop(database, cast, stocktake) == StocktakeStands(stocktake, 5, 1, 0, LATER)
    before = lists(read(database, cast, stocktake))
    lend(database, cast, at=LATER + timedelta(minutes=1))
    lend(database, cast, KIT, "29999000000018", at=LATER + timedelta(minutes=2))
    assert lists(read(database, cast, stocktake)) == before


def test_a_count_that_ended_takes_no_more_scans(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    stop(database, cast, stocktake)
    for act in (lambda: scan(database, cast, stocktake, KIT), lambda: stop(database, cast, stocktake)):
        with pytest.raises(Refused) as refused:
            act()
        assert why(refused) == [Reason.STOCKTAKE_ENDED]


def test_one_count_of_a_place_is_open_at_a_time(database: Database, cast: Cast) -> None:
    first = start(database, cast)
    with pytest.raises(Refused) as refused:
        start(database, cast)
    assert why(refused) == [Reason.STOCKTAKE_OPEN]
    start(database, cast, "Shelf 1")
    stop(database, cast, first.stocktake)
    assert start(database, cast).expected == 5


def test_another_branch_neither_counts_here_nor_reads_it(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    for act in (
        lambda: start(database, cast, "Shelf 1", by=cast.cleo),
        lambda: scan(database, cast, stocktake, KIT, by=cast.cleo),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert why(refused) == [Reason.NOT_PERMITTED]
    with database.read() as session:
        assert stocktakes(session, branch_ids={cast.com}) == ([], None)
        found, _more = stocktakes(session, branch_ids={cast.ela})
        assert [one.stocktake for one in found] == [stocktake]
        with pytest.raises(Refused) as refused:
            report(session, stocktake, branch_ids={cast.com})
    assert why(refused) == [Reason.NOT_FOUND]


def test_an_unknown_kit_is_refused(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    with pytest.raises(Refused) as refused:
        scan(database, cast, stocktake, "KIT-9999")
    assert why(refused) == [Reason.KIT_UNKNOWN]


def seeing(cast: Cast, stocktake: str) -> Callable[[Session], KitSeen]:
    """One of two people sees the same kit."""
    by = cast.ben
    return lambda session: see(session, stocktake=stocktake, kit=KIT, at=LATER, by=by)


def test_a_kit_that_two_people_see_at_once_is_seen_once(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    outcome = race(database, seeing(cast, stocktake), seeing(cast, stocktake))
    assert (outcome.refused, outcome.broken) == ([], [])
    assert sorted(answer.again for answer in outcome.done) == [False, True]
    assert len(journalled(database, "see_kit")) == 1


def test_without_the_lock_it_would_be_seen_twice(database: Database, cast: Cast) -> None:
    stocktake = start(database, cast).stocktake
    with without_locks(database):
        outcome = race(database, seeing(cast, stocktake), seeing(cast, stocktake))
    assert [answer.again for answer in outcome.done] == [False, False]
    assert len(journalled(database, "see_kit")) == 2
