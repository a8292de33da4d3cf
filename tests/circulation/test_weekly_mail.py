"""A week's figures are for the first who takes them, on both engines, and a person says whether they want them."""

from __future__ import annotations

from sqlalchemy import select

from lending.circulation.weekly_mail import give_week_back, take_week, want_weekly_mail
from lending.db import Database
from lending.domain.periods import week_of
from lending.models.journal import IdempotencyKey, JournalEntry
from lending.queries.weekly_mail import wants_weekly_mail
from tests.cast import NOW, Cast, assemble
from tests.circulation.kits_in_hand import journalled
from tests.races import race

WEEK = week_of(NOW.date()).before()


def acts_off_the_journal(database: Database) -> list[str]:
    """What took a key and left no row."""
    with database.read() as session:
        acts = session.scalars(select(JournalEntry.act))
        return list(session.scalars(select(IdempotencyKey.act).where(IdempotencyKey.act.not_in(list(acts)))))


def take(database: Database, cast: Cast, staff: str = "cleo") -> bool:
    return database.act(lambda session: take_week(session, staff, WEEK, at=NOW, by=cast.system))


def test_the_first_takes_a_week_and_it_may_be_given_back(database: Database) -> None:
    cast = assemble(database)
    assert [take(database, cast), take(database, cast), take(database, cast, "eli")] == [True, False, True]
    database.act(lambda session: give_week_back(session, "cleo", WEEK, by=cast.system))
    assert take(database, cast)
    assert acts_off_the_journal(database) == []


def test_of_two_jobs_at_once_one_takes_it(database: Database) -> None:
    cast = assemble(database)
    takes = [lambda session: take_week(session, "cleo", WEEK, at=NOW, by=cast.system)] * 2
    assert sorted(race(database, *takes, before="INSERT").done) == [False, True]


def test_a_person_turns_the_mail_off_and_on(database: Database) -> None:
    cast = assemble(database)
    for wanted in (False, False, True):
        database.act(lambda session, wanted=wanted: want_weekly_mail(session, wanted=wanted, at=NOW, by=cast.cleo))
        with database.read() as session:
            assert wants_weekly_mail(session, cast.cleo_id) is wanted
    assert len(journalled(database, "want_weekly_mail")) == 2, "nothing changed the second time"
    assert [row.detail["asked"] for row in journalled(database, "change_nothing")] == ["want_weekly_mail"]
