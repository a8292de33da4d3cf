"""Claims about dates that are moved: never earlier without notice, never into the past, always at a closing."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.calendars import Calendar, Closure, WeeklyHours
from lending.domain.due_dates import Due, DueRule
from lending.domain.redating import moved_due, moved_shelf, shelf_until

HOURS = WeeklyHours.parse(
    "mon 10:00-20:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-17:00; sat 10:00-17:00; sun closed"
)
ZONE = "America/Los_Angeles"
MEMORIAL_DAY = Closure(date(2026, 5, 25), date(2026, 5, 25), "Memorial Day")
TODAY = date(2026, 5, 4)


def branch(*closures: Closure, hours: WeeklyHours = HOURS) -> Calendar:
    return Calendar(ZONE, hours, (MEMORIAL_DAY, *closures))


def local(on: date, clock: str = "11:00") -> datetime:
    return datetime.combine(on, time.fromisoformat(clock), ZoneInfo(ZONE)).astimezone(UTC)


def due(on: date, rule: DueRule = DueRule.COHORT_RETURN_BY, rolled_from: date | None = None) -> Due:
    return Due(local(on, "17:00" if on.weekday() in (4, 5) else "20:00"), on, rule, rolled_from)


NOW = local(TODAY)
FRIDAY = date(2026, 5, 22)


def test_a_cohort_that_ends_later_gives_its_kits_more_time() -> None:
    assert moved_due(branch(), due(FRIDAY), date(2026, 5, 29), at=NOW) == due(date(2026, 5, 29))


def test_a_cohort_that_ends_earlier_takes_its_kits_back_when_seven_days_remain() -> None:
    assert moved_due(branch(), due(FRIDAY), date(2026, 5, 11), at=NOW) == due(date(2026, 5, 11))


def test_with_less_than_seven_days_it_is_as_early_as_the_notice_allows() -> None:
    answer = moved_due(branch(), due(FRIDAY), date(2026, 5, 10), at=NOW)
    assert answer == due(date(2026, 5, 11), rolled_from=date(2026, 5, 10)), "the Sunday rolls onto the seventh day"
    assert moved_due(branch(), due(FRIDAY), date(2026, 5, 8), at=NOW) == due(date(2026, 5, 11), DueRule.NOTICE_PERIOD)
    assert moved_due(branch(), due(FRIDAY), date(2026, 5, 1), at=NOW) == due(date(2026, 5, 11), DueRule.NOTICE_PERIOD)


def test_the_notice_rolls_forward_over_closed_days_too() -> None:
    flood = Closure(date(2026, 5, 11), date(2026, 5, 14), "Flood")
    expected = due(date(2026, 5, 15), DueRule.NOTICE_PERIOD, date(2026, 5, 11))
    assert moved_due(branch(flood), due(FRIDAY), date(2026, 5, 6), at=NOW) == expected


@pytest.mark.parametrize("current", [date(2026, 5, 2), date(2026, 5, 4), date(2026, 5, 8), date(2026, 5, 11)])
def test_nobodys_date_comes_later_because_the_notice_would(current: date) -> None:
    held = due(current)
    assert moved_due(branch(), held, date(2026, 5, 1), at=NOW) is held


def test_case_2_a_cohort_moved_to_memorial_day_is_due_on_tuesday_and_never_earlier() -> None:
    expected = due(date(2026, 5, 26), rolled_from=date(2026, 5, 25))
    assert moved_due(branch(), due(FRIDAY), date(2026, 5, 25), at=NOW) == expected
    staff_day = Closure(date(2026, 5, 26), date(2026, 5, 26), "Staff day")
    assert moved_due(branch(staff_day), due(FRIDAY), date(2026, 5, 25), at=NOW).on == date(2026, 5, 27)


@pytest.mark.parametrize("night", [date(2026, 3, 7), date(2026, 10, 31)])
def test_closing_is_the_wall_clocks_on_both_sides_of_a_change_of_the_clocks(night: date) -> None:
    """Saturday before the change, at 17:00; the Monday after it, at 20:00, an hour of UTC apart from the usual."""
    at = local(night - timedelta(days=20))
    monday = night + timedelta(days=2)
    assert moved_due(branch(), due(night), monday, at=at) == due(monday)
    assert moved_due(branch(), due(monday), night, at=at) == due(night)


def test_a_branch_that_does_not_open_again_keeps_every_date() -> None:
    never = Calendar(ZONE, WeeklyHours(((),) * 7))
    held = due(FRIDAY)
    assert moved_due(never, held, date(2026, 6, 1), at=NOW) is held
    assert shelf_until(never, 7, ready_at=NOW, pickup_from=None) is None
    assert moved_shelf(never, held.at, None, at=NOW) == held.at


@given(days=st.integers(-30, 60), was=st.integers(-30, 60), notice=st.integers(0, 14), closed=st.integers(-5, 30))
def test_a_date_never_comes_earlier_than_the_notice_and_never_later_than_wanted_or_before(
    days: int, was: int, notice: int, closed: int
) -> None:
    shut = Closure(TODAY + timedelta(days=closed), TODAY + timedelta(days=closed + 9), "Flood")
    calendar = branch(shut)
    on = branch().next_open_on_or_after(TODAY + timedelta(days=was))
    assert on is not None
    current, return_by = due(on), TODAY + timedelta(days=days)
    answer = moved_due(calendar, current, return_by, notice, at=NOW)
    if answer.at < current.at:
        assert answer.on >= max(return_by, TODAY + timedelta(days=notice))
    if answer is not current:
        assert calendar.is_open_on(answer.on)
        assert answer.at == calendar.closing_at(answer.on)
    if answer.at > current.at:
        assert answer.on == calendar.next_open_on_or_after(return_by)


# --- The hold shelf ---


def test_a_kit_waits_seven_open_days_from_the_later_of_notice_and_first_pick_up_day() -> None:
    assert shelf_until(branch(), 7, ready_at=NOW, pickup_from=None) == due(date(2026, 5, 12)).at
    assert shelf_until(branch(), 7, ready_at=NOW, pickup_from=date(2026, 5, 1)) == due(date(2026, 5, 12)).at
    assert shelf_until(branch(), 7, ready_at=NOW, pickup_from=date(2026, 5, 18)) == due(date(2026, 5, 27)).at


def test_a_shelf_date_comes_later_at_once_and_earlier_with_notice() -> None:
    held, later = due(date(2026, 5, 20)).at, due(date(2026, 5, 27)).at
    assert moved_shelf(branch(), held, later, at=NOW) == later
    assert moved_shelf(branch(), later, held, at=NOW) == held
    assert moved_shelf(branch(), later, due(date(2026, 5, 6)).at, at=NOW) == due(date(2026, 5, 11)).at
    soon = due(date(2026, 5, 9)).at
    assert moved_shelf(branch(), soon, due(date(2026, 5, 5)).at, at=NOW) == soon
