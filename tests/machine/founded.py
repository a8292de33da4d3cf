"""One library for all examples of the machine: opened once, and put back before each as it was founded.

A database that is opened anew has every statement to compile and its tables to read again, which took two thirds of
the time.
"""

# ruff: noqa: S608 - every statement is made of the names of our own tables
from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2
from sqlalchemy import URL

from lending.db import Database
from tests.cast import Cast
from tests.conftest import WIPE
from tests.databases import opened
from tests.machine.world import found

OURS = "schemaname = 'public' AND tablename <> 'alembic_version'"


@dataclass(frozen=True)
class Founded:
    """A library in which the world was founded; ``put_back`` undoes whatever happened since."""

    database: Database
    cast: Cast
    put_back: Callable[[], None]


@contextmanager
def in_a_file(migrated: Path, folder: Path) -> Iterator[Founded]:
    """On SQLite, put back page by page from a copy in memory."""
    file = folder / "library.db"
    shutil.copyfile(migrated, file)
    with opened(f"sqlite:///{file}") as database, closing(pysqlite3.dbapi2.connect(":memory:")) as kept:
        cast = database.act(found)

        def copy(into: Callable[[Any], None]) -> None:
            with database.write_engine.connect() as connection:
                into(connection.connection.driver_connection)

        copy(lambda live: live.backup(kept))
        yield Founded(database, cast, lambda: copy(kept.backup))


@contextmanager
def on_the_server(url: URL, wiper: Any) -> Iterator[Founded]:
    """On PostgreSQL, put back row by row from a schema beside it; the connections of the library stay open."""
    wiper.execute(WIPE)
    with opened(url) as database:
        cast = database.act(found)
        names = [name for (name,) in wiper.execute(f"SELECT quote_ident(tablename) FROM pg_tables WHERE {OURS}")]
        filled = [name for name in names if wiper.execute(f"TABLE {name} LIMIT 1").fetchone()]
        kept = [f"CREATE TABLE founded.{name} AS TABLE {name}" for name in filled]
        emptied = [f"DELETE FROM {name}" for name in names]
        again = [f"INSERT INTO {name} TABLE founded.{name}" for name in filled]
        wiper.execute("; ".join(["CREATE SCHEMA founded", *kept]))
        try:
            yield Founded(database, cast, lambda: wiper.execute("; ".join([*emptied, *again])))
        finally:
            wiper.execute("DROP SCHEMA founded CASCADE")
