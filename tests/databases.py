"""Opening a database in a test, and hearing what is said to it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from lending.db import Database


@contextmanager
def opened(url: str | URL, **options: Any) -> Iterator[Database]:
    """The database at ``url``, closed afterwards; on SQLite it does not wait for the disk at every commit."""
    database = Database.from_url(url, **options)
    if database.is_sqlite:

        @event.listens_for(database.write_engine, "connect")
        def hurry(connection: Any, _record: object) -> None:
            connection.execute("PRAGMA synchronous = OFF")

    try:
        yield database
    finally:
        database.close()


@contextmanager
def new_postgres_database(server: URL) -> Iterator[URL]:
    """A database without tables, dropped afterwards."""
    name = f"lending_test_{secrets.token_hex(6)}"
    administrator = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield server.set(database=name)
    finally:
        with administrator.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        administrator.dispose()


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    """Collect the statements sent to ``database`` meanwhile, in order, without BEGIN, COMMIT and ROLLBACK (P3)."""
    statements: list[str] = []

    def note(connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if connection.engine in (database.write_engine, database.read_engine) and not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
