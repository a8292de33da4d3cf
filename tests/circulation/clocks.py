"""The privacy clock as tests strike it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from lending.circulation import privacy_clock as clock
from lending.db import Database
from lending.domain.sealed_names import KEY_BYTES, NameSeal
from tests.cast import NOW, Cast

SEAL = NameSeal(b"k" * KEY_BYTES)
LATER = NOW + timedelta(days=31)
"""A day after the thirty days in which what is over today still names its patron."""


def strike(database: Database, cast: Cast, at: datetime = LATER, *, days: int = 30, limit: int = clock.BATCH) -> int:
    """Let the clock strike once, every step until nothing is left; how many rows it cut."""
    today: date = at.astimezone(UTC).date()
    hour = clock.hour_at(at, cut_after_days=days, today=today, seal=SEAL)

    def once(step: str) -> int:
        return database.act(lambda session: clock.strike(session, step, hour, by=cast.system, limit=limit))

    done = 0
    for step in clock.ALL_STEPS:
        while cut := once(step):
            done += cut
    return done
