"""What is under way against a borrower ends with the return, on both engines; and begins again if that is undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lending import settings
from lending.circulation.lines import confirm_lines, move_line, note_asked
from lending.circulation.renewal import set_due_date
from lending.circulation.returns import return_kit
from lending.circulation.undo import undo
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.states import LineState, LineVerb
from lending.errors import Block, Reason, Refused
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.lines import Line
from lending.models.notices import Notice
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import DONE, journalled, kit_row, lend, look, only, receive, rows, seen

Sweep = Callable[[datetime], int]
LATE = datetime(2026, 4, 28, 15, 30, tzinfo=UTC)
"""Tuesday, 28 April 2026: two weeks overdue, half past eight in Los Angeles."""


@pytest.fixture
def sweep(database: Database, cast: Cast, tmp_path: Path) -> Sweep:
    """Luis has the open kit; the sweep can be run as if it were an instant."""
    lend(database, cast)
    opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))
    return lambda at: SWEEPS["overdue"](opened, at)


def line(database: Database) -> Line:
    return only(database, Line, Line.number.endswith("2001"))


def work(database: Database) -> list[tuple[TaskKind, str | None]]:
    """Every task with what became of it."""
    return [(task.kind, task.outcome) for task in rows(database, Task)]


def move(database: Database, cast: Cast, verb: LineVerb) -> None:
    number = line(database).number
    database.act(lambda session: move_line(session, number=number, verb=verb, at=LATE, by=cast.ben))


def test_a_suspension_that_nobody_carried_out_is_withdrawn_at_the_return(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    sweep(LATE)
    assert work(database) == [(TaskKind.SUSPEND_LINE, None), (TaskKind.CALL, None)]
    receive(database, cast, at=LATE)
    assert line(database).state is LineState.RESTORING
    assert work(database) == [
        (TaskKind.SUSPEND_LINE, "withdrawn"),
        (TaskKind.CALL, "returned"),
        (TaskKind.RESTORE_LINE, None),
    ]
    assert len(journalled(database, "ask_to_restore")) == 1


def test_a_suspended_line_is_asked_for_at_the_return_and_active_before_the_kit_is_free(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    sweep(LATE)
    move(database, cast, LineVerb.CONFIRM_SUSPENDED)
    receive(database, cast, at=LATE)
    assert line(database).state is LineState.RESTORING
    look(database, cast, seen(database), steps=DONE, at=LATE)
    assert kit_row(database).state.value == "turnaround"
    move(database, cast, LineVerb.CONFIRM_RESTORED)
    assert kit_row(database).state.value == "available"


def test_a_return_in_time_asks_nothing_of_anybody(database: Database, cast: Cast, sweep: Sweep) -> None:
    receive(database, cast, at=NOW + timedelta(days=1))
    assert work(database) == []
    assert line(database).state is LineState.ACTIVE


def test_a_kit_received_elsewhere_is_asked_for_by_its_owner(database: Database, cast: Cast, sweep: Sweep) -> None:
    sweep(LATE)
    receive(database, cast, at=LATE, branch_id=cast.com, by=cast.cleo)
    assert only(database, Task, Task.kind == TaskKind.RESTORE_LINE).branch_id == cast.ela


def test_an_undone_return_is_chased_as_before(database: Database, cast: Cast, sweep: Sweep) -> None:
    sweep(LATE)
    database.act(lambda s: return_kit(s, kit=OPEN_KIT, branch_id=cast.ela, at=LATE, by=cast.ben))
    database.act(lambda s: undo(s, at=LATE + timedelta(minutes=2), by=cast.ben))
    assert line(database).state is LineState.SUSPENDING
    assert work(database) == [
        (TaskKind.SUSPEND_LINE, "withdrawn"),
        (TaskKind.CALL, None),
        (TaskKind.RESTORE_LINE, "undone"),
        (TaskKind.SUSPEND_LINE, None),
    ]


def test_who_is_due_later_after_all_gets_the_line_back(database: Database, cast: Cast, sweep: Sweep) -> None:
    sweep(LATE)
    on = (LATE + timedelta(days=7)).date()
    database.act(lambda s: set_due_date(s, kit=OPEN_KIT, on=on, reason="An exam.", at=LATE, by=cast.eli))
    sweep(LATE)
    assert line(database).state is LineState.RESTORING
    assert work(database)[:2] == [(TaskKind.SUSPEND_LINE, "withdrawn"), (TaskKind.CALL, "due_later")]
    before = work(database)
    sweep(LATE)
    assert work(database) == before


def test_a_line_that_was_suspended_by_hand_stays_so_while_the_kit_is_out(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    number = line(database).number
    database.act(lambda s: move_line(s, number=number, verb=LineVerb.ASK_TO_SUSPEND, at=NOW, by=cast.ben))
    sweep(NOW + timedelta(days=1))
    assert line(database).state is LineState.SUSPENDING


def confirm(database: Database, cast: Cast, *numbers: str) -> None:
    database.act(lambda session: confirm_lines(session, numbers=numbers, at=LATE, by=cast.ben) and None)


def told(database: Database) -> list[str]:
    return [notice.step for notice in rows(database, Notice) if notice.step.startswith("line")]


def test_what_the_carrier_did_is_confirmed_for_all_lines_at_once_and_told(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    sweep(LATE)
    other = only(database, Line, Line.number.endswith("2002")).number
    database.act(lambda s: move_line(s, number=other, verb=LineVerb.ASK_TO_SUSPEND, at=LATE, by=cast.ben) and None)
    confirm(database, cast, line(database).number, other)
    assert {row.state for row in rows(database, Line, Line.number.in_([line(database).number, other]))} == {
        LineState.SUSPENDED
    }
    assert told(database) == ["line_suspended"], "nobody has the other kit"
    confirm_nothing = (other, "no such number")
    with pytest.raises(Refused) as refused:
        confirm(database, cast, *confirm_nothing)
    assert refused.value.blocks == (Block(Reason.NOT_FOUND, {"line": "no such number"}),)


def test_of_a_line_that_nobody_asked_for_nothing_is_confirmed(database: Database, cast: Cast, sweep: Sweep) -> None:
    sweep(LATE)
    active = only(database, Line, Line.number.endswith("2002")).number
    with pytest.raises(Refused) as refused:
        confirm(database, cast, line(database).number, active)
    assert refused.value.blocks == (Block(Reason.WRONG_STATE, {"line": active, "state": "active"}),)
    assert line(database).state is LineState.SUSPENDING


def test_who_has_the_kit_longer_is_told_that_its_line_works_again(database: Database, cast: Cast, sweep: Sweep) -> None:
    sweep(LATE)
    confirm(database, cast, line(database).number)
    on = (LATE + timedelta(days=7)).date()
    database.act(lambda s: set_due_date(s, kit=OPEN_KIT, on=on, reason="An exam.", at=LATE, by=cast.eli) and None)
    sweep(LATE)
    confirm(database, cast, line(database).number)
    assert told(database) == ["line_suspended", "line_restored"]


def test_that_a_carrier_was_asked_is_noted_on_the_task(database: Database, cast: Cast, sweep: Sweep) -> None:
    sweep(LATE)
    number = line(database).number
    assert database.act(lambda s: note_asked(s, numbers=[number], at=LATE, by=cast.ben)) == 1
    assert only(database, Task, Task.kind == TaskKind.SUSPEND_LINE).tries == 1
    assert len(journalled(database, "note_asked")) == 1
    with pytest.raises(Refused):
        database.act(lambda s: note_asked(s, numbers=[number], at=LATE, by=cast.cleo))
