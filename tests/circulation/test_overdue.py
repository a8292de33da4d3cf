"""The ladder climbed: each step once, whoever sweeps; nobody is chased for a kit that is back. Case 5 and 9."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending import settings
from lending.circulation.charges import pay_charge
from lending.circulation.ladders import ladders
from lending.circulation.lost import claim_returned, declare_lost
from lending.circulation.overdue import Stretch, assume_lost, climb, to_give_up
from lending.circulation.renewal import renew
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.ladders import DEFAULT, Step
from lending.domain.states import LineState, LoanState
from lending.errors import Reason, Refused
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.charges import Charge, ChargeKind
from lending.models.ladders import LadderStep, StepTaken
from lending.models.lines import Line
from lending.models.loans import Loan
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from tests.cast import NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, kit, patron
from tests.circulation.kits_in_hand import journalled, lend, only, receive, rows

Sweep = Callable[[datetime], int]

DUE = datetime(2026, 4, 15, 3, 0, tzinfo=UTC)
"""Tuesday, 14 April 2026, at closing: 42 days from the third of March."""


def morning(days: int) -> datetime:
    """Half past eight in Los Angeles, so many days after the due day."""
    return datetime(2026, 4, 14, 15, 30, tzinfo=UTC) + timedelta(days=days)


@pytest.fixture
def sweep(database: Database, tmp_path: Path) -> Sweep:
    """Run the sweep once, as if it were an instant; how many loans took a step."""
    opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))
    return lambda at: SWEEPS["overdue"](opened, at)


def told(database: Database) -> list[str]:
    return [notice.step for notice in rows(database, Notice) if notice.step != "receipt"]


def taken(database: Database) -> dict[str, bool]:
    return {row.step: row.superseded for row in rows(database, StepTaken)}


def test_the_loan_is_due_when_these_tests_say(database: Database, cast: Cast) -> None:
    lend(database, cast)
    assert only(database, Loan).due_at == DUE


def test_every_step_comes_on_its_morning_and_once(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    steps = {
        -8: [],
        -7: ["due_in_7_days"],
        -3: ["due_in_3_days"],
        0: ["due_today"],
        1: ["overdue"],
        7: ["overdue_7_days"],
        14: ["overdue_14_days"],
        21: ["assumed_lost"],
        35: ["bill_reminder"],
    }
    expected: list[str] = []
    for day in range(-8, 40):
        before = sweep(morning(day) - timedelta(hours=1))
        assert before == 0, "nothing happens before eight"
        expected += steps.get(day, [])
        sweep(morning(day))
        assert told(database) == expected
        assert sweep(morning(day) + timedelta(hours=3)) == 0
    assert not any(taken(database).values())


def test_case_5_one_day_late_is_one_notice_and_one_suspension_task(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    lend(database, cast)
    sweep(morning(0))
    assert rows(database, Task) == []
    for _ in range(3):
        sweep(morning(1))
    assert told(database) == ["due_today", "overdue"]
    task = only(database, Task)
    assert (task.kind, task.what, task.branch_id, task.patron_id) == (TaskKind.SUSPEND_LINE, OPEN_KIT, cast.ela, None)
    assert only(database, Line, Line.number.endswith("2001")).state is LineState.SUSPENDING
    assert only(database, Line, Line.number.endswith("2002")).state is LineState.ACTIVE
    (entry,) = journalled(database, "ask_to_suspend")
    assert entry.loan_id == only(database, Loan).id


def test_two_weeks_late_somebody_telephones(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    for day in (1, 7, 14):
        sweep(morning(day))
    (call,) = rows(database, Task, Task.kind == TaskKind.CALL)
    assert (call.patron_id, call.loan_id) == (cast.luis_id, only(database, Loan).id)


def test_case_9_three_weeks_late_the_kit_is_lost_and_billed_once(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    for day in (1, 7, 14, 21, 21, 22):
        sweep(morning(day))
    loan, charge = only(database, Loan), only(database, Charge)
    assert (loan.state, loan.lost_at) == (LoanState.LOST, morning(21))
    assert (charge.kind, charge.amount_cents) == (ChargeKind.WHOLE_KIT, 45000)
    assert told(database)[-1] == "assumed_lost"
    assert only(database, Line, Line.number.endswith("2001")).state is LineState.ENDED
    assert {task.outcome for task in rows(database, Task)} == {"ended", "lost"}
    receive(database, cast, at=morning(25))
    assert [notice.state for notice in rows(database, Notice, Notice.step == "assumed_lost")] == [NoticeState.CANCELLED]
    assert sweep(morning(35)) == 0
    assert told(database)[-1] == "assumed_lost"


def test_who_paid_is_not_reminded(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    for day in (1, 21):
        sweep(morning(day))
    bill = only(database, Charge).public_id
    database.act(lambda session: pay_charge(session, charge=bill, at=morning(30), by=cast.ben))
    assert sweep(morning(35)) == 0


def test_a_kit_that_was_given_up_by_hand_gets_the_reminder_alone(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    sweep(morning(1))
    database.act(lambda session: declare_lost(session, kit=OPEN_KIT, at=morning(2), by=cast.eli))
    for day in (7, 14, 21, 35):
        sweep(morning(day))
    assert told(database) == ["overdue", "bill_reminder"]
    assert len(rows(database, Charge)) == 1


def test_after_an_outage_only_the_latest_step_is_told_and_the_rest_recorded(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    lend(database, cast)
    sweep(morning(-1))
    sweep(morning(9))
    assert told(database) == ["due_in_3_days", "overdue_7_days"]
    assert taken(database) == {
        "due_in_7_days": True,
        "due_in_3_days": False,
        "due_today": True,
        "overdue": True,
        "overdue_7_days": False,
    }
    assert only(database, Task).kind is TaskKind.SUSPEND_LINE, "what it asks of staff is asked all the same"


def test_after_a_long_outage_the_kit_is_lost_and_nobody_suspends_or_calls(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    lend(database, cast)
    sweep(morning(50))
    assert told(database) == ["assumed_lost", "bill_reminder"]
    assert taken(database)["overdue_14_days"] is True
    assert rows(database, Task) == []


def test_a_step_that_was_due_before_the_date_was_set_is_not_told(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast, at=NOW)
    database.act(lambda session: session.execute(update(Loan).values(due_at=NOW + timedelta(days=5, hours=9))))
    sweep(NOW + timedelta(hours=1))
    assert told(database) == []
    assert taken(database) == {"due_in_7_days": True}


def test_a_new_due_date_begins_the_ladder_anew(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    sweep(morning(-3))
    database.act(lambda session: renew(session, kit=OPEN_KIT, at=morning(-2), by=cast.ben))
    assert sweep(morning(1)) == 0
    sweep(morning(42 - 7))
    sweep(morning(42 - 3))
    assert told(database) == ["due_in_3_days", "due_in_7_days", "due_in_3_days"]
    waiting = [notice.term for notice in rows(database, Notice) if notice.state is NoticeState.PENDING]
    assert waiting[-2:] == [2, 2]


def test_a_kit_that_is_back_is_not_chased(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    receive(database, cast, at=DUE)
    for day in (1, 7, 21):
        assert sweep(morning(day)) == 0
    assert told(database) == []


def test_a_claim_stops_the_clock(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    database.act(lambda s: claim_returned(s, kit=OPEN_KIT, branch_id=cast.ela, at=DUE, by=cast.ben))
    for day in (1, 7, 21, 35):
        assert sweep(morning(day)) == 0


def test_a_ladder_of_its_own_replaces_the_general_one_and_moving_a_step_tells_nobody_again(
    database: Database, cast: Cast, sweep: Sweep
) -> None:
    database.act(lambda session: session.add(LadderStep(kit_type_id=cast.laptop_hotspot, code="late", days=2)))
    lend(database, cast)
    assert sweep(morning(1)) == 0
    sweep(morning(2))
    assert told(database) == ["late"]
    database.act(lambda session: session.execute(update(LadderStep).values(days=4)))
    assert sweep(morning(5)) == 0
    with database.read() as session:
        assert ladders(session)[cast.laptop_hotspot] == (Step("late", 4),)


def test_many_loans_are_taken_in_batches_and_each_once(database: Database, cast: Cast, sweep: Sweep) -> None:
    def more(session: Session) -> None:
        for n in range(5):
            kit(session, f"KIT-30{n:02}", cast.laptop_hotspot, cast.ela)
            patron(session, f"299990000001{n:02}", f"Reader {n}", cast.ela)

    database.act(more)
    for n in range(5):
        lend(database, cast, f"KIT-30{n:02}", f"299990000001{n:02}")
    stretch, batches, since = Stretch(cast.ela, cast.laptop_hotspot), [], None
    for _ in range(3):
        one = partial(climb, stretch=stretch, ladder=DEFAULT, at=morning(1), by=cast.system, limit=2, since=since)
        climbed = database.act(one)
        batches.append(climbed.loans)
        since = climbed.until
    assert since is None
    assert batches == [2, 2, 1]
    assert told(database) == ["overdue"] * 5
    assert sweep(morning(1)) == 0


def test_giving_up_asks_again_once_the_loan_is_locked(database: Database, cast: Cast, sweep: Sweep) -> None:
    lend(database, cast)
    with database.read() as session:
        ladder = ladders(session)[None]
        (loan,) = to_give_up(session, Stretch(cast.ela, cast.laptop_hotspot), ladder, at=morning(21))
    receive(database, cast, at=morning(21))
    assert not database.act(lambda s: assume_lost(s, loan, ladder, at=morning(21), by=cast.system))
    lend(database, cast, OTHER_OPEN_KIT, at=morning(-40))
    later = rows(database, Loan)[-1].id
    assert not database.act(lambda s: assume_lost(s, later, ladder, at=morning(21), by=cast.system))
    assert rows(database, Charge) == []


def test_only_the_library_itself_sweeps(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        database.act(
            lambda s: climb(s, Stretch(cast.ela, cast.work_ready), (), at=NOW, by=cast.ben, limit=1),
        )
    assert [block.reason for block in refused.value.blocks] == [Reason.NOT_PERMITTED]


def test_the_notice_goes_by_the_channel_that_reaches_them(database: Database, cast: Cast, sweep: Sweep) -> None:
    database.act(lambda s: s.execute(update(Patron).where(Patron.id == cast.luis_id).values(email="luis@example.org")))
    lend(database, cast)
    sweep(morning(1))
    (notice,) = rows(database, Notice, Notice.step == "overdue")
    assert (notice.channel, notice.patron_id, notice.term, notice.due_at) == (
        Channel.EMAIL,
        cast.luis_id,
        1,
        morning(1),
    )
    assert notice.subject == f"loan:{only(database, Loan).public_id}:1"
