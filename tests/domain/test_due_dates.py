"""Claims about due dates: every rule in three zones, both nights on which the clocks change, and closures of weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.calendars import Calendar, Closure, Interval, WeeklyHours
from lending.domain.due_dates import (
    Ceiling,
    Due,
    DueRule,
    by_hand_due,
    cohort_due,
    default_return_by,
    in_library_due,
    incomplete_until,
    is_overdue,
    open_loan_due,
    received_at_for_book_drop,
    redated_for_closing,
    renewal_due,
    shortened_due,
)

ZONES = ("America/Los_Angeles", "America/New_York", "Australia/Lord_Howe")
HOURS = WeeklyHours.parse(
    "mon 10:00-20:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-17:00; sat 10:00-17:00; sun closed"
)
NEVER = WeeklyHours(((),) * 7)
MEMORIAL_DAY = Closure(date(2026, 5, 25), date(2026, 5, 25), "Memorial Day")
DAY_AFTER = Closure(date(2026, 5, 26), date(2026, 5, 26), "Staff day")
RENOVATION = Closure(date(2026, 6, 1), date(2026, 7, 12), "Renovation")

every_zone = pytest.mark.parametrize("zone", ZONES)


def branch(zone: str, *closures: Closure, hours: WeeklyHours = HOURS) -> Calendar:
    return Calendar(zone, hours, (MEMORIAL_DAY, *closures))


def local(zone: str, on: date, clock: str = "11:00") -> datetime:
    """The instant at which the branch's wall clock shows ``clock``, worked out apart from the code under test."""
    return datetime.combine(on, time.fromisoformat(clock), ZoneInfo(zone)).astimezone(UTC)


def closing(zone: str, on: date) -> datetime:
    return local(zone, on, "17:00" if on.weekday() in (4, 5) else "20:00")


def due(zone: str, on: date, rule: DueRule, rolled_from: date | None = None) -> Due:
    return Due(closing(zone, on), on, rule, rolled_from)


def program_end(on: date) -> Ceiling:
    return Ceiling(DueRule.CEILING_PROGRAM_END, on)


# --- Cohort loans


@every_zone
@pytest.mark.parametrize("picked_up", [date(2026, 4, 14), date(2026, 4, 28), date(2026, 5, 22)])
def test_a_cohort_loan_is_due_when_the_cohort_ends_whatever_the_day_of_pick_up(zone: str, picked_up: date) -> None:
    found = cohort_due(branch(zone), date(2026, 5, 23), at=local(zone, picked_up))
    assert found == due(zone, date(2026, 5, 23), DueRule.COHORT_RETURN_BY)


@every_zone
def test_a_cohort_that_ends_on_memorial_day_is_due_on_tuesday(zone: str) -> None:
    found = cohort_due(branch(zone), date(2026, 5, 25), at=local(zone, date(2026, 4, 14)))
    assert found == due(zone, date(2026, 5, 26), DueRule.COHORT_RETURN_BY, date(2026, 5, 25))


@every_zone
def test_a_due_date_rolls_forward_again_where_the_next_day_is_closed_too(zone: str) -> None:
    found = cohort_due(branch(zone, DAY_AFTER), date(2026, 5, 25), at=local(zone, date(2026, 4, 14)))
    assert found == due(zone, date(2026, 5, 27), DueRule.COHORT_RETURN_BY, date(2026, 5, 25))
    long = cohort_due(branch(zone, RENOVATION), date(2026, 6, 1), at=local(zone, date(2026, 4, 14)))
    assert long == due(zone, date(2026, 7, 13), DueRule.COHORT_RETURN_BY, date(2026, 6, 1))


@every_zone
def test_a_cohort_that_is_over_gives_no_due_date(zone: str) -> None:
    last = date(2026, 5, 23)
    assert cohort_due(branch(zone), last, at=closing(zone, last) - timedelta(minutes=1)) is not None
    assert cohort_due(branch(zone), last, at=closing(zone, last)) is None
    assert cohort_due(branch(zone), last, at=local(zone, date(2026, 5, 28))) is None


