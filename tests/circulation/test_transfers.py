"""Kits on their way between branches, on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from lending.circulation.transfers import Transferred, arrive, send
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import KitState
from lending.errors import Reason, Refused
from lending.models.stock import Stock
from tests.cast import COMPTON_KIT, KIT, NOW, OPEN_KIT, OTHER_KIT, THIRD_KIT, Cast
from tests.circulation.kits_in_hand import kit_row, lend, look, only, receive, seen, why
from tests.races import race, without_locks


def ship(database: Database, cast: Cast, kit: str, to: str, by: Actor | None = None) -> Transferred:
    """Dora sends a kit."""
    return database.act(lambda session: send(session, kit=kit, to_branch=to, at=NOW, by=by or cast.dora))


def unpack(database: Database, cast: Cast, kit: str, branch_id: int, by: Actor | None = None) -> Transferred:
    """Dora receives a kit."""
    return database.act(lambda session: arrive(session, kit=kit, branch_id=branch_id, at=NOW, by=by or cast.dora))


def test_case_6_a_kit_returned_elsewhere_travels_home_and_is_inspected_there(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, branch_id=cast.com, by=cast.cleo)
    assert (kit_row(database).branch_id, kit_row(database).in_transit_to_id) == (cast.com, cast.ela)
    assert kit_row(database).sent_at == NOW
    answer = unpack(database, cast, OPEN_KIT, cast.ela, cast.ben)
    assert (answer.kit_state, answer.branch, answer.to_branch) == (KitState.TO_INSPECT, "ELA", None)
    assert look(database, cast, seen(database)).kit_state is KitState.AVAILABLE


def test_a_kit_sent_to_another_branch_belongs_there_from_now_on(database: Database, cast: Cast) -> None:
    answer = ship(database, cast, OPEN_KIT, "COM")
    assert (answer.branch, answer.to_branch) == ("ELA", "COM")
    assert kit_row(database).sent_at == NOW
    unpack(database, cast, OPEN_KIT, cast.com, cast.cleo)
    kit = kit_row(database)
    assert (kit.branch_id, kit.in_transit_to_id, kit.state) == (cast.com, None, KitState.AVAILABLE)
    assert kit.sent_at is None
    assert only(database, Stock, Stock.id == kit.stock_id).branch_id == cast.com


def test_a_kit_on_its_way_to_another_branch_does_not_arrive_here(database: Database, cast: Cast) -> None:
    ship(database, cast, OPEN_KIT, "COM")
    with pytest.raises(Refused) as refused:
        unpack(database, cast, OPEN_KIT, cast.ela)
    assert why(refused) == [Reason.IN_TRANSIT]
    with pytest.raises(Refused) as refused:
        ship(database, cast, OPEN_KIT, "COM")
    assert why(refused) == [Reason.IN_TRANSIT]


def test_a_kit_that_is_not_on_its_way_does_not_arrive(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        unpack(database, cast, OPEN_KIT, cast.ela)
    assert why(refused) == [Reason.WRONG_STATE]


def test_a_kit_that_is_out_is_not_sent(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        ship(database, cast, OPEN_KIT, "COM")
    assert why(refused) == [Reason.WRONG_STATE]


def test_a_kit_is_not_sent_to_where_it_is_or_to_nowhere(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        ship(database, cast, COMPTON_KIT, "COM")
    assert why(refused) == [Reason.ALREADY_EXISTS]
    with pytest.raises(Refused) as refused:
        ship(database, cast, OPEN_KIT, "XXX")
    assert why(refused) == [Reason.NOT_FOUND]


def test_a_kit_that_a_cohort_has_still_to_hand_out_is_not_sent_away(database: Database, cast: Cast) -> None:
    ship(database, cast, THIRD_KIT, "COM")  # two are allotted, the third is to spare
    for code in (KIT, OTHER_KIT):
        with pytest.raises(Refused) as refused:
            ship(database, cast, code, "COM")
        assert why(refused) == [Reason.NEEDED_FOR_PROMISES]


def test_the_desk_of_another_branch_may_not_send_it(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        ship(database, cast, OPEN_KIT, "COM", by=cast.cleo)
    assert why(refused) == [Reason.NOT_PERMITTED]


def test_everything_against_sending_a_kit_is_said_at_once(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        ship(database, cast, OPEN_KIT, "ELA")
    assert why(refused) == [Reason.WRONG_STATE, Reason.ALREADY_EXISTS]


def sending(cast: Cast, kit: str) -> Callable[[Session], Transferred]:
    """Dora sends one of two kits of which one is to spare."""
    by = cast.dora
    return lambda session: send(session, kit=kit, to_branch="COM", at=NOW, by=by)


def test_the_last_kit_to_spare_is_sent_once(database: Database, cast: Cast) -> None:
    outcome = race(database, sending(cast, KIT), sending(cast, THIRD_KIT))
    assert (len(outcome.done), outcome.broken) == (1, [])
    assert outcome.refused == [[Reason.NEEDED_FOR_PROMISES]]


def test_without_the_lock_both_would_be_sent_away(database: Database, cast: Cast) -> None:
    with without_locks(database):
        outcome = race(database, sending(cast, KIT), sending(cast, THIRD_KIT))
    assert (len(outcome.done), outcome.refused) == (2, [])
