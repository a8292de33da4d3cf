"""Two acts at once, so timed that they would spoil each other if nothing kept them apart.

``race`` runs acts in threads and holds each of them back just before its first ``UPDATE``, until all have come that
far: whatever they read, they have read before anyone changed it. Where a lock keeps the others out they never come, and
the one that holds it goes on after ``PATIENCE`` seconds. ``overtake`` lets one act by while another is held, for what
depends on who was first. ``without_locks`` takes the locks away (``FOR UPDATE`` on
PostgreSQL, the one turn to write on SQLite), so that a test can first see the race it claims to prevent. Where more
stands behind a lock, ``without_compare_and_set`` and ``without_unique_index`` take that away too.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Generic, TypeVar
from unittest.mock import patch

from sqlalchemy import event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.orm import Session

from lending.db import RETRIED_STATES, Database
from lending.errors import Reason, Refused

T = TypeVar("T")

PATIENCE = 0.4
PATIENCE_WITHOUT_LOCKS = 3.0
"""The same where nothing keeps the others out: they do come, however busy the machine is, and end the wait."""
LOCK_WAIT_SECONDS = 60.0
"""How long a racer waits for a lock: on a busy machine the product's three seconds may be over before its turn."""
SURELY = 30.0
"""Seconds to wait for an act that nothing can stop, however busy the machine is."""

_LOCK = re.compile(r"\s+FOR (NO KEY )?(UPDATE|SHARE)( OF [\w\", ]+)?( SKIP LOCKED)?", re.IGNORECASE)


class Race(Generic[T]):
    """How a race ended: what was done, why the rest was refused, and what went wrong otherwise.

    ``run_again`` holds PostgreSQL's codes for acts that it broke off (a deadlock is 40P01) and that were run again.
    """

    def __init__(self) -> None:
        self.done: list[T] = []
        self.refused: list[list[Reason]] = []
        self.broken: list[Exception] = []
        self.run_again: list[str] = []


def race(database: Database, *acts: Callable[[Session], T], before: str = "UPDATE") -> Race[T]:
    """Run ``acts`` at once, each in a thread and a transaction of its own, none before the others have read.

    ``before`` is the kind of statement that each waits with.
    """
    meeting = threading.Barrier(len(acts))

    def wait_for_the_others() -> None:
        with suppress(threading.BrokenBarrierError):  # a lock keeps the others out
            meeting.wait(PATIENCE)

    start = threading.Barrier(len(acts))
    racers = [_Racer(database, act, before, wait_for_the_others, start) for act in acts]
    return _run(database, racers)


def overtake(
    database: Database,
    first: Callable[[Session], T],
    second: Callable[[Session], T],
    *,
    before: str = "UPDATE",
    patience: float | None = None,
) -> Race[T]:
    """Run ``first`` up to its first ``before``; then ``second``, to its end or until a lock stops it; then the rest.

    What is ``done`` and ``refused`` stands in this order. ``patience``: ``SURELY`` where no lock stops the second.
    """
    held, ended = threading.Event(), threading.Event()

    def let_the_second_by() -> None:
        held.set()
        ended.wait(PATIENCE if patience is None else patience)  # PATIENCE as it is now: without locks it is longer

    slow = _Racer(database, first, before, let_the_second_by, ended=held)
    return _run(database, [slow, _Racer(database, second, starts=held, ended=ended)])


