"""One process leads; another takes over when it is gone, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from lending.db import Database
from lending.jobs.leader import Leadership, leadership
from tests.databases import opened


@pytest.fixture
def rival(database: Database) -> Iterator[Leadership]:
    """The lock as another process would open it."""
    with opened(database.write_engine.url.render_as_string(hide_password=False)) as other:
        lock = leadership(other)
        yield lock
        lock.give_back()


@pytest.fixture
def mine(database: Database) -> Iterator[Leadership]:
    lock = leadership(database)
    yield lock
    lock.give_back()


def test_one_leads_and_the_other_waits_until_it_is_gone(mine: Leadership, rival: Leadership) -> None:
    assert mine.take()
    assert mine.take(), "whoever has it may ask again"
    assert mine.is_held()
    assert not rival.take()
    assert not rival.is_held()
    mine.give_back()
    assert not mine.is_held()
    assert rival.take()
    assert not mine.take()


def test_whoever_loses_the_connection_to_the_server_leads_no_more(
    postgres_database: Database,
) -> None:
    lock = leadership(postgres_database)
    assert lock.take()
    with postgres_database.write_engine.connect() as killer:
        killer.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )
    assert not lock.is_held()
    assert lock.take()
    lock.give_back()


def test_a_lock_file_that_was_taken_away_locks_nobody_out(sqlite_database: Database) -> None:
    lock = leadership(sqlite_database)
    assert lock.take()
    Path(f"{sqlite_database.write_engine.url.database}.jobs").unlink()
    assert not lock.is_held()
    lock.give_back()
