"""A programme's questions are put and taken away one by one, on both engines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.eligibility import Question
from lending.errors import Reason, Refused
from lending.models.cohorts import Program
from lending.models.journal import JournalEntry
from lending.programs.questions import put_question, remove_question
from tests.cast import NOW, Cast
from tests.programs.members import change_program
from tests.races import race, without_locks

WORK = Question("work", "Are you looking for work?", must=True)
KIT = Question("kit", "Have you a kit?", must=True, answer=False, texts={"es": "¿Tiene un kit?"})


def put(database: Database, by: Actor, question: Question, program: str = "work-ready") -> None:
    """Somebody puts a question."""
    database.act(lambda session: put_question(session, program=program, question=question, at=NOW, by=by))


def remove(database: Database, by: Actor, code: str) -> None:
    """Somebody takes a question away."""
    database.act(lambda session: remove_question(session, program="work-ready", code=code, at=NOW, by=by))


def asked(database: Database) -> list[str]:
    """The codes of what Work Ready asks, in order."""
    with database.read() as session:
        return [one["code"] for one in session.scalars(select(Program.eligibility)).one().get("questions", [])]


def reasons(act: Callable[[], None]) -> list[Reason]:
    """Why something is refused."""
    with pytest.raises(Refused) as refusal:
        act()
    return [block.reason for block in refusal.value.blocks]


def test_questions_are_put_replaced_and_taken_away_and_other_rules_stay(database: Database, cast: Cast) -> None:
    change_program(database, cast, eligibility={"min_age": 18})
    put(database, cast.dora, WORK)
    put(database, cast.dora, KIT)
    put(database, cast.dora, Question("work", "Do you look for work?"))
    assert asked(database) == ["work", "kit"]
    remove(database, cast.dora, "work")
    with database.read() as session:
        assert session.scalars(select(Program.eligibility)).one() == {
            "min_age": 18,
            "questions": [
                {
                    "code": "kit",
                    "text": "Have you a kit?",
                    "must": True,
                    "answer": False,
                    "texts": {"es": "¿Tiene un kit?"},
                }
            ],
        }
        entries = session.scalars(select(JournalEntry.verb)).all()
    assert entries == ["change_program"] * 4


def test_a_question_that_is_not_asked_cannot_be_taken_away(database: Database, cast: Cast) -> None:
    assert reasons(lambda: remove(database, cast.dora, "work")) == [Reason.NOT_FOUND]


def test_what_no_question_can_be_is_refused(database: Database, cast: Cast) -> None:
    assert reasons(lambda: put(database, cast.dora, Question("work", ""))) == [Reason.VALUE_WRONG]
    assert reasons(lambda: put(database, cast.dora, Question("work", "null \0"))) == [Reason.VALUE_WRONG]
    assert asked(database) == []


def test_a_desk_asks_nothing(database: Database, cast: Cast) -> None:
    assert reasons(lambda: put(database, cast.ben, WORK)) == [Reason.NOT_PERMITTED]
    assert reasons(lambda: remove(database, cast.ben, "work")) == [Reason.NOT_PERMITTED]
    assert reasons(lambda: put(database, cast.dora, WORK, "nobodys")) == [Reason.NOT_FOUND]


def ask(cast: Cast, question: Question) -> Callable[[Session], None]:
    """Dora asks a question, as one of two acts."""
    return lambda session: put_question(session, program="work-ready", question=question, at=NOW, by=cast.dora)


def test_two_questions_put_at_once_are_both_asked(database: Database, cast: Cast) -> None:
    race(database, ask(cast, WORK), ask(cast, KIT))
    assert sorted(asked(database)) == ["kit", "work"]


def test_without_the_lock_one_of_them_is_lost(database: Database, cast: Cast) -> None:
    with without_locks(database):
        race(database, ask(cast, WORK), ask(cast, KIT))
    assert len(asked(database)) == 1
