"""Who coaches a session, on both engines."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.states import EnrolmentState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, Enrolment
from lending.models.journal import JournalEntry
from lending.models.outcomes import Captain
from lending.programs.captains import name_captain, remove_captain
from tests.cast import ADA, LUIS, NOW, Cast
from tests.circulation.kits_in_hand import why
from tests.programs.members import next_cohort


def captain(database: Database, cast: Cast, by: Any = None, **given: Any) -> str:
    """Dora names somebody who coaches Work Ready 8."""
    actor = by or cast.dora
    return database.act(lambda s: name_captain(s, cohort="WR-8", at=NOW, by=actor, **given))


def finish(database: Database, cast: Cast, ends_on: date = date(2026, 4, 10)) -> None:
    """Ada has completed Work Ready 7."""

    def write(session: Any) -> None:
        session.scalars(
            select(Enrolment).where(Enrolment.patron_id == cast.ada_id)
        ).one()._state = EnrolmentState.COMPLETED
        session.get_one(Cohort, cast.cohort).ends_on = ends_on

    database.act(write)


def captains(database: Database) -> list[tuple[int | None, str | None, bool]]:
    with database.read() as session:
        rows = session.scalars(select(Captain).order_by(Captain.id))
        return [(row.patron_id, row.name, row.returned) for row in rows]


def test_who_completed_a_session_before_returns_as_coach(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    finish(database, cast)
    captain(database, cast, patron=ADA)
    captain(database, cast, patron=LUIS)
    captain(database, cast, name="Noor  Aziz")
    assert captains(database) == [(cast.ada_id, None, True), (cast.luis_id, None, False), (None, "Noor Aziz", False)]


def test_a_session_that_was_not_over_by_then_counts_for_nothing(database: Database, cast: Cast) -> None:
    next_cohort(database, cast, starts_on=date(2026, 4, 9))
    finish(database, cast)
    captain(database, cast, patron=ADA)
    assert captains(database) == [(cast.ada_id, None, False)]


def test_nobody_coaches_one_session_twice_and_it_is_taken_back(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    named = captain(database, cast, patron=ADA)
    with pytest.raises(Refused) as caught:
        captain(database, cast, patron=ADA)
    assert why(caught) == [Reason.ALREADY_EXISTS]
    database.act(lambda s: remove_captain(s, captain=named, at=NOW, by=cast.dora))
    assert captains(database) == []


def test_the_journal_has_no_name(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    named = captain(database, cast, name="Noor Aziz")
    with database.read() as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.verb == "name_captain")).one()
    assert (entry.detail, entry.patron) == ({"captain": named, "returned": False}, None)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, Reason.VALUE_MISSING),
        ({"patron": ADA, "name": "Noor Aziz"}, Reason.VALUE_WRONG),
        ({"name": " "}, Reason.VALUE_MISSING),
        ({"name": "x" * 161}, Reason.VALUE_WRONG),
        ({"patron": "29999000000042"}, Reason.CARD_UNKNOWN),
    ],
)
def test_a_captain_is_a_card_or_a_name(database: Database, cast: Cast, given: dict[str, Any], reason: Reason) -> None:
    next_cohort(database, cast)
    with pytest.raises(Refused) as caught:
        captain(database, cast, **given)
    assert why(caught) == [reason]


def test_the_desk_names_no_captain(database: Database, cast: Cast) -> None:
    next_cohort(database, cast)
    with pytest.raises(Refused) as caught:
        captain(database, cast, cast.ben, patron=ADA)
    assert why(caught) == [Reason.NOT_PERMITTED]
