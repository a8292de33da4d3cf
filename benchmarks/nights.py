"""R12, R13 and R15 at full length: the outbox through a month of kills, of rude mail servers, and of returns.

The library is the one of the figures of speed: a thousand kits, all out, each due on another day and each with an
e-mail address. The ladder tells of them as the clock goes through thirty days; what must have been told is worked out
here from the due days alone.
"""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update

from benchmarks import rows
from benchmarks.engines import Engine
from benchmarks.figures import Figure, Times
from benchmarks.serving import OURS, Desk, HttpLine, serving
from lending.clock import SystemClock
from lending.db import Database
from lending.domain.ladders import DEFAULT
from lending.domain.states import KitState, LoanState, ReservationState
from lending.models.base import new_public_id, table_of
from lending.models.branches import Closure
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.reservations import Reservation
from tests.cast import NOW, assemble
from tests.jobs.killing import schedulers
from tests.jobs.test_returns_against_sending import both_at_once, the_claim_waits, the_return_waits, too_late
from tests.mail.peer import Peer, free_port, mail_server

DAYS, KILLS, PROCESSES, RACES = 30, 50, 3, 1_000
LOANS = rows.KITS
ZONE = ZoneInfo("America/Los_Angeles")
EVERY_DAY = "; ".join(f"{day} 00:30-23:30" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def killed(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R12: three processes, thirty days, and the one that sends killed fifty times."""
    database, peer = _lent(engine, today), Peer()
    with (
        tempfile.TemporaryDirectory() as folder,
        mail_server(peer) as url,
        schedulers(database, Path(folder), peer, url, _morning(today, 0), PROCESSES) as running,
    ):
        for day in range(DAYS):
            running.set_clock(_morning(today, day))
            running.swept("overdue")
            running.set_clock(running.at + timedelta(minutes=2))  # a jump, so that what the sweep wrote is sent now
            for _ in range(KILLS * (day + 1) // DAYS - running.kills):
                running.kill_at_next()
            running.settle()
    missing, beside = _missing(database, peer, today)
    twice = sum(running.twice().values())
    takeover = max(running.takeovers, default=0.0)
    database.close()
    yield Figure(
        "R12", engine.name, f"notices missing after {running.kills} kills", missing, "missing", 0, beside=beside
    )
    yield Figure("R12", engine.name, "messages more than once, for each kill", twice / max(running.kills, 1), "", 1)
    yield Figure("R12", engine.name, "until the standby leads, at worst", takeover, "s", 30)


def rude_servers(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R13: the server away for 36 hours, then every message greylisted once and one address refused for good."""
    database, peer, port = _lent(engine, today), Peer(), free_port()
    seen: set[str] = set()

    def rude(_to: str, message: Any) -> str:
        name = str(message["Message-ID"])
        first, _ = name not in seen, seen.add(name)
        return "451 4.7.1 greylisted" if first else "250 2.0.0 taken"

    with tempfile.TemporaryDirectory() as folder:
        url = f"smtp://127.0.0.1:{port}"
        with schedulers(database, Path(folder), peer, url, _morning(today, 0), 1) as running:
            running.set_clock(_morning(today, 1))
            running.swept("overdue")
            for hours in range(0, 36, 4):
                running.set_clock(_morning(today, 1) + timedelta(hours=hours))
                running.swept("notices")
            peer.answer = rude
            peer.to_address = lambda to: "550 5.1.1 unknown" if to.startswith("ada.13@") else "250 2.1.5 known"
            with mail_server(peer, port):
                for hours in (41, 46, 51, 52, 57):  # the last ones for what a new morning brings
                    running.set_clock(_morning(today, 1) + timedelta(hours=hours))
                    running.swept("notices")
                    running.settle()
    states = _states(database)
    database.close()
    undelivered = states[NoticeState.PENDING] + states[NoticeState.SENDING]
    twice = sum(running.twice().values())
    beside = {"sent": float(states[NoticeState.SENT]), "refused for good": float(states[NoticeState.FAILED])}
    what = "not sent after greylisting and 36 hours away"
    yield Figure("R13", engine.name, what, undelivered, "notices", 0, beside=beside)
    yield Figure("R13", engine.name, "sent more than once", twice, "messages", 0)


def draining(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R13: a desk that lends and takes back while thousands of notices leave, beside one where none do."""
    measured, waiting = 200, 5_000
    url = engine.migrated()
    database = Database.from_url(url)
    rows.fill(database, today=today)
    at = SystemClock().now()
    peer = Peer()
    with tempfile.TemporaryDirectory() as folder, serving(OURS, url) as served, mail_server(peer) as smtp:
        desk = Desk(HttpLine(served.port))

        def pace(first: int) -> Times:
            taken = []
            for n in range(first, first + measured):
                taken += [desk.check_out(n), desk.take_back(n)]
            return Times.of(taken)

        pace(1)
        quiet = pace(measured + 1)
        database.act(lambda session: _wait_for_the_post(session, waiting, at))
        with schedulers(database, Path(folder), peer, smtp, at, 1):
            threading.Event().wait(5)
            busy = pace(2 * measured + 1)
        left = len(peer.taken)
    database.close()
    beside = {"p95 ms": busy.p95, "quiet p95 ms": quiet.p95, "left meanwhile": float(left)}
    yield Figure(
        "R13",
        engine.name,
        "desk's p95 while 5,000 notices leave ÷ quiet",
        busy.p95 / quiet.p95,
        "×",
        1.1,
        beside=beside,
    )


def returns(engine: Engine, *, today: date) -> Iterator[Figure]:
    """R15: a thousand races of a return against the claim of the notice that chases it."""
    database = Database.from_url(engine.migrated())
    cast = assemble(database)
    plays = (both_at_once, the_claim_waits, the_return_waits)
    late = sum(too_late(database, cast, plays[n % len(plays)], NOW + timedelta(minutes=10) * n) for n in range(RACES))
    database.close()
    yield Figure("R15", engine.name, f"of {RACES:,} races, notices after an acknowledged return", late, "notices", 0)


def _lent(engine: Engine, today: date) -> Database:
    """Every kit out, due one after another from a week before the first day to a week after the last."""
    database = Database.from_url(engine.migrated())
    rows.fill(database, today=today)
    out = _morning(today, -60)
    dues = [_due(today, n) for n in range(1, LOANS + 1)]
    loans = [
        {
            "id": n,
            "public_id": new_public_id(),
            "kit_id": n,
            "kit_type_id": 1,
            "patron_id": n,
            "branch_id": 1,
            "checked_out_at": out,
            "recorded_at": out,
            "door": "web",
            "state": LoanState.OUT,
            "term": 1,
            "due_at": datetime.combine(due, time(23, 30), ZONE).astimezone(UTC),
            "renewals": 0,
            "book_drop": False,
        }
        for n, due in enumerate(dues, start=1)
    ]
    terms = [
        {"loan_id": row["id"], "n": 1, "kind": TermKind.CHECK_OUT, "due_at": row["due_at"], "policy_id": 1}
        | {"rule": "loan_period", "made_at": out}
        for row in loans
    ]

    def lend(session: Any) -> None:
        session.execute(delete(Closure))
        session.execute(update(table_of(rows.Branch)).values(hours=rows.WeeklyHours.parse(EVERY_DAY)))
        session.execute(update(table_of(Reservation)).values(state=ReservationState.PICKED_UP))
        session.execute(update(table_of(Kit)).values(state=KitState.ON_LOAN))
        session.connection().execute(insert(table_of(Loan)), loans)
        session.connection().execute(insert(table_of(LoanTerm)), terms)

    database.act(lend)
    return database


def _due(today: date, n: int) -> date:
    return today + timedelta(days=n % (DAYS + 14) - 7)


def _morning(today: date, day: int) -> datetime:
    return datetime.combine(today + timedelta(days=day), time(9), ZONE).astimezone(UTC)


def _expected(today: date) -> set[tuple[int, str]]:
    """The steps that came due in the thirty days, for each loan; on the first day the latest that was due before."""
    found = set()
    for n in range(1, LOANS + 1):
        acts = {step.code: (_due(today, n) - today).days + step.days for step in DEFAULT}
        begun = [code for code, day in acts.items() if day <= 0]
        found |= {(n, code) for code in begun[-1:]}
        found |= {(n, code) for code, day in acts.items() if 0 < day < DAYS}
    return found


def _missing(database: Database, peer: Peer, today: date) -> tuple[int, dict[str, float]]:
    """How many notices that should have been sent were not, or came to nobody."""
    arrived = {str(message["Message-ID"]).partition(".")[2].partition("@")[0] for message in peer.taken}
    chosen = select(Notice.loan_id, Notice.step, Notice.public_id).where(Notice.state == NoticeState.SENT)
    with database.read() as session:
        sent = {(row.loan_id, row.step) for row in session.execute(chosen) if row.public_id in arrived}
    expected = _expected(today)
    return len(expected - sent), {"expected": float(len(expected)), "sent": float(len(sent))}


def _states(database: Database) -> Counter[NoticeState]:
    """The e-mails by what became of them."""
    with database.read() as session:
        return Counter(session.scalars(select(Notice.state).where(Notice.channel == Channel.EMAIL)))


def _wait_for_the_post(session: Any, count: int, at: datetime) -> None:
    """As many notices as receipts about one loan, which hold whatever becomes of it."""
    loan_id, patron_id = session.execute(select(Loan.id, Loan.patron_id).limit(1)).one()
    common = {
        "step": "receipt",
        "channel": Channel.EMAIL,
        "patron_id": patron_id,
        "loan_id": loan_id,
        "state": NoticeState.PENDING,
    }
    common |= {"due_at": at, "made_at": at, "tries": 0, "term": None}
    waiting = [{**common, "public_id": new_public_id(), "subject": f"loan:many{n}"} for n in range(count)]
    session.connection().execute(insert(table_of(Notice)), waiting)
