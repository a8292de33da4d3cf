"""What people who wait may be told about when, from rows, on both engines."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, update

from lending.db import Database
from lending.domain.states import ReservationState
from lending.domain.waiting import DayRange
from lending.models.cohorts import Cohort, Pool
from lending.models.reservations import Reservation
from lending.queries.waiting import waiting_range
from tests.cast import NOW, Cast, assemble
from tests.databases import counting
from tests.waits import DAY, DUE_IN, LATE, waited_for_a_session, waited_openly, waiting

KIT_COMES_ON = (NOW + DUE_IN + LATE).date()


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def told(database: Database, *reservations: str) -> dict[str, DayRange | None]:
    with database.read() as session:
        return waiting_range(session, reservations, at=NOW)


def test_who_is_next_waits_for_the_kit_that_is_out_as_others_did(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_openly(session, cast))
    ada = database.act(lambda session: waiting(session, cast, cast.ada_id))
    assert told(database, ada) == {ada: DayRange(KIT_COMES_ON, KIT_COMES_ON + DAY)}


def test_who_is_further_back_than_kits_are_out_is_told_nothing(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_openly(session, cast))
    database.act(lambda session: waiting(session, cast, cast.luis_id))
    ada = database.act(lambda session: waiting(session, cast, cast.ada_id))
    assert told(database, ada) == {ada: None}


def test_too_short_a_past_tells_nothing(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_openly(session, cast, times=19))
    ada = database.act(lambda session: waiting(session, cast, cast.ada_id))
    assert told(database, ada) == {ada: None}


def test_what_does_not_wait_and_what_is_not_there_is_told_nothing(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_openly(session, cast))
    ada = database.act(lambda session: waiting(session, cast, cast.ada_id))
    ended = (
        update(Reservation).where(Reservation.public_id == ada).values(_state=ReservationState.CANCELLED, ended_at=NOW)
    )
    database.act(lambda session: session.execute(ended))
    assert told(database, ada, "nothing") == {ada: None, "nothing": None}
    assert told(database) == {}


def pool_at_east_los_angeles(database: Database, cast: Cast) -> int:
    with database.read() as session:
        return session.scalars(select(Pool.id).where(Pool.cohort_id == cast.cohort).order_by(Pool.id)).first() or 0


def test_who_waits_for_a_session_is_told_how_long_others_of_its_programme_waited(
    database: Database, cast: Cast
) -> None:
    """At whichever branch: a session's own queue is too short to tell."""
    database.act(lambda session: waited_for_a_session(session, cast, range(1, 21)))
    pool_id = pool_at_east_los_angeles(database, cast)
    luis = database.act(lambda session: waiting(session, cast, cast.luis_id, pool_id=pool_id))
    found = told(database, luis)[luis]
    assert found == DayRange((NOW + 2 * DAY).date(), (NOW + 18 * DAY).date())


def test_a_session_in_which_many_never_had_a_kit_tells_nothing(database: Database, cast: Cast) -> None:
    """Who left an open queue waited at least so long; who left that of a session would never have had one."""
    database.act(lambda session: waited_for_a_session(session, cast, range(1, 26)))
    some = select(Reservation.id).where(Reservation.cohort_id != cast.cohort).order_by(Reservation.id).limit(5)
    left = {"_state": ReservationState.CANCELLED, "promised_at": None}
    database.act(lambda s: s.execute(update(Reservation).where(Reservation.id.in_(s.scalars(some).all())).values(left)))
    pool_id = pool_at_east_los_angeles(database, cast)
    luis = database.act(lambda session: waiting(session, cast, cast.luis_id, pool_id=pool_id))
    assert told(database, luis) == {luis: None}


def test_a_kit_after_the_last_day_of_the_session_is_promised_to_nobody(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_for_a_session(session, cast, range(1, 21)))
    pool_id = pool_at_east_los_angeles(database, cast)
    luis = database.act(lambda session: waiting(session, cast, cast.luis_id, pool_id=pool_id))
    over = update(Cohort).where(Cohort.id == cast.cohort).values(ends_on=date(2026, 3, 9))
    database.act(lambda session: session.execute(over))
    assert told(database, luis) == {luis: None}


def test_the_queue_of_a_stock_says_nothing_of_that_of_a_session(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_openly(session, cast))
    pool_id = pool_at_east_los_angeles(database, cast)
    luis = database.act(lambda session: waiting(session, cast, cast.luis_id, pool_id=pool_id))
    assert told(database, luis) == {luis: None}


def test_two_statements_answer_for_any_number_of_reservations(database: Database, cast: Cast) -> None:
    database.act(lambda session: waited_openly(session, cast))
    database.act(lambda session: waited_for_a_session(session, cast, range(1, 21)))
    pool_id = pool_at_east_los_angeles(database, cast)
    theirs = [
        database.act(lambda session, who=who, pool=pool: waiting(session, cast, who, pool_id=pool))
        for who, pool in ((cast.ada_id, None), (cast.luis_id, None), (cast.luis_id, pool_id), (cast.mina_id, pool_id))
    ]
    for asked in (theirs[:1], theirs):
        with counting(database) as statements:
            assert told(database, *asked)[theirs[0]] is not None
        assert len(statements) == 2