def test_a_branch_that_never_opens_gives_no_due_date_by_any_rule() -> None:
    never = branch("America/Los_Angeles", hours=NEVER)
    at = local("America/Los_Angeles", date(2026, 4, 14))
    current = due("America/Los_Angeles", date(2026, 5, 23), DueRule.LOAN_PERIOD)
    assert cohort_due(never, date(2026, 5, 25), at=at) is None
    assert open_loan_due(never, 42, at=at) is None
    assert open_loan_due(never, 42, [program_end(date(2026, 5, 1))], at=at) is None
    assert renewal_due(never, current, 42, at=at) is None
    assert by_hand_due(never, date(2026, 5, 1), at=at) is None
    assert in_library_due(never, at=at) is None
    assert shortened_due(never, current, at=at) is current
    assert redated_for_closing(never, current) is current
    assert incomplete_until(never, at=at) == at + timedelta(days=7)


@pytest.mark.parametrize(
    ("ends_on", "last_workshop_on", "return_by"),
    [
        (date(2026, 5, 23), None, date(2026, 5, 23)),
        (date(2026, 5, 23), date(2026, 5, 19), date(2026, 5, 23)),
        (date(2026, 5, 21), date(2026, 5, 21), date(2026, 5, 22)),
        (date(2026, 5, 23), date(2026, 5, 23), date(2026, 5, 26)),
        (date(2026, 5, 19), date(2026, 5, 21), date(2026, 5, 22)),
        (date(2026, 5, 25), date(2026, 5, 22), date(2026, 5, 25)),
    ],
)
def test_kits_come_back_on_the_last_day_and_never_before_the_first_open_day_after_the_last_workshop(
    ends_on: date, last_workshop_on: date | None, return_by: date
) -> None:
    assert default_return_by(branch("America/Los_Angeles"), ends_on, last_workshop_on) == return_by


# --- Open loans


@every_zone
@pytest.mark.parametrize(
    ("out_on", "loan_days", "on", "rolled_from"),
    [
        (date(2026, 4, 14), 42, date(2026, 5, 26), None),
        (date(2026, 4, 13), 42, date(2026, 5, 26), date(2026, 5, 25)),
        (date(2026, 4, 12), 42, date(2026, 5, 26), date(2026, 5, 24)),
        (date(2026, 1, 26), 42, date(2026, 3, 9), None),  # over the American night forward, 8 March
        (date(2026, 2, 24), 42, date(2026, 4, 7), None),  # over Lord Howe's night back, 5 April
        (date(2026, 8, 25), 42, date(2026, 10, 6), None),  # over Lord Howe's night forward, 4 October
        (date(2026, 9, 21), 42, date(2026, 11, 2), None),  # over the American night back, 1 November
        (date(2026, 10, 31), 1, date(2026, 11, 2), date(2026, 11, 1)),
        (date(2026, 3, 7), 1, date(2026, 3, 9), date(2026, 3, 8)),
        (date(2028, 1, 18), 42, date(2028, 2, 29), None),
        (date(2028, 2, 29), 365, date(2029, 2, 28), None),
        (date(2026, 4, 20), 42, date(2026, 6, 1), None),
    ],
)
def test_an_open_loan_is_due_after_its_period_at_closing(
    zone: str, out_on: date, loan_days: int, on: date, rolled_from: date | None
) -> None:
    found = open_loan_due(branch(zone), loan_days, at=local(zone, out_on))
    assert found == due(zone, on, DueRule.LOAN_PERIOD, rolled_from)


@every_zone
def test_a_check_out_late_in_the_evening_counts_from_the_branchs_day(zone: str) -> None:
    found = open_loan_due(branch(zone), 42, at=local(zone, date(2026, 4, 14), "23:59"))
    assert found == due(zone, date(2026, 5, 26), DueRule.LOAN_PERIOD)


