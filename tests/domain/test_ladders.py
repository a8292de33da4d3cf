"""When each step of a ladder acts: mornings, closed days, both nights on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from lending.domain.calendars import DAY_NAMES, Calendar, Closure, WeeklyHours
from lending.domain.ladders import DEFAULT, Step, acts_at, against, chasing, due_now, in_order, reminding
from lending.errors import Reason

WEEK = WeeklyHours.parse(
    "mon 10:00-18:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-18:00; sat 10:00-17:00; sun closed"
)
LOS_ANGELES = Calendar("America/Los_Angeles", WEEK)
ZONES = ("America/Los_Angeles", "America/New_York", "Australia/Lord_Howe")
CLOCK_NIGHTS = (date(2026, 3, 8), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4))

OVERDUE = next(step for step in DEFAULT if step.code == "overdue")


def wall(at: datetime | None, zone: str) -> str:
    assert at is not None
    return at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def test_the_ladder_of_the_rules_has_eight_steps_in_order() -> None:
    assert in_order(DEFAULT) == DEFAULT
    assert [step.days for step in DEFAULT] == [-7, -3, 0, 1, 7, 14, 21, 35]


def test_a_step_acts_in_the_morning_of_its_day() -> None:
    assert wall(acts_at(OVERDUE, due_on=date(2026, 3, 3), calendar=LOS_ANGELES), LOS_ANGELES.zone) == "2026-03-04 08:00"


def test_a_step_on_a_closed_day_acts_on_the_next_open_day() -> None:
    closed = Closure(date(2026, 3, 7), date(2026, 3, 10), "Flood")
    calendar = Calendar(LOS_ANGELES.zone, WEEK, (closed,))
    assert wall(acts_at(OVERDUE, due_on=date(2026, 3, 6), calendar=calendar), calendar.zone) == "2026-03-11 08:00"


def test_a_branch_that_never_opens_again_acts_never() -> None:
    calendar = Calendar(LOS_ANGELES.zone, WEEK, (Closure(date(2026, 1, 1), date(2030, 1, 1), "Rebuilding"),))
    assert acts_at(OVERDUE, due_on=date(2027, 3, 6), calendar=calendar) is None
    assert due_now(DEFAULT, calendar=calendar, at=datetime(2028, 3, 6, tzinfo=UTC)) == ()


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", CLOCK_NIGHTS)
def test_on_both_clock_nights_the_morning_is_eight_on_the_branchs_wall(zone: str, night: date) -> None:
    calendar = Calendar(zone, WeeklyHours.parse("; ".join(f"{day} 10:00-20:00" for day in DAY_NAMES)))
    for days in (-1, 0, 1):
        due_on = night + timedelta(days=days - 1)
        assert wall(acts_at(OVERDUE, due_on=due_on, calendar=calendar), zone) == f"{due_on + timedelta(days=1)} 08:00"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", CLOCK_NIGHTS)
def test_what_is_due_now_is_what_asking_of_every_loan_gives(zone: str, night: date) -> None:
    """One comparison for each loan means the same as its calendar: over two months of due days, hour by hour."""
    calendar = Calendar(zone, WEEK, (Closure(night - timedelta(days=3), night + timedelta(days=1), "Flood"),))
    start = datetime.combine(night - timedelta(days=4), time(0), UTC)
    days = [night + timedelta(days=n) for n in range(-45, 15)]
    for hour in range(0, 24 * 8, 1):
        at = start + timedelta(hours=hour)
        found = due_now(DEFAULT, calendar=calendar, at=at)
        for due_on in days[hour % 7 :: 7]:
            due_at = calendar.instant(due_on, time(20))
            asked = [s for s in DEFAULT if (acts := acts_at(s, due_on=due_on, calendar=calendar)) and acts <= at]
            assert [one.step for one in found if due_at < one.due_before] == asked[::-1]


def test_after_giving_up_only_reminders_are_left() -> None:
    assert [step.code for step in chasing(DEFAULT)][-1] == "assumed_lost"
    assert [step.code for step in reminding(DEFAULT)] == ["bill_reminder"]
    assert reminding(DEFAULT[:5]) == ()
    assert chasing(()) == ()


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((), [Reason.VALUE_MISSING]),
        ((Step("a", 1), Step("b", 1)), [Reason.STEP_ON_THE_SAME_DAY]),
        ((Step("a", 1), Step("a", 2)), [Reason.STEP_TWICE]),
        ((Step("a", 0, suspends_lines=True),), [Reason.STEP_TOO_EARLY]),
        ((Step("a", -1, gives_up=True),), [Reason.STEP_TOO_EARLY]),
        ((Step("a", 5, gives_up=True), Step("b", 6, calls=True)), [Reason.STEP_AFTER_GIVING_UP]),
        ((Step("a", 5, gives_up=True), Step("b", 6, gives_up=True)), [Reason.STEP_AFTER_GIVING_UP]),
        ((Step("a", 9999),), [Reason.VALUE_WRONG]),
        ((Step("<b>\u202eevil", 1),), [Reason.VALUE_WRONG]),
        ((Step("a", 0, calls=True), Step("b", 0)), [Reason.STEP_ON_THE_SAME_DAY, Reason.STEP_TOO_EARLY]),
    ],
)
def test_all_reasons_why_steps_are_no_ladder_are_told_at_once(steps: tuple[Step, ...], why: list[Reason]) -> None:
    assert [block.reason for block in against(steps)] == why


def test_nothing_is_against_the_ladder_of_the_rules() -> None:
    assert against(DEFAULT) == []