class _Racer(Generic[T]):
    """One act in a thread of its own, which is held once: before its first statement of a kind."""

    def __init__(
        self,
        database: Database,
        act: Callable[[Session], T],
        before: str = "",
        hold: Callable[[], None] | None = None,
        starts: threading.Barrier | threading.Event | None = None,
        ended: threading.Event | None = None,
    ) -> None:
        self.database, self.act = database, act
        self.before, self.hold = before, hold
        self.starts, self.ended = starts, ended
        self.thread = 0

    def run(self) -> T | Exception:
        """Do the act; what breaks is a result of the race, for the test to judge."""
        if self.starts is not None:
            self.starts.wait()
        self.thread = threading.get_ident()
        try:
            return self.database.act(self._wait_for_locks)
        except Exception as error:  # noqa: BLE001 - see above
            return error
        finally:
            self.thread = 0
            if self.ended is not None:
                self.ended.set()

    def _wait_for_locks(self, session: Session) -> T:
        if not self.database.is_sqlite:
            session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS:.0f}s'"))
        return self.act(session)

    def hear(
        self, _connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        """Hold this act, if it is the one that is about to say ``statement``."""
        if (
            self.hold is not None
            and self.thread == threading.get_ident()
            and statement.lstrip().startswith(self.before)
        ):
            hold, self.hold = self.hold, None
            hold()


def _run(database: Database, racers: Sequence[_Racer[T]]) -> Race[T]:
    outcome: Race[T] = Race()

    def note(context: ExceptionContext) -> None:
        state = getattr(context.original_exception, "sqlstate", None)
        if state in RETRIED_STATES:
            outcome.run_again.append(str(state))

    with ExitStack() as listening:
        listening.enter_context(patch("lending.db.LOCK_WAIT_SECONDS", LOCK_WAIT_SECONDS))  # of SQLite's turn to write
        heard: list[tuple[str, Callable[..., None]]] = [("before_cursor_execute", racer.hear) for racer in racers]
        for name, listener in [*heard, ("handle_error", note)]:
            event.listen(database.write_engine, name, listener)
            listening.callback(event.remove, database.write_engine, name, listener)
        with ThreadPoolExecutor(len(racers)) as threads:
            for result in threads.map(lambda racer: racer.run(), racers):
                if isinstance(result, Refused):
                    outcome.refused.append([block.reason for block in result.blocks])
                elif isinstance(result, Exception):
                    outcome.broken.append(result)
                else:
                    outcome.done.append(result)
    return outcome


@contextmanager
def without_locks(database: Database) -> Iterator[None]:
    """Take away what keeps two acts on one row apart; each statement still stands for itself."""

    def unlock(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return _LOCK.sub("", statement), parameters

    dialect = database.write_engine.dialect
    begin, turn = dialect.do_begin, database._writer
    if database.is_sqlite:
        # Without a transaction every statement of SQLite is one of its own, as it was before there was a lock.
        dialect.do_begin = lambda _connection: None  # type: ignore[method-assign]  # where lending/db.py begins
    database._writer = None
    event.listen(database.write_engine, "before_cursor_execute", unlock, retval=True)
    try:
        with patch(f"{__name__}.PATIENCE", PATIENCE_WITHOUT_LOCKS):
            yield
    finally:
        event.remove(database.write_engine, "before_cursor_execute", unlock)
        database._writer = turn
        if database.is_sqlite:
            dialect.do_begin = begin  # type: ignore[method-assign]  # as it was


@contextmanager
def without_compare_and_set(database: Database, table: str) -> Iterator[None]:
    """Let an ``UPDATE`` of ``table`` by state change the row in whatever state it is."""
    compared = re.compile(rf"\b{table}\.state = \S+", re.IGNORECASE)

    def forget(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        if statement.startswith(f"UPDATE {table} "):
            head, where, conditions = statement.partition(" WHERE ")
            statement = head + where + compared.sub(r"(\g<0> OR 1 = 1)", conditions)
        return statement, parameters

    event.listen(database.write_engine, "before_cursor_execute", forget, retval=True)
    try:
        yield
    finally:
        event.remove(database.write_engine, "before_cursor_execute", forget)


@contextmanager
def without_unique_index(database: Database, name: str, table: str) -> Iterator[None]:
    """Take away what the database itself refuses; afterwards the rows that spoil the index are gone and it is back."""
    made = "SELECT sql FROM sqlite_master WHERE name = :name"
    if not database.is_sqlite:
        made = "SELECT indexdef FROM pg_indexes WHERE indexname = :name"
    with database.write_engine.begin() as connection:
        definition = connection.execute(text(made), {"name": name}).scalar_one()
        connection.exec_driver_sql(f"DROP INDEX {name}")
    try:
        yield
    finally:
        if not database.is_sqlite:  # whose file is thrown away with the test
            with database.write_engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - a table of this test
                connection.exec_driver_sql(definition)
