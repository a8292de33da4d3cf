"""How often the range of days that a waiting patron was told holds: the demonstration's past, waited through again.

At each moment at which somebody began to wait for a kit in the queue of a stock, the range is worked out from what was
known then, and compared with the day on which they were promised one. Source: issue "Patrons reserve online", "Honest
waiting".
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from statistics import mean, median
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from lending import settings
from lending.cli.demonstration import make_demonstration
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.waiting import DayRange
from lending.library import Library
from lending.models.branches import Branch
from lending.models.reservations import Reservation
from lending.queries.waiting import waiting_range

IN_RANGE, AFTER = 0.7, 0.15
"""What part of the waits must end within their range, and what part may end after its last day."""

NAIVE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Replayed:
    """Somebody who was told a range: the local days on which they came, and on which they were promised a kit."""

    came_on: date
    told: DayRange
    had_on: date

    @property
    def holds(self) -> bool:
        """Whether it happened as it was told."""
        return self.told.first <= self.had_on <= self.told.last

    @property
    def days(self) -> int:
        """How long they waited."""
        return (self.had_on - self.came_on).days


def replay(session: Session) -> Iterator[Replayed]:
    """Everybody who waited openly, could be told a range when they came, and had a kit in the end."""
    chosen = (
        select(Reservation.public_id, Reservation.queued_at, Reservation.promised_at, Branch.zone)
        .join(Branch, Branch.id == Reservation.pickup_branch_id)
        .where(Reservation.cohort_id.is_(None), Reservation.promised_at > Reservation.queued_at)
        .order_by(Reservation.id)
    )
    for reservation, came_at, had_at, zone in session.execute(chosen).all():
        told = waiting_range(session, [reservation], at=came_at)[reservation]
        if told is not None:
            came_on, had_on = (moment.astimezone(ZoneInfo(zone)).date() for moment in (came_at, had_at))
            yield Replayed(came_on, told, had_on)


def naive(waits: Sequence[Replayed]) -> float:
    """What part of the waits ended within a week of the usual one, whatever the place in the queue."""
    usual = mean(wait.days for wait in waits)
    return mean(abs(wait.days - usual) <= NAIVE_DAYS for wait in waits)


def waits_of_the_demonstration(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """How many waits ended as they were told, beside a naive rule: the usual wait, a week more or less."""
    database = Database.from_url(engine.migrated())
    at = datetime.combine(today, time(18), UTC)
    try:
        with tempfile.TemporaryDirectory(prefix="lending-waits-") as folder:
            library = Library(database, MovingClock(at), None, settings.load({}, instance=Path(folder)))
            make_demonstration(library, size="tiny" if quick else "small")
        with database.read() as session:
            waits = list(replay(session))
    finally:
        database.close()
    width = median((wait.told.last - wait.told.first).days for wait in waits)
    beside = {"waits": float(len(waits)), "width in days": float(width), "by a naive rule": naive(waits)}
    what = "waits of the demonstration that ended within the range told"
    holds = mean(wait.holds for wait in waits)
    yield Figure("Waiting", engine.name, what, holds, "of 1", reach=IN_RANGE, at_least=True, beside=beside)
    late = mean(wait.had_on > wait.told.last for wait in waits)
    yield Figure("Waiting", engine.name, "of them after its last day", late, "of 1", reach=AFTER)
