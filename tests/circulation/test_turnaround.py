"""What must be done to a kit before it is free, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from lending.circulation.turnaround import StepRecorded, free_rested_kits, record_step
from lending.db import Database
from lending.domain.states import KitState, LineState
from lending.errors import Reason, Refused
from lending.models.kits import TurnaroundStep, TurnaroundStepKind
from lending.models.lines import Line
from lending.models.policies import Policy
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import DONE, journalled, kit_row, lend, look, only, receive, rows, seen, why

WIPED, CHARGED, RESTOCKED, LINE_ACTIVE = TurnaroundStepKind


def step(
    database: Database, cast: Cast, kind: TurnaroundStepKind, proof: str = "", *, at: datetime = NOW
) -> StepRecorded:
    """Ben does one step."""
    return database.act(lambda session: record_step(session, kit=OPEN_KIT, kind=kind, proof=proof, at=at, by=cast.ben))


def passed(database: Database, cast: Cast, *steps: TurnaroundStepKind) -> KitState:
    """A kit came back complete, with these steps done."""
    lend(database, cast)
    receive(database, cast)
    return look(database, cast, seen(database), steps={kind: DONE.get(kind, "") for kind in steps}).kit_state


def test_the_last_step_frees_the_kit(database: Database, cast: Cast) -> None:
    assert passed(database, cast) is KitState.TURNAROUND
    assert step(database, cast, WIPED, "four passes").missing == (CHARGED, RESTOCKED)
    assert step(database, cast, CHARGED).state is KitState.TURNAROUND
    answer = step(database, cast, RESTOCKED)
    assert (answer.state, answer.missing) == (KitState.AVAILABLE, ())
    proof = only(database, TurnaroundStep, TurnaroundStep.kind == WIPED)
    assert (proof.proof, proof.staff_id, proof.at) == ("four passes", cast.ben_id, NOW)


def test_a_step_before_the_inspection_counts(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    step(database, cast, WIPED)
    assert look(database, cast, seen(database), steps={CHARGED: "", RESTOCKED: ""}).kit_state is KitState.AVAILABLE


def test_the_same_step_again_changes_nothing(database: Database, cast: Cast) -> None:
    passed(database, cast)
    step(database, cast, WIPED, "four passes")
    step(database, cast, WIPED, "one pass")
    assert only(database, TurnaroundStep).proof == "four passes"
    assert len(journalled(database, "record_step")) == 1


def test_a_step_of_an_earlier_round_proves_nothing_now(database: Database, cast: Cast) -> None:
    assert passed(database, cast, *DONE) is KitState.AVAILABLE
    assert passed(database, cast) is KitState.TURNAROUND
    assert len(rows(database, TurnaroundStep)) == 3


def test_a_kit_that_is_out_takes_no_step(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with pytest.raises(Refused) as refused:
        step(database, cast, WIPED)
    assert why(refused) == [Reason.WRONG_STATE]


def test_case_5_a_kit_is_not_free_before_its_line_is_restored(database: Database, cast: Cast) -> None:
    suspended = update(Line).where(Line.number.endswith("2001"))
    lend(database, cast)
    receive(database, cast)
    database.act(lambda session: session.execute(suspended.values(_state=LineState.SUSPENDED)))
    answer = look(database, cast, seen(database))
    assert (answer.kit_state, answer.steps) == (KitState.TURNAROUND, (LINE_ACTIVE,))
    assert only(database, Line, Line.number.endswith("2001")).state is LineState.RESTORING
    assert only(database, Task, Task.kind == TaskKind.RESTORE_LINE).closed_at is None
    assert step(database, cast, LINE_ACTIVE).state is KitState.AVAILABLE
    assert only(database, Line, Line.number.endswith("2001")).state is LineState.ACTIVE
    assert only(database, Task, Task.kind == TaskKind.RESTORE_LINE).outcome == "restored"


def test_a_line_that_nobody_asked_for_is_not_seen_to_work(database: Database, cast: Cast) -> None:
    lend(database, cast)
    receive(database, cast)
    line = update(Line).where(Line.number.endswith("2001"))
    for state, reason in ((LineState.SUSPENDED, Reason.LINE_SUSPENDED), (LineState.ENDED, Reason.LINE_ENDED)):
        database.act(lambda session, now=state: session.execute(line.values(_state=now)))
        with pytest.raises(Refused) as refused:
            step(database, cast, LINE_ACTIVE)
        assert why(refused) == [reason]


def test_a_kit_in_quarantine_is_free_when_its_hours_are_over(database: Database, cast: Cast) -> None:
    database.act(lambda session: session.add(Policy(valid_from=NOW - timedelta(days=1), quarantine_hours=96)))
    assert passed(database, cast, *DONE) is KitState.TURNAROUND

    def sweep(hours: int) -> int:
        at = NOW + timedelta(hours=hours)
        return database.act(lambda session: free_rested_kits(session, at=at, by=cast.system))

    assert sweep(95) == 0
    assert sweep(96) == 1
    assert kit_row(database).state is KitState.AVAILABLE
    assert sweep(97) == 0
