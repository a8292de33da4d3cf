"""P1 and P2: a check-out and a return over HTTP, beside hand-made SQL, and beside a long past."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any

from benchmarks import bare, rows, same_rows
from benchmarks.bare_acts import check_out, return_kit
from benchmarks.bare_sql import NotAllowed, account
from benchmarks.engines import Engine
from benchmarks.figures import Figure, Times
from benchmarks.serving import BARE, OURS, Desk, HttpLine, serving
from lending.db import Database

WARM = 40
"""Acts before the measured ones, so that statements are prepared and pages are in memory."""

REACH = {"sqlite": 2.0, "postgresql": 1.6}
FASTEST_OF_THE_OTHERS_MS = 35.0
"""LibreBooking's check-out, measured the same way; ours must be at least four times as fast."""

Act = Callable[[int], float]


def library(engine: Engine, *, today: date, past_loans: int = 0) -> str:
    """The address of a database with the measured library in it."""
    url = engine.migrated()
    database = Database.from_url(url)
    try:
        rows.fill(database, today=today, past_loans=past_loans)
    finally:
        database.close()
    return url


def interleaved(acts: dict[str, Act], *, warm: int, measured: int) -> dict[str, list[float]]:
    """The seconds of each act, one after another in turn, so that the machine's noise hits all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in acts}
    for n in range(1, warm + measured + 1):
        for name, act in acts.items():
            took = act(n)
            if n > warm:
                seconds[name].append(took)
    return seconds


def beside_hand_made(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """P1: ours, the bare view and the SQL alone, each on its own copy of the same rows."""
    measured = 100 if quick else 400
    source = library(engine, today=today)
    urls = {name: engine.copy(source) for name in (OURS, BARE, "sql")}
    with ExitStack() as stack:
        desks = {name: Desk(HttpLine(stack.enter_context(serving(name, urls[name])).port)) for name in (OURS, BARE)}
        out, back = stack.enter_context(_sql_alone(urls["sql"]))
        for act, verb, alone in (("check-out", "check_out", out), ("return", "take_back", back)):
            acts: dict[str, Act] = {name: getattr(desk, verb) for name, desk in desks.items()}
            seconds = interleaved({**acts, "sql": alone}, warm=WARM, measured=measured)
            same_rows.compare(urls[OURS], urls[BARE])
            times = {name: Times.of(taken) for name, taken in seconds.items()}
            ours, hand, sql = times[OURS], times[BARE], times["sql"]
            yield Figure(
                "P1",
                engine.name,
                f"{act} over HTTP ÷ a bare view with hand-made SQL",
                ours.median / hand.median,
                "×",
                reach=REACH[engine.name],
                beside={
                    "ours ms": ours.median,
                    "p95": ours.p95,
                    "bare ms": hand.median,
                    "p95 ": hand.p95,
                    "SQL alone ms": sql.median,
                },
            )
            if verb == "check_out":
                yield Figure(
                    "",
                    engine.name,
                    "check-out ÷ a quarter of the fastest of the others (LibreBooking, 35 ms)",
                    ours.median / (FASTEST_OF_THE_OTHERS_MS / 4),
                    "×",
                    reach=1.0,
                    beside={"ours ms": ours.median, "times as fast": FASTEST_OF_THE_OTHERS_MS / ours.median},
                )


def beside_a_long_past(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """P2: the same check-out in a library with many past loans and in one with none."""
    past_loans, measured = (50_000, 100) if quick else (1_000_000, 400)
    urls = {"none": library(engine, today=today), "many": library(engine, today=today, past_loans=past_loans)}
    with ExitStack() as stack:
        acts: dict[str, Act] = {}
        for name, url in urls.items():
            acts[name] = Desk(HttpLine(stack.enter_context(serving(OURS, url)).port)).check_out
        seconds = interleaved(acts, warm=WARM, measured=measured)
    none, many = Times.of(seconds["none"]), Times.of(seconds["many"])
    yield Figure(
        "P2",
        engine.name,
        f"check-out with {past_loans:,} past loans ÷ with none",
        many.median / none.median,
        "×",
        reach=1.1,
        beside={"ms": many.median, "p95": many.p95, "with none ms": none.median, "p95 ": none.p95},
    )


@contextmanager
def _sql_alone(url: str) -> Iterator[tuple[Act, Act]]:
    """The hand-made statements in this process, without a view: a check-out and a return."""
    database = bare.opened(url)
    row: Any = database.reader().execute("SELECT public_id FROM staff").fetchone()
    public_id = row["public_id"]

    def timed(act: Callable[..., Any], n: int, **given: Any) -> float:
        began = time.perf_counter()
        staff = account(database.reader(), database.sql, public_id)
        if staff is None:
            raise NotAllowed("nobody")
        given |= {"kit": rows.kit(n), "key": secrets.token_hex(8), "body": {"code": n}, "at": bare.clock.now()}
        with database.writing() as connection:
            act(connection, database.sql, staff=staff, **given)
        return time.perf_counter() - began

    try:
        yield (lambda n: timed(check_out, n, card=rows.card(n)), lambda n: timed(return_kit, n))
    finally:
        database.close()