@every_zone
def test_an_open_loan_rolls_over_a_closure_of_weeks(zone: str) -> None:
    found = open_loan_due(branch(zone, RENOVATION), 42, at=local(zone, date(2026, 4, 20)))
    assert found == due(zone, date(2026, 7, 13), DueRule.LOAN_PERIOD, date(2026, 6, 1))


@every_zone
@pytest.mark.parametrize("rule", [DueRule.CEILING_STOCK, DueRule.CEILING_PROGRAM_END, DueRule.CEILING_CARD_EXPIRY])
def test_a_ceiling_shortens_an_open_loan_and_says_which_it_was(zone: str, rule: DueRule) -> None:
    ceilings = [Ceiling(rule, date(2026, 5, 14)), program_end(date(2026, 5, 15)), program_end(date(2027, 1, 1))]
    found = open_loan_due(branch(zone), 42, ceilings, at=local(zone, date(2026, 4, 14)))
    assert found == due(zone, date(2026, 5, 14), rule)


@every_zone
def test_a_ceiling_beyond_the_period_changes_nothing(zone: str) -> None:
    found = open_loan_due(branch(zone), 42, [program_end(date(2026, 5, 26))], at=local(zone, date(2026, 4, 14)))
    assert found == due(zone, date(2026, 5, 26), DueRule.LOAN_PERIOD)


@every_zone
@pytest.mark.parametrize("ceiling", [date(2026, 5, 24), date(2026, 5, 25)])
def test_only_where_a_ceiling_forbids_rolling_forward_a_due_date_rolls_back(zone: str, ceiling: date) -> None:
    found = open_loan_due(branch(zone), 42, [program_end(ceiling)], at=local(zone, date(2026, 4, 12)))
    assert found == due(zone, date(2026, 5, 23), DueRule.CEILING_PROGRAM_END, date(2026, 5, 24))
    free = open_loan_due(branch(zone), 42, [program_end(date(2026, 5, 26))], at=local(zone, date(2026, 4, 12)))
    assert free == due(zone, date(2026, 5, 26), DueRule.LOAN_PERIOD, date(2026, 5, 24))


@every_zone
def test_a_ceiling_in_a_closure_of_weeks_rolls_back_before_it(zone: str) -> None:
    found = open_loan_due(
        branch(zone, RENOVATION), 42, [program_end(date(2026, 6, 30))], at=local(zone, date(2026, 5, 4))
    )
    assert found == due(zone, date(2026, 5, 30), DueRule.CEILING_PROGRAM_END, date(2026, 6, 15))


@every_zone
@pytest.mark.parametrize(
    ("out_on", "clock", "ceiling"),
    [
        (date(2026, 5, 14), "11:00", date(2026, 5, 13)),  # passed
        (date(2026, 5, 14), "20:00", date(2026, 5, 14)),  # today, after closing
        (date(2026, 5, 23), "17:30", date(2026, 5, 25)),  # only closed days are left
        (date(2026, 5, 24), "11:00", date(2026, 5, 25)),  # handed out on a closed day, only closed days are left
    ],
)
def test_a_ceiling_that_leaves_no_open_day_gives_no_due_date(
    zone: str, out_on: date, clock: str, ceiling: date
) -> None:
    assert open_loan_due(branch(zone), 42, [program_end(ceiling)], at=local(zone, out_on, clock)) is None


@every_zone
def test_a_ceiling_of_today_leaves_the_rest_of_the_day(zone: str) -> None:
    today = date(2026, 5, 14)
    found = open_loan_due(branch(zone), 42, [program_end(today)], at=local(zone, today, "19:59"))
    assert found == due(zone, today, DueRule.CEILING_PROGRAM_END)


@every_zone
def test_a_loan_of_no_days_made_after_closing_is_due_on_the_next_open_day(zone: str) -> None:
    found = open_loan_due(branch(zone), 0, at=local(zone, date(2026, 5, 23), "18:00"))
    assert found == due(zone, date(2026, 5, 26), DueRule.LOAN_PERIOD, date(2026, 5, 24))


