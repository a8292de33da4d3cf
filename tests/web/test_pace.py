"""So many and no more, of each, and nothing is kept of who came long ago."""

from __future__ import annotations

from datetime import timedelta

from lending.web.pace import Pace
from tests.cast import NOW

MINUTE = timedelta(minutes=1)


def test_the_pace_is_each_ones_own() -> None:
    pace = Pace(1, MINUTE)
    assert [pace.keeps(1, NOW), pace.keeps(1, NOW), pace.keeps(2, NOW)] == [True, False, True]


def test_it_goes_on_when_the_time_is_over_and_one_that_was_refused_does_not_lengthen_it() -> None:
    pace = Pace(1, MINUTE)
    assert [pace.keeps(1, NOW + n * MINUTE / 2) for n in range(4)] == [True, False, True, False]


def test_nobody_is_remembered_who_came_long_ago() -> None:
    pace = Pace(1, MINUTE)
    for who in range(100):
        pace.keeps(who, NOW)
    pace.keeps("later", NOW + MINUTE)
    assert list(pace._lately) == ["later"]


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    pace = Pace(1, MINUTE)
    assert [pace.keeps(1, NOW), pace.keeps(1, NOW - 90 * MINUTE)] == [True, True]
