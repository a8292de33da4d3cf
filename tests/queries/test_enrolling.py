"""What the enrolment desk asks before anybody joins, on both engines."""

from __future__ import annotations

from lending.db import Database
from lending.queries.enrolling import session_of_code
from tests.cast import assemble
from tests.programs.members import next_cohort


def test_a_printed_code_is_that_of_the_session_whose_it_is(database: Database) -> None:
    """Somebody called a session ``CO-WR-7`` before that was refused; what the roster of WR-7 shows still means WR-7."""
    cast = assemble(database)
    next_cohort(database, cast, code="CO-WR-7")
    with database.read() as session:
        found = [session_of_code(session, code).code for code in ("CO-WR-7", "WR-7", "CO-CO-WR-7")]
    assert found == ["WR-7", "WR-7", "CO-WR-7"]
