"""The library's memory: where every transaction begins and ends, on SQLite or PostgreSQL.

``Database.act(fn)`` holds the only commit of the product and runs ``fn`` again as a whole when the database asks for
it; ``Database.read()`` gives a session that cannot write. Migrations, health, backup and restore are here too, so
that nothing else needs to know which engine stands behind it (``lending/backups.py`` does the copying).
Source: ARCHITECTURE, "Transactions and locks"; DEPENDENCIES, rows "database", "SQLite" and "PostgreSQL".
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pysqlite3.dbapi2
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from lending import paths
from lending.errors import Reason, Refused

if TYPE_CHECKING:
    from alembic.config import Config

Result = TypeVar("Result")

LOCK_ORDER: Final = (
    "key",
    "station",
    "branch",
    "stocktake",
    "cohort",
    "program",
    "workshop",
    "household",
    "patron",
    "stock",
    "kit",
    "loan",
    "reservation",
    "enrolment",
    "roll-up",
)
"""The one order in which a verb locks scarce rows (``FOR NO KEY UPDATE``), ids ascending within a kind.

Ids are found without a lock, then locked in this order, then checked again. Two acts that keep it cannot wait for
each other. Not ``FOR UPDATE``: that also keeps out whoever only names the row by a foreign key, as the journal names
a cohort last of all, and so against the order. SQLite has one writer at a time; SQLAlchemy leaves locks out for it.
"""

LOCK_WAIT_SECONDS: Final = 3.0
"""How long an act waits for a lock, of a row or of the whole file, before it is refused as busy."""

ATTEMPTS: Final = 5
"""How often an act is run at most, counting the first time."""

RETRIED_STATES: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization failure and deadlock: it rolled the transaction back and asks to run it again."""

LOCK_NOT_AVAILABLE: Final = "55P03"
SQLITE_BUSY: Final = 5
MIGRATION_LOCK: Final = 7_226_511_348
"""An arbitrary number: PostgreSQL's advisory lock of whoever migrates this product's database."""


class CommitUnknown(Exception):
    """The connection was lost during the commit, so nobody knows whether the act happened.

    Ask again with the same idempotency key: an act that did happen answers as it would have answered now.
    """


@dataclass(frozen=True, slots=True)
class Health:
    """What ``lending db check`` tells: the engine, migrations not yet applied (oldest first), and what is broken."""

    engine: str
    pending: tuple[str, ...]
    problems: tuple[str, ...]


class _OneAct(Session):
    """A session that lives for one transaction, and so looks for its connection once: a hot verb asks a dozen times."""

    _found: Connection | None = None

    def connection(self, *arguments: Any, **options: Any) -> Connection:
        """The transaction's connection."""
        if arguments or options:
            return super().connection(*arguments, **options)
        if self._found is None:
            self._found = super().connection()
        return self._found


