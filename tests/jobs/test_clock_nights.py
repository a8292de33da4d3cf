"""R14: in the nights in which clocks are changed, and when one is wrong, each step is told once and on its day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from lending import settings
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.calendars import WeeklyHours
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.branches import Branch
from lending.models.loans import Loan
from lending.models.notices import Notice
from tests.cast import LUIS, OPEN_KIT, assemble
from tests.circulation.kits_in_hand import lend, only, rows

STEPS = {
    "due_in_7_days": -7,
    "due_in_3_days": -3,
    "due_today": 0,
    "overdue": 1,
    "overdue_7_days": 7,
    "overdue_14_days": 14,
    "assumed_lost": 21,
    "bill_reminder": 35,
}
NIGHTS = [
    ("America/Los_Angeles", date(2026, 3, 8)),
    ("America/Los_Angeles", date(2026, 11, 1)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
]
EVERY_DAY = WeeklyHours.parse(
    "; ".join(f"{day} 00:30-23:30" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
)


class Town:
    """A branch in a zone that is open every day, and a kit that is out and due on a day at closing."""

    def __init__(self, database: Database, folder: Path, zone: str, due_on: date) -> None:
        self.database, self.zone, self.due_on = database, ZoneInfo(zone), due_on
        self.library = Library(database, MovingClock(datetime.now(UTC)), None, settings.load({}, instance=folder))  # noqa: TID251 - never read: a sweep is told when it is
        cast = assemble(database)

        def set_up(session: Session) -> None:
            session.execute(update(Branch).values(zone=zone, hours=EVERY_DAY))

        database.act(set_up)
        lend(database, cast, OPEN_KIT, LUIS, at=self.at(-20, time(12)))
        database.act(lambda session: session.execute(update(Loan).values(due_at=self.at(0, time(23, 30)))))

    def at(self, days: int, wall: time) -> datetime:
        """A time on the town's clock, so many days after the due day."""
        return datetime.combine(self.due_on + timedelta(days=days), wall, self.zone).astimezone(UTC)

    def sweep(self, at: datetime) -> int:
        return SWEEPS["overdue"](self.library, at)

    def told(self) -> list[tuple[str, int]]:
        """Each step that was told, with the day on the town's clock, counted from the due day."""
        found = (notice for notice in rows(self.database, Notice) if notice.step in STEPS)
        return [(n.step, (n.made_at.astimezone(self.zone).date() - self.due_on).days) for n in found]


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Callable[[str, date], Town]:
    return lambda zone, due_on: Town(database, tmp_path, zone, due_on)


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
@pytest.mark.parametrize("step", ["due_today", "assumed_lost"])
def test_a_step_in_the_night_of_the_clocks_comes_once_and_on_its_day(
    town: Callable[[str, date], Town], zone: str, night: date, step: str
) -> None:
    here = town(zone, night - timedelta(days=STEPS[step]))
    begin = here.at(STEPS[step] - 1, time(22))
    for quarter in range(4 * 26):
        here.sweep(begin + timedelta(minutes=15) * quarter)
    counted = Counter(told for told, _ in here.told())
    assert counted[step] == 1
    assert max(counted.values()) == 1
    assert (step, STEPS[step]) in here.told()


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_a_loan_that_is_due_in_that_night_climbs_the_whole_ladder_once(
    town: Callable[[str, date], Town], zone: str, night: date
) -> None:
    here = town(zone, night)
    assert only(here.database, Loan).due_at.astimezone(here.zone).time() == time(23, 30)
    for day in range(-9, 38):
        for wall in (time(1, 45), time(8, 5), time(20)):
            here.sweep(here.at(day, wall))
    assert here.told() == list(STEPS.items())


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_a_clock_that_jumps_forth_and_back_tells_nothing_twice(
    town: Callable[[str, date], Town], zone: str, night: date
) -> None:
    here = town(zone, night)
    for day in range(-9, 9):
        morning = here.at(day, time(9))
        for hours in (0, 1, -1, 30, -30, -2, 0):
            here.sweep(morning + timedelta(hours=hours))
    told = here.told()
    assert [step for step, _ in told] == list(STEPS)[:5], "each once, in order"
    assert all(STEPS[step] - 1 <= day <= STEPS[step] for step, day in told), "never late, for a clock ahead"
