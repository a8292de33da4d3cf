"""P8: patrons by the hundred thousand from a file, with every check, and how long others have to wait for it."""

from __future__ import annotations

import csv
import io
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from threading import Event, Thread

from benchmarks.engines import Engine
from benchmarks.figures import Figure
from benchmarks.rows import card
from benchmarks.speed import library
from lending.circulation.imports.patrons import plan_patrons, write_patrons
from lending.circulation.imports.sheets import read_sheet
from lending.circulation.sign_ins import Guess, guessed_right
from lending.clock import SystemClock
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.barcodes import CodeSpaces
from lending.domain.permissions import Role
from lending.errors import Refused

NAMES = (
    "Ana Morales",
    "Luis Ramos",
    "Mina Kaur",
    "Yusuf Okafor",
    "Nguyễn Thị Hoa",
    "Олена Коваль",
    "王小明",
    "Zoë Ångström",
)


def imported(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """P8: the rate from the file's bytes to the commit, and the longest that another desk's act waits meanwhile.

    On SQLite that is the hold of the one write lock. PostgreSQL has none: rows that are new stand in nobody's way.
    """
    patrons = 10_000 if quick else 100_000
    data = _file(patrons)
    database = Database.from_url(library(engine, today=today))
    at, by = SystemClock().now(), Actor(Role.SYSTEM, Door.CLI, secrets.token_hex(8))
    try:
        began = time.perf_counter()
        sheet = read_sheet(data)
        with database.read() as session:
            plan = plan_patrons(session, sheet, spaces=CodeSpaces(), at=at, progress=lambda *_: None)
        assert not plan.problems, f"the made-up file has mistakes: {plan.problems[:3]}"
        with _another_desk(engine, database) as waits:
            writing = time.perf_counter()
            report = database.act(lambda session: write_patrons(session, plan, file="0" * 64, at=at, by=by))
            ended = time.perf_counter()
    finally:
        database.close()
    assert report.added == patrons, f"{report.added} of {patrons} were added"
    yield Figure(
        "P8",
        engine.name,
        f"import of {patrons:,} patrons",
        patrons / (ended - began),
        "rows/s",
        reach=5_000,
        at_least=True,
        beside={"seconds": ended - began},
    )
    yield Figure(
        "P8",
        engine.name,
        "the longest that another desk's act waits for it",
        max(waits),
        "s",
        reach=3.0,
        beside={"transaction s": ended - writing, "acts": len(waits)},
    )


@contextmanager
def _another_desk(engine: Engine, database: Database) -> Iterator[list[float]]:
    """Somebody who goes on working with connections of their own; gives how long each act took, in seconds."""
    waits: list[float] = []
    over = Event()
    account = secrets.token_hex(8)

    def work() -> None:
        while not over.is_set():
            began = time.perf_counter()
            done = False
            while not done:
                with suppress(Refused):  # busy: it comes again at once, and goes on counting
                    database.act(lambda session: guessed_right(session, Guess(account)))
                    done = True
            waits.append(time.perf_counter() - began)
            over.wait(0.05)

    desk = Thread(target=work)
    desk.start()
    try:
        yield waits
    finally:
        over.set()
        desk.join()


def _file(patrons: int) -> bytes:
    """A file of invented people, with every column that a check looks at."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(("card", "name", "birth_date", "home_branch", "email", "phone", "street", "city", "postal_code"))
    for n in range(patrons):
        person = (card(50_000_000 - n), f"{NAMES[n % len(NAMES)]} {n}", "1990-02-28", "ELA", f"reader.{n}@example.org")
        sheet.writerow((*person, f"(323) 555-{n % 10_000:04}", f"{n // 3 + 1} Oak Street", "Los Angeles", "90022"))
    return text.getvalue().encode()
