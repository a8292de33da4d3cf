"""Opening hours in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.calendars import WeeklyHours, format_hours
from lending.domain.hours_in_words import read_hours, read_week

WEEK = (
    "mon 10:00-20:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-17:00; sat 10:00-17:00; sun closed"
)


@pytest.mark.parametrize(
    "words",
    [
        "Mon-Thu 10-8, Fri and Sat 10-5, Sun closed",
        "Monday to Thursday: 10 am – 8 pm; Friday, Saturday 10 a.m.-5 p.m.; Sunday: closed",
        "sun closed mon-thu 10:00-20:00 fri-sat 10:00-17:00",
        "lun a jue 10-8; vie y sáb 10-5; dom cerrado",
        WEEK,
    ],
)
def test_a_week_is_read_as_people_write_it(words: str) -> None:
    assert read_week(words).format() == WEEK


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("9-5", "09:00-17:00"),
        ("1-5", "13:00-17:00"),
        ("12-8", "12:00-20:00"),
        ("noon to 5", "12:00-17:00"),
        ("10:30am-2pm, 3pm-8:30pm", "10:30-14:00,15:00-20:30"),
        ("7 am to 11 am", "07:00-11:00"),
        ("06:00-08:00", "06:00-08:00"),
        ("closed", "closed"),
        ("Cerrado", "closed"),
        ("", "closed"),
    ],
)
def test_a_day_is_read_as_people_write_it(words: str, hours: str) -> None:
    assert format_hours(read_hours(words)) == hours


@pytest.mark.parametrize(
    "words",
    [
        "Mon-Sat 10-8",
        "Mon-Sun 10-8, Sun closed",
        "10-8",
        "open Mon-Sun 10-8",
        "Mon-Sun ten to eight",
        "Mon-Sun 25-26",
        "Mon-Sun 10-8pm-9",
        "Mon-Sun 10-12, 11-13",
        "",
    ],
)
def test_what_is_no_whole_week_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_week(words)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(words: str) -> None:
    try:
        read_week(words)
    except ValueError:
        return


_opening = st.integers(0, 11 * 60).map(lambda minute: minute)


@given(st.lists(st.one_of(st.none(), st.tuples(_opening, st.integers(1, 12 * 60 - 1))), min_size=7, max_size=7))
def test_a_week_that_was_saved_is_read_back_exactly(days: list[tuple[int, int] | None]) -> None:
    def hours(day: tuple[int, int] | None) -> str:
        if day is None:
            return "closed"
        opens, closes = day[0], day[0] + day[1]
        return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"

    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    week = WeeklyHours.parse("; ".join(f"{name} {hours(day)}" for name, day in zip(names, days, strict=True)))
    assert read_week(week.format()) == week
