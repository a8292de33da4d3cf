"""Claims about when a branch is open, in three zones and on both nights on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.calendars import Calendar, Closure, Interval, WeeklyHours, format_hours, parse_hours

ZONES = ("America/Los_Angeles", "America/New_York", "Australia/Lord_Howe")
WEEK = (
    "mon 10:00-20:00; tue 10:00-13:00,14:00-20:00; wed 10:00-20:00; thu 10:00-20:00; "
    "fri 10:00-17:00; sat 09:00-17:00; sun closed"
)
NIGHT_WEEK = "; ".join(f"{day} 01:30-02:15,03:30-23:59" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
NEVER = WeeklyHours(((),) * 7)
WINTER_BREAK = Closure(date(2026, 12, 7), date(2027, 1, 3), "Renovation")
SHORT_FRIDAY = Closure(date(2026, 7, 3), date(2026, 7, 3), "Day before a holiday", (Interval(time(10), time(13)),))
SUNDAY_FAIR = Closure(date(2026, 7, 12), date(2026, 7, 12), "Job fair", (Interval(time(12), time(16)),))


def calendar(zone: str = "America/Los_Angeles", *closures: Closure, week: str = WEEK) -> Calendar:
    return Calendar(zone, WeeklyHours.parse(week), closures)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_weekly_hours_are_written_as_they_are_read() -> None:
    assert WeeklyHours.parse(WEEK).format() == WEEK
    assert WeeklyHours.parse(WEEK).days[1] == (Interval(time(10), time(13)), Interval(time(14), time(20)))
    assert WeeklyHours.parse(WEEK).days[6] == ()


def test_weekly_hours_are_read_in_any_order_and_case() -> None:
    days = WEEK.upper().split(";")
    assert WeeklyHours.parse(" ;".join(reversed(days)) + ";") == WeeklyHours.parse(WEEK)


minutes = st.lists(st.integers(0, 24 * 60 - 1), min_size=0, max_size=8, unique=True).map(sorted)
hours = minutes.map(
    lambda times: tuple(
        Interval(time(*divmod(opens, 60)), time(*divmod(closes, 60)))
        for opens, closes in zip(times[::2], times[1::2], strict=False)
    )
)


@given(st.lists(hours, min_size=7, max_size=7))
def test_every_week_survives_being_written_and_read(days: list[tuple[Interval, ...]]) -> None:
    week = WeeklyHours(tuple(days))
    assert WeeklyHours.parse(week.format()) == week
    for day in days:
        assert parse_hours(format_hours(day)) == day


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no hours for mon, tue"),
        (WEEK.replace("; sun closed", ""), "no hours for sun"),
        (WEEK + "; mon closed", "mon is given twice"),
        (WEEK.replace("wed", "mid"), "'mid' is not a day"),
        (WEEK.replace("sun closed", "sun"), "sun has no hours"),
        (WEEK.replace("sun closed", "sun 9-5"), "sun: '9-5' is not an interval"),
        (WEEK.replace("sun closed", "sun 10:00-25:00"), "sun: .* no clock shows"),
        (WEEK.replace("sun closed", "sun 20:00-10:00"), "sun: .* does not close after it opens"),
        (WEEK.replace("sun closed", "sun 10:00-10:00"), "sun: .* does not close after it opens"),
        (WEEK.replace("sun closed", "sun 10:00-14:00,13:00-17:00"), "sun: .* does not begin after"),
        (WEEK.replace("sun closed", "sun ١٠:٠٠-١٢:٠٠"), "sun: .* is not an interval"),
    ],
)
def test_weekly_hours_that_cannot_be_read_are_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        WeeklyHours.parse(text)


def test_a_week_has_seven_days_and_whole_minutes() -> None:
    with pytest.raises(ValueError, match="seven days"):
        WeeklyHours(((),) * 6)
    with pytest.raises(ValueError, match="whole minutes"):
        Interval(time(10, 0, 30), time(12))


def test_a_closure_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Closure(date(2026, 7, 4), date(2026, 7, 3), "Backwards")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../UTC", "America"])
def test_an_unknown_zone_is_refused_by_name(zone: str) -> None:
    with pytest.raises(ValueError, match="is not a known time zone"):
        Calendar(zone, NEVER)


def test_a_closed_day_of_the_week_is_closed() -> None:
    assert not calendar().is_open_on(date(2026, 7, 5))
    assert calendar().is_open_on(date(2026, 7, 6))


def test_a_closure_covers_its_first_and_last_day() -> None:
    branch = calendar("America/Los_Angeles", WINTER_BREAK)
    assert branch.is_open_on(date(2026, 12, 5))
    assert not branch.is_open_on(date(2026, 12, 7))
    assert not branch.is_open_on(date(2027, 1, 2))
    assert branch.is_open_on(date(2027, 1, 4))


def test_special_hours_replace_the_ordinary_ones_and_open_a_closed_day() -> None:
    branch = calendar("America/Los_Angeles", SHORT_FRIDAY, SUNDAY_FAIR)
    assert branch.closing_at(date(2026, 7, 3)) == utc("2026-07-03T20:00")
    assert branch.closing_at(date(2026, 7, 12)) == utc("2026-07-12T23:00")
    assert branch.next_open_on_or_after(date(2026, 7, 12)) == date(2026, 7, 12)


def test_where_closures_overlap_a_closed_day_stays_closed_and_the_last_special_hours_hold() -> None:
    closed = Closure(date(2026, 7, 1), date(2026, 7, 31), "Flood")
    early = Closure(date(2026, 7, 3), date(2026, 7, 3), "Heat", (Interval(time(10), time(12)),))
    assert not calendar("America/Los_Angeles", closed, SUNDAY_FAIR).is_open_on(date(2026, 7, 12))
    assert not calendar("America/Los_Angeles", SUNDAY_FAIR, closed).is_open_on(date(2026, 7, 12))
    assert calendar("America/Los_Angeles", SHORT_FRIDAY, early).closing_at(date(2026, 7, 3)) == utc("2026-07-03T19:00")


@pytest.mark.parametrize(
    ("zone", "on", "opening", "closing"),
    [
        ("America/Los_Angeles", date(2026, 3, 7), "2026-03-07T17:00", "2026-03-08T01:00"),
        ("America/Los_Angeles", date(2026, 3, 9), "2026-03-09T17:00", "2026-03-10T03:00"),
        ("America/Los_Angeles", date(2026, 10, 31), "2026-10-31T16:00", "2026-11-01T00:00"),
        ("America/Los_Angeles", date(2026, 11, 2), "2026-11-02T18:00", "2026-11-03T04:00"),
        ("America/New_York", date(2026, 3, 7), "2026-03-07T14:00", "2026-03-07T22:00"),
        ("America/New_York", date(2026, 3, 9), "2026-03-09T14:00", "2026-03-10T00:00"),
        ("America/New_York", date(2026, 11, 2), "2026-11-02T15:00", "2026-11-03T01:00"),
        ("America/New_York", date(2028, 2, 29), "2028-02-29T15:00", "2028-03-01T01:00"),
        ("Australia/Lord_Howe", date(2026, 4, 4), "2026-04-03T22:00", "2026-04-04T06:00"),
        ("Australia/Lord_Howe", date(2026, 4, 6), "2026-04-05T23:30", "2026-04-06T09:30"),
        ("Australia/Lord_Howe", date(2026, 10, 3), "2026-10-02T22:30", "2026-10-03T06:30"),
        ("Australia/Lord_Howe", date(2026, 10, 5), "2026-10-04T23:00", "2026-10-05T09:00"),
    ],
)
def test_a_branch_opens_and_closes_by_its_own_clock_on_both_sides_of_a_change(
    zone: str, on: date, opening: str, closing: str
) -> None:
    assert calendar(zone).opening_at(on) == utc(opening)
    assert calendar(zone).closing_at(on) == utc(closing)


@pytest.mark.parametrize(
    ("zone", "on", "first_closing"),
    [
        # Forward: 02:00 becomes 03:00, and the skipped 02:15 is 03:15. Lord Howe skips half an hour, 02:00 to 02:30.
        ("America/Los_Angeles", date(2026, 3, 8), "2026-03-08T10:15"),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T07:15"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T15:45"),
        # Back: 02:00 becomes 01:00, and 02:15 comes once. Lord Howe goes back from 02:00 to 01:30.
        ("America/Los_Angeles", date(2026, 11, 1), "2026-11-01T10:15"),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T07:15"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T15:45"),
    ],
)
def test_hours_in_the_night_of_a_change_stay_in_order(zone: str, on: date, first_closing: str) -> None:
    branch = calendar(zone, week=NIGHT_WEEK)
    assert branch.last_closing_before(utc(first_closing)) == utc(first_closing)
    assert branch.local_date(utc(first_closing)) == on


@pytest.mark.parametrize(
    ("zone", "on", "opening", "closing"),
    [
        ("America/Los_Angeles", date(2026, 11, 1), "2026-11-01T08:15", "2026-11-01T09:45"),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T05:15", "2026-11-01T06:45"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T14:15", "2026-04-04T15:15"),
    ],
)
def test_an_hour_shown_twice_opens_the_first_time_and_closes_the_second(
    zone: str, on: date, opening: str, closing: str
) -> None:
    branch = calendar(zone, week=NIGHT_WEEK.replace("01:30-02:15,03:30-23:59", "01:15-01:45"))
    assert branch.opening_at(on) == utc(opening)
    assert branch.closing_at(on) == utc(closing)


def test_a_closed_day_has_no_opening_and_no_closing() -> None:
    with pytest.raises(ValueError, match="closed on 2026-07-05"):
        calendar().closing_at(date(2026, 7, 5))
    with pytest.raises(ValueError, match="closed on 2026-07-05"):
        calendar().opening_at(date(2026, 7, 5))


@pytest.mark.parametrize("zone", ZONES)
def test_the_local_date_is_the_branchs_own(zone: str) -> None:
    midnight = {"America/Los_Angeles": "07:00", "America/New_York": "04:00", "Australia/Lord_Howe": "13:30"}[zone]
    day = date(2026, 6, 15) if zone.startswith("America") else date(2026, 6, 16)
    at = utc(f"2026-06-15T{midnight}")
    assert calendar(zone).local_date(at) == day
    assert calendar(zone).local_date(at - timedelta(microseconds=1)) == day - timedelta(days=1)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        calendar().local_date(datetime(2026, 6, 15, 7, 0))  # noqa: DTZ001 - a naive instant is the claim


def test_a_closure_of_weeks_is_searched_through_in_both_directions() -> None:
    branch = calendar("America/Los_Angeles", WINTER_BREAK)
    assert branch.next_open_on_or_after(date(2026, 12, 7)) == date(2027, 1, 4)
    assert branch.last_open_on_or_before(date(2027, 1, 3), date(2026, 12, 1)) == date(2026, 12, 5)
    assert branch.last_open_on_or_before(date(2027, 1, 3), date(2026, 12, 6)) is None
    assert branch.next_open_on_or_after(date(2026, 12, 7), limit_days=27) is None
    assert branch.next_open_on_or_after(date(2026, 12, 7), limit_days=28) == date(2027, 1, 4)
    assert branch.last_open_on_or_before(date(2027, 1, 4), date(2027, 1, 5)) is None


def test_a_branch_that_never_opens_has_no_open_day() -> None:
    branch = Calendar("America/Los_Angeles", NEVER)
    at = utc("2026-06-15T18:00")
    assert branch.next_open_on_or_after(date(2026, 6, 15)) is None
    assert branch.last_open_on_or_before(date(2026, 6, 15), date(2020, 1, 1)) is None
    assert branch.add_open_days(date(2026, 6, 15), 1) is None
    assert branch.add_open_days(date(2026, 6, 15), -1) is None
    assert branch.last_closing_before(at) is None


def test_the_search_for_an_open_day_ends_with_the_calendar() -> None:
    branch = Calendar("America/Los_Angeles", NEVER)
    assert branch.next_open_on_or_after(date.max) is None
    assert branch.add_open_days(date.min, -1) is None
    assert calendar().next_open_on_or_after(date.max) == date.max


@pytest.mark.parametrize(
    ("on", "count", "reached"),
    [
        (date(2026, 7, 2), 0, date(2026, 7, 2)),
        (date(2026, 7, 5), 0, date(2026, 7, 5)),
        (date(2026, 7, 2), 1, date(2026, 7, 3)),
        (date(2026, 7, 2), 2, date(2026, 7, 4)),
        (date(2026, 7, 2), 3, date(2026, 7, 6)),
        (date(2026, 7, 2), 7, date(2026, 7, 10)),
        (date(2026, 7, 5), 1, date(2026, 7, 6)),
        (date(2026, 7, 6), -1, date(2026, 7, 4)),
        (date(2026, 7, 6), -7, date(2026, 6, 27)),
        (date(2028, 2, 28), 1, date(2028, 2, 29)),
    ],
)
def test_open_days_are_counted_without_closed_ones(on: date, count: int, reached: date) -> None:
    assert calendar().add_open_days(on, count) == reached


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(1, 30))
def test_counting_open_days_back_undoes_counting_them_forward(start: date, count: int) -> None:
    branch = calendar("America/Los_Angeles", WINTER_BREAK)
    on = branch.next_open_on_or_after(start)
    assert on is not None
    reached = branch.add_open_days(on, count)
    assert reached is not None
    assert branch.is_open_on(reached)
    assert branch.add_open_days(reached, -count) == on


@pytest.mark.parametrize(
    ("at", "closed"),
    [
        # Tuesday 30 June 2026 in Los Angeles: open 10-13 and 14-20, seven hours behind UTC.
        ("2026-06-30T16:00", "2026-06-30T03:00"),
        ("2026-06-30T18:00", "2026-06-30T03:00"),
        ("2026-06-30T20:30", "2026-06-30T20:00"),
        ("2026-06-30T21:00", "2026-06-30T20:00"),
        ("2026-07-01T03:00", "2026-07-01T03:00"),
        ("2026-07-06T16:00", "2026-07-05T00:00"),
    ],
)
def test_the_doors_last_closed_before_an_instant(at: str, closed: str) -> None:
    assert calendar().last_closing_before(utc(at)) == utc(closed)


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - as asked for
)
def test_the_last_closing_is_past(zone: str, at: datetime) -> None:
    for branch in (calendar(zone), calendar(zone, week=NIGHT_WEEK)):
        closed = branch.last_closing_before(at)
        assert closed is not None
        assert closed <= at
        assert closed.tzinfo == UTC