def test_a_loan_period_is_not_a_ceiling() -> None:
    with pytest.raises(ValueError, match="not a ceiling"):
        Ceiling(DueRule.LOAN_PERIOD, date(2026, 5, 14))


# --- Renewals and dates by hand


@every_zone
def test_a_renewal_counts_from_the_old_due_date(zone: str) -> None:
    current = due(zone, date(2026, 4, 14), DueRule.LOAN_PERIOD)
    for renewed_on in (date(2026, 4, 1), date(2026, 4, 14), date(2026, 4, 20)):
        found = renewal_due(branch(zone), current, 42, at=local(zone, renewed_on))
        assert found == due(zone, date(2026, 5, 26), DueRule.RENEWAL)


@every_zone
def test_the_ceilings_of_a_check_out_bind_a_renewal(zone: str) -> None:
    current = due(zone, date(2026, 4, 14), DueRule.LOAN_PERIOD)
    at = local(zone, date(2026, 4, 10))
    found = renewal_due(branch(zone), current, 42, [Ceiling(DueRule.CEILING_STOCK, date(2026, 4, 30))], at=at)
    assert found == due(zone, date(2026, 4, 30), DueRule.CEILING_STOCK)
    nothing = renewal_due(branch(zone), current, 42, [program_end(date(2026, 4, 14))], at=at)
    assert nothing == due(zone, date(2026, 4, 14), DueRule.CEILING_PROGRAM_END)


@every_zone
def test_a_renewal_never_ends_in_the_past(zone: str) -> None:
    current = due(zone, date(2026, 4, 14), DueRule.LOAN_PERIOD)
    assert renewal_due(branch(zone), current, 14, at=local(zone, date(2026, 5, 14))) is None


@every_zone
def test_a_date_set_by_hand_rolls_forward_too(zone: str) -> None:
    at = local(zone, date(2026, 5, 4))
    assert by_hand_due(branch(zone), date(2026, 5, 9), at=at) == due(zone, date(2026, 5, 9), DueRule.BY_HAND)
    rolled = by_hand_due(branch(zone), date(2026, 5, 24), at=at)
    assert rolled == due(zone, date(2026, 5, 26), DueRule.BY_HAND, date(2026, 5, 24))


@every_zone
def test_a_date_set_by_hand_is_not_in_the_past(zone: str) -> None:
    today = date(2026, 5, 4)
    assert by_hand_due(branch(zone), date(2026, 5, 3), at=local(zone, today)) is None
    assert by_hand_due(branch(zone), today, at=local(zone, today, "19:59")) is not None
    assert by_hand_due(branch(zone), today, at=local(zone, today, "20:00")) is None


@every_zone
def test_a_date_set_by_hand_is_not_beyond_what_the_calendar_is_asked(zone: str) -> None:
    at = local(zone, date(2026, 5, 4))
    assert by_hand_due(branch(zone), date(2027, 5, 4), at=at) is not None
    assert by_hand_due(branch(zone), date(2028, 5, 4), at=at) is None
    assert by_hand_due(branch(zone), date.max, at=at) is None


@every_zone
def test_use_inside_the_library_ends_at_closing(zone: str) -> None:
    today = date(2026, 5, 8)
    assert in_library_due(branch(zone), at=local(zone, today)) == due(zone, today, DueRule.IN_LIBRARY)
    assert in_library_due(branch(zone), at=closing(zone, today)) is None
    assert in_library_due(branch(zone), at=local(zone, date(2026, 5, 10))) is None


# --- Leaving a cohort, emergency closings


