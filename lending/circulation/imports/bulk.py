"""Many rows at once, as fast as each engine takes them: COPY on PostgreSQL, one prepared statement on SQLite.

A hundred thousand patrons go in while desks wait for their turn to write; rows or Core statements built one by one take
four times as long (BATTERY P8, the write lock held for 3 s at most).
"""

# ruff: noqa: S608 - names of our own tables and columns, never of a file's
from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lending.models.base import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH


def roomy(session: Session) -> None:
    """Let SQLite keep the indexes in memory while they grow (128 MB at most): half the time at the write lock."""
    if session.connection().dialect.name == "sqlite":
        session.connection().exec_driver_sql("PRAGMA cache_size = -131072")


def take_ids(session: Session, table: Table, count: int) -> list[int]:
    """``count`` keys of ``table`` that nobody else gets. Part of an act."""
    if not count:
        return []
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        taken = text(f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id')) FROM generate_series(1, :count)")
        return sorted(connection.scalars(taken, {"count": count}))
    # One writer at a time, and a key that is given explicitly moves SQLite's own count along.
    last = connection.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}) or 0
    return list(range(last + 1, last + 1 + count))


def converter(dialect: Dialect, table: Table, columns: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
    """What turns a row's values of ``columns`` into what the driver takes; used before the database has to wait."""
    converters: list[tuple[int, Callable[[Any], Any]]] = []
    for place, name in enumerate(columns):
        processor = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if processor is not None:
            converters.append((place, processor))

    def convert(row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, processor in converters:
            values[place] = processor(values[place])
        return tuple(values)

    return convert


def insert_rows(session: Session, table: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert converted ``rows``, each with a value for every one of ``columns``."""
    connection = session.connection()
    names = ", ".join(f'"{column}"' for column in columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f'COPY "{table.name}" ({names}) FROM STDIN', rows)
        return
    places = ", ".join("?" * len(columns))
    everything = list(rows)
    if everything:
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', everything)


def new_public_ids(count: int) -> list[str]:
    """As many as ``count`` names as ``models.base.new_public_id`` makes, as unguessable and forty times as fast."""
    length = PUBLIC_ID_LENGTH
    letters = ""
    while len(letters) < count * length:
        # Bytes over the last whole multiple of the alphabet would make its first letters likelier.
        letters += secrets.token_bytes(count * length).translate(_LETTERS, _UNEVEN).decode()
    return [letters[at : at + length] for at in range(0, count * length, length)]


_EVEN = 256 - 256 % len(PUBLIC_ID_ALPHABET)
_UNEVEN = bytes(range(_EVEN, 256))
_LETTERS = bytes(ord(PUBLIC_ID_ALPHABET[value % len(PUBLIC_ID_ALPHABET)]) for value in range(256))


def _copy(connection: Connection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        # As SQLAlchemy would have raised it, so that an act that has to be run again is.
        raise DBAPIError.instance(
            statement, None, error, connection.dialect.loaded_dbapi.Error, dialect=connection.dialect
        ) from error
