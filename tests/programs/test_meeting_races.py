"""Somebody signs in to a workshop, or a session is lengthened, in the moment in which others count on the opposite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.merging import merge
from lending.db import Database
from lending.domain.states import EnrolmentState
from lending.errors import Reason
from lending.models.cohorts import Attendance, AttendanceMode
from lending.models.people import Patron, PatronStatus
from lending.programs.cancelling import cancel_cohort
from lending.programs.completion import complete_cohorts
from lending.programs.participants import Participant, import_participants
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort
from lending.programs.withdrawal import release_no_shows
from lending.programs.workshops import sign_in
from tests.cast import ADA, LUIS, NOW, Cast, seat
from tests.programs import members
from tests.programs.meetings import attendances, come, meeting
from tests.races import SURELY, overtake, race, without_locks

Doing = Callable[[Session], Any]
OVER = datetime(2026, 4, 12, 18, 0, tzinfo=UTC)
"""Two days after the last day of Work Ready 7."""


def lengthening(cast: Cast) -> Doing:
    """Dora lengthens Work Ready 7 until 8 May."""
    by, change = cast.dora, CohortChange(ends_on=date(2026, 5, 8))
    return lambda session: change_cohort(session, cohort="WR-7", change=change, at=OVER, by=by)


def cancelling(cast: Cast) -> Doing:
    """Dora cancels Work Ready 7."""
    by = cast.dora
    return lambda session: cancel_cohort(session, cohort="WR-7", reason="No teacher", at=OVER, by=by)


def completing(cast: Cast) -> Doing:
    """The sweep finds that Work Ready 7 is over."""
    by = cast.system
    return lambda session: complete_cohorts(session, at=OVER, by=by, limit=10)


@pytest.mark.parametrize(
    ("change", "stands"), [(lengthening, EnrolmentState.ENROLLED), (cancelling, EnrolmentState.WITHDRAWN)]
)
def test_a_session_is_not_completed_while_it_is_lengthened_or_cancelled(
    database: Database, cast: Cast, change: Callable[[Cast], Doing], stands: EnrolmentState
) -> None:
    ada = members.adas_seat(database, cast)
    outcome = overtake(database, change(cast), completing(cast), before="UPDATE cohorts")
    assert (outcome.done[1], outcome.refused, outcome.broken) == (0, [], [])
    assert members.state_of(database, ada).seat is stands


def test_without_the_lock_a_session_would_be_completed_that_goes_on(database: Database, cast: Cast) -> None:
    ada = members.adas_seat(database, cast)
    with without_locks(database):
        overtake(database, lengthening(cast), completing(cast), before="UPDATE cohorts", patience=SURELY)
    assert members.state_of(database, ada).seat is EnrolmentState.COMPLETED


def merging(database: Database, cast: Cast) -> Doing:
    """Eli finds that Luis and Mina are one person; Mina's record stays."""
    with database.read() as session:
        luis, mina = (
            session.scalars(select(Patron.public_id).where(Patron.id == id_)).one()
            for id_ in (cast.luis_id, cast.mina_id)
        )
    by = cast.eli
    return lambda session: merge(session, loser=luis, survivor=mina, at=NOW, by=by)


def scanning(cast: Cast, workshop: str, card: str) -> Doing:
    """Ben signs somebody in."""
    by, mode = cast.ben, AttendanceMode.ONSITE
    return lambda session: sign_in(session, workshop=workshop, patron=card, mode=mode, at=NOW, by=by)


def listing(cast: Cast, workshop: str) -> Doing:
    """Ben imports a list on which Luis stands by his name."""
    by, there = cast.ben, [Participant(2, "Luis Ramos", "")]
    return lambda session: import_participants(session, workshop=workshop, participants=there, at=NOW, by=by)


def attending_records(database: Database) -> list[PatronStatus]:
    """Whose records attendances hang on."""
    with database.read() as session:
        return list(session.scalars(select(Patron.status).join(Attendance, Attendance.patron_id == Patron.id)))


def test_nobody_signs_in_with_a_record_that_is_being_merged(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    outcome = overtake(database, merging(database, cast), scanning(cast, workshop, LUIS), before="UPDATE")
    assert (len(outcome.done), outcome.broken) == (1, [])
    assert outcome.refused in ([[Reason.CARD_UNKNOWN]], [[Reason.CARD_REPLACED]])
    assert attending_records(database) == []


def test_no_list_notes_a_record_that_is_being_merged(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    database.act(lambda session: seat(session, cast, cast.luis_id))
    outcome = overtake(database, merging(database, cast), listing(cast, workshop), before="UPDATE patrons")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert PatronStatus.MERGED not in attending_records(database)


def test_without_the_lock_a_merged_record_would_have_attended(database: Database, cast: Cast) -> None:
    workshop = meeting(database, cast)
    scans, merges = scanning(cast, workshop, LUIS), merging(database, cast)
    with without_locks(database):
        overtake(database, scans, merges, before="INSERT INTO attendances", patience=SURELY)
    assert attending_records(database) == [PatronStatus.MERGED]


def first_day(database: Database, cast: Cast) -> str:
    """The mandatory first day is over, and Luis was there; gives the workshop."""
    members.change_cohort(database, cast, first_day_mandatory=True)
    workshop = meeting(database, cast, begins=NOW - timedelta(hours=3))
    come(database, cast, workshop, LUIS)
    return workshop


def releasing(cast: Cast) -> Doing:
    """Dora frees the seats of those who were not there."""
    by = cast.dora
    return lambda session: release_no_shows(session, cohort="WR-7", at=NOW, by=by)


def test_who_is_being_signed_in_does_not_lose_the_seat(database: Database, cast: Cast) -> None:
    workshop, ada = first_day(database, cast), members.adas_seat(database, cast)
    outcome = overtake(database, scanning(cast, workshop, ADA), releasing(cast), before="INSERT INTO journal")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (2, [], [])
    assert members.state_of(database, ada).seat is EnrolmentState.ENROLLED


def test_without_the_lock_who_was_there_would_lose_the_seat(database: Database, cast: Cast) -> None:
    workshop, ada = first_day(database, cast), members.adas_seat(database, cast)
    with without_locks(database):
        race(database, scanning(cast, workshop, ADA), releasing(cast), before="INSERT")
    assert members.state_of(database, ada).seat is EnrolmentState.DROPPED
    assert len(attendances(database)) == 2
