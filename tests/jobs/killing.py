"""Several jobs processes on one library, mail that arrives at a real server, and a leader that is killed repeatedly.

The clock of all of them is a file. The leader dies by ``kill -9`` at a point of the killer's choice: in the claim of a
message, on its way, or in the mark. Used by the tests and the battery (R12, R13).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import func, select

from lending.db import Database
from lending.models.jobs import JobRun, JobsLeader
from lending.models.notices import Channel, Notice, NoticeState
from tests.jobs.mortal import ANSWERED, CLAIM, CLAIMED, MARK, MARKED, Order
from tests.mail.peer import Peer

PATIENCE = 120.0
TAKEN = "taken"
"""The server has the message, and its 250 has not left: the one point that is the server's, not the sender's."""
POINTS = (CLAIM, CLAIMED, TAKEN, ANSWERED, MARK, MARKED)
"""Where the sender is killed, in the order in which a message comes by."""
IN_BETWEEN = frozenset({TAKEN, ANSWERED, MARK})
"""Between the server's 250 and our commit: there alone may a kill send a message again."""


class Schedulers:
    """The processes, the file that is their clock, and how often the leader was killed."""

    def __init__(
        self, database: Database, folder: Path, peer: Peer, url: str, at: datetime, count: int, a_second: int
    ) -> None:
        self._database, self._folder, self._peer, self._url = database, folder, peer, url
        self._count, self._a_second = count, a_second
        self._clock = folder / "clock"
        self._running: list[subprocess.Popen[bytes]] = []
        self._order = Order(folder / "die")
        self._strikes = False
        self.kills: Counter[str] = Counter()
        self.takeovers: list[float] = []
        peer.answer = self._answer
        self.set_clock(at)

    def set_clock(self, at: datetime) -> None:
        """Move every process to an instant."""
        draft = self._folder / "clock.draft"
        draft.write_text(at.isoformat(), encoding="ascii")
        draft.replace(self._clock)
        self.at = at

    def start(self) -> None:
        """Start as many as are missing."""
        self._running = [one for one in self._running if one.poll() is None]
        while len(self._running) < self._count:
            url = self._database.write_engine.url.render_as_string(hide_password=False)
            kept = {name: value for name, value in os.environ.items() if not name.startswith("LENDING_")}
            given = {
                "LENDING_PROFILE": "testing",
                "LENDING_INSTANCE": str(self._folder),
                "LENDING_DATABASE_URL": url,
                "LENDING_CLOCK": f"file:{self._clock}",
                "LENDING_SMTP_URL": self._url,
                "LENDING_BACKUPS_KEPT": "0",
                "LENDING_NOTICES_A_SECOND": str(self._a_second),
                "LENDING_LOG_LEVEL": "ERROR",
            }
            command = [sys.executable, "-m", "tests.jobs.mortal", str(self._order.file)]
            root = Path(__file__).parents[2]
            self._running.append(subprocess.Popen(command, env=kept | given, cwd=root, stdout=subprocess.DEVNULL))

    def stop(self) -> None:
        """End them all."""
        for one in self._running:
            one.kill()
        for one in self._running:
            one.wait()

    def kill_at(self, point: str) -> None:
        """Kill the leader when its next message comes to a point; comes back when it is dead and another leads.

        Nothing happens if no message comes there any more.
        """
        if not self._dies_at(point):
            return
        self.kills[point] += 1
        began = time.monotonic()
        self.start()
        wait_until(lambda: self._leader() in {one.pid for one in self._running if one.poll() is None}, "nobody leads")
        self.takeovers.append(time.monotonic() - began)

    def _dies_at(self, point: str) -> bool:
        if point == TAKEN:
            self._strikes = True
        else:
            self._order.give(point)
        wait_until(lambda: self._is_one_dead() or not self.waiting(NoticeState.PENDING), "no message came")
        lives = self._order.withdraw() or self._strikes
        self._strikes = False
        if not lives:
            wait_until(self._is_one_dead, "nobody died")
        return not lives

    def _is_one_dead(self) -> bool:
        return any(one.poll() == -signal.SIGKILL for one in self._running)

    def settle(self) -> None:
        """Wait until everything that is due has been sent, moving the clock on where a claim was left behind."""
        while self.waiting():
            left = self.waiting()
            try:
                wait_until(lambda left=left: self.waiting() != left, "", patience=3.0)  # type: ignore[misc]  # mypy cannot tell
            except TimeoutError:
                self.set_clock(self.at + timedelta(minutes=11))

    def swept(self, name: str) -> None:
        """Wait until a job that began at the present instant has run well."""
        begun = select(func.count()).where(
            JobRun.name == name, JobRun.began_at >= self.at, JobRun.succeeded_at >= JobRun.began_at
        )
        wait_until(lambda: self._asked(begun) == 1, f"{name} does not run")

    def waiting(self, *states: NoticeState) -> int:
        """How many e-mails that are due have not left, of those in ``states`` or of all."""
        chosen = select(func.count()).where(
            Notice.state.in_(states or (NoticeState.PENDING, NoticeState.SENDING)),
            Notice.channel == Channel.EMAIL,
            Notice.due_at <= self.at,
        )
        return int(self._asked(chosen) or 0)

    def twice(self) -> Counter[str]:
        """How many times too often each message was taken by the server."""
        return Counter(str(message["Message-ID"]) for message in self._peer.taken) - Counter(set(self._peer.asked))

    def _leader(self) -> int | None:
        holder = self._asked(select(JobsLeader.holder))
        return None if holder is None else int(str(holder).rpartition(":")[2])

    def _asked(self, chosen: object) -> object:
        with self._database.read() as session:
            return session.scalar(chosen)  # type: ignore[call-overload]  # any one value

    def _answer(self, _to: str, _message: EmailMessage) -> str:
        leader = self._leader() if self._strikes else None
        if leader is not None:
            self._strikes = False
            os.kill(leader, signal.SIGKILL)
        return "250 2.0.0 taken"


def wait_until(holds: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
    """Look again and again; ``TimeoutError`` when it never holds."""
    until = time.monotonic() + patience
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.05)


@contextmanager
def schedulers(
    database: Database, folder: Path, peer: Peer, url: str, at: datetime, count: int, *, a_second: int = 0
) -> Iterator[Schedulers]:
    """Started, and gone at the end of the block."""
    found = Schedulers(database, folder, peer, url, at, count, a_second)
    found.start()
    try:
        yield found
    finally:
        found.stop()
