"""Overdue calls and what comes of them, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending.circulation.calls import CallNoted, CallOutcome, note_call
from lending.circulation.ladders import ladders
from lending.circulation.overdue import Stretch, climb
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import Cast
from tests.circulation.kits_in_hand import journalled, lend, only, receive, rows, why
from tests.races import race, without_locks

CALLED = datetime(2026, 4, 28, 18, 0, tzinfo=UTC)
"""Tuesday, 28 April 2026, two weeks after the kit was due, at eleven in Los Angeles."""
NEXT_MORNING = datetime(2026, 4, 29, 15, 0, tzinfo=UTC)


def ring(database: Database, cast: Cast) -> str:
    """Luis's kit is two weeks overdue, and somebody is to telephone; the task's public id."""
    lend(database, cast)
    database.act(
        lambda s: (
            s.execute(
                update(Patron).where(Patron.id == cast.luis_id).values(phone="213-555-0148", text_consent_at=CALLED)
            )
            and None
        )
    )
    stretch = Stretch(cast.ela, cast.laptop_hotspot)
    database.act(
        lambda s: climb(s, stretch, ladders(s)[None], at=CALLED, by=cast.system, limit=10),
    )
    return task(database).public_id


def task(database: Database) -> Task:
    return only(database, Task, Task.kind == TaskKind.CALL)


def note(database: Database, asked: str, outcome: CallOutcome, by: Actor, *, at: datetime = CALLED) -> CallNoted:
    return database.act(lambda session: note_call(session, task=asked, outcome=outcome, at=at, by=by))


@pytest.mark.parametrize("outcome", [CallOutcome.REACHED, CallOutcome.LEFT_A_MESSAGE])
def test_who_was_told_is_not_called_again(database: Database, cast: Cast, outcome: CallOutcome) -> None:
    asked = ring(database, cast)
    assert note(database, asked, outcome, cast.ben).again_at is None
    row = task(database)
    assert (row.closed_at, row.closed_by_id, row.outcome, row.tries) == (CALLED, cast.ben_id, outcome.value, 1)
    (entry,) = journalled(database, "note_call")
    assert (entry.detail["outcome"], entry.loan_id) == (outcome.value, row.loan_id)


def test_where_nobody_answers_it_is_tried_on_the_next_open_morning(database: Database, cast: Cast) -> None:
    asked = ring(database, cast)
    assert note(database, asked, CallOutcome.NO_ANSWER, cast.ben).again_at == NEXT_MORNING
    saturday = datetime(2026, 5, 2, 18, 0, tzinfo=UTC)
    noted = note(database, asked, CallOutcome.NO_ANSWER, cast.ben, at=saturday)
    assert (noted.tries, noted.again_at) == (2, datetime(2026, 5, 4, 15, 0, tzinfo=UTC)), "closed on Sunday"
    assert (task(database).closed_at, task(database).due_at) == (None, noted.again_at)


def test_a_wrong_number_is_forgotten_and_finding_the_right_one_is_a_task(database: Database, cast: Cast) -> None:
    note(database, ring(database, cast), CallOutcome.WRONG_NUMBER, cast.ben)
    patron = only(database, Patron, Patron.id == cast.luis_id)
    assert (patron.phone, patron.text_consent_at) == (None, None)
    bounce = only(database, Task, Task.kind == TaskKind.BOUNCE)
    assert (bounce.what, bounce.patron_id, bounce.branch_id) == ("phone", cast.luis_id, cast.ela)
    assert task(database).outcome == "wrong_number"


def test_a_kit_that_comes_back_needs_no_call(database: Database, cast: Cast) -> None:
    asked = ring(database, cast)
    receive(database, cast, at=CALLED + timedelta(hours=1))
    assert task(database).outcome == "returned"
    with pytest.raises(Refused) as refused:
        note(database, asked, CallOutcome.REACHED, cast.ben, at=CALLED + timedelta(hours=2))
    assert why(refused) == [Reason.WRONG_STATE]


def test_another_branch_does_not_note_our_calls(database: Database, cast: Cast) -> None:
    asked = ring(database, cast)
    with pytest.raises(Refused) as refused:
        note(database, asked, CallOutcome.REACHED, cast.cleo)
    assert why(refused) == [Reason.NOT_PERMITTED]
    assert task(database).tries == 0


def test_a_task_that_is_no_call_is_not_found(database: Database, cast: Cast) -> None:
    ring(database, cast)
    (other,) = rows(database, Task, Task.kind == TaskKind.SUSPEND_LINE)
    with pytest.raises(Refused) as refused:
        note(database, other.public_id, CallOutcome.REACHED, cast.ben)
    assert why(refused) == [Reason.NOT_FOUND]


def noting(cast: Cast, asked: str) -> Callable[[Session], CallNoted]:
    return lambda session: note_call(session, task=asked, outcome=CallOutcome.REACHED, at=CALLED, by=cast.ben)


def test_of_two_who_reached_somebody_at_once_the_second_is_told_so(database: Database, cast: Cast) -> None:
    asked = ring(database, cast)
    outcome = race(database, noting(cast, asked), noting(cast, asked))
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.WRONG_STATE]], [])


def test_without_locks_one_call_is_noted_twice(database: Database, cast: Cast) -> None:
    asked = ring(database, cast)
    with without_locks(database):
        outcome = race(database, noting(cast, asked), noting(cast, asked))
    assert len(outcome.done) == 2
