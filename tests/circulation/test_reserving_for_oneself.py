"""Patrons reserve and cancel for themselves, and for nobody else, on both engines."""

from __future__ import annotations

import pytest

from lending.circulation.reserving import cancel, reserve
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.models.journal import JournalEntry
from lending.models.reservations import Reservation
from tests.cast import ADA, LUIS, NOW, Cast
from tests.circulation.kits_in_hand import only, rows, why

NOBODYS = "29999000000299"


def ask(database: Database, cast: Cast, card: str, by: Actor) -> str:
    """Somebody reserves a laptop with a hotspot, at East Los Angeles; gives the reservation."""
    given = {"kit_type": "laptop-hotspot", "pickup_branch_id": cast.ela, "at": NOW}
    return database.act(lambda s: reserve(s, patron=card, by=by, **given)).reservation


def test_a_patron_reserves_for_themselves_at_any_library(database: Database, cast: Cast) -> None:
    found = only(database, Reservation, Reservation.public_id == ask(database, cast, ADA, cast.ada))
    assert (found.patron_id, found.state) == (cast.ada_id, ReservationState.PROMISED)
    [entry] = rows(database, JournalEntry, JournalEntry.verb == "reserve")
    assert (entry.staff_id, entry.role) == (None, "patron")


@pytest.mark.parametrize("card", [ADA, NOBODYS])
def test_a_patron_reserves_for_nobody_else_and_learns_nothing_about_a_card(
    database: Database, cast: Cast, card: str
) -> None:
    with pytest.raises(Refused) as refused:
        ask(database, cast, card, cast.luis)
    assert why(refused) == [Reason.NOT_PERMITTED]
    assert rows(database, Reservation, Reservation.kit_type_id == cast.laptop_hotspot) == []


def test_a_patron_cancels_their_own_reservation(database: Database, cast: Cast) -> None:
    mine = ask(database, cast, LUIS, cast.luis)
    database.act(lambda s: cancel(s, reservation=mine, reason="", at=NOW, by=cast.luis))
    assert only(database, Reservation, Reservation.public_id == mine).state is ReservationState.CANCELLED


def test_a_patron_cancels_what_a_session_promised_them(database: Database, cast: Cast) -> None:
    mine = only(database, Reservation, Reservation.patron_id == cast.ada_id)
    database.act(lambda s: cancel(s, reservation=mine.public_id, reason="", at=NOW, by=cast.ada))
    assert only(database, Reservation, Reservation.id == mine.id).state is ReservationState.CANCELLED


@pytest.mark.parametrize("in_a_session", [True, False])
def test_a_patron_cancels_nobody_elses_reservation(database: Database, cast: Cast, in_a_session: bool) -> None:
    if in_a_session:
        theirs = only(database, Reservation, Reservation.patron_id == cast.ada_id).public_id
    else:
        theirs = ask(database, cast, ADA, cast.ada)
    with pytest.raises(Refused) as refused:
        database.act(lambda s: cancel(s, reservation=theirs, reason="", at=NOW, by=cast.luis))
    assert why(refused) == [Reason.NOT_PERMITTED]
    assert only(database, Reservation, Reservation.public_id == theirs).state is ReservationState.PROMISED
