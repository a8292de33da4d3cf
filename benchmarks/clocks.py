"""R14: the nights in which clocks are changed, in three zones, and clocks that jump.

Each step of the ladder comes due in the night for some loans. The library is swept and its notices are sent every
quarter of an hour for 26 hours, and on the four days after with a clock that goes wrong and right again.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from benchmarks.lent import CLOSING, EVERY_DAY, Lent, every, latest, public_id_of
from lending import settings
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.calendars import WeeklyHours
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.branches import Branch
from lending.models.notices import Notice
from tests.cast import Cast, assemble
from tests.circulation.kits_in_hand import lend, look, receive, seen
from tests.jobs.test_clock_nights import NIGHTS

LOANS, SPREAD, BEFORE = 220, 44, 28
"""So many loans due over so many days, the first of which comes so many before the night: each step acts in it."""
JUMPS = (0, 1, -1, 30, -30, -2, 0)
"""Hours by which a clock is wrong, one after another, at nine in the morning."""
DAYS_OF_JUMPS = 4
PERIOD = timedelta(days=42)
LONG_AGO = -10_000


class Post:
    """Takes every message, and keeps its name."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def send(self, message: EmailMessage) -> None:
        """Keep the name."""
        self.names.append(str(message["Message-ID"]))


def clocks(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R14: notices that came not once or not on their day, and due dates that are not as a calendar says."""
    wrong, told, astray, lent = 0, 0, 0, 0
    for zone, night in NIGHTS:
        found, of = _notices(engine, zone, night)
        wrong, told = wrong + found, told + of
        found, of = _due_dates(engine, zone, night)
        astray, lent = astray + found, lent + of
    what = f"notices told not once or not on their day, around {len(NIGHTS)} nights and wrong clocks"
    yield Figure("R14", engine.name, what, wrong, "notices", 0, beside={"of": float(told)})
    what = "due dates that are not closing time on the day"
    yield Figure("R14", engine.name, what, astray, "loans", 0, beside={"of": float(lent)})


def _notices(engine: Engine, zone: str, night: date) -> tuple[int, int]:
    """How many were wrong, and how many there should have been."""
    lent = Lent.at(engine, night - timedelta(days=BEFORE), days=SPREAD, zone=zone, loans=LOANS)
    post, clock = Post(), MovingClock(lent.instant(BEFORE - 2))
    with tempfile.TemporaryDirectory() as folder:
        given = {"notices_a_second": 0}
        library = Library(lent.database, clock, post, settings.load({}, instance=Path(folder), given=given))

        def live(at: datetime) -> None:
            clock.set(at)
            for name in ("overdue", "notices"):
                SWEEPS[name](library, at)

        live(clock.now())
        evening = lent.instant(BEFORE - 1, time(22))
        for quarter in range(4 * 26):
            live(evening + timedelta(minutes=15) * quarter)
        strayed = _strayed(lent, evening)
        for day in range(BEFORE + 1, BEFORE + 1 + DAYS_OF_JUMPS):
            for hours in JUMPS:
                live(lent.instant(day) + timedelta(hours=hours))
        last = BEFORE + DAYS_OF_JUMPS + 1  # where the clock had been that was ahead
        live(lent.instant(last, time(20)))
    must = latest(lent.came(LONG_AGO, BEFORE - 2)) | every(lent.came(BEFORE - 2, last))
    counted = Counter(map(public_id_of, post.names))
    with lent.database.read() as session:
        made = session.execute(select(Notice.loan_id, Notice.step, Notice.public_id)).all()
    times = {(row.loan_id, row.step): counted[row.public_id] for row in made}
    lent.database.close()
    not_once = sum(times.get(step, 0) != 1 for step in must) + sum(step not in must for step in times)
    return not_once + strayed, len(must)


def _strayed(lent: Lent, since: datetime) -> int:
    """How many of the notices of the night and the day before were not made on the day on which their step acts."""
    with lent.database.read() as session:
        made = session.execute(select(Notice.loan_id, Notice.step, Notice.made_at).where(Notice.made_at >= since)).all()
    found = {(row.loan_id, row.step): (row.made_at.astimezone(lent.zone).date() - lent.first).days for row in made}
    must = {step: day for day in (BEFORE - 1, BEFORE) for step in every(lent.came(day - 1, day))}
    return len(found.items() ^ must.items())


def _due_dates(engine: Engine, zone: str, night: date) -> tuple[int, int]:
    """How many check-outs got another due date than a calendar says, and how many there were: every half hour from ten
    in the evening, of the night and of the one whose loans are due in it.
    """
    database, wrong, count = Database.from_url(engine.migrated()), 0, 0
    cast = assemble(database)
    database.act(lambda session: session.execute(update(Branch).values(zone=zone, hours=WeeklyHours.parse(EVERY_DAY))))
    clock = ZoneInfo(zone)
    for day in (night - PERIOD, night):
        evening = datetime.combine(day - timedelta(days=1), time(22), clock).astimezone(UTC)
        for half in range(2 * 8):
            at = evening + timedelta(minutes=30) * half
            wrong += _due(database, cast, at) != _closing(at.astimezone(clock).date() + PERIOD, clock)
            count += 1
    database.close()
    return wrong, count


def _due(database: Database, cast: Cast, at: datetime) -> datetime:
    """When a kit is due that is lent at an instant; it comes back for the next one."""
    due_at = lend(database, cast, at=at).due_at
    receive(database, cast, at=at + timedelta(minutes=1))
    look(database, cast, seen(database), at=at + timedelta(minutes=2))
    return due_at


def _closing(on: date, clock: ZoneInfo) -> datetime:
    return datetime.combine(on, CLOSING, clock).astimezone(UTC)
