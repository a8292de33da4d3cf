"""R12 and R15 at full length: the outbox through a month in which its sender is killed, and raced by returns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from benchmarks.lent import Lent, every, latest
from lending.db import Database
from tests.cast import NOW, assemble
from tests.jobs.killing import IN_BETWEEN, POINTS, schedulers
from tests.jobs.test_returns_against_sending import (
    both_at_once,
    the_claim_waits,
    the_return_waits,
    too_late,
    too_late_unlocked,
)
from tests.mail.peer import Peer, mail_server

DAYS, KILLS, PROCESSES, RACES = 30, 50, 3, 1_000
LONG_AGO = -10_000
"""A day before any step of any loan, counted from the first."""


def killed(engine: Engine, *, today: date, days: int = DAYS, kills: int = KILLS) -> Iterator[Figure]:
    """R12: three processes, thirty days, and the one that sends killed fifty times, at each point in turn."""
    lent, peer = Lent.at(engine, today, days=DAYS), Peer()
    with (
        tempfile.TemporaryDirectory() as folder,
        mail_server(peer) as url,
        schedulers(lent.database, Path(folder), peer, url, lent.instant(0), PROCESSES) as running,
    ):
        for day in range(days):
            running.set_clock(lent.instant(day))
            running.swept("overdue")
            running.set_clock(running.at + timedelta(minutes=2))  # a jump, so that what the sweep wrote is sent now
            for n in range(running.kills.total(), kills * (day + 1) // days):
                running.kill_at(POINTS[n % len(POINTS)])
            running.settle()
    must = latest(lent.came(LONG_AGO, 0)) | every(lent.came(0, days - 1))
    told = lent.told_by(peer)
    lent.database.close()
    beside = {"should be told": float(len(must)), "told": float(len(told)), "never due": float(len(told - must))}
    struck = {point: float(running.kills[point]) for point in POINTS}
    total = running.kills.total()
    yield Figure(
        "R12", engine.name, f"notices missing after {total} kills", len(must - told), "missing", 0, False, beside
    )
    yield Figure("R12", engine.name, "kills of the sender", total, "kills", kills, True, struck)
    again = sum(running.twice().values())
    between = sum(running.kills[point] for point in IN_BETWEEN)
    yield Figure(
        "R12",
        engine.name,
        "messages too many, for each kill between the server's 250 and our commit",
        again / max(between, 1),
        "",
        1,
        beside={"messages too many": float(again), "such kills": float(between)},
    )
    takeover = max(running.takeovers, default=0.0)
    yield Figure("R12", engine.name, "until the standby leads, at worst", takeover, "s", 30)


def returns(engine: Engine, *, today: date, races: int = RACES) -> Iterator[Figure]:
    """R15: a thousand races of a return against the claim of the notice that chases it, and one without a lock."""
    database = Database.from_url(engine.migrated())
    cast = assemble(database)
    plays = (both_at_once, the_claim_waits, the_return_waits)
    late = sum(too_late(database, cast, plays[n % len(plays)], NOW + timedelta(minutes=10) * n) for n in range(races))
    unlocked = int(too_late_unlocked(database, cast, NOW + timedelta(minutes=10) * races))
    database.close()
    yield Figure("R15", engine.name, f"of {races:,} races, notices after an acknowledged return", late, "notices", 0)
    yield Figure("R15", engine.name, "of one without the lock and the second look", unlocked, "notices", 1, True)
