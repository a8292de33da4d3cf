"""Seals: whatever is done to a journal behind its back is found, at the exact row (BATTERY S10)."""

# ruff: noqa: S608 - the statements are made of this file's own words
from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lending.circulation import seals
from lending.circulation.journal import record
from lending.circulation.seals import Break, Broken, Head, Verified
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.models.journal import JournalEntry, JournalSeal

AT = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
COLUMNS = ", ".join(column.name for column in JournalEntry.__table__.columns if column.name != "id")
JANITOR = Actor(role=Role.SYSTEM, door=Door.JOBS, act="sweep")


def write(database: Database, count: int) -> None:
    def entries(session: Session) -> None:
        for number in range(count):
            detail = {"número": number, "parts": ["Chromebook", "充電器"], "due_at": AT.isoformat()}
            record(session, "check_out", at=AT + timedelta(seconds=number), by=JANITOR, detail=detail)

    database.act(entries)


def seal(database: Database, limit: int = seals.BATCH) -> tuple[int, Head]:
    return database.act(lambda session: seals.seal(session, at=AT, limit=limit))


def verify(database: Database, head: Head | None = None) -> Verified:
    with database.read() as session:
        return seals.verify(session, head=head)


def tamper(database: Database, *statements: str) -> None:
    """What somebody can do who holds the database itself, triggers and foreign keys included."""
    with database.write_engine.connect() as connection:
        if database.is_sqlite:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys = OFF")
            names = driver.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (name,) in names:
                driver.execute(f"DROP TRIGGER {name}")
        with connection.begin():
            if not database.is_sqlite:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
            for statement in statements:
                connection.execute(text(statement))
        connection.invalidate()


@pytest.fixture
def sealed(database: Database) -> Database:
    """Ten rows with the ids 1-10 more than nothing, all sealed."""
    write(database, 10)
    seal(database)
    return database


def ids(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(JournalEntry.id).order_by(JournalEntry.id)))


def test_an_untouched_journal_verifies(sealed: Database) -> None:
    found = verify(sealed)
    assert (found.head.number, found.waiting, found.broken) == (10, 0, None)


def test_an_empty_journal_verifies(database: Database) -> None:
    assert seal(database) == (0, seals.EMPTY)
    assert verify(database) == Verified(seals.EMPTY, 0, None)


def test_rows_are_sealed_once_and_in_batches(database: Database) -> None:
    write(database, 5)
    sealed_now = [seal(database, limit=2)[0] for _ in range(4)]
    assert sealed_now == [2, 2, 1, 0]
    with database.read() as session:
        assert list(session.scalars(select(JournalSeal.entry_id).order_by(JournalSeal.id))) == ids(database)
        assert list(session.scalars(select(JournalSeal.id).order_by(JournalSeal.id))) == [1, 2, 3, 4, 5]


def test_batches_make_the_same_chain_as_one_seal(database: Database) -> None:
    write(database, 5)
    chain = [seal(database, limit=1)[1] for _ in range(5)][-1]
    tamper(database, "DELETE FROM journal_seals")
    assert seal(database)[1] == chain


def test_rows_not_yet_sealed_wait_and_break_nothing(sealed: Database) -> None:
    write(sealed, 3)
    found = verify(sealed)
    assert (found.head.number, found.waiting, found.broken) == (10, 3, None)


def test_a_row_of_an_act_that_ended_late_is_sealed_afterwards(database: Database) -> None:
    write(database, 3)
    tamper(database, "UPDATE journal SET id = 100 + id")
    seal(database)
    tamper(database, f"INSERT INTO journal (id, {COLUMNS}) SELECT id - 50, {COLUMNS} FROM journal WHERE id > 100")
    assert seal(database)[0] == 3
    found = verify(database)
    assert (found.head.number, found.broken) == (6, None)


@pytest.mark.parametrize("change", ["verb = 'return'", "patron = 'someone-else'", "act = act || 'x'", "branch_id = 7"])
def test_a_changed_row_is_found(sealed: Database, change: str) -> None:
    victim = ids(sealed)[6]
    tamper(sealed, f"UPDATE journal SET {change} WHERE id = {victim}")
    assert verify(sealed).broken == Broken(Break.CHANGED, 7, victim)


def test_a_detail_changed_by_one_letter_is_found(sealed: Database) -> None:
    victim = ids(sealed)[0]
    old = "CAST(detail AS TEXT)" if sealed.is_sqlite else "detail::text"
    new = f"REPLACE({old}, 'Chromebook', 'Chromebooc')" + ("" if sealed.is_sqlite else "::jsonb")
    tamper(sealed, f"UPDATE journal SET detail = {new} WHERE id = {victim}")
    assert verify(sealed).broken == Broken(Break.CHANGED, 1, victim)


