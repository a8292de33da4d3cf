"""R13: mail servers that are away, hang, greylist and refuse, before a library that goes on working."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from benchmarks.lent import Lent, Steps, every, latest
from lending.models.notices import NoticeState
from tests.jobs.killing import Schedulers, schedulers
from tests.mail.hanging import NOTHING, UNTIL_DATA, hanging_server
from tests.mail.peer import Peer, free_port, mail_server

DAYS = 30
LONG_AGO = -10_000
AWAY_HOURS, OUTAGE_DAYS = 36, 3
UNKNOWN, REFUSED, FULL = 13, 14, 15
"""The patrons whose address nobody has, whose mail is refused, and whose mailbox is full for ten hours."""
EVERY_HOURS = (41, 46, 51, 52, 57)
"""When it is tried again, counted from when the server went away: until the evening of the third day."""


class Rude(Peer):
    """Takes each message at the second try at the earliest, and some at none."""

    def __init__(self) -> None:
        super().__init__()
        self._known: set[str] = set()
        self.is_full = True

    def reply(self, _to: str, message: EmailMessage) -> str:
        """To a message."""
        name = str(message["Message-ID"])
        if name not in self._known:
            self._known.add(name)
            return "451 4.7.1 greylisted, come back later"
        if str(message["To"]).startswith(f"ada.{REFUSED}@"):
            return "554 5.7.1 refused"
        return "250 2.0.0 taken"

    def reply_to_address(self, to: str) -> str:
        """To the name of somebody."""
        if to.startswith(f"ada.{UNKNOWN}@"):
            return "550 5.1.1 unknown"
        if to.startswith(f"ada.{FULL}@") and self.is_full:
            return "452 4.2.2 mailbox full"
        return "250 2.1.5 known"


def rude_servers(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R13: a server that is away for 36 hours, then hangs, then greylists everything and refuses some."""
    lent, peer, port = Lent.at(engine, today, days=DAYS), Rude(), free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        schedulers(lent.database, Path(folder), peer, f"smtp://127.0.0.1:{port}", lent.instant(1), 1) as running,
    ):
        running.swept("overdue")
        for hours in range(0, AWAY_HOURS, 4):
            _send_at(running, lent, hours)
        came = 0
        for n, answers in enumerate((NOTHING, UNTIL_DATA)):
            with hanging_server(answers, port) as hanging:
                _send_at(running, lent, AWAY_HOURS + n)
            came += hanging.came
        peer.answer, peer.to_address = peer.reply, peer.reply_to_address
        with mail_server(peer, port):
            for hours in EVERY_HOURS:
                _send_at(running, lent, hours)
                running.settle()
                peer.is_full = hours < AWAY_HOURS + 10
    states, told, unsent = lent.states(), lent.told_by(peer), lent.superseded()
    lent.database.close()
    must = latest(lent.came(LONG_AGO, 2)) | every(lent.came(2, 3))
    must = frozenset((n, code) for n, code in must if n not in (UNKNOWN, REFUSED)) - _overtaken(lent, unsent)
    waiting = states[NoticeState.PENDING] + states[NoticeState.SENDING]
    beside = {
        "sent": float(states[NoticeState.SENT]),
        "overtaken by a later step": float(states[NoticeState.SUPERSEDED]),
        "refused for good": float(states[NoticeState.FAILED]),
        "calls that hung": float(came),
    }
    what = "not sent by a server 36 hours away that then hangs, greylists and refuses"
    yield Figure("R13", engine.name, what, len(must - told) + waiting, "notices", 0, beside=beside)
    yield Figure("R13", engine.name, "sent more than once", sum(running.twice().values()), "messages", 0)


def outage(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R13: nobody runs the jobs for 72 hours, and then the mail server is away for as long."""
    lent, peer, port = Lent.at(engine, today, days=DAYS), Peer(), free_port()
    url, off, back = f"smtp://127.0.0.1:{port}", OUTAGE_DAYS, 2 * OUTAGE_DAYS
    with tempfile.TemporaryDirectory() as folder:
        with mail_server(peer, port):
            for day in (0, off):  # stopped in between
                with schedulers(lent.database, Path(folder), peer, url, lent.instant(day), 1) as running:
                    _sweep_and_send(running)
        with schedulers(lent.database, Path(folder), peer, url, lent.instant(off), 1) as running:
            for day in range(off + 1, back + 1):
                running.set_clock(lent.instant(day))
                running.swept("overdue")
                running.swept("notices")
            with mail_server(peer, port):
                running.set_clock(running.at + timedelta(hours=5))
                running.settle()
    told, unsent = lent.told_by(peer), lent.superseded()
    lent.database.close()
    came = [lent.came(LONG_AGO, 0), lent.came(0, off), lent.came(off, back)]
    must = frozenset[tuple[int, str]]().union(*map(latest, came))
    rest = frozenset[tuple[int, str]]().union(*map(every, came)) - must
    beside = {"the latest": float(len(must)), "told": float(len(told)), "recorded": float(len(unsent))}
    what = "notices told that a later one had overtaken, after 72 hours without jobs and 72 without mail"
    yield Figure("R13", engine.name, what, len(told - must), "notices", 0, beside=beside)
    odd = len(must - told) + len(rest - unsent)
    yield Figure("R13", engine.name, "the latest of a loan not told, or the rest not recorded", odd, "notices", 0)
    yield Figure("R13", engine.name, "sent more than once", sum(running.twice().values()), "messages", 0)


def _overtaken(lent: Lent, unsent: Steps) -> Steps:
    """What was overtaken by a step that came later, as it must have been."""
    came = lent.came(LONG_AGO, 3)
    return frozenset((n, code) for n, code in unsent if code != came[n][-1])


def _send_at(running: Schedulers, lent: Lent, hours: int) -> None:
    running.set_clock(lent.instant(1) + timedelta(hours=hours))
    running.swept("notices")


def _sweep_and_send(running: Schedulers) -> None:
    running.swept("overdue")
    running.set_clock(running.at + timedelta(minutes=2))  # a jump, so that what the sweep wrote is sent now
    running.settle()