class Database:
    """One SQLite file or PostgreSQL database, with its pools of connections. Safe to share among threads."""

    def __init__(self, write_engine: Engine, read_engine: Engine, *, sleep: Callable[[float], None]) -> None:
        self.write_engine = write_engine
        self.read_engine = read_engine
        self._sleep = sleep
        # SQLite lets one connection write at a time and makes the others poll; a lock lets threads queue instead.
        self._writer = threading.Lock() if write_engine.dialect.name == "sqlite" else None

    @classmethod
    def from_url(cls, url: str | URL, *, threads: int = 8, sleep: Callable[[float], None] = time.sleep) -> Database:
        """The database at ``url``: ``sqlite:///file`` or ``postgresql://user@host/name``; opened when first used.

        ``threads`` is how many are expected to use it at once; ``sleep`` waits between two runs of an act.
        Raises ``ValueError`` for another kind of address and for a SQLite database in memory, and ``RuntimeError``
        for a SQLite library that may damage a file with a write-ahead log.
        """
        address = make_url(url)
        kind = address.get_backend_name()
        if kind == "sqlite":
            write_engine, read_engine = _sqlite_engines(address, threads)
        elif kind in ("postgresql", "postgres"):
            from lending import postgresql  # the driver of a server, which a file does without

            write_engine, read_engine = postgresql.engines(
                address, threads=threads, lock_wait_seconds=LOCK_WAIT_SECONDS
            )
        else:
            raise ValueError(f"A database address begins with sqlite:/// or postgresql://, not {address.drivername}")
        return cls(write_engine, read_engine, sleep=sleep)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a file; otherwise it is a PostgreSQL server's."""
        return self.write_engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close every connection that is not in use."""
        self.read_engine.dispose()
        self.write_engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading. The database refuses any write in it.

        On PostgreSQL each statement sees what is committed when it begins; ``snapshot`` is for what must agree.
        """
        with self._reading(self.read_engine) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session for reading in which all statements see the library at one moment, as checks of the whole need."""
        engine = self.read_engine
        if not self.is_sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with self._reading(engine) as session:
            yield session

    @contextmanager
    def _reading(self, engine: Engine) -> Iterator[Session]:
        with _OneAct(engine, expire_on_commit=False, autoflush=False) as session:
            yield session
            # Nothing was written; but at a rollback psycopg forgets the statements it has prepared on the connection.
            session.commit()

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """A connection for reading without a session, whose making costs as much as the one statement of a sign-in."""
        with self.read_engine.connect() as connection:
            yield connection

    def act(self, fn: Callable[[Session], Result]) -> Result:
        """Run ``fn`` in one transaction, commit it, and give back its result.

        ``fn`` may be run several times, each time with a new session, and must have no effect but through it.
        Raises whatever ``fn`` raises, with nothing changed; ``Refused`` for ``BUSY`` when a lock was not to be had;
        ``CommitUnknown`` when the connection broke during the commit.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._act_once(fn)
            except DBAPIError as error:
                if _is_lock_timeout(error):
                    raise Refused.because(Reason.BUSY) from error
                if not (error.connection_invalidated or _asks_for_another_run(error)):
                    raise
                if attempt == ATTEMPTS:
                    if error.connection_invalidated:
                        raise
                    raise Refused.because(Reason.BUSY) from error
            except PoolTimeout as error:
                raise Refused.because(Reason.BUSY) from error
            # Jitter, or two acts that met once would meet again.
            self._sleep(random.uniform(0.5, 1.0) * 0.01 * 2**attempt)  # noqa: S311 - not a secret
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _act_once(self, fn: Callable[[Session], Result]) -> Result:
        with self._turn_to_write(), _OneAct(self.write_engine, expire_on_commit=False) as session:
            result = fn(session)
            session.flush()  # what fails before the commit may be run again; what fails in it may have happened
            try:
                session.commit()
            except DBAPIError as error:
                if error.connection_invalidated:
                    raise CommitUnknown("The connection was lost during the commit") from error
                raise
            return result

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Hold the process's one turn to write, where the engine has only one."""
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=LOCK_WAIT_SECONDS):
            raise Refused.because(Reason.BUSY)
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def migrating(self) -> Iterator[Config]:
        """Alembic's configuration on a connection that keeps every other migration out, committed as a whole.

        ``alembic.command`` functions take it: ``upgrade(config, "head")``, ``downgrade(config, "0001")``,
        ``revision(config, "Add transfers", autogenerate=True)``.
        """
        from alembic.config import Config  # heavy, and needed by the command line alone

        config = Config()
        config.set_main_option("script_location", str(paths.MIGRATIONS).replace("%", "%%"))
        with self._turn_to_write(), self._migrating_connection() as connection:
            config.attributes["connection"] = connection
            yield config

    @contextmanager
    def _migrating_connection(self) -> Iterator[Connection]:
        engine = self.write_engine
        if not self.is_sqlite:
            with engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
                yield connection
            return
        with engine.connect() as connection:
            # Batch mode rebuilds tables, which foreign keys would take for deletions; the switch is deaf inside a
            # transaction. BEGIN IMMEDIATE, held to the end, is the lock that lets one process migrate at a time.
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA foreign_keys = OFF")
            driver.execute("PRAGMA busy_timeout = 60000")
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(f"The migration would leave rows that point nowhere: {broken[:5]}")
            finally:
                connection.invalidate()  # the next user gets a connection with its switches as they belong

    def upgrade(self) -> None:
        """Bring the tables to the newest migration. Of several processes that start at once, one does it."""
        from alembic import command

        with self.migrating() as config:
            command.upgrade(config, "head")

    def check(self) -> Health:
        """The engine's version, migrations that wait, and damage: unreadable pages, rows that point nowhere."""
        from alembic.runtime.migration import MigrationContext
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory(str(paths.MIGRATIONS))
        with self.read_engine.connect() as connection:
            applied = MigrationContext.configure(connection).get_current_heads()
            version = ".".join(str(part) for part in connection.dialect.server_version_info or ())
            problems: list[str] = []
            if self.is_sqlite:
                problems += [row for row in connection.scalars(text("PRAGMA integrity_check")) if row != "ok"]
                for table, rowid, parent, _ in connection.execute(text("PRAGMA foreign_key_check")):
                    problems.append(f"row {rowid} of {table} points to a row of {parent} that is not there")
        waiting = [script.revision for script in scripts.iterate_revisions("heads", applied or "base")]
        name = "SQLite" if self.is_sqlite else "PostgreSQL"
        return Health(engine=f"{name} {version}", pending=tuple(reversed(waiting)), problems=tuple(problems))

    def forget_old_pages(self) -> bool:
        """Empty SQLite's write-ahead log, in which what was deleted stands as it was before; whether it is empty.

        Waits for nobody: while somebody reads, the next time does it. On PostgreSQL vacuuming does the like by itself.
        """
        if not self.is_sqlite:
            return True
        with self._turn_to_write(), self.write_engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def backup(self, file: Path) -> None:
        """Write a proven copy to ``file`` while others work; see ``lending.backups.write``."""
        from lending import backups

        backups.write(self, file)

    def restore(self, file: Path) -> None:
        """Put the copy in ``file`` in the place of everything there is; see ``lending.backups.restore``."""
        from lending import backups

        backups.restore(self, file)


