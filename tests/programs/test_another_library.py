"""Waiting at another library instead, on both engines: a new place at the end, and never one kit for two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lending.circulation.reserving import Reserved, reserve
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.models.cohorts import Enrolment, Pool
from lending.models.kits import Kit
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.programs.another_library import pick_up_elsewhere
from lending.programs.enrolment import enrol
from tests.cast import ADA, LUIS, MINA, NOW, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import journalled, only
from tests.races import race, without_locks

WAITING, PROMISED, CANCELLED = ReservationState.WAITING, ReservationState.PROMISED, ReservationState.CANCELLED

PROMISING = {
    True: "UPDATE reservations SET state=?, promised_at",
    False: "UPDATE reservations SET state=%(state)s, promised_at",
}
"""How a promise begins, on SQLite or not."""


def patron(patron_id: int) -> Actor:
    """A patron on their own pages."""
    return Actor(Role.PATRON, Door.WEB, new_public_id(), patron_id=patron_id)


def wait(database: Database, cast: Cast, card: str, branch_id: int | None = None) -> str:
    """Somebody waits for an open kit at Compton, which has none, or elsewhere."""
    where = branch_id or cast.com
    made = database.act(
        lambda s: reserve(s, patron=card, kit_type="laptop-hotspot", pickup_branch_id=where, at=NOW, by=cast.eli)
    )
    return made.reservation


def go(cast: Cast, reservation: str, by: Actor, branch_id: int | None = None) -> Callable[[Session], Reserved]:
    """Somebody wants to pick up at East Los Angeles instead."""
    where = branch_id or cast.ela
    return lambda s: pick_up_elsewhere(s, reservation=reservation, pickup_branch_id=where, at=NOW, by=by)


def against(database: Database, act: Callable[[Session], Reserved]) -> list[Reason]:
    with pytest.raises(Refused) as refused:
        database.act(act)
    return [block.reason for block in refused.value.blocks]


def withdraw_kits(database: Database, *codes: str) -> None:
    def write(session: Any) -> None:
        for kit in session.query(Kit).filter(Kit.barcode.in_(codes)):
            kit.move("withdraw")

    database.act(write)


def test_a_free_kit_there_is_promised_at_once(database: Database, cast: Cast) -> None:
    old = wait(database, cast, LUIS)
    new = database.act(go(cast, old, patron(cast.luis_id)))
    assert (new.state, new.position) == (PROMISED, None)
    assert only(database, Reservation, Reservation.public_id == old).state is CANCELLED
    assert [
        entry.detail["instead_of"] for entry in journalled(database, "reserve") if "instead_of" in entry.detail
    ] == [old]


def test_where_others_wait_the_place_is_at_the_end(database: Database, cast: Cast) -> None:
    withdraw_kits(database, "KIT-2001", OTHER_OPEN_KIT)
    wait(database, cast, ADA, cast.ela)
    old = wait(database, cast, LUIS)
    wait(database, cast, MINA, cast.ela)
    assert database.act(go(cast, old, patron(cast.luis_id))).position == 3


def test_staff_move_somebody_between_their_branches_and_patrons_only_themselves(database: Database, cast: Cast) -> None:
    old = wait(database, cast, LUIS)
    for stranger in (patron(cast.ada_id), cast.ben, cast.cleo):
        assert against(database, go(cast, old, stranger)) == [Reason.NOT_PERMITTED]
    database.act(go(cast, old, cast.eli))


def test_what_does_not_wait_stays_where_it_is(database: Database, cast: Cast) -> None:
    promised = wait(database, cast, LUIS, cast.ela)
    me = patron(cast.luis_id)
    assert against(database, go(cast, promised, me, cast.com)) == [Reason.WRONG_STATE]
    assert against(database, go(cast, "x" * 16, me)) == [Reason.NOT_FOUND]


def test_the_library_at_which_one_waits_is_no_other(database: Database, cast: Cast) -> None:
    old = wait(database, cast, LUIS)
    assert against(database, go(cast, old, patron(cast.luis_id), cast.com)) == [Reason.WRONG_STATE]
    assert only(database, Reservation, Reservation.public_id == old).state is WAITING


def test_a_refusal_names_every_reason_and_changes_nothing(database: Database, cast: Cast) -> None:
    old = wait(database, cast, LUIS)

    def spoil(session: Any) -> None:
        row = session.get(Patron, cast.luis_id)
        row.blocked_reason, row.expires_on = "ask", (NOW - timedelta(days=9)).date()

    database.act(spoil)
    reasons = against(database, go(cast, old, patron(cast.luis_id)))
    assert set(reasons) == {Reason.CARD_BLOCKED, Reason.CARD_EXPIRED}
    assert only(database, Reservation, Reservation.public_id == old).state is WAITING


# --- A session's kit ------------------------------------------------------------------------------------------------


@pytest.fixture
def in_line(database: Database, cast: Cast) -> str:
    """Luis has a seat in Work Ready 7 and waits for its kit at East Los Angeles, whose pool is empty."""

    def write(session: Any) -> None:
        for pool in session.query(Pool):
            pool.kits = 1

    database.act(write)
    database.act(lambda s: enrol(s, patron=LUIS, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=cast.ben))
    return only(database, Reservation, Reservation.patron_id == cast.luis_id).public_id


def test_the_seat_goes_along_and_the_pool_there_gives_its_kit(database: Database, cast: Cast, in_line: str) -> None:
    new = database.act(go(cast, in_line, patron(cast.luis_id), cast.com))
    assert new.state is PROMISED
    seat = only(database, Enrolment, Enrolment.patron_id == cast.luis_id)
    assert seat.pickup_branch_id == cast.com
    row = only(database, Reservation, Reservation.public_id == new.reservation)
    assert (row.enrolment_id, row.pickup_branch_id, row.cohort_id) == (seat.id, cast.com, cast.cohort)


def test_a_library_without_a_pool_of_the_session_is_refused(database: Database, cast: Cast, in_line: str) -> None:
    def write(session: Any) -> None:
        from lending.models.stock import Stock

        for pool in session.query(Pool).join(Stock, Stock.id == Pool.stock_id).filter(Stock.branch_id == cast.com):
            session.delete(pool)

    database.act(write)
    assert against(database, go(cast, in_line, patron(cast.luis_id), cast.com)) == [Reason.NO_SUCH_POOL]


# --- Two at once ----------------------------------------------------------------------------------------------------


def two_for_one_kit(database: Database, cast: Cast) -> list[Callable[[Session], Reserved]]:
    """Luis and Mina wait at Compton; one kit is left at East Los Angeles, and both want it."""
    withdraw_kits(database, OTHER_OPEN_KIT)
    people = ((LUIS, cast.luis_id), (MINA, cast.mina_id))
    return [go(cast, wait(database, cast, card), patron(patron_id)) for card, patron_id in people]


def test_the_last_kit_there_is_promised_once(database: Database, cast: Cast) -> None:
    outcome = race(database, *two_for_one_kit(database, cast), before="INSERT INTO reservations")
    assert (outcome.refused, outcome.broken) == ([], [])
    assert sorted(answer.state for answer in outcome.done) == [PROMISED, WAITING]
    assert len(journalled(database, "promise")) == 1


def test_without_the_lock_it_would_be_promised_twice(database: Database, cast: Cast) -> None:
    acts = two_for_one_kit(database, cast)
    # The first place ends by an UPDATE too; held is the one that promises.
    with without_locks(database):
        race(database, *acts, before=PROMISING[database.is_sqlite])
    assert len(journalled(database, "promise")) == 2
