"""Many who want the last kits at once, and what is free when all is quiet again."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.reserving import Reserved, cancel, reserve
from lending.circulation.shelf import Captured, capture
from lending.db import Database
from lending.domain.states import LIVE_RESERVATIONS, KitState, ReservationState
from lending.errors import Refused
from lending.models.cohorts import Enrolment
from lending.models.kits import Kit
from lending.models.reservations import Reservation
from lending.programs.enrolment import Enrolled, enrol
from lending.programs.withdrawal import withdraw
from tests.cast import LUIS, MINA, NOW, OPEN_KIT, Cast, patron
from tests.circulation.kits_in_hand import journalled, rows
from tests.circulation.test_reserving import ask
from tests.races import PATIENCE, SURELY, Race, overtake, race, without_locks, without_unique_index

CROWD = 12
PROMISED, WAITING = ReservationState.PROMISED, ReservationState.WAITING


@pytest.fixture
def cards(database: Database, cast: Cast) -> list[str]:
    """A crowd with cards."""

    def come(session: Session) -> list[str]:
        numbers = [f"2999900001{n:04}" for n in range(CROWD)]
        for n, number in enumerate(numbers):
            patron(session, number, f"Reader {n}", cast.ela)
        return numbers

    return database.act(come)


def wanting(cast: Cast, card: str) -> Callable[[Session], Reserved]:
    """Somebody reserves a laptop, of which East Los Angeles has two."""
    by, branch_id = cast.ben, cast.ela
    return lambda session: reserve(
        session, patron=card, kit_type="laptop-hotspot", pickup_branch_id=branch_id, at=NOW, by=by
    )


def test_a_crowd_gets_each_of_the_last_kits_once_and_places_without_a_gap(
    database: Database, cast: Cast, cards: list[str]
) -> None:
    outcome = race(database, *(wanting(cast, card) for card in cards), before="INSERT INTO reservations")
    assert (outcome.refused, outcome.broken) == ([], [])
    assert [answer.state for answer in outcome.done].count(PROMISED) == 2
    assert len(journalled(database, "promise")) == 2
    assert sorted(answer.position for answer in outcome.done if answer.position) == list(range(1, CROWD - 1))


def test_without_the_lock_the_last_kits_would_be_promised_too_often(
    database: Database, cast: Cast, cards: list[str]
) -> None:
    with without_locks(database):
        race(database, *(wanting(cast, card) for card in cards[:4]), before="UPDATE")
    assert len(journalled(database, "promise")) > 2


def pulling(cast: Cast, kit: str) -> Callable[[Session], Captured]:
    """Ben scans a kit at the shelf."""
    by = cast.ben
    return lambda session: capture(session, kit=kit, branch_id=cast.ela, at=NOW, by=by)


def test_a_kit_is_bound_to_one_reservation(database: Database, cast: Cast) -> None:
    for card in (LUIS, MINA):
        ask(database, cast, card)
    outcome = race(database, pulling(cast, OPEN_KIT), pulling(cast, OPEN_KIT))
    assert (len(outcome.done), len(outcome.refused), outcome.broken) == (1, 1, [])
    assert len(rows(database, Reservation, Reservation.state == ReservationState.READY)) == 1


def test_without_the_locks_a_kit_would_be_bound_twice(database: Database, cast: Cast) -> None:
    for card in (LUIS, MINA):
        ask(database, cast, card)
    with without_locks(database), without_unique_index(database, "uq_reservations_live_kit_id", "reservations"):
        race(database, pulling(cast, OPEN_KIT), pulling(cast, OPEN_KIT))
        assert len(journalled(database, "capture")) == 2


def test_in_quiet_no_kit_is_free_while_anyone_waits(database: Database, cast: Cast, cards: list[str]) -> None:
    """BATTERY R3: people reserve, enrol, cancel and withdraw, many at once; then all is counted."""

    def one(n: int) -> None:
        chance = random.Random(n)
        card = chance.choice(cards)
        by = cast.ben
        try:
            if chance.random() < 0.3:
                database.act(lambda s: enrol(s, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=by))
            elif chance.random() < 0.5:
                database.act(wanting(cast, card))
            else:
                _leave(database, cast, chance)
        except Refused:
            return  # there already, or gone meanwhile

    with ThreadPoolExecutor(4) as desks:
        list(desks.map(one, range(80)))
    queues = queued(database)
    assert any(queue.get(WAITING) for queue in queues.values())
    assert idle(database) == 0


def queued(database: Database) -> dict[int, dict[ReservationState, int]]:
    """How many live reservations each stock has, by their states."""
    live = (
        select(Reservation.stock_id, Reservation.state, func.count().label("n"))
        .where(Reservation.state.in_(LIVE_RESERVATIONS))
        .group_by(Reservation.stock_id, Reservation.state)
    )
    queues: dict[int, dict[ReservationState, int]] = {}
    with database.read() as session:
        for row in session.execute(live):
            queues.setdefault(row.stock_id, {})[row.state] = row.n
    return queues


def idle(database: Database) -> int:
    """How many kits are free while somebody waits for one, or promised beyond those there are."""
    here = select(Kit.stock_id, func.count()).where(Kit.state == KitState.AVAILABLE).group_by(Kit.stock_id)
    with database.read() as session:
        stocks = dict(session.execute(here).all())
    # The session was allotted two of the three kits; the laptops are all for open reservations.
    return sum(
        abs(min(stocks[stock_id], 2, sum(queue.values())) - queue.get(PROMISED, 0))
        for stock_id, queue in queued(database).items()
    )


def a_kit_is_given_up_beside_who_asks(database: Database, cast: Cast, patience: float = PATIENCE) -> Race[Any]:
    """Ada and Luis are promised the session's two kits. Mina has counted that, and joins, while Luis withdraws."""

    def joining(card: str) -> Callable[[Session], Enrolled]:
        by = cast.ben
        return lambda s: enrol(s, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=by)

    seat, by = database.act(joining(LUIS)).enrolment, cast.ben
    return overtake(
        database,
        joining(MINA),
        lambda s: withdraw(s, enrolment=seat, at=NOW, by=by),
        before="INSERT INTO enrolments",
        patience=patience,
    )


def test_a_kit_that_is_given_up_beside_who_asks_is_promised_to_them(database: Database, cast: Cast) -> None:
    outcome = a_kit_is_given_up_beside_who_asks(database, cast)
    assert (outcome.refused, outcome.broken) == ([], [])
    assert (idle(database), [queue for queue in queued(database).values() if WAITING in queue]) == (0, [])


def test_without_the_lock_a_kit_would_be_free_while_somebody_waits(database: Database, cast: Cast) -> None:
    with without_locks(database):
        a_kit_is_given_up_beside_who_asks(database, cast, SURELY)
    assert (idle(database), [queue[WAITING] for queue in queued(database).values()]) == (1, [1])


def _leave(database: Database, cast: Cast, chance: random.Random) -> None:
    """Somebody gives up a reservation, or a seat with it."""
    with database.read() as session:
        chosen = select(Reservation).where(Reservation.state.in_(LIVE_RESERVATIONS)).order_by(Reservation.id)
        found = chance.choice(session.scalars(chosen).all() or [None])
    if found is None:
        return
    if found.enrolment_id is None:
        database.act(lambda s: cancel(s, reservation=found.public_id, reason="no need", at=NOW, by=cast.ben))
        return
    with database.read() as session:
        seat = session.get_one(Enrolment, found.enrolment_id).public_id
    database.act(lambda s: withdraw(s, enrolment=seat, at=NOW, by=cast.ben))
