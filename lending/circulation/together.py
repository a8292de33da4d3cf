"""Statements that go together: on PostgreSQL they cost one round trip to the server instead of one each.

On SQLite, which is no server, they are run in turn. Measured on a check-out: sending and hearing a statement takes
longer than what it does.
Source: BATTERY P1; the manual of psycopg, "Pipeline mode support".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

Write = tuple[Insert | Update, Mapping[str, Any]]
"""A statement that changes rows, built once at module level, and its values."""


@contextmanager
def together(session: Session) -> Iterator[Connection]:
    """The transaction's connection, on which a statement does not wait for the answer to the one before.

    Each still sees what those before it did, and none is run after one that failed. The end of the block waits for all
    of them and raises what went wrong: results are for after it. How many rows were changed is not known: a statement
    that must say so gives back (``RETURNING``) what it changed.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        yield connection
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield connection
    except connection.dialect.loaded_dbapi.Error as error:
        # As for a statement of its own: invalidate a connection that was lost, and raise SQLAlchemy's exception. What
        # is public (DBAPIError.instance) does neither that nor tells those who listen.
        connection._handle_dbapi_exception(error, None, None, None, None)


def write_together(session: Session, *writes: Write) -> list[int]:
    """Do several writes as one statement, none of which sees what another does.

    Gives, of those that give back rows (``RETURNING``), how many rows each changed. Whatever one of them would wait for
    is locked before: the order among them is the server's. A value that is no column of its table keeps its own name,
    which no two writes may share.
    """
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        done = (connection.execute(statement, values) for statement, values in writes)
        return [len(result.all()) for result in done if result.returns_rows]
    whole, names, tells = _as_one(tuple((statement, tuple(given)) for statement, given in writes))
    values = (value for _, given in writes for value in given.values())
    result = connection.execute(whole, dict(zip(names, values, strict=True)))
    return list(result.one()) if tells else []


@cache
def _as_one(writes: tuple[tuple[Insert | Update, tuple[str, ...]], ...]) -> tuple[Select[Any], list[str], bool]:
    """The statement of which these are parts, what their values are called in it, and whether it tells anything.

    There are as many as there are ways through an act.
    """
    parts: list[CTE] = []
    told: list[ColumnElement[Any]] = []
    for n, (statement, names) in enumerate(writes):
        columns = statement.table.c
        given = [name for name in names if name in columns]
        if _adds_a_row(statement) and given:
            row = {name: bindparam(_bound(statement, name), type_=columns[name].type) for name in given}
            statement = statement.values(row)
        part = statement.cte(f"write_{n}")
        parts.append(part)
        if statement.exported_columns:
            told.append(select(func.count()).select_from(part).scalar_subquery())
    bound = [_bound(statement, name) for statement, names in writes for name in names]
    return select(*(told or [literal_column("1")])).add_cte(*parts), bound, bool(told)


def _adds_a_row(statement: Insert | Update) -> bool:
    """Whether this inserts rows of values; those of one row are named as its columns are."""
    return isinstance(statement, Insert) and statement.select is None


def _bound(statement: Insert | Update, name: str) -> str:
    """The name of a value in the whole: two tables have columns of the same name."""
    table = cast(Table, statement.table)
    return f"{table.name}_{name}" if _adds_a_row(statement) and name in table.c else name
