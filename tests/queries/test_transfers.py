"""What is on its way, and what should have arrived."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lending.circulation.transfers import arrive, send
from lending.db import Database
from lending.models.kits import Kit
from lending.queries.transfers import Transfers, transfers
from tests.cast import COMPTON_KIT, NOW, OPEN_KIT, THIRD_KIT, Cast, assemble
from tests.circulation.kits_in_hand import lend, receive


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def ship(database: Database, cast: Cast, kit: str, to: str = "COM", *, days: int = 0) -> None:
    """Dora sends a kit, some days from now."""
    at = NOW + timedelta(days=days)
    database.act(lambda session: send(session, kit=kit, to_branch=to, at=at, by=cast.dora))


def way(database: Database, branch_ids: set[int] | None, *, days: int = 0, branch: str | None = None) -> Transfers:
    """What is on its way as somebody sees it."""
    with database.read() as session:
        return transfers(session, branch_ids=branch_ids, at=NOW + timedelta(days=days), branch=branch)


def test_a_kit_on_its_way_is_listed_at_both_ends(database: Database, cast: Cast) -> None:
    ship(database, cast, OPEN_KIT)
    (kit,) = way(database, {cast.com}).incoming
    assert (kit.kit, kit.from_branch, kit.to_branch, kit.sent_at, kit.late) == (OPEN_KIT, "ELA", "COM", NOW, False)
    assert way(database, {cast.com}).outgoing == ()
    assert way(database, {cast.ela}).outgoing == (kit,)
    assert way(database, None) == Transfers((kit,), (kit,))


def test_nobody_sees_what_travels_between_other_branches(database: Database, cast: Cast) -> None:
    ship(database, cast, OPEN_KIT)
    assert way(database, set()) == Transfers((), ())


def test_one_branch_may_be_chosen(database: Database, cast: Cast) -> None:
    ship(database, cast, OPEN_KIT)
    both = {cast.ela, cast.com}
    assert way(database, both, branch="ELA").incoming == ()
    assert len(way(database, both, branch="COM").incoming) == 1


@pytest.mark.parametrize(("days", "late"), [(3, False), (4, True)])
def test_a_kit_should_arrive_within_three_open_days(database: Database, cast: Cast, days: int, late: bool) -> None:
    ship(database, cast, OPEN_KIT)  # on a Tuesday
    assert [kit.late for kit in way(database, None, days=days).incoming] == [late]


@pytest.mark.parametrize(("days", "late"), [(6, False), (7, True)])
def test_a_closed_day_is_no_day_of_the_journey(database: Database, cast: Cast, days: int, late: bool) -> None:
    ship(database, cast, OPEN_KIT, days=2)  # on a Thursday; Sunday is closed
    assert [kit.late for kit in way(database, None, days=days).incoming] == [late]


def test_a_kit_that_nobody_knows_since_when_it_travels_should_have_arrived(database: Database, cast: Cast) -> None:
    ship(database, cast, OPEN_KIT)

    def forget(session: Session) -> None:
        session.query(Kit).filter_by(barcode=OPEN_KIT).one().sent_at = None

    database.act(forget)
    assert way(database, None).incoming[0].late


def test_the_longest_under_way_comes_first_and_what_arrived_is_gone(database: Database, cast: Cast) -> None:
    ship(database, cast, OPEN_KIT, days=1)
    ship(database, cast, THIRD_KIT)
    assert [kit.kit for kit in way(database, None, days=1).incoming] == [THIRD_KIT, OPEN_KIT]
    database.act(lambda session: arrive(session, kit=THIRD_KIT, branch_id=cast.com, at=NOW, by=cast.cleo))
    assert [kit.kit for kit in way(database, None, days=1).incoming] == [OPEN_KIT]


def test_case_6_a_kit_returned_elsewhere_is_on_its_way_home(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, branch_id=cast.com, by=cast.cleo)
    (kit,) = way(database, {cast.ela}).incoming
    assert (kit.kit, kit.from_branch, kit.sent_at) == (OPEN_KIT, "COM", NOW)
    assert COMPTON_KIT not in {kit.kit for kit in way(database, None).outgoing}
