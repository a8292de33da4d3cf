"""The hold shelf in lists, on both engines."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from lending.circulation.reserving import cancel
from lending.db import Database
from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort
from lending.models.kits import Kit
from lending.models.reservations import Reservation
from lending.queries.shelf import ToPull, ToPutBack, pull_list, ready, slip, to_put_back
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, THIRD_KIT, Cast, assemble
from tests.circulation.kits_in_hand import only, why
from tests.circulation.test_reserving import ask, mended
from tests.circulation.test_shelf import SEVEN_OPEN_DAYS_LATER, shelve

TODAY = date(2026, 3, 3)


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def listed(database: Database, branch_id: int) -> tuple[ToPull, ...]:
    """What is to be pulled today."""
    with database.read() as session:
        return pull_list(session, branch_id=branch_id, today=TODAY)


def put_at(database: Database, **places: str) -> None:
    """Where kits stand, by the digits of their codes."""
    for digits, place in places.items():
        code = f"KIT-{digits.removeprefix('_')}"
        database.act(lambda s, c=code, p=place: s.execute(update(Kit).where(Kit.barcode == c).values(place=p)))


def test_the_pull_list_goes_by_place_and_names_a_kit_for_each(database: Database, cast: Cast) -> None:
    put_at(database, _1042="C1", _1043="B2", _1044="B1", _2001="A9", _2002="A1")
    for card in (ADA, LUIS):
        ask(database, cast, card)
    rows = listed(database, cast.ela)
    assert [(row.place, row.kit) for row in rows] == [("A1", OTHER_OPEN_KIT), ("A9", OPEN_KIT), ("B1", THIRD_KIT)]
    assert [row.cohort for row in rows] == [None, None, "Work Ready 7"]
    assert listed(database, cast.com) == ()


def test_who_there_is_no_kit_for_comes_last(database: Database, cast: Cast) -> None:
    for card in (ADA, LUIS):
        ask(database, cast, card)
    mended(database, OPEN_KIT, KIT, OTHER_KIT, THIRD_KIT)
    assert [row.kit for row in listed(database, cast.ela)] == [OTHER_OPEN_KIT, None, None]


def test_a_session_that_begins_later_than_next_week_is_not_pulled_yet(database: Database, cast: Cast) -> None:
    for pickup_from, there in ((date(2026, 3, 10), 1), (date(2026, 3, 11), 0)):
        moved = {"pickup_from": pickup_from, "starts_on": date(2026, 3, 17)}
        database.act(lambda s, values=moved: s.execute(update(Cohort).values(**values)))
        assert len(listed(database, cast.ela)) == there


def test_what_is_ready_is_told_with_its_code_and_its_last_day(database: Database, cast: Cast) -> None:
    ask(database, cast, LUIS)
    captured = shelve(database, cast)
    with database.read() as session:
        (row,) = ready(session, branch_id=cast.ela)
        wrapped = slip(session, captured.reservation)
    assert (row.pickup_code, row.kit, row.patron_name) == (captured.pickup_code, OPEN_KIT, "Luis R.")
    assert row.ready_until == wrapped.ready_until == SEVEN_OPEN_DAYS_LATER
    assert "Luis" not in repr(wrapped)
    assert "Ramos" not in repr(wrapped)


def test_what_lies_there_for_nobody_is_to_be_put_back_or_pulled_first(database: Database, cast: Cast) -> None:
    ask(database, cast, LUIS)
    code = shelve(database, cast).pickup_code
    reservation = only(database, Reservation, Reservation.cohort_id.is_(None)).public_id
    database.act(lambda s: cancel(s, reservation=reservation, reason="moved", at=NOW, by=cast.ben))
    with database.read() as session:
        assert ready(session, branch_id=cast.ela) == ()
        found = to_put_back(session, branch_id=cast.ela)
        with pytest.raises(Refused) as refused:
            slip(session, reservation)
    assert found == (ToPutBack(OPEN_KIT, "Laptop and hotspot", code, ReservationState.CANCELLED),)
    assert why(refused) == [Reason.NOT_FOUND]
    ask(database, cast, MINA)
    assert (listed(database, cast.ela)[0].kit, listed(database, cast.ela)[0].on_shelf) == (OPEN_KIT, True)
