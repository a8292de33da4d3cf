"""When a job of once a day is due: once, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from lending.domain.jobs import JOBS, SILENT_AFTER, Job, is_due, is_late, is_silent

QUARTER = timedelta(minutes=15)
LOS_ANGELES = "America/Los_Angeles"


def nightly(wall: time) -> Job:
    return Job("backup", QUARTER, timedelta(hours=27), wall)


def runs(job: Job, zone: str, began: datetime, ended: datetime) -> list[datetime]:
    """When the job runs, looked at every quarter of an hour; the first run was a day before."""
    done, at, last = [], began, began - timedelta(days=1)
    while at < ended:
        if is_due(job, succeeded_at=last, zone=zone, at=at):
            done.append(at)
            last = at
        at += QUARTER
    return done


@pytest.mark.parametrize(
    ("zone", "spring", "autumn"),
    [
        (LOS_ANGELES, datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 12, tzinfo=UTC), datetime(2026, 4, 4, 12, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("wall", [time(1, 30), time(1, 45), time(2, 15), time(2, 30), time(3)])
def test_it_runs_once_a_day_on_both_nights_of_the_clocks(
    zone: str, spring: datetime, autumn: datetime, wall: time
) -> None:
    for night in (spring, autumn):
        began = (night - timedelta(days=2)).astimezone(ZoneInfo(zone)).replace(hour=12, minute=0).astimezone(UTC)
        done = runs(nightly(wall), zone, began, began + timedelta(days=5))
        days = [at.astimezone(ZoneInfo(zone)).date() for at in done[1:]]
        assert days == sorted(set(days))
        assert len(days) >= 4
        assert all(later - sooner <= timedelta(hours=25) for sooner, later in pairwise(done[1:]))


def test_a_clock_that_is_set_back_an_hour_runs_nothing_twice() -> None:
    ran = datetime(2026, 5, 5, 10, 5, tzinfo=UTC)
    assert not is_due(nightly(time(3)), succeeded_at=ran, zone=LOS_ANGELES, at=ran - timedelta(hours=1))
    assert is_due(nightly(time(3)), succeeded_at=ran, zone=LOS_ANGELES, at=ran + timedelta(days=1))


def test_a_run_in_a_year_to_come_stops_nothing() -> None:
    wrong, at = datetime(2031, 5, 5, tzinfo=UTC), datetime(2026, 5, 5, tzinfo=UTC)
    assert is_due(nightly(time(3)), succeeded_at=wrong, zone=LOS_ANGELES, at=at)
    assert is_late(nightly(time(3)), succeeded_at=wrong, known_since=at, at=at)
    assert is_silent(wrong, at)
    assert not is_silent(at + SILENT_AFTER, at)


def test_the_others_run_at_every_look() -> None:
    at = datetime(2026, 5, 5, tzinfo=UTC)
    assert all(
        is_due(job, succeeded_at=at, zone=LOS_ANGELES, at=at + job.every) for job in JOBS if job.time_of_day is None
    )
