"""Connections to a PostgreSQL server: some that write, some on which the server refuses any write.

At READ COMMITTED each statement sees a snapshot of its own, inside a transaction or not; so a read goes without
BEGIN and COMMIT, which would be two of the three round trips by which every request learns who is signed in.
Source: ARCHITECTURE, "Transactions and locks"; DEPENDENCIES, row "PostgreSQL".
"""

from __future__ import annotations

import select
from typing import Any, ClassVar

import psycopg
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DisconnectionError


def engines(url: URL, *, threads: int, lock_wait_seconds: float) -> tuple[Engine, Engine]:
    """The engine that writes and the one that reads, each with a pool for ``threads``."""

    def engine(isolation_level: IsolationLevel, options: str) -> Engine:
        waiting = f"-c lock_timeout={lock_wait_seconds:.0f}s -c timezone=UTC"
        given = f"{waiting} {options} {url.query.get('options', '')}".strip()
        made = create_engine(
            url.set(drivername="postgresql+psycopg").difference_update_query(["options"]),
            connect_args={
                "options": given,
                "application_name": "lending",
                "connect_timeout": 5,
                "cursor_factory": LateCursor,
            },
            isolation_level=isolation_level,
            hide_parameters=True,  # an error that somebody sees holds no patron
            pool_size=threads,
            max_overflow=threads,
            pool_timeout=lock_wait_seconds,
            pool_use_lifo=True,
        )
        event.listen(made, "checkout", _refuse_a_dead_connection)
        return made

    return engine("READ COMMITTED", ""), engine("AUTOCOMMIT", "-c default_transaction_read_only=on")


def _refuse_a_dead_connection(connection: Any, _record: object, _proxy: object) -> None:
    # An idle connection with something to read is one whose server has said goodbye. Looking costs microseconds where
    # a ping (pool_pre_ping) costs every transaction a round trip.
    looking = select.poll()
    looking.register(connection.fileno(), select.POLLIN)
    if looking.poll(0):
        raise DisconnectionError("the server has closed this connection")


class LateCursor(psycopg.Cursor[Any]):
    """A cursor that knows the columns of a statement before its rows are here, once it was run before.

    SQLAlchemy asks for the columns as soon as a statement is sent. In a pipeline (``circulation.together``) nothing has
    come back by then, and to wait for it would be the round trip that the pipeline saves.
    """

    _columns: ClassVar[dict[str, Any]] = {}
    """By the text of a statement, which names its columns; ``None`` for one that gives no rows."""

    _asked: str | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> LateCursor:
        """Send a statement, remembering which it is."""
        self._asked = query
        super().execute(query, params, **options)
        return self

    @property
    def description(self) -> Any:
        """The columns of the rows, those that are here or those to come; ``None`` where there are no rows."""
        if self.pgresult is not None or self._asked is None:
            return super().description
        if self._asked not in self._columns:
            with self.connection.pipeline() as sent:
                sent.sync()
            self._columns[self._asked] = super().description
        return self._columns[self._asked]