@every_zone
def test_someone_who_leaves_a_cohort_gets_seven_days_notice(zone: str) -> None:
    current = due(zone, date(2026, 5, 26), DueRule.COHORT_RETURN_BY)
    found = shortened_due(branch(zone), current, at=local(zone, date(2026, 4, 28)))
    assert found == due(zone, date(2026, 5, 5), DueRule.NOTICE_PERIOD)
    rolled = shortened_due(branch(zone), current, at=local(zone, date(2026, 4, 26)))
    assert rolled == due(zone, date(2026, 5, 4), DueRule.NOTICE_PERIOD, date(2026, 5, 3))


@every_zone
@pytest.mark.parametrize("left_on", [date(2026, 5, 19), date(2026, 5, 22), date(2026, 5, 26), date(2026, 6, 8)])
def test_leaving_a_cohort_never_makes_a_due_date_later_nor_moves_one_that_has_passed(zone: str, left_on: date) -> None:
    current = due(zone, date(2026, 5, 26), DueRule.COHORT_RETURN_BY)
    assert shortened_due(branch(zone), current, at=local(zone, left_on)) is current


@every_zone
def test_no_notice_at_all_is_still_not_the_past(zone: str) -> None:
    current = due(zone, date(2026, 6, 26), DueRule.COHORT_RETURN_BY)
    found = shortened_due(branch(zone), current, 0, at=local(zone, date(2026, 5, 23), "17:30"))
    assert found == due(zone, date(2026, 5, 26), DueRule.NOTICE_PERIOD, date(2026, 5, 24))


@every_zone
def test_an_emergency_closing_moves_only_the_dates_it_hits(zone: str) -> None:
    hit = due(zone, date(2026, 6, 1), DueRule.LOAN_PERIOD)
    spared = due(zone, date(2026, 5, 30), DueRule.LOAN_PERIOD)
    closed = branch(zone, RENOVATION)
    moved = due(zone, date(2026, 7, 13), DueRule.EMERGENCY_CLOSING, date(2026, 6, 1))
    assert redated_for_closing(closed, hit) == moved
    assert redated_for_closing(closed, spared) is spared


@every_zone
@pytest.mark.parametrize(("closes", "due_on"), [(13, date(2026, 6, 2)), (23, date(2026, 6, 1))])
def test_a_day_that_closes_before_the_due_hour_is_over_for_it(zone: str, closes: int, due_on: date) -> None:
    hours = Closure(date(2026, 6, 1), date(2026, 6, 1), "Heat", (Interval(time(10), time(closes)),))
    found = redated_for_closing(branch(zone, hours), due(zone, date(2026, 6, 1), DueRule.LOAN_PERIOD))
    assert (found.on, found.at) == (due_on, closing(zone, due_on))


# --- Incomplete kits, the book drop, lateness


@every_zone
def test_a_missing_part_may_be_brought_back_for_seven_days_and_on_an_open_day(zone: str) -> None:
    assert incomplete_until(branch(zone), at=local(zone, date(2026, 5, 4))) == closing(zone, date(2026, 5, 11))
    assert incomplete_until(branch(zone), at=local(zone, date(2026, 5, 18))) == closing(zone, date(2026, 5, 26))


@every_zone
@pytest.mark.parametrize("clock", ["00:30", "09:30", "15:00"])
def test_a_kit_in_the_book_drop_counts_from_the_last_closing(zone: str, clock: str) -> None:
    last_closing = closing(zone, date(2026, 5, 4))
    at, out_at = local(zone, date(2026, 5, 5), clock), local(zone, date(2026, 4, 14))
    found = received_at_for_book_drop(branch(zone), at=at, checked_out_at=out_at)
    assert found == last_closing
    assert not is_overdue(last_closing, found)


@every_zone
def test_a_kit_in_the_book_drop_over_a_weekend_and_a_closure_counts_from_the_day_before(zone: str) -> None:
    at, out_at = local(zone, date(2026, 5, 26), "09:30"), local(zone, date(2026, 4, 14))
    assert received_at_for_book_drop(branch(zone), at=at, checked_out_at=out_at) == closing(zone, date(2026, 5, 23))


