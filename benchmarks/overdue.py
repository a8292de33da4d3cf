"""P6: the overdue sweep over a million loans that tells 20,000 people, beside statements that write the same rows.

By hand it is one INSERT ... SELECT for each table, in one transaction, with the step and the channel known beforehand.
The sweep has to find both for each loan. After each round the rows that were written are taken away again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from benchmarks import rows
from benchmarks.engines import Engine
from benchmarks.figures import Figure
from lending import settings
from lending.clock import MovingClock
from lending.db import Database
from lending.jobs.sweeps import SWEEPS
from lending.library import Library

STEP, BEFORE = "due_in_3_days", "due_in_7_days"
REACH = 5.0
ROUNDS = 5


def overdue_sweep(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """The sweep by the ladder that comes with the product, on loans that are due in two days."""
    loans, told = (50_000, 2_000) if quick else (1_000_000, 20_000)
    url = engine.migrated()
    database = Database.from_url(url)
    try:
        rows.fill(database, today=today, past_loans=loans - 2 * told)
        at = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=20)
        _lend(database, told, at)
        with tempfile.TemporaryDirectory() as folder:
            library = Library(database, MovingClock(at), None, settings.load({}, instance=Path(folder)))
            ours, by_hand = _measured(library, at, told)
    finally:
        database.close()
    yield Figure(
        "P6",
        engine.name,
        f"overdue sweep over {loans:,} loans, {told:,} notices ÷ INSERT ... SELECT",
        ours / by_hand,
        "×",
        reach=REACH,
        beside={"ours ms": ours * 1000, "by hand ms": by_hand * 1000},
    )


def _measured(library: Library, at: datetime, told: int) -> tuple[float, float]:
    """The seconds of the sweep and of the statements, in turn."""
    database, seconds = library.db, ([], [])  # type: tuple[Database, tuple[list[float], list[float]]]
    for n in range(ROUNDS + 1):
        for taken, act in ((seconds[0], lambda: _swept(library, at)), (seconds[1], lambda: _written(database, at))):
            began = time.perf_counter()
            act()
            if n:  # the first round warms
                taken.append(time.perf_counter() - began)
            _compare(database, told)
    return median(seconds[0]), median(seconds[1])


def _swept(library: Library, at: datetime) -> None:
    SWEEPS["overdue"](library, at)


def _written(database: Database, at: datetime) -> None:
    given = {"at": _instant(database, at), "until": _instant(database, at + timedelta(days=4)), "step": STEP}

    def write(session: Any) -> None:
        for statement in _BY_HAND[session.connection().dialect.name]:
            session.execute(text(statement), given)

    database.act(write)


def _instant(database: Database, at: datetime) -> Any:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f") if database.is_sqlite else at


def _compare(database: Database, told: int) -> None:
    """See that the rows are the same as the others', and take them away."""

    def take_away(session: Any) -> tuple[int, ...]:
        found = tuple(session.scalar(text(statement), {"step": STEP}) for statement in _COUNTED)
        for table in ("notices", "ladder_steps_taken"):
            session.execute(text(f"DELETE FROM {table} WHERE step = :step"), {"step": STEP})  # noqa: S608 - our own names
        return found

    found = database.act(take_away)
    if found != (told, told):
        raise AssertionError(f"{found} rows were written where {told} of each should be")
    if not database.is_sqlite:
        with database.write_engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM ANALYZE")


def _lend(database: Database, told: int, at: datetime) -> None:
    """As many loans again that are not due for weeks, and those that are due in two days and took an earlier step."""
    name = "sqlite" if database.is_sqlite else "postgresql"
    given = {
        "soon": _instant(database, at + timedelta(days=2)),
        "later": _instant(database, at + timedelta(days=30)),
        "out": _instant(database, at - timedelta(days=30)),
        "told": told,
        "before": BEFORE,
    }
    with database.write_engine.connect() as connection:
        for statement in _OPEN[name]:
            wanted = {key: value for key, value in given.items() if f":{key}" in statement}
            connection.execute(text(statement), wanted)
        connection.commit()
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


_SERIES = {
    "sqlite": "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < 2 * :told)",
    "postgresql": "WITH series AS (SELECT generate_series(1, CAST(2 * :told AS bigint)) AS n)",
}
_NAMES = {
    "sqlite": ("printf('LOT-%06d', n)", "printf('open%012d', n)"),
    "postgresql": ("'LOT-' || lpad(n::text, 6, '0')", "'open' || lpad(n::text, 12, '0')"),
}
_CAST = {"sqlite": "{}", "postgresql": "CAST({} AS timestamptz)"}


_OPEN_LOANS = (
    """
    INSERT INTO kits (barcode, kit_type_id, stock_id, branch_id, state, created_at, round)
    {series} SELECT {kit}, 1, 1, 1, 'on_loan', {out}, 0 FROM series""",
    """
    INSERT INTO loans (public_id, kit_id, kit_type_id, patron_id, branch_id, checked_out_at, recorded_at, door, state,
        term, due_at, renewals, book_drop)
    {series} SELECT {loan}, kits.id, 1, n % 1000 + 1, 1, {out}, {out}, 'web', 'out',
        1, CASE WHEN n <= :told THEN {soon} ELSE {later} END, 0, n < 0
    FROM series JOIN kits ON kits.barcode = {kit}""",
    """
    INSERT INTO loan_terms (loan_id, n, kind, due_at, policy_id, rule, made_at)
    SELECT id, 1, 'check_out', due_at, 1, 'loan_period', checked_out_at FROM loans WHERE received_at IS NULL""",
    """
    INSERT INTO ladder_steps_taken (loan_id, term, step, at, superseded)
    SELECT id, 1, :before, {out}, id < 0 FROM loans WHERE received_at IS NULL AND due_at = {soon}""",
)


def _open(name: str) -> tuple[str, ...]:
    kit, loan = _NAMES[name]
    instants = {which: _CAST[name].format(f":{which}") for which in ("out", "soon", "later")}
    return tuple(one.format(series=_SERIES[name], kit=kit, loan=loan, **instants) for one in _OPEN_LOANS)


_OPEN = {name: _open(name) for name in _SERIES}
_SAME = """
    FROM loans WHERE received_at IS NULL AND state <> 'undone' AND state = 'out' AND branch_id = 1 AND kit_type_id = 1
        AND due_at < {until} AND EXISTS (SELECT 1 FROM ladder_steps_taken WHERE loan_id = loans.id)"""
_TAKEN = (
    "INSERT INTO ladder_steps_taken (loan_id, term, step, at, superseded) SELECT id, term, :step, {at}, id < 0" + _SAME
)
_TOLD = (
    "INSERT INTO notices (public_id, subject, step, channel, patron_id, loan_id, term, state, due_at, made_at, tries)"
    " SELECT {name}, 'loan:' || public_id || ':' || term, :step, 'email', patron_id, id, term, 'pending', {at}, {at}, 0"
    + _SAME
)
_BY_HAND = {
    "sqlite": tuple(s.format(at=":at", until=":until", name="lower(hex(randomblob(8)))") for s in (_TOLD, _TAKEN)),
    "postgresql": tuple(
        s.format(
            at="CAST(:at AS timestamptz)",
            until="CAST(:until AS timestamptz)",
            name="substr(md5(random()::text), 1, 16)",
        )
        for s in (_TOLD, _TAKEN)
    ),
}
_COUNTED = (
    "SELECT count(*) FROM notices WHERE step = :step AND channel = 'email' AND state = 'pending'",
    "SELECT count(*) FROM ladder_steps_taken WHERE step = :step AND NOT superseded",
)
