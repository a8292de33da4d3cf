from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.periods import (
    LONGEST_DAYS,
    Period,
    PeriodKind,
    between,
    fiscal_year_of,
    month_of,
    months_until,
    named,
    read_period,
    token_periods,
    week_of,
)

TODAY = date(2026, 11, 18)
DAYS = st.dates(date(2001, 1, 1), date(2099, 12, 31))


def test_a_month_has_all_its_days() -> None:
    assert month_of(date(2028, 2, 9)) == Period(PeriodKind.MONTH, date(2028, 2, 1), date(2028, 2, 29))


def test_a_week_goes_from_monday_to_sunday() -> None:
    week = week_of(date(2026, 11, 22))
    assert (week.first, week.last, week.name) == (date(2026, 11, 16), date(2026, 11, 22), "2026-W47")


def test_the_week_of_new_year_is_called_by_the_year_of_its_thursday() -> None:
    assert week_of(date(2027, 1, 1)).name == "2026-W53"


@pytest.mark.parametrize(
    ("day", "begins", "name", "first", "last"),
    [
        (date(2026, 6, 30), 7, "FY2025-07", date(2025, 7, 1), date(2026, 6, 30)),
        (date(2026, 7, 1), 7, "FY2026-07", date(2026, 7, 1), date(2027, 6, 30)),
        (date(2026, 7, 1), 1, "FY2026-01", date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 9, 30), 10, "FY2025-10", date(2025, 10, 1), date(2026, 9, 30)),
    ],
)
def test_a_fiscal_year_begins_in_the_month_that_the_library_sets(
    day: date, begins: int, name: str, first: date, last: date
) -> None:
    year = fiscal_year_of(day, begins)
    assert (year.name, year.first, year.last) == (name, first, last)


def test_before_a_month_is_the_month_before() -> None:
    assert month_of(date(2027, 1, 5)).before() == month_of(date(2026, 12, 31))


def test_before_half_a_month_are_the_same_days_of_the_month_before() -> None:
    so_far = month_of(date(2026, 11, 1)).until(date(2026, 11, 20))
    assert so_far.before() == Period(PeriodKind.MONTH, date(2026, 10, 1), date(2026, 10, 20))


def test_a_period_that_is_cut_short_is_called_by_its_days() -> None:
    names = [whole.until(TODAY).name for whole in (month_of(TODAY), week_of(TODAY), fiscal_year_of(TODAY))]
    assert names == ["2026-11-01..2026-11-18", "2026-11-16..2026-11-18", "2026-07-01..2026-11-18"]


def test_a_short_month_before_is_taken_whole() -> None:
    so_far = month_of(date(2026, 3, 1)).until(date(2026, 3, 30))
    assert so_far.before() == Period(PeriodKind.MONTH, date(2026, 2, 1), date(2026, 2, 28))


def test_before_a_fiscal_year_is_the_year_before_and_before_a_week_the_week_before() -> None:
    assert fiscal_year_of(date(2026, 8, 1)).before() == fiscal_year_of(date(2025, 8, 1))
    assert week_of(date(2026, 11, 18)).before() == week_of(date(2026, 11, 11))


def test_before_any_days_are_as_many_days() -> None:
    assert between(date(2026, 11, 3), date(2026, 11, 20)).before() == between(date(2026, 10, 16), date(2026, 11, 2))


def test_before_days_that_are_no_whole_months_are_as_many_days_also_where_they_end_with_one() -> None:
    assert between(date(2026, 3, 10), date(2026, 3, 31)).before() == between(date(2026, 2, 16), date(2026, 3, 9))


def test_before_a_quarter_is_the_quarter_before() -> None:
    assert between(date(2026, 4, 1), date(2026, 6, 30)).before() == between(date(2026, 1, 1), date(2026, 3, 31))


def test_a_month_is_over_when_its_last_day_has_gone_by() -> None:
    november = month_of(date(2026, 11, 1))
    assert not november.is_over(date(2026, 11, 30))
    assert november.is_over(date(2026, 12, 1))


def test_a_fiscal_year_has_twelve_months() -> None:
    names = [month.name for month in fiscal_year_of(date(2026, 8, 1)).months()]
    assert names[0] == "2026-07"
    assert names[-1] == "2027-06"
    assert len(names) == 12


def test_what_is_still_to_come_is_its_first_day() -> None:
    assert month_of(date(2026, 12, 1)).until(date(2026, 11, 20)).days == 1


@pytest.mark.parametrize(
    "name", ["", "2026-13", "2026-00", "2026-W54", "FY2026-13", "November", "2026-11-20..2026-11-03", "2026-11-3"]
)
def test_what_is_no_period_is_said_so(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_period(name)


@pytest.mark.parametrize(
    "name",
    ["1999-12", "9999-W52", "0001-01", "FY0001-07", "FY2199-07", "1999-12-31..2000-01-05", "2199-12-30..2200-01-01"],
)
def test_a_period_outside_of_the_librarys_time_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_period(name)


@pytest.mark.parametrize("name", ["2000-01", "2000-W01", "FY2000-01", "2000-01-01..2000-01-09", "2199-12"])
def test_the_first_and_the_last_period_of_the_librarys_time_have_one_before(name: str) -> None:
    assert read_period(name).before().last < read_period(name).first


def test_ten_years_are_a_period_and_a_day_more_is_none() -> None:
    first = date(2010, 1, 1)
    longest = between(first, first + timedelta(days=LONGEST_DAYS - 1))
    assert longest.days == LONGEST_DAYS
    with pytest.raises(ValueError, match="from"):
        between(first, longest.last + timedelta(days=1))


def test_so_many_months_until_a_day_have_that_days_among_them() -> None:
    assert months_until(date(2026, 2, 9), 3) == between(date(2025, 12, 1), date(2026, 2, 9))


def test_people_are_counted_by_month_and_by_fiscal_year() -> None:
    assert [period.name for period in token_periods(date(2026, 6, 30), 7)] == ["2026-06", "FY2025-07"]


@given(DAYS, st.integers(1, 12), st.integers(0, 400))
def test_every_period_is_read_back_from_its_name(day: date, begins: int, days: int) -> None:
    for period in (month_of(day), week_of(day), fiscal_year_of(day, begins), between(day, day + timedelta(days=days))):
        assert day in period
        assert read_period(period.name) == period


@given(DAYS, st.integers(1, 12), st.integers(0, 400))
def test_the_period_before_ends_where_a_whole_one_begins(day: date, begins: int, days: int) -> None:
    for period in (month_of(day), week_of(day), fiscal_year_of(day, begins), between(day, day + timedelta(days=days))):
        assert period.before().last + timedelta(days=1) == period.first


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), "2026-03"),
        (date(2025, 7, 1), date(2026, 6, 30), "FY2025-07"),
        (date(2026, 3, 1), date(2026, 3, 30), "2026-03-01..2026-03-30"),
        (date(2025, 6, 1), date(2026, 5, 31), "2025-06-01..2026-05-31"),
    ],
)
def test_days_that_are_a_month_or_a_fiscal_year_are_called_so(first: date, last: date, name: str) -> None:
    assert named(first, last).name == name