def test_a_row_that_cannot_be_read_any_more_is_found(sqlite_database: Database) -> None:
    write(sqlite_database, 5)
    seal(sqlite_database)
    victim = ids(sqlite_database)[2]
    tamper(sqlite_database, f"UPDATE journal SET at = 'yesterday', detail = 'not json' WHERE id = {victim}")
    assert verify(sqlite_database).broken == Broken(Break.CHANGED, 3, victim)


def test_a_changed_seal_is_found(sealed: Database) -> None:
    victim = ids(sealed)[4]
    tamper(sealed, f"UPDATE journal_seals SET digest = '{secrets.token_hex(32)}' WHERE entry_id = {victim}")
    assert verify(sealed).broken == Broken(Break.CHANGED, 5, victim)


def test_a_deleted_row_is_found(sealed: Database) -> None:
    victim = ids(sealed)[6]
    tamper(sealed, f"DELETE FROM journal WHERE id = {victim}")
    assert verify(sealed).broken == Broken(Break.DELETED, 7, victim)


def test_a_row_deleted_with_its_seal_is_found(sealed: Database) -> None:
    victim = ids(sealed)[6]
    tamper(sealed, f"DELETE FROM journal_seals WHERE entry_id = {victim}", f"DELETE FROM journal WHERE id = {victim}")
    assert verify(sealed).broken == Broken(Break.DELETED, 7, victim)


def test_a_row_whose_seal_was_taken_is_found(sealed: Database) -> None:
    victim = ids(sealed)[6]
    tamper(sealed, f"DELETE FROM journal_seals WHERE entry_id = {victim}")
    assert verify(sealed).broken == Broken(Break.UNSEALED, 7, victim)


def test_a_row_put_in_long_afterwards_is_found(sealed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = f"INSERT INTO journal (id, {COLUMNS}) SELECT 0, {COLUMNS} FROM journal WHERE id = {ids(sealed)[0]}"
    monkeypatch.setattr(seals, "LATE", 5)
    tamper(sealed, forged)
    assert verify(sealed).broken == Broken(Break.UNSEALED, 10, 0)


def test_a_journal_cut_off_is_found_by_the_head_that_was_kept(sealed: Database) -> None:
    head = verify(sealed).head
    last = ids(sealed)[-2:]
    gone = f"IN ({last[0]}, {last[1]})"
    tamper(sealed, f"DELETE FROM journal_seals WHERE entry_id {gone}", f"DELETE FROM journal WHERE id {gone}")
    assert verify(sealed).broken is None, "from the inside a shorter journal looks whole"
    assert verify(sealed, head).broken == Broken(Break.CUT_OFF, 9, None)


def test_a_journal_cut_off_and_grown_again_is_found(sealed: Database) -> None:
    head = verify(sealed).head
    last = ids(sealed)[-1]
    tamper(sealed, f"DELETE FROM journal_seals WHERE entry_id = {last}", f"DELETE FROM journal WHERE id = {last}")
    write(sealed, 1)
    seal(sealed)
    assert verify(sealed, head).broken == Broken(Break.CUT_OFF, 10, ids(sealed)[-1])


def test_an_earlier_head_still_verifies_when_the_journal_has_grown(sealed: Database) -> None:
    head = verify(sealed).head
    write(sealed, 4)
    seal(sealed)
    assert verify(sealed, head).broken is None


@pytest.mark.parametrize("statement", ["UPDATE journal SET verb = 'x'", "DELETE FROM journal_seals"])
def test_the_database_itself_refuses_to_change_what_was_written(sealed: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        sealed.act(lambda session: session.execute(text(statement)))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO journal SELECT * FROM journal LIMIT 1",
        "INSERT OR REPLACE INTO journal_seals SELECT * FROM journal_seals LIMIT 1",
        "INSERT OR REPLACE INTO journal_seals (entry_id, digest, sealed_at) SELECT entry_id, '', '' FROM journal_seals",
    ],
)
def test_sqlite_refuses_to_put_another_row_in_the_place_of_one(sqlite_database: Database, statement: str) -> None:
    """There a replacing INSERT deletes the old row without asking the guard of deletions."""
    write(sqlite_database, 3)
    seal(sqlite_database)
    with pytest.raises(DBAPIError, match="append-only"):
        sqlite_database.act(lambda session: session.execute(text(statement)))


def test_two_who_seal_at_once_make_one_chain(database: Database) -> None:
    write(database, 40)

    def sealer(_: int) -> int:
        return sum(seal(database, limit=3)[0] for _ in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sealer, range(4))) == 40
    assert verify(database).broken is None


def test_a_head_is_read_back_as_it_was_written() -> None:
    head = Head(12, "ab" * 32)
    assert Head.parse(f" {head}\n") == head


@pytest.mark.parametrize("wrong", ["", "12", "12:abc", f"x:{'ab' * 32}", f"12:{'AB' * 32}"])
def test_what_is_no_head_is_refused(wrong: str) -> None:
    parse: Callable[[str], Head] = Head.parse
    with pytest.raises(ValueError, match="a head is a number"):
        parse(wrong)
