"""One process runs the jobs; another stands by and takes over when it is gone.

The lock is the database server's (PostgreSQL: an advisory lock of a connection kept open) or the operating system's
(SQLite: a lock on a file beside the database), so that it ends with the process, however that ends.
Source: DEPENDENCIES, row "scheduler".
"""

from __future__ import annotations

import fcntl
import os
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from lending.db import Database

ADVISORY_KEY = 0x6C656E64  # "lend"
"""The number by which every process of one library knows the lock. Advisory locks are apart for each database."""


class Leadership(ABC):
    """The right to run the jobs, which one process has at a time."""

    @abstractmethod
    def take(self) -> bool:
        """Take it if nobody has it. Whoever has it may ask again."""

    @abstractmethod
    def is_held(self) -> bool:
        """Whether this process has it still; without a connection to the server nobody knows, so it has not."""

    @abstractmethod
    def give_back(self) -> None:
        """Let another process have it."""


def leadership(database: Database) -> Leadership:
    """The lock that fits the engine."""
    if database.write_engine.dialect.name == "postgresql":
        return _ByServer(database)
    file = database.write_engine.url.database
    assert file is not None  # noqa: S101 - a library is never kept in memory
    return _ByFile(Path(f"{file}.jobs"))


class _ByFile(Leadership):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> bool:
        if self._file is None:
            file = self._path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._file = file
        return True

    def is_held(self) -> bool:
        if self._file is None:
            return False
        try:  # a file that was taken away, as with a restored database, locks out nobody any more
            return os.fstat(self._file.fileno()).st_ino == self._path.stat().st_ino
        except OSError:
            return False

    def give_back(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class _ByServer(Leadership):
    def __init__(self, database: Database) -> None:
        self._engine = database.write_engine
        self._connection: Connection | None = None

    def take(self) -> bool:
        if self._connection is not None:
            return True
        try:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_KEY}):
                self._connection = connection
                return True
            connection.close()
        except SQLAlchemyError:
            return False
        return False

    def is_held(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self._connection.invalidate()
            self._connection = None
            return False
        return True

    def give_back(self) -> None:
        if self._connection is not None:
            # At once: the server takes its time to notice a connection that was closed.
            with suppress(SQLAlchemyError):
                self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_KEY})
            # However that went: a connection that kept the lock must not go back to the pool.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
