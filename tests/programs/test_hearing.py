"""How people heard of a session: asked once of each, kept of nobody, on both engines."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.errors import Reason, Refused
from lending.models.cohorts import Enrolment
from lending.models.journal import JournalEntry
from lending.models.outcomes import HeardFrom, HeardOf
from lending.programs.hearing import Heard, count_heard, note_heard
from tests.cast import LUIS, NOW, Cast
from tests.circulation.kits_in_hand import why
from tests.programs import members


def note(database: Database, enrolment: str, by: Any, heard: Heard = Heard(HeardFrom.STAFF)) -> None:
    database.act(lambda s: note_heard(s, enrolment=enrolment, heard=heard, at=NOW, by=by))


def told(database: Database, enrolment: str) -> bool:
    with database.read() as session:
        return session.scalars(select(Enrolment.has_told_how).where(Enrolment.public_id == enrolment)).one()


def test_it_is_counted_once_for_each_seat(database: Database, cast: Cast) -> None:
    ada = members.adas_seat(database, cast)
    luis = members.join(database, cast, LUIS).enrolment
    assert not told(database, ada)
    note(database, ada, cast.ben, Heard(HeardFrom.FRIEND, "WR-7"))
    note(database, luis, cast.luis)
    assert told(database, ada)
    with pytest.raises(Refused) as caught:
        note(database, ada, cast.ada, Heard(HeardFrom.FLYER))
    assert why(caught) == [Reason.ALREADY_TOLD]
    with database.read() as session:
        rows = session.execute(select(HeardOf.source, HeardOf.friend_cohort_id, HeardOf.branch_id))
        assert {tuple(row) for row in rows} == {
            (HeardFrom.FRIEND, cast.cohort, cast.ela),
            (HeardFrom.STAFF, None, cast.ela),
        }


def test_the_order_of_the_rows_says_nothing_of_who_was_asked_first(database: Database, cast: Cast) -> None:
    def count(session: Session) -> None:
        for _n in range(8):
            count_heard(session, Heard(HeardFrom.STAFF), cohort_id=cast.cohort, branch_id=None, at=NOW)
            session.flush()

    database.act(count)
    with database.read() as session:
        keys = list(session.scalars(select(HeardOf.id).order_by(HeardOf.id)))
    assert all(after - before > 1 for before, after in pairwise(keys))


def test_the_journal_keeps_that_somebody_said_it_and_not_what(database: Database, cast: Cast) -> None:
    ada = members.adas_seat(database, cast)
    note(database, ada, cast.ben, Heard(HeardFrom.SOCIAL_MEDIA))
    with database.read() as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.verb == "note_heard")).one()
    assert (entry.detail, entry.patron) == ({"enrolment": ada}, None)


def test_nobody_says_it_for_somebody_else(database: Database, cast: Cast) -> None:
    ada = members.adas_seat(database, cast)
    for by in (cast.luis, replace(cast.ben, branch_ids=frozenset({cast.com}))):
        with pytest.raises(Refused) as caught:
            note(database, ada, by)
        assert why(caught) == [Reason.NOT_PERMITTED]
    with pytest.raises(Refused) as caught:
        note(database, "x" * 16, cast.ben)
    assert why(caught) == [Reason.NOT_FOUND]
