"""The clock: aware, in UTC, and able to travel."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from lending.clock import ClockError, FileClock, MovingClock, SystemClock, clock_from

MEMORIAL_DAY = dt.datetime(2026, 5, 26, 1, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock_file(tmp_path: Path) -> Path:
    path = tmp_path / "clock"
    path.write_text("2026-05-25T18:00:00-07:00\n", encoding="utf-8")
    return path


def test_the_system_clock_is_aware_and_goes_forward() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.utcoffset() == dt.timedelta(0)
    assert first <= second


def test_a_file_clock_tells_the_files_instant_in_utc(clock_file: Path) -> None:
    assert FileClock(clock_file).now() == MEMORIAL_DAY
    assert FileClock(clock_file).now().tzinfo is dt.UTC


def test_a_file_clock_is_read_again_each_time(clock_file: Path) -> None:
    clock = FileClock(clock_file)
    clock.now()
    clock_file.write_text("2026-11-01T09:30:00Z", encoding="utf-8")
    assert clock.now() == dt.datetime(2026, 11, 1, 9, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("written", "said"),
    [("2026-05-25T18:00:00", "no offset"), ("next Monday", "not an ISO instant"), ("", "not an ISO instant")],
)
def test_a_file_without_a_whole_instant_is_refused_by_name(clock_file: Path, written: str, said: str) -> None:
    clock_file.write_text(written, encoding="utf-8")
    with pytest.raises(ClockError, match=said) as refusal:
        FileClock(clock_file).now()
    assert str(clock_file) in str(refusal.value)


def test_a_missing_clock_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ClockError, match="cannot be read"):
        FileClock(tmp_path / "nowhere").now()


def test_a_moving_clock_stands_still_until_it_is_moved() -> None:
    clock = MovingClock(MEMORIAL_DAY)
    assert clock.now() == clock.now() == MEMORIAL_DAY
    assert clock.move(dt.timedelta(days=1)) == clock.now() == MEMORIAL_DAY + dt.timedelta(days=1)
    clock.set(MEMORIAL_DAY)
    assert clock.now() == MEMORIAL_DAY


def test_a_moving_clock_refuses_a_naive_instant() -> None:
    with pytest.raises(ValueError, match="naive"):
        MovingClock(MEMORIAL_DAY.replace(tzinfo=None))


def test_the_setting_picks_the_clock(clock_file: Path) -> None:
    assert isinstance(clock_from("system"), SystemClock)
    assert clock_from(f"file:{clock_file}").now() == MEMORIAL_DAY


@pytest.mark.parametrize("setting", ["", "file:", "sundial", "system:now", "file"])
def test_an_unknown_clock_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="'system' or 'file:PATH'"):
        clock_from(setting)
