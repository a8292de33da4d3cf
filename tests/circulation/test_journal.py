"""A row of the journal names a patron or what they had, never both."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lending.circulation.journal import OF_A_RECORD, record, record_each
from lending.db import Database
from lending.models.journal import JournalEntry
from tests.cast import NOW, Cast

PSEUDONYM = "p" * 16


def named(database: Database) -> list[str | None]:
    with database.read() as session:
        return list(session.scalars(select(JournalEntry.patron).order_by(JournalEntry.id)))


@pytest.mark.parametrize("verb", ["look_at_patron", "erase_patron"])
def test_a_row_about_a_record_names_the_patron(database: Database, cast: Cast, verb: str) -> None:
    database.act(lambda session: record(session, verb, at=NOW, by=cast.ben, patron=PSEUDONYM))
    assert named(database) == [PSEUDONYM]


@pytest.mark.parametrize("verb", ["check_out", "enrol", "promise", "sign_in", "a_verb_to_come"])
def test_any_other_row_names_nobody_whoever_gives_the_name(database: Database, cast: Cast, verb: str) -> None:
    database.act(lambda session: record(session, verb, at=NOW, by=cast.ben, patron=PSEUDONYM))
    rows = [{"branch_id": cast.ela, "patron": PSEUDONYM, "detail": {}}]
    database.act(lambda session: record_each(session, verb, rows, at=NOW, by=cast.ben))
    assert named(database) == [None, None]


def test_each_of_many_rows_is_looked_at_by_its_own_verb(database: Database, cast: Cast) -> None:
    rows = [{"branch_id": cast.ela, "verb": verb, "patron": PSEUDONYM, "detail": {}} for verb in ("promise", "set_pin")]
    database.act(lambda session: record_each(session, "enrol", rows, at=NOW, by=cast.ben))
    assert named(database) == [None, PSEUDONYM]


def test_no_verb_about_a_kit_or_a_seat_is_about_a_record() -> None:
    assert not OF_A_RECORD & {"check_out", "return", "renew", "enrol", "promise", "capture", "sign_in", "cancel"}
