"""Migrating a database, and asking whether it is whole."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lending.db import Database
from tests.databases import opened


def test_only_one_of_several_that_start_at_once_migrates(bare_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    inside: list[int] = []
    most = 0

    def upgrade(config: Any, _revision: str) -> None:
        nonlocal most
        inside.append(1)
        most = max(most, len(inside))
        connection = config.attributes["connection"]
        connection.execute(text("CREATE TABLE IF NOT EXISTS applied (revision TEXT)"))
        if not connection.scalars(text("SELECT revision FROM applied")).all():
            connection.execute(text("INSERT INTO applied VALUES ('0001')"))
        inside.pop()

    monkeypatch.setattr(command, "upgrade", upgrade)
    start = threading.Barrier(4, timeout=10)

    def open_and_upgrade(_: int) -> None:
        with opened(bare_url) as database:
            start.wait()
            database.upgrade()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(open_and_upgrade, range(4)))
    with opened(bare_url) as database, database.read() as session:
        assert session.scalars(text("SELECT revision FROM applied")).all() == ["0001"]
    assert most == 1


def migrate(database: Database, *statements: str) -> None:
    with database.migrating() as config:
        for statement in statements:
            config.attributes["connection"].execute(text(statement))


def test_a_migration_that_fails_leaves_nothing(bare_url: str) -> None:
    with opened(bare_url) as database:
        with pytest.raises(DBAPIError, match="nonsense"):
            migrate(database, "CREATE TABLE half (id INTEGER)", "nonsense")
        with pytest.raises(DBAPIError, match="half"), database.read() as session:
            session.execute(text("SELECT id FROM half"))


def test_a_migration_that_would_leave_rows_pointing_nowhere_is_undone(bare_sqlite_url: str) -> None:
    shelf = "CREATE TABLE shelf (id INTEGER PRIMARY KEY)"
    kit = "CREATE TABLE kit (shelf_id INTEGER REFERENCES shelf (id))"
    with opened(bare_sqlite_url) as database:
        with pytest.raises(RuntimeError, match="point nowhere"):
            migrate(database, shelf, kit, "INSERT INTO kit VALUES (7)")
        with database.read() as session:
            assert session.scalars(text("SELECT count(*) FROM sqlite_master")).one() == 0


def test_foreign_keys_are_kept_again_after_a_migration(bare_sqlite_url: str) -> None:
    with opened(bare_sqlite_url) as database:
        with database.migrating():
            pass
        assert database.act(lambda session: session.scalars(text("PRAGMA foreign_keys")).one()) == 1


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "instance" / "library.db"
    with opened(f"sqlite:///{file}") as database:
        assert database.check().pending
    assert file.stat().st_mode & 0o777 == 0o600


# --- Health ----------------------------------------------------------------------------------------------------


def test_a_library_that_stands_at_the_newest_migration_is_whole(database: Database) -> None:
    health = database.check()
    assert health.engine.split()[0] == ("SQLite" if database.is_sqlite else "PostgreSQL")
    assert (health.pending, health.problems) == ((), ())


def test_rows_that_point_nowhere_are_found(bare_sqlite_url: str) -> None:
    with opened(bare_sqlite_url) as database:
        with database.write_engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver
            driver.execute("PRAGMA foreign_keys = OFF")
            driver.execute("CREATE TABLE shelf (id INTEGER PRIMARY KEY)")
            driver.execute("CREATE TABLE kit (shelf_id INTEGER REFERENCES shelf (id))")
            driver.execute("INSERT INTO kit VALUES (7)")
        assert database.check().problems == ("row 1 of kit points to a row of shelf that is not there",)
