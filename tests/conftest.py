"""Databases for the tests: both engines, the tables of the real migrations, real commits.

A test that takes ``database`` runs on SQLite and on PostgreSQL; ``sqlite_database`` and ``postgres_database`` are one
of them. Each test begins with empty tables, in a ``Database`` that its worker keeps for the whole run: one that is made
anew has every statement to compile. ``bare_url`` is the address of a database without tables, on both engines.
PostgreSQL is the server at ``LENDING_TEST_POSTGRES_URL``, or one that is made for the run and goes with it.
"""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, create_engine, make_url

from lending.db import Database
from tests.databases import new_postgres_database, opened

# The same examples at every run, and no seconds: a busy machine is no fault of the code.
settings.register_profile(
    "lending", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("lending")

KEEPER = Path(__file__).with_name("postgres_keeper.py")

WIPE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET session_replication_role = replica;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    END $$;
"""
"""Empty every table, the append-only ones too: 2 ms for 45 tables, where TRUNCATE takes 46 and a new database 67."""


def pytest_collection_finish() -> None:
    """What was collected stays to the end: nobody looks through half a million objects for garbage at each test."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: "tests/machine/" not in item.nodeid)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """An empty library on each engine."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found: Database = request.getfixturevalue(name)
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest) -> str:
    """The address of a database without any table, on each engine."""
    name = "bare_sqlite_url" if request.param == "sqlite" else "bare_postgres_url"
    found: str = request.getfixturevalue(name)
    return found


# --- SQLite ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the tables of the migrations, copied for each test."""
    file = tmp_path_factory.mktemp("migrated") / "library.db"
    with opened(f"sqlite:///{file}") as database:
        database.upgrade()
    return file


@pytest.fixture
def bare_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'bare.db'}"


@pytest.fixture(scope="session")
def kept_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Path]]:
    """This worker's library in a file, and the file."""
    file = tmp_path_factory.mktemp("sqlite") / "library.db"
    with opened(f"sqlite:///{file}") as database:
        yield database, file


@pytest.fixture
def sqlite_database(kept_sqlite: tuple[Database, Path], migrated_file: Path) -> Iterator[Database]:
    """An empty library in this worker's file, with nothing beside it."""
    database, file = kept_sqlite
    for left in file.parent.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.copyfile(migrated_file, file)
    yield database
    database.close()


# --- PostgreSQL ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A PostgreSQL server shared by all workers of this run, as a superuser."""
    given = os.environ.get("LENDING_TEST_POSTGRES_URL")
    if given:
        return make_url(given)
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    shared = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.getbasetemp()
    address = shared / "postgres-address"
    with (shared / "postgres-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed
        if not address.exists():
            address.write_text(
                _start_server(run=os.getppid() if is_worker else os.getpid(), log=shared / "postgres-log")
            )
    return make_url(address.read_text())


def _start_server(run: int, log: Path) -> str:
    # Not below pytest's folder: the path of a socket may have 107 characters.
    directory = tempfile.mkdtemp(prefix="lending-test-")
    with log.open("w") as errors:
        command = [sys.executable, str(KEEPER), directory, str(run)]
        started = subprocess.run(command, stdout=subprocess.PIPE, stderr=errors, text=True, check=False)
    address = started.stdout.strip()
    if not address:
        raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
    return address


@pytest.fixture
def bare_postgres_url(postgres_server: URL) -> Iterator[str]:
    """The address of a PostgreSQL database without tables."""
    with new_postgres_database(postgres_server) as url:
        yield url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: URL) -> Iterator[URL]:
    """This worker's database, with the tables of the migrations."""
    with new_postgres_database(postgres_server) as url:
        with opened(url) as database:
            database.upgrade()
        yield url


@pytest.fixture(scope="session")
def wiper(migrated_postgres: URL) -> Iterator[Any]:
    """A driver's connection that empties this worker's database."""
    engine = create_engine(migrated_postgres.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection.connection.driver_connection
    engine.dispose()


@pytest.fixture(scope="session")
def kept_postgres(migrated_postgres: URL) -> Iterator[Database]:
    """This worker's library on the server."""
    with opened(migrated_postgres) as database:
        yield database


@pytest.fixture
def postgres_database(kept_postgres: Database, wiper: Any) -> Iterator[Database]:
    """An empty library in this worker's PostgreSQL database."""
    wiper.execute(WIPE)
    yield kept_postgres
    kept_postgres.close()
