"""The last kit of a pool and the last seat of a cohort, wanted by two at once."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.states import EnrolmentState
from lending.models.cohorts import Cohort
from lending.models.journal import JournalEntry
from lending.programs.enrolment import Enrolled, Kit, enrol
from tests.cast import LUIS, MINA, NOW, Cast
from tests.races import race, without_locks


def joining(cast: Cast, card: str) -> Callable[[Session], Enrolled]:
    """Somebody enrols with a kit at East Los Angeles, whose pool has one left."""
    by = cast.ben
    return lambda session: enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=by)


def one_seat_left(database: Database, cast: Cast) -> None:
    """Ada has one seat, and one more is free."""

    def write(session: Session) -> None:
        session.scalars(select(Cohort).where(Cohort.id == cast.cohort)).one().capacity = 2

    database.act(write)


def promises(database: Database) -> int:
    """How often a promise was made, by the journal."""
    with database.read() as session:
        return len(session.scalars(select(JournalEntry.id).where(JournalEntry.verb == "promise")).all())


def test_the_last_kit_of_a_pool_is_promised_once(database: Database, cast: Cast) -> None:
    outcome = race(database, joining(cast, LUIS), joining(cast, MINA), before="INSERT")
    assert (outcome.refused, outcome.broken) == ([], [])
    assert sorted(answer.kit for answer in outcome.done) == [Kit.PROMISED, Kit.WAITING]
    assert {answer.kit_position for answer in outcome.done} == {None, 1}
    assert promises(database) == 1


def test_without_the_lock_the_last_kit_would_be_promised_twice(database: Database, cast: Cast) -> None:
    with without_locks(database):
        race(database, joining(cast, LUIS), joining(cast, MINA), before="INSERT")
    assert promises(database) == 2


def test_the_last_seat_is_given_once(database: Database, cast: Cast) -> None:
    one_seat_left(database, cast)
    outcome = race(database, joining(cast, LUIS), joining(cast, MINA), before="INSERT")
    assert sorted(answer.seat for answer in outcome.done) == [EnrolmentState.ENROLLED, EnrolmentState.WAITING]


def test_without_the_lock_the_last_seat_would_be_given_twice(database: Database, cast: Cast) -> None:
    one_seat_left(database, cast)
    with without_locks(database):
        outcome = race(database, joining(cast, LUIS), joining(cast, MINA), before="INSERT")
    assert [answer.seat for answer in outcome.done] == [EnrolmentState.ENROLLED, EnrolmentState.ENROLLED]
