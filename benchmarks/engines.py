"""Databases to measure on: real files and a real server, durable as in use, gone when the run is over.

PostgreSQL is the server at ``LENDING_BENCH_POSTGRES_URL``, or the one of the tests' keeper with every setting that
spares the disk put back: a figure taken without waiting for the disk would be a figure of something else.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import URL, make_url

from lending.db import Database

KEEPER = Path(__file__).parents[1] / "tests" / "postgres_keeper.py"


class Engine(Protocol):
    """One database engine: makes databases with today's tables, and copies of them."""

    @property
    def name(self) -> str:
        """``sqlite`` or ``postgresql``."""
        ...

    def migrated(self) -> str:
        """The address of a new database with empty tables."""
        ...

    def copy(self, url: str) -> str:
        """The address of a new database with the rows of the one at ``url``, which nobody may have open."""
        ...


@dataclass(frozen=True)
class Sqlite:
    """Files in a folder of the run."""

    folder: Path
    name: str = "sqlite"

    def migrated(self) -> str:
        """A new file with empty tables."""
        return _upgraded(f"sqlite:///{self._new_file()}")

    def copy(self, url: str) -> str:
        """A copy of the file, whose log was folded into it when it was closed."""
        file = self._new_file()
        shutil.copyfile(url.removeprefix("sqlite:///"), file)
        return f"sqlite:///{file}"

    def _new_file(self) -> Path:
        return self.folder / f"{secrets.token_hex(4)}.sqlite3"


@dataclass(frozen=True)
class Postgresql:
    """Databases on one server, dropped at the end of the run."""

    server: URL
    made: list[str]
    name: str = "postgresql"

    def migrated(self) -> str:
        """A new database with empty tables."""
        return _upgraded(self._create("template0"))

    def copy(self, url: str) -> str:
        """A copy made by the server itself."""
        return self._create(str(make_url(url).database))

    def _create(self, template: str) -> str:
        name = f"lending_bench_{secrets.token_hex(4)}"
        with administrator(self.server) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self.made.append(name)
        return self.server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@contextmanager
def sqlite() -> Iterator[Sqlite]:
    """The engine in a file, in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="lending-bench-") as folder:
        yield Sqlite(Path(folder))


@contextmanager
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL server whose commits wait for the disk; what the run makes there is dropped afterwards."""
    given = os.environ.get("LENDING_BENCH_POSTGRES_URL")
    server = make_url(given or _start_server())
    if not given:
        _make_durable(server)
    engine = Postgresql(server, [])
    try:
        yield engine
    finally:
        with administrator(server) as connection:
            for name in engine.made:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


ENGINES: dict[str, Callable[[], AbstractContextManager[Engine]]] = {"sqlite": sqlite, "postgresql": postgresql}


@contextmanager
def administrator(server: URL) -> Iterator[psycopg.Connection]:
    """A connection outside any transaction, as databases are made and dropped."""
    address = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


def _start_server() -> str:
    """The tests' keeper starts a server and takes it away when this process ends, however it ends."""
    folder = tempfile.mkdtemp(prefix="lending-bench-")
    command = [sys.executable, str(KEEPER), folder, str(os.getpid())]
    # A file and not a pipe: the keeper goes on holding its end, and a pipe would be read until the server is gone.
    with tempfile.TemporaryFile("w+") as errors:
        started = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False)
        if not started.stdout.strip():
            errors.seek(0)
            raise RuntimeError(f"PostgreSQL did not start:\n{errors.read()}")
    return started.stdout.strip()


def _make_durable(server: URL) -> None:
    spared = ("fsync", "full_page_writes", "synchronous_commit", "deadlock_timeout")
    with administrator(server) as connection:
        for name in spared:
            connection.execute(f"ALTER SYSTEM RESET {name}")
        connection.execute("SELECT pg_reload_conf()")
    with administrator(server) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in spared[:3]]
    if shown != [("on",)] * 3:
        raise RuntimeError(f"PostgreSQL would not wait for the disk: {shown}")


def _upgraded(url: str) -> str:
    database = Database.from_url(url)
    try:
        database.upgrade()
    finally:
        database.close()
    return url
