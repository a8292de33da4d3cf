"""R13: a desk that lends and takes back while thousands of notices leave, beside itself a moment before.

In one run, one window after another, the mail server takes messages and keeps the sender waiting in turn: what the
machine does besides hits both alike. The sender is the product's, at its own pace; the desk scans as often as all the
desks of P4 together. (One that scans without a pause is in SQLite's way for most of the time itself: 1.2 times.)
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from benchmarks import rows
from benchmarks.engines import Engine
from benchmarks.figures import Figure, Times
from benchmarks.serving import OURS, Desk, HttpLine, serving
from lending import settings
from lending.clock import SystemClock
from lending.db import Database
from lending.models.base import new_public_id, table_of
from lending.models.cohorts import Enrolment
from lending.models.notices import Channel, Notice, NoticeState
from tests.jobs.killing import schedulers, wait_until
from tests.mail.peer import Peer, free_port

WAITING, REACH = 5_000, 1.1
PAIRS, WARM = 12, 40
KITS = (rows.KITS - WARM) // (2 * PAIRS)
"""How many are lent and taken back in one window."""
BETWEEN_SCANS = 1 / 8.4
"""Seconds: 4.2 check-outs and as many returns in one (P4)."""
SETTLED_SECONDS = 6.0
"""When every job has run for the first time after the start."""


def draining(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R13: the desk's p95 while notices leave, as a multiple of what it is while none do: the median of many pairs."""
    url = engine.migrated()
    database, at = Database.from_url(url), SystemClock().now()
    rows.fill(database, today=today)
    database.act(lambda session: _wait_for_the_post(session, at))
    with tempfile.TemporaryDirectory() as folder, serving(OURS, url) as served:
        gate, port = Path(folder) / "open", free_port()
        pace = settings.load({}, instance=Path(folder)).notices_a_second  # that which comes with the product
        with (
            _mail_server(port, gate),
            schedulers(database, Path(folder), Peer(), f"smtp://127.0.0.1:{port}", at, 1, a_second=pace),
        ):
            windows = _Windows(database, Desk(HttpLine(served.port)), gate)
            windows.lend_and_take_back(WARM)
            threading.Event().wait(SETTLED_SECONDS)
            pairs = [windows.pair(opens_first=n % 2 == 0) for n in range(PAIRS)]
            left = windows.left()
    database.close()
    busy = Times.of([seconds for one, _ in pairs for seconds in one])
    quiet = Times.of([seconds for _, one in pairs for seconds in one])
    yield Figure(
        "R13",
        engine.name,
        f"desk's p95 while {WAITING:,} notices leave ÷ while none does, median of {PAIRS} pairs",
        median(Times.of(one).p95 / Times.of(other).p95 for one, other in pairs),
        "×",
        REACH,
        beside={
            "p95 ms": busy.p95,
            "quiet p95 ms": quiet.p95,
            "÷": busy.p95 / quiet.p95,
            "median ms": busy.median,
            "quiet median ms": quiet.median,
            "left": float(left),
            "a second": windows.left_open / windows.seconds_open,
        },
    )


class _Windows:
    """A desk, and the gate before the mail server."""

    def __init__(self, database: Database, desk: Desk, gate: Path) -> None:
        self._database, self._desk, self._gate = database, desk, gate
        self._kit = 0
        self.left_open, self.seconds_open = 0, 0.0

    def lend_and_take_back(self, kits: int) -> list[float]:
        """Lend each of the next kits and take it back; the seconds of each scan."""
        first, self._kit = self._kit + 1, self._kit + kits
        taken: list[float] = []
        for n in range(first, self._kit + 1):
            for scan in (self._desk.check_out, self._desk.take_back):
                time.sleep(BETWEEN_SCANS)
                taken.append(scan(n))
        return taken

    def pair(self, *, opens_first: bool) -> tuple[list[float], list[float]]:
        """The seconds of scans while notices leave, and while none does."""
        if opens_first:
            busy = self._while_they_leave()
            return busy, self.lend_and_take_back(KITS)
        quiet = self.lend_and_take_back(KITS)
        return self._while_they_leave(), quiet

    def left(self) -> int:
        """How many notices have left."""
        with self._database.read() as session:
            return session.scalars(select(func.count()).where(Notice.state == NoticeState.SENT)).one()

    def _while_they_leave(self) -> list[float]:
        self._gate.touch()
        before = self.left()
        wait_until(lambda: self.left() > before, "nothing leaves")  # between two turns of the sender nothing does
        first, began = self.left(), time.monotonic()
        taken = self.lend_and_take_back(KITS)
        self.seconds_open += time.monotonic() - began
        self.left_open += self.left() - first
        self._gate.unlink()
        return taken


def _wait_for_the_post(session: Session, at: datetime) -> None:
    """Put word of their seats into the outbox for everybody, which stays true while kits are lent and taken back."""
    seats = session.execute(select(Enrolment.public_id, Enrolment.patron_id)).all()
    notice = {"step": "enrolled", "channel": Channel.EMAIL, "state": NoticeState.PENDING, "due_at": at, "made_at": at}
    waiting = [
        {**notice, "public_id": new_public_id(), "subject": f"enrolment:{seat.public_id}:{n}", "tries": 0}
        | {"patron_id": seat.patron_id}
        for n in range(WAITING // len(seats))
        for seat in seats
    ]
    session.connection().execute(insert(table_of(Notice)), waiting)


@contextmanager
def _mail_server(port: int, gate: Path) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.mail_server", str(port), str(gate)])
    try:
        yield
    finally:
        process.terminate()
        process.wait()
