"""What the enrolment desk asks before anybody joins, on both engines."""

from __future__ import annotations

import pytest

from lending.db import Database
from lending.queries.enrolling import SessionChoice, open_sessions, session_of_code
from tests.cast import LUIS, NOW, Cast, assemble
from tests.databases import counting
from tests.programs.members import change_cohort, join, newcomers, next_cohort


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


def choices(database: Database, cast: Cast) -> list[SessionChoice]:
    """The sessions that people may join, as Ben sees them at East Los Angeles."""
    with database.read() as session:
        return open_sessions(session, branch_id=cast.ela, today=NOW.date(), at=NOW, by=cast.ben)


def test_a_session_tells_the_seats_and_kits_that_are_left(database: Database, cast: Cast) -> None:
    next_cohort(database, cast, kits=0, capacity=3)
    join(database, cast, LUIS)
    found = {
        one.code: (one.seats_left, one.waiting, one.kits_left, one.kits_waiting) for one in choices(database, cast)
    }
    assert found == {"WR-7": (18, 0, 0, 0), "WR-8": (3, 0, 0, 0)}


def test_a_full_session_tells_how_many_wait(database: Database, cast: Cast) -> None:
    change_cohort(database, cast, capacity=1)
    for card in newcomers(database, cast, 3):
        join(database, cast, card)
    [found] = choices(database, cast)
    assert (found.seats_left, found.waiting, found.kits_left, found.kits_waiting) == (0, 3, 0, 3)


def test_more_sessions_take_no_more_statements(database: Database, cast: Cast) -> None:
    def taken() -> int:
        with counting(database) as statements:
            choices(database, cast)
        return len(statements)

    assert taken() == 4
    next_cohort(database, cast)
    next_cohort(database, cast, code="WR-9")
    assert taken() == 4


def test_a_printed_code_is_that_of_the_session_whose_it_is(database: Database, cast: Cast) -> None:
    """Somebody called a session ``CO-WR-7`` before that was refused; what the roster of WR-7 shows still means WR-7."""
    next_cohort(database, cast, code="CO-WR-7")
    with database.read() as session:
        found = [session_of_code(session, code).code for code in ("CO-WR-7", "WR-7", "CO-CO-WR-7")]
    assert found == ["WR-7", "WR-7", "CO-WR-7"]
