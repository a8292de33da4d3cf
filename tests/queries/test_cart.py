"""The inspection cart, on both engines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lending.db import Database
from lending.domain.states import KitState
from lending.queries.cart import CartKit, cart
from lending.queries.scope import Branches
from tests.cast import ADA, KIT, NOW, OPEN_KIT, Cast, assemble
from tests.circulation.kits_in_hand import back_without, lend, look, receive, seen


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits, on ``database``."""
    return assemble(database)


def on_it(database: Database, branch_ids: Branches) -> list[CartKit]:
    """What a reader of these branches sees."""
    with database.read() as session:
        return cart(session, branch_ids=branch_ids)


def test_the_cart_holds_the_kits_in_hand_by_state_and_age(database: Database, cast: Cast) -> None:
    lend(database, cast)
    answer = back_without(database, cast, "Charger", at=NOW + timedelta(hours=1))
    lend(database, cast, KIT, ADA)
    receive(database, cast, KIT, at=NOW + timedelta(hours=2))
    first, second = on_it(database, {cast.ela})
    assert (first.kit, first.state, first.since) == (KIT, KitState.TO_INSPECT, NOW + timedelta(hours=2))
    assert (second.kit, second.state, second.owed_until) == (OPEN_KIT, KitState.INCOMPLETE, answer.owed_until)


def test_no_branch_is_never_every_branch(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    assert on_it(database, frozenset()) == on_it(database, {cast.com}) == []
    assert [kit.kit for kit in on_it(database, None)] == [OPEN_KIT]


def test_a_kit_on_its_way_home_is_on_nobodys_cart(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast, branch_id=cast.com, by=cast.cleo)
    assert on_it(database, None) == []


def test_a_free_kit_has_left_the_cart(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database))
    assert on_it(database, None) == []
