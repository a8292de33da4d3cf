"""Two acts at once, so timed that they would spoil each other if nothing kept them apart.

``race`` runs acts in threads and holds each of them back just before its first ``UPDATE``, until all have come that
far: whatever they read, they have read before anyone changed it. Where a lock keeps the others out they never come, and
the one that holds it goes on after ``PATIENCE`` seconds. ``without_locks`` takes the locks away (``FOR UPDATE`` on
PostgreSQL, the one turn to write on SQLite), so that a test can first see the race it claims to prevent.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session

from lending.db import Database
from lending.errors import Reason, Refused

T = TypeVar("T")

PATIENCE = 0.4
_LOCK = re.compile(r"\s+FOR (NO KEY )?(UPDATE|SHARE)( OF [\w\", ]+)?", re.IGNORECASE)


class Race(Generic[T]):
    """How a race ended: what was done, why the rest was refused, and what went wrong otherwise."""

    def __init__(self) -> None:
        self.done: list[T] = []
        self.refused: list[list[Reason]] = []
        self.broken: list[Exception] = []


def race(database: Database, *acts: Callable[[Session], T], before: str = "UPDATE") -> Race[T]:
    """Run ``acts`` at once, each in a thread and a transaction of its own, none before the others have read.

    ``before`` is the kind of statement that each waits with.
    """
    meeting = threading.Barrier(len(acts))
    arrived: set[int] = set()

    def wait_for_the_others(
        _connection: Any, _cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        me = threading.get_ident()
        if me in racers and me not in arrived and statement.lstrip().upper().startswith(before):
            arrived.add(me)
            try:
                meeting.wait(PATIENCE)
            except threading.BrokenBarrierError:
                return  # a lock keeps the others out

    racers: set[int] = set()
    outcome: Race[T] = Race()
    start = threading.Barrier(len(acts))

    def run(act: Callable[[Session], T]) -> T | Exception:
        racers.add(threading.get_ident())
        start.wait()
        try:
            return database.act(act)
        except Exception as error:  # noqa: BLE001 - what breaks is a result of the race, for the test to judge
            return error

    event.listen(database.write_engine, "before_cursor_execute", wait_for_the_others)
    try:
        with ThreadPoolExecutor(len(acts)) as threads:
            for result in threads.map(run, acts):
                if isinstance(result, Refused):
                    outcome.refused.append([block.reason for block in result.blocks])
                elif isinstance(result, Exception):
                    outcome.broken.append(result)
                else:
                    outcome.done.append(result)
    finally:
        event.remove(database.write_engine, "before_cursor_execute", wait_for_the_others)
    return outcome


@contextmanager
def without_locks(database: Database) -> Iterator[None]:
    """Take away what keeps two acts on one row apart; each statement still stands for itself."""

    def unlock(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        if statement == "BEGIN IMMEDIATE":
            # Without a transaction every statement of SQLite is one of its own, as it was before there was a lock.
            return "SELECT 1", parameters
        return _LOCK.sub("", statement), parameters

    turn, database._writer = database._writer, None
    event.listen(database.write_engine, "before_cursor_execute", unlock, retval=True)
    try:
        yield
    finally:
        event.remove(database.write_engine, "before_cursor_execute", unlock)
        database._writer = turn
