"""P5: patrons sign in with their PIN and reserve while all the desks of P4 work, each at the pace that was agreed.

Everybody goes through the pages as a browser does: the session, the library, everything once more, and the button. What
was promised is counted in the rows afterwards: as many kits as there are, a place for everybody else, nobody twice. A
desk's seconds count from the moment at which the scan was due, so that a server that lets desks wait hides nothing.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from benchmarks import rows
from benchmarks.crowds import web
from benchmarks.engines import Engine
from benchmarks.figures import Figure, Times
from benchmarks.serving import Browser, Desk, HttpLine, token_of
from lending.db import Database
from lending.domain.states import KitState, ReservationState
from lending.models.base import table_of
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.kits import Kit, KitType
from lending.models.people import Card, Patron
from lending.models.policies import AgreementAcceptance, Signing
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.passwords import hash_secret

PEOPLE, KITS, SECONDS = 1_000, 300, 60.0
DESK_P95_MS = 500.0
SCANS, SEARCHES = 8.4, 10.0
"""A second (P4): 4.2 check-outs and as many returns; searches."""
DESKS, SEEKERS, WALKERS = 4, 4, 24
"""Lines that are kept open for them, and for the patrons."""
PROCESSES = {"sqlite": 1, "postgresql": 2}
"""SQLite is served by the threads of one process, which take turns to write."""
PIN, CHOICE, PLACE = "260418", "session:WR-8", "ELA/laptop-hotspot"
_HIDDEN = re.compile(rb'name="(key|read)"[^>]*value="([^"]*)"')


def reserving(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """Sign in ``PEOPLE`` within a minute, then let them reserve within another, beside the desks."""
    people = PEOPLE // 10 if quick else PEOPLE
    kits, seconds = people * KITS // PEOPLE, SECONDS * people / PEOPLE
    url = engine.migrated()
    database = Database.from_url(url)
    rows.fill(database, today=today)
    database.act(lambda session: _people(session, people, kits, today))
    signing_in, choosing = Crowd("sign-in"), Crowd("reserve")
    with web(url, workers=PROCESSES[engine.name]) as port:
        readers = [Reader(rows.card(rows.KITS + n)) for n in range(1, people + 1)]
        desks = Desks(port)
        desks.work_while(lambda: signing_in.pass_through(port, [one.sign_in for one in readers], seconds))
        quiet = desks.taken()
        desks.work_while(lambda: choosing.pass_through(port, [one.reserve for one in readers], seconds))
        busy = desks.taken()
    wrong = [*signing_in.faults, *choosing.faults, *desks.faults, *_wrong(database, people, kits)]
    database.close()
    for fault in wrong[:10]:
        print(f"P5 on {engine.name}: {fault}")
    what = f"{people:,} patrons sign in and reserve {kits} kits within {seconds:.0f} s each, beside the desks"
    yield Figure("P5", engine.name, what, len(wrong), "faults", reach=0)
    for name, crowd in (("signed in", signing_in), ("had reserved", choosing)):
        told = {"p95 ms of a person's pages": Times.of(crowd.seconds).p95 if crowd.seconds else 0.0}
        yield Figure("P5", engine.name, f"until all {name}", crowd.whole, "s", reach=seconds + 5, beside=told)
    for name, one in (("sign in", quiet), ("reserve", busy)):
        beside = {"median ms": Times.of(one).median, "acts": float(len(one))}
        yield Figure(
            "P5", engine.name, f"desk's p95 while they {name}", Times.of(one).p95, "ms", DESK_P95_MS, beside=beside
        )


@dataclass
class Reader:
    """A patron before their telephone; ``sign_in`` and ``reserve`` go through the pages on a line."""

    card: str
    browser: Browser | None = None

    def sign_in(self, line: HttpLine) -> None:
        """Card and PIN."""
        browser = Browser(line)
        page = browser.get("/my/sign-in")
        browser.post("/my/sign-in", card=self.card, pin=PIN, next="/reserve/session", csrf_token=token_of(page))
        self.browser = browser

    def reserve(self, line: HttpLine) -> None:
        """The session, the library, the check and the button; ``RuntimeError`` where it is not confirmed."""
        if self.browser is None:
            raise RuntimeError("not signed in")
        self.browser.move_to(line)
        self.browser.take_token(self.browser.get("/reserve/session"))
        self.browser.post("/reserve/session", choice=CHOICE)
        self.browser.get("/reserve/library")
        self.browser.post("/reserve/library", place=PLACE)
        hidden = {name.decode(): value.decode() for name, value in _HIDDEN.findall(self.browser.get("/reserve/check"))}
        answer = self.browser.post("/reserve/check", **hidden)
        if b"/reserve/confirmed/" not in answer:
            raise RuntimeError(f"not confirmed: {answer[:200]!r}")


@dataclass
class Crowd:
    """People who come one after another at an even pace, and how long each of them took."""

    what: str
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    whole: float = 0.0

    def pass_through(self, port: int, people: list[Callable[[HttpLine], None]], within: float) -> None:
        """Let them through ``WALKERS`` lines, evenly ``within`` so many seconds."""
        began, turn, lock = time.monotonic(), iter(enumerate(people)), threading.Lock()

        def walk() -> None:
            line = HttpLine(port)
            while True:
                with lock:
                    n, person = next(turn, (0, None))
                if person is None:
                    return
                due = began + within * n / len(people)
                time.sleep(max(due - time.monotonic(), 0.0))
                try:
                    person(line)
                except (RuntimeError, OSError) as fault:
                    self.faults.append(f"{self.what}: {fault}")
                    line = HttpLine(port)
                self.seconds.append(time.monotonic() - due)

        walkers = [threading.Thread(target=walk) for _ in range(WALKERS)]
        for walker in walkers:
            walker.start()
        for walker in walkers:
            walker.join()
        self.whole = time.monotonic() - began


class Desks:
    """All the desks of P4: some lend and take back, some search, each at its own even pace."""

    def __init__(self, port: int) -> None:
        self._scanning = [Desk(HttpLine(port)) for _ in range(DESKS)]
        self._seeking = [Desk(HttpLine(port)) for _ in range(SEEKERS)]
        self._kit = 0
        self._lock = threading.Lock()
        self._seconds: list[float] = []
        self.faults: list[str] = []

    def work_while(self, do: Callable[[], None]) -> None:
        """Work until ``do`` has ended."""
        over = threading.Event()
        desks = [
            *(
                threading.Thread(target=self._work, args=(self._scans(one), SCANS / DESKS, over))
                for one in self._scanning
            ),
            *(
                threading.Thread(target=self._work, args=(_searches(one), SEARCHES / SEEKERS, over))
                for one in self._seeking
            ),
        ]
        for desk in desks:
            desk.start()
        try:
            do()
        finally:
            over.set()
            for desk in desks:
                desk.join()

    def taken(self) -> list[float]:
        """The seconds of every act since this was asked before."""
        found, self._seconds = self._seconds, []
        return found

    def _work(self, acts: Iterator[Callable[[], Any]], a_second: float, over: threading.Event) -> None:
        due = time.monotonic()
        for act in acts:
            due += 1 / a_second
            if over.wait(max(due - time.monotonic(), 0.0)):
                return
            try:
                act()
            except (RuntimeError, OSError) as fault:
                self.faults.append(f"desk: {fault}")
            self._seconds.append(time.monotonic() - due)

    def _scans(self, desk: Desk) -> Iterator[Callable[[], Any]]:
        while True:
            with self._lock:
                self._kit = self._kit % rows.KITS + 1
                n = self._kit
            yield lambda n=n: desk.check_out(n)  # type: ignore[misc]  # a default keeps which kit it was
            yield lambda n=n: desk.take_back(n)  # type: ignore[misc]  # the same


def _searches(desk: Desk) -> Iterator[Callable[[], Any]]:
    while True:
        yield lambda: desk.get("/search?q=morales")


def _people(session: Session, people: int, kits: int, today: date) -> None:
    """Patrons with a PIN whom the library reaches, a kind of kit of its own, and a session with so many of them."""
    secret, first = hash_secret(PIN), rows.KITS + 1
    numbers = range(first, first + people)
    for table, made in (
        (KitType, [{"id": 2, "code": "laptop-hotspot", "name": "Laptop and hotspot", "whole_price_cents": 45_000}]),
        (Stock, [{"id": 2, "branch_id": 1, "kit_type_id": 2}]),
        (Kit, [_kit(n) for n in range(first, first + kits)]),
        (Cohort, [_cohort(people, today)]),
        (Pool, [{"id": 2, "cohort_id": 2, "stock_id": 2, "kits": kits}]),
        (Patron, [{**rows.patron(n), "name": f"Omid Rahimi {n}", "pin_hash": secret} for n in numbers]),
        (Card, [{"number": rows.card(n), "patron_id": n, "issued_at": rows.LONG_AGO} for n in numbers]),
        (
            AgreementAcceptance,
            [{"patron_id": n, "accepted_at": rows.LONG_AGO, "how": Signing.AT_DESK} for n in numbers],
        ),
    ):
        session.connection().execute(insert(table_of(table)), made)


def _kit(n: int) -> dict[str, Any]:
    at_home = {"kit_type_id": 2, "stock_id": 2, "branch_id": 1, "state": KitState.AVAILABLE}
    return {"id": n, "barcode": rows.kit(n), "created_at": rows.LONG_AGO, **at_home}


def _cohort(people: int, today: date) -> dict[str, Any]:
    starts_on = today + timedelta(days=60)
    days = {
        "starts_on": starts_on,
        "ends_on": starts_on + timedelta(days=40),
        "return_by": starts_on + timedelta(days=40),
    }
    named = {"id": 2, "code": "WR-8", "program_id": 1, "name": "Work Ready 8", "capacity": people}
    return {**named, **days, "pickup_from": starts_on - timedelta(days=7), "created_at": rows.LONG_AGO}


def _wrong(database: Database, people: int, kits: int) -> list[str]:
    """What is not exact in the rows: who has a seat, who was promised a kit, and in which order the others wait."""
    with database.read() as session:
        seats = session.scalars(select(Enrolment.patron_id).where(Enrolment.cohort_id == 2)).all()
        asked = session.execute(
            select(Reservation.state, Reservation.patron_id).where(Reservation.cohort_id == 2).order_by(Reservation.id)
        ).all()
    faults = []
    if not len(seats) == len(set(seats)) == people:
        faults.append(f"{len(seats)} seats of {len(set(seats))} people")
    if len({row.patron_id for row in asked}) != people or len(asked) != people:
        faults.append(f"{len(asked)} places in the queue")
    promised = [row.state is ReservationState.PROMISED for row in asked]
    if promised != [True] * kits + [False] * (people - kits):
        faults.append(f"{sum(promised)} kits promised, and not to the first")
    return faults
