"""Claims about how many kits are free, each checked against a plain count of every single day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.availability import (
    ChangePoint,
    Need,
    StockFacts,
    free_on,
    most_needed,
    open_loan_ceiling,
    timeline,
)
from lending.domain.calendars import Calendar, Closure, WeeklyHours

DAY = timedelta(days=1)
TODAY = date(2026, 5, 4)  # a Monday
WEEK = WeeklyHours.parse(
    "mon 10:00-20:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-17:00; sat 10:00-17:00; sun closed"
)
BRANCH = Calendar("America/Los_Angeles", WEEK, (Closure(date(2026, 5, 25), date(2026, 5, 25), "Memorial Day"),))
NEVER = Calendar("America/Los_Angeles", WeeklyHours(((),) * 7))


def test_a_stock_with_nothing_out_is_free_for_ever() -> None:
    assert timeline(StockFacts(TODAY, 12), BRANCH) == [ChangePoint(TODAY, 12)]


def test_a_kit_that_is_out_is_busy_until_due_and_two_open_days_of_turnaround() -> None:
    points = timeline(StockFacts(TODAY, 3, {date(2026, 5, 6): 1, date(2026, 5, 22): 2}), BRANCH)
    # Due Wednesday: turned around on Thursday and Friday. Due Friday the 22nd: Saturday, Tuesday after the holiday.
    assert points == [(TODAY, 0), (date(2026, 5, 9), 1), (date(2026, 5, 27), 3)]


def test_an_overdue_kit_counts_out_for_fourteen_days_from_today() -> None:
    points = timeline(StockFacts(TODAY, 2, {date(2026, 5, 2): 1, date(2025, 1, 2): 1}), BRANCH)
    assert points == [(TODAY, 0), (date(2026, 5, 19), 2)]


def test_a_kit_due_today_is_not_overdue() -> None:
    assert timeline(StockFacts(TODAY, 1, {TODAY: 1}), BRANCH) == [(TODAY, 0), (date(2026, 5, 7), 1)]


def test_an_uncollected_allotment_is_kept_from_its_cohorts_start_to_its_turnaround() -> None:
    cohort = Need(4, date(2026, 5, 11), date(2026, 6, 20))
    points = timeline(StockFacts(TODAY, 6, needs=(cohort,)), BRANCH)
    assert points == [(TODAY, 6), (date(2026, 5, 11), 2), (date(2026, 6, 24), 6)]


def test_a_promise_without_an_end_is_kept_for_ever_and_one_that_is_over_does_not_count() -> None:
    needs = (Need(1, date(2026, 4, 1)), Need(1, date(2026, 4, 1), date(2026, 4, 20)))
    assert timeline(StockFacts(TODAY, 1, needs=needs), BRANCH) == [(TODAY, 0)]


def test_more_promises_than_kits_show_as_missing() -> None:
    assert free_on(timeline(StockFacts(TODAY, 1, needs=(Need(3, TODAY),)), BRANCH), TODAY) == -2


def test_a_branch_that_never_opens_gets_no_kit_back() -> None:
    assert timeline(StockFacts(TODAY, 1, {TODAY + DAY: 1}), NEVER) == [(TODAY, 0)]


def test_nothing_is_known_of_the_days_before_the_timeline() -> None:
    with pytest.raises(ValueError, match="begins after"):
        free_on(timeline(StockFacts(TODAY, 1), BRANCH), TODAY - DAY)


@pytest.mark.parametrize(
    ("needed_on", "ceiling"),
    [
        (date(2026, 5, 29), date(2026, 5, 26)),  # turned around on Wednesday and Thursday, needed on Friday
        (date(2026, 5, 26), date(2026, 5, 21)),  # Friday and Saturday; Sunday and Memorial Day are closed
        (date(2026, 5, 7), date(2026, 5, 4)),  # due back today
        (date(2026, 5, 6), date(2026, 5, 2)),  # before today: no loan fits
    ],
)
def test_an_open_loan_ends_before_a_cohort_needs_the_kit_less_the_turnaround(needed_on: date, ceiling: date) -> None:
    points = timeline(StockFacts(TODAY, 1, needs=(Need(1, needed_on, date(2026, 7, 1)),)), BRANCH)
    assert open_loan_ceiling(points, BRANCH, TODAY, TODAY + timedelta(days=42)) == ceiling


def test_a_loan_that_is_back_in_time_has_no_ceiling() -> None:
    points = timeline(StockFacts(TODAY, 1, needs=(Need(1, date(2026, 5, 29), date(2026, 7, 1)),)), BRANCH)
    assert open_loan_ceiling(points, BRANCH, TODAY, date(2026, 5, 26)) is None
    assert open_loan_ceiling(points, BRANCH, TODAY, date(2026, 5, 27)) == date(2026, 5, 26)


def test_a_stock_with_one_kit_to_spare_has_no_ceiling() -> None:
    points = timeline(StockFacts(TODAY, 2, needs=(Need(1, date(2026, 5, 29), date(2026, 7, 1)),)), BRANCH)
    assert open_loan_ceiling(points, BRANCH, TODAY, TODAY + timedelta(days=42)) is None


def test_a_stock_that_is_used_up_today_leaves_no_day_for_a_loan() -> None:
    points = timeline(StockFacts(TODAY, 1, needs=(Need(1, TODAY),)), BRANCH)
    ceiling = open_loan_ceiling(points, BRANCH, TODAY, TODAY + timedelta(days=42))
    assert ceiling is not None
    assert ceiling < TODAY
    assert open_loan_ceiling(timeline(StockFacts(TODAY, 0), NEVER), NEVER, TODAY, TODAY) == TODAY - DAY


def test_a_shortage_that_is_over_before_the_loan_begins_does_not_bind_it() -> None:
    points = timeline(StockFacts(TODAY, 1, {date(2026, 5, 6): 1}), BRANCH)
    assert open_loan_ceiling(points, BRANCH, date(2026, 5, 9), date(2026, 6, 20)) is None
    assert open_loan_ceiling(points, BRANCH, date(2026, 5, 8), date(2026, 6, 20)) == date(2026, 5, 5)


soon = st.dates(TODAY - timedelta(days=30), TODAY + timedelta(days=60))
needs = st.lists(
    st.tuples(st.integers(1, 3), soon, st.one_of(st.none(), st.integers(0, 50))).map(
        lambda need: Need(need[0], need[1], need[1] + timedelta(days=need[2]) if need[2] is not None else None)
    ),
    max_size=4,
).map(tuple)
stocks = st.builds(
    StockFacts,
    today=st.just(TODAY),
    in_service=st.integers(0, 12),
    out=st.dictionaries(soon, st.integers(1, 3), max_size=5),
    needs=needs,
    turnaround_open_days=st.integers(0, 3),
    overdue_days=st.integers(0, 20),
)


def turned_around(on: date, open_days: int) -> date:
    """The last busy day of a kit due on ``on``, day by day."""
    while open_days:
        on += DAY
        open_days -= BRANCH.is_open_on(on)
    return on


def counted(facts: StockFacts, on: date) -> int:
    """How many kits are free on ``on``, counted kit by kit."""
    free = facts.in_service
    for due_on, kits in facts.out.items():
        overdue_until = facts.today + timedelta(days=facts.overdue_days)
        last = overdue_until if due_on < facts.today else turned_around(due_on, facts.turnaround_open_days)
        free -= kits if on <= last else 0
    for need in facts.needs:
        over = need.ends_on is not None and on > turned_around(need.ends_on, facts.turnaround_open_days)
        free -= need.kits if on >= need.starts_on and not over else 0
    return free


@given(stocks)
def test_the_timeline_is_the_plain_count_of_every_day(facts: StockFacts) -> None:
    points = timeline(facts, BRANCH)
    assert [point.on for point in points] == sorted({point.on for point in points})
    for offset in range(130):
        on = TODAY + timedelta(days=offset)
        assert free_on(points, on) == counted(facts, on)


@given(stocks, st.integers(0, 60))
def test_a_loan_up_to_the_ceiling_never_takes_a_kit_that_is_needed_and_one_day_more_would(
    facts: StockFacts, loan_days: int
) -> None:
    asked = TODAY + timedelta(days=loan_days)
    to_on = BRANCH.next_open_on_or_after(asked)
    assert to_on is not None
    ceiling = open_loan_ceiling(timeline(facts, BRANCH), BRANCH, TODAY, to_on, facts.turnaround_open_days)

    def fits(due_on: date) -> bool:
        busy = (turned_around(due_on, facts.turnaround_open_days) - TODAY).days + 1
        return all(counted(facts, TODAY + timedelta(days=offset)) >= 1 for offset in range(busy))

    if ceiling is None:
        assert fits(to_on)
        return
    assert not fits(to_on)
    if ceiling >= TODAY:
        following = BRANCH.add_open_days(ceiling, 1)
        assert following is not None
        assert fits(ceiling)
        assert not fits(following)


needs = st.lists(
    st.builds(
        lambda kits, start, days: Need(
            kits, TODAY + start * DAY, None if days is None else TODAY + (start + days) * DAY
        ),
        st.integers(0, 5),
        st.integers(-20, 40),
        st.none() | st.integers(0, 30),
    ),
    max_size=6,
)


@given(needs, st.integers(0, 30), st.integers(0, 20))
def test_the_most_that_is_needed_is_the_plain_count_of_the_worst_day(asked: list[Need], first: int, days: int) -> None:
    from_on, to_on = TODAY + first * DAY, TODAY + (first + days) * DAY
    span = [from_on + offset * DAY for offset in range(days + 1)]
    worst = max(
        sum(need.kits for need in asked if need.starts_on <= on and (need.ends_on is None or on <= need.ends_on))
        for on in span
    )
    assert most_needed(asked, from_on, to_on) == worst