def sqlite_file(url: URL) -> Path:
    """The file a SQLite address names; ``ValueError`` for a database in memory, which two connections cannot share."""
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ValueError("A SQLite address names a file, as in sqlite:///instance/lending.db")
    return Path(url.database)


def may_damage_wal(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite library has the WAL-reset bug: two connections can corrupt a write-ahead log."""
    return (3, 7, 0) <= version <= (3, 51, 2)


def _sqlite_engines(url: URL, threads: int) -> tuple[Engine, Engine]:
    """One connection that writes, and several that read and cannot write."""
    file = sqlite_file(url)
    version: tuple[int, int, int] = pysqlite3.dbapi2.sqlite_version_info
    if may_damage_wal(version):
        raise RuntimeError(
            f"SQLite {'.'.join(map(str, version))} can damage a file with a write-ahead log; "
            "install the package pysqlite3 0.6.1 or newer, which brings SQLite 3.51.3 or newer"
        )

    def engine(begin: str, pragmas: tuple[str, ...], size: int, busy_seconds: float) -> Engine:
        made = create_engine(
            url.set(drivername="sqlite"),
            module=pysqlite3.dbapi2,
            connect_args={"isolation_level": None, "timeout": busy_seconds, "cached_statements": 512},
            pool_size=size,
            max_overflow=size,
            pool_timeout=LOCK_WAIT_SECONDS,
            pool_use_lifo=True,
            hide_parameters=True,  # an error that somebody sees holds no patron
        )

        @event.listens_for(made, "do_connect")
        def make_file(*_arguments: object) -> None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)  # patrons' data: for its owner alone

        @event.listens_for(made, "connect")
        def configure(connection: Any, _record: object) -> None:
            _write_ahead(connection)
            # What is deleted is overwritten: a name that was cut is nowhere in the file any more.
            for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON", *pragmas):
                connection.execute(f"PRAGMA {pragma}")

        def start(dbapi_connection: Any) -> None:
            dbapi_connection.execute(begin)

        # In the dialect's own place: a listener for "begin" would have SQLAlchemy look for listeners at each statement.
        made.dialect.do_begin = start  # type: ignore[method-assign]  # a dialect has no other way to be told
        return made

    # Every attempt of an act waits its share, so that all of them wait as long as one does on PostgreSQL.
    writer = engine("BEGIN IMMEDIATE", (), 1, LOCK_WAIT_SECONDS / ATTEMPTS)
    reader = engine("BEGIN", ("query_only = ON",), threads, LOCK_WAIT_SECONDS)
    return writer, reader


def _write_ahead(connection: Any) -> None:
    """Keep a write-ahead log. Of several who open a new file at once SQLite lets nobody wait, so they ask again."""
    until = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except pysqlite3.dbapi2.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _is_lock_timeout(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE


def _asks_for_another_run(error: DBAPIError) -> bool:
    # SQLite's extended codes (busy while recovering, busy snapshot) carry the plain one in their lowest byte.
    busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == SQLITE_BUSY
    return busy or getattr(error.orig, "sqlstate", None) in RETRIED_STATES
