"""Claims about the range of days between which a kit may come, by tables and by a queue played through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random
from statistics import median

import pytest

from lending.domain.waiting import (
    DayRange,
    Due,
    Held,
    Wait,
    by_coming_to_it,
    by_kits_to_come,
    expected,
    kits_to_come,
    places_held,
    quantile,
    without_a_kit_for_ever,
)

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
ZONE = "America/Los_Angeles"


def day(n: float) -> datetime:
    """So many days after now, or before it."""
    return NOW + n * DAY


def wait(number: int, since: float, until: float | None = None, *, served: bool = True) -> Wait:
    return Wait(number, day(since), None if until is None else day(until), served and until is not None)


def held(place: int, since: float, lasted: float, *, served: bool = True, number: int = 0) -> Held:
    return Held(number, place, day(since), day(since + lasted), served)


ME = held(1, 0, 0, served=False, number=99)
"""Somebody who has just become the next."""


def told(history: Iterable[Held], now: Held = ME) -> DayRange | None:
    """The range of somebody who waits for others to leave."""
    return expected(history, now, mark=by_coming_to_it, at=NOW, zone=ZONE)


# --- Places -----------------------------------------------------------------------------------------------------------


def test_everybody_moves_up_when_somebody_before_them_is_served_or_leaves() -> None:
    queue = [wait(1, -9, -5), wait(2, -8, -3, served=False), wait(3, -7)]
    assert [(one.number, one.place, one.since, one.until, one.served) for one in places_held(queue, at=NOW)] == [
        (1, 1, day(-9), day(-5), True),
        (2, 2, day(-8), day(-3), False),
        (2, 1, day(-5), day(-3), False),
        (3, 3, day(-7), NOW, False),
        (3, 2, day(-5), NOW, False),
        (3, 1, day(-3), NOW, False),
    ]


def test_nobody_moves_up_when_somebody_behind_them_leaves() -> None:
    assert [one.place for one in places_held([wait(1, -9), wait(2, -8, -3)], at=NOW)] == [1, 2]


def test_who_comes_as_others_are_served_is_the_next() -> None:
    queue = [wait(1, -9, -2), wait(2, -8, -2), wait(3, -2)]
    assert [(one.number, one.place) for one in places_held(queue, at=NOW)] == [(1, 1), (2, 2), (3, 1)]


def test_two_steps_at_once_are_one() -> None:
    queue = [wait(1, -9, -2), wait(2, -8, -2), wait(3, -7)]
    assert [one.place for one in places_held(queue, at=NOW) if one.number == 3] == [3, 1]


def test_who_had_a_kit_at_once_was_in_nobody_s_way() -> None:
    queue = [wait(1, -9), wait(2, -8, -8), wait(3, -7)]
    assert [(one.number, one.place) for one in places_held(queue, at=NOW)] == [(1, 1), (3, 2)]


def test_what_came_later_is_not_known_yet() -> None:
    queue = [wait(1, -9, -5), wait(2, -8, -2), wait(3, -6)]
    assert [(one.number, one.place, one.until, one.served) for one in places_held(queue, at=day(-7))] == [
        (1, 1, day(-7), False),
        (2, 2, day(-7), False),
    ]


# --- Kits to come -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dues", "expected_days"),
    [
        ([Due(1, day(-9), day(5), None), Due(2, day(-9), day(3), None)], [3, 5]),
        ([Due(1, day(-9), day(5), day(-5))], []),
        ([Due(1, day(-9), day(5), day(-1))], [-1]),
        ([Due(1, day(-9), day(5), day(-1)), Due(1, day(-1), day(41), None)], [41]),
        ([Due(1, day(-9), day(5), day(2))], [5]),
        ([Due(1, day(-9), day(-3), None)], [0]),
        ([Due(1, day(-60), day(-15), None)], []),
        ([Due(1, day(-9), day(5), None), Due(1, day(-2), day(26), None)], [26]),
        ([Due(1, day(-9), day(5), None), Due(1, day(1), day(26), None)], [5]),
        ([Due(1, day(1), day(26), None)], []),
    ],
    ids=[
        "the first due is the first",
        "one that came back long ago is somebody else's by now",
        "one that came back yesterday is being made ready",
        "one that is out again is to come again",
        "what comes back later is not known yet",
        "an overdue one is due now",
        "one that is long overdue is not counted on",
        "a renewed one is due later",
        "a renewal to come is not known yet",
        "a loan to come is not known yet",
    ],
)
def test_when_kits_are_to_come(dues: list[Due], expected_days: list[int]) -> None:
    assert kits_to_come(dues, at=NOW) == [day(n) for n in expected_days]


def test_number_two_waits_for_the_second_kit_and_who_is_further_back_for_none() -> None:
    mark = by_kits_to_come([Due(n, day(-9), day(n), None) for n in (4, 7)])
    assert [mark(held(place, 0, 0), NOW) for place in (1, 2, 3)] == [day(4), day(7), None]


def test_who_left_a_session_without_a_kit_waited_for_ever_and_who_waits_still_has_waited_so_long() -> None:
    left, waits, went = held(1, -9, 3, served=False), held(1, -5, 5, served=False), held(1, -9, 3)
    gone, *others = without_a_kit_for_ever([left, waits, went], at=NOW)
    assert gone.until - NOW > timedelta(days=3_650)
    assert (gone.since, gone.served, others) == (left.since, False, [waits, went])


# --- Quantiles --------------------------------------------------------------------------------------------------------

FIVE = [(n * DAY, True) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("waits", "part", "days"),
    [
        (FIVE, 0.2, 1),
        (FIVE, 0.21, 2),
        (FIVE, 0.8, 4),
        (FIVE, 1.0, 5),
        ([], 0.5, None),
        ([(DAY, False), *FIVE[1:]], 0.5, 3),
        ([*FIVE[:2], (3 * DAY, False), *FIVE[3:]], 0.6, 4),
        ([*FIVE[:3], (9 * DAY, False), (9 * DAY, False)], 0.6, 3),
        ([*FIVE[:3], (9 * DAY, False), (9 * DAY, False)], 0.8, None),
        ([(DAY, False)] * 5, 0.1, None),
    ],
)
def test_a_quantile_counts_who_left_as_one_who_waited_at_least_so_long(
    waits: list[tuple[timedelta, bool]], part: float, days: int | None
) -> None:
    assert quantile(waits, part) == (None if days is None else days * DAY)


# --- The range --------------------------------------------------------------------------------------------------------

TWENTY = [held(1, -200 + n, n) for n in range(1, 21)]
"""Twenty people who were next and waited one to twenty days."""


def test_one_wait_in_ten_was_over_by_the_first_day_and_nine_by_the_last() -> None:
    assert told(TWENTY) == DayRange(date(2026, 3, 5), date(2026, 3, 21))


def test_nothing_is_said_with_too_few_waits() -> None:
    assert told(TWENTY[:-1]) is None


def test_nothing_is_said_from_waits_of_more_than_a_year_ago() -> None:
    assert told([held(1, -366 - n, 3) for n in range(40)]) is None


def test_nothing_is_said_when_too_many_never_had_a_kit() -> None:
    assert told([*TWENTY, *(held(1, -200, 150, served=False) for _ in range(5))]) is None


def test_a_single_day_is_never_named() -> None:
    assert told([held(1, -200, 4) for _ in range(30)]) == DayRange(date(2026, 3, 7), date(2026, 3, 8))


def test_days_are_those_of_the_branch() -> None:
    evening = [held(1, -200, 4 + 9 / 24) for _ in range(30)]  # 19:00 in Los Angeles is the next day in UTC
    assert told(evening) == DayRange(date(2026, 3, 7), date(2026, 3, 8))


def test_who_has_waited_long_is_told_what_those_met_who_waited_as_long() -> None:
    since_ten_days = held(1, -10, 10, served=False)
    assert told(TWENTY, since_ten_days) == DayRange(date(2026, 3, 4), date(2026, 3, 12))
    since_sixteen_days = held(1, -16, 16, served=False)
    assert told(TWENTY, since_sixteen_days) is None, "four people are no history"


def test_the_same_place_speaks_before_the_places_next_to_it() -> None:
    third = held(3, 0, 0, served=False)
    others = [held(place, -200, 40) for place in (1, 2, 4) for _ in range(30)]
    assert told([*others, *(held(3, -200, n) for n in range(1, 21))], third) == told(TWENTY)
    assert told([*others, *(held(3, -200, n) for n in range(1, 20))], third) != told(TWENTY)


def test_no_mark_no_range() -> None:
    history = [held(1, -200, n) for n in range(1, 31)]
    assert expected(history, ME, mark=lambda one, at: None, at=NOW, zone=ZONE) is None


# --- A queue played through -------------------------------------------------------------------------------------------


def played(seed: int, kits: int = 12, days: int = 800) -> tuple[list[Wait], list[Due]]:
    """A stock that is always out: kits go for six weeks, come back early, in time or late, to whoever is next."""
    chance = Random(seed)
    dues: list[Due] = []
    waits: list[Wait] = []
    line: list[Wait] = []
    events = [(chance.uniform(0, 42), "back", n) for n in range(kits)] + [(0.0, "comes", kits)]
    heapify(events)
    free: list[int] = []
    while events[0][0] < days:
        at, what, number = heappop(events)
        if what == "back":
            free.append(number)
        else:
            heappush(events, (at + chance.expovariate(1.2 * kits / 45), "comes", number + 1))
            if len(line) < 10:
                line.append(wait(number, at))
        if free and line:
            kit = free.pop()
            first = replace(line.pop(0), until=day(at), served=True)
            waits.append(first)
            back = at + 42 + chance.choice((-9, -3, -2, -1, 0, 0, 1, 6)) + chance.random()
            dues.append(Due(kit, day(at), day(at + 42), day(back)))
            heappush(events, (back + 1, "back", kit))
    return [one for one in waits if one.since != one.until], dues


def replayed(waits: list[Wait], dues: list[Due]) -> Iterator[tuple[Held, DayRange, date]]:
    """Everybody who was told a range when they came, with their place then and the day on which they had a kit."""
    mark = by_kits_to_come(dues)
    for one in waits:
        places = places_held(waits, at=one.since)
        (now,) = (place for place in places if place.number == one.number)
        others = [place for place in places if place.number != one.number]
        days = expected(others, now, mark=mark, at=one.since, zone="UTC")
        if days is not None and one.until is not None:
            yield now, days, one.until.date()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_waits_end_within_a_range_of_some_days(seed: int) -> None:
    """Seven in ten at least, and no more than one in seven after its last day."""
    found = list(replayed(*played(seed)))
    assert len(found) >= 150
    assert sum(days.first <= on <= days.last for _, days, on in found) >= 0.7 * len(found)
    assert sum(on > days.last for _, days, on in found) <= len(found) / 7
    assert median((days.last - days.first).days for _, days, _ in found) <= 10


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_weeks_about_the_usual_wait_would_not_do(seed: int) -> None:
    """The same waits with a naive rule: so long as everybody waited on the average, a week more or less."""
    waited = [(on - now.since.date()).days for now, _, on in replayed(*played(seed))]
    usual = sum(waited) / len(waited)
    assert sum(abs(days - usual) <= 7 for days in waited) < 0.7 * len(waited)
