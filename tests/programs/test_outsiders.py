"""Somebody who may not do an act is told so before it locks anything: an outsider waits for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.programs.moving import roll_over, transfer
from lending.programs.offers import accept_offer
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort
from lending.programs.requeue import requeue
from lending.programs.rescheduling import WorkshopChange, change_workshop, drop_workshop
from lending.programs.withdrawal import drop, excuse, release_no_shows, withdraw
from tests.cast import NOW, Cast
from tests.programs.meetings import meeting
from tests.programs.members import adas_seat, next_cohort

Doing = Callable[[Session, dict[str, Any], str, str], object]
"""An act with its instant and actor, on an enrolment or a workshop."""

ACTS: dict[str, Doing] = {
    "withdraw": lambda s, given, seat, _: withdraw(s, enrolment=seat, **given),
    "drop": lambda s, given, seat, _: drop(s, enrolment=seat, reason="Stays away", **given),
    "excuse": lambda s, given, seat, _: excuse(s, enrolment=seat, **given),
    "transfer": lambda s, given, seat, _: transfer(s, enrolment=seat, to_cohort="WR-8", **given),
    "roll_over": lambda s, given, seat, _: roll_over(s, enrolment=seat, to_cohort="WR-8", **given),
    "requeue": lambda s, given, seat, _: requeue(s, enrolment=seat, **given),
    "accept_offer": lambda s, given, seat, _: accept_offer(s, enrolment=seat, **given),
    "release_no_shows": lambda s, given, _seat, _: release_no_shows(s, cohort="WR-7", **given),
    "change_cohort": lambda s, given, _seat, _: change_cohort(
        s, cohort="WR-7", change=CohortChange(capacity=30), **given
    ),
    "change_workshop": lambda s, given, _, held: change_workshop(
        s, workshop=held, change=WorkshopChange(title="Mine"), **given
    ),
    "drop_workshop": lambda s, given, _, held: drop_workshop(s, workshop=held, **given),
}


@contextmanager
def locking() -> Iterator[list[str]]:
    """Collect the statements that ask for a lock meanwhile; SQLite is asked as well, and has one lock for all."""
    asked: list[str] = []

    def note(state: ORMExecuteState) -> None:
        if getattr(state.statement, "_for_update_arg", None) is not None:
            asked.append(str(state.statement))

    event.listen(Session, "do_orm_execute", note)
    try:
        yield asked
    finally:
        event.remove(Session, "do_orm_execute", note)


def attempt(database: Database, act: str, by: Actor, seat: str, workshop: str) -> tuple[list[Reason], list[str]]:
    """Why an act was refused, and what it had asked to lock by then."""
    given = {"at": NOW, "by": by}
    with locking() as asked, pytest.raises(Refused) as refusal:
        database.act(lambda session: ACTS[act](session, given, seat, workshop))
    return [block.reason for block in refusal.value.blocks], asked


@pytest.mark.parametrize("act", ACTS)
def test_an_outsider_is_refused_before_anything_is_locked(database: Database, cast: Cast, act: str) -> None:
    next_cohort(database, cast)
    found = attempt(database, act, cast.cleo, adas_seat(database, cast), meeting(database, cast))
    assert found == ([Reason.NOT_PERMITTED], [])


def test_who_may_do_it_locks_before_the_refusal(database: Database, cast: Cast) -> None:
    reasons, asked = attempt(database, "accept_offer", cast.ben, adas_seat(database, cast), meeting(database, cast))
    assert reasons == [Reason.WRONG_STATE]
    assert any("cohorts" in statement for statement in asked)