@every_zone
def test_a_kit_is_never_received_before_it_was_checked_out(zone: str) -> None:
    at, out_at = local(zone, date(2026, 5, 5), "15:00"), local(zone, date(2026, 5, 5), "11:00")
    assert received_at_for_book_drop(branch(zone), at=at, checked_out_at=out_at) == out_at


def test_a_book_drop_of_a_branch_that_never_opened_tells_nothing_but_now() -> None:
    at = local("America/New_York", date(2026, 5, 5))
    never = branch("America/New_York", hours=NEVER)
    assert received_at_for_book_drop(never, at=at, checked_out_at=at - timedelta(days=9)) == at


def test_on_time_means_by_closing() -> None:
    due_at = closing("America/Los_Angeles", date(2026, 5, 26))
    assert not is_overdue(due_at, due_at)
    assert is_overdue(due_at, due_at + timedelta(microseconds=1))


# --- Whatever the calendar


days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
closures = st.lists(
    st.tuples(days, st.integers(0, 60)).map(lambda pair: Closure(pair[0], pair[0] + timedelta(days=pair[1]), "Closed")),
    max_size=8,
).map(tuple)
instants = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001 - the strategy wants naive bounds
    datetime(2030, 12, 31),  # noqa: DTZ001 - a naive instant is the point of this test
    timezones=st.just(UTC),
)
weeks = st.lists(st.booleans(), min_size=7, max_size=7).map(
    lambda opens: WeeklyHours(tuple(HOURS.days[0] if is_open else () for is_open in opens))
)
calendars = st.builds(Calendar, st.sampled_from(ZONES), weeks, closures)
ceiling_lists = st.lists(
    st.builds(Ceiling, st.sampled_from(sorted(rule for rule in DueRule if rule.startswith("ceiling"))), days),
    max_size=3,
)


@given(calendars, instants, st.integers(0, 120), ceiling_lists)
def test_an_open_loan_is_due_on_an_open_day_after_check_out_and_never_past_a_ceiling(
    calendar: Calendar, at: datetime, loan_days: int, ceilings: list[Ceiling]
) -> None:
    found = open_loan_due(calendar, loan_days, ceilings, at=at)
    today = calendar.local_date(at)
    if found is None:
        reach = min([today + timedelta(days=loan_days + 400), *(ceiling.on for ceiling in ceilings)])
        usable = (today + timedelta(days=offset) for offset in range((reach - today).days + 1))
        left = [on for on in usable if calendar.is_open_on(on) and calendar.closing_at(on) > at]
        assert not left if ceilings else not [on for on in left if on >= today + timedelta(days=loan_days)]
        return
    assert calendar.is_open_on(found.on)
    assert found.at == calendar.closing_at(found.on) > at
    assert all(found.on <= ceiling.on for ceiling in ceilings)
    assert found.rolled_from is None or not calendar.is_open_on(found.rolled_from)
    if found.rule is DueRule.LOAN_PERIOD:
        assert found.on >= today + timedelta(days=loan_days)
    else:
        assert found.rule in {ceiling.rule for ceiling in ceilings}


@given(calendars, instants, days)
def test_a_cohort_loan_is_due_on_the_first_open_day_from_its_return_by(
    calendar: Calendar, at: datetime, return_by: date
) -> None:
    found = cohort_due(calendar, return_by, at=at)
    if found is not None:
        between = (return_by + timedelta(days=offset) for offset in range((found.on - return_by).days))
        assert found.on >= return_by
        assert not any(map(calendar.is_open_on, between))
        assert calendar.is_open_on(found.on)
        assert found.at > at


@given(calendars, instants, days)
def test_leaving_a_cohort_leaves_at_least_seven_days_or_the_old_date(
    calendar: Calendar, at: datetime, on: date
) -> None:
    current = Due(local(calendar.zone, on, "20:00"), on, DueRule.COHORT_RETURN_BY)
    found = shortened_due(calendar, current, at=at)
    assert found.at <= current.at
    assert found is current or found.on >= calendar.local_date(at) + timedelta(days=7)
