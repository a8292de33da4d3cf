"""The privacy clock at its own work, and who is told that somebody opens the sealed ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lending import settings
from lending.circulation.ledger_openings import approve_opening, ask_to_open
from lending.circulation.library_settings import change_settings
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.ledger import OPEN_FOR
from lending.domain.library_settings import CUT_AFTER
from lending.domain.permissions import Role
from lending.jobs.sweeps import SWEEPS
from lending.ledger_key import LedgerKeyLost
from lending.library import Library
from lending.models.loans import Loan
from lending.models.people import Staff
from lending.models.privacy import LedgerEntry, LedgerOpening
from tests.cast import NOW, Cast, assemble, put
from tests.circulation.kits_in_hand import back_without, journalled, lend, only
from tests.circulation.test_ledger import bought_with_ecf
from tests.mail.peer import Peer, mail_server

LATER = NOW + timedelta(days=31)


def library(database: Database, folder: Path, **given: object) -> Library:
    return Library(database, MovingClock(NOW), None, settings.load({}, instance=folder, given=given))


def lent_and_closed(database: Database) -> Cast:
    cast = assemble(database)
    bought_with_ecf(database)
    lend(database, cast)
    back_without(database, cast)
    return cast


def test_the_clock_strikes_by_itself_and_once(database: Database, tmp_path: Path) -> None:
    lent_and_closed(database)
    opened = library(database, tmp_path)
    assert SWEEPS["privacy"](opened, LATER) > 0
    assert only(database, Loan).patron_id is None
    assert only(database, LedgerEntry).key_mark == opened.name_seal().mark
    assert SWEEPS["privacy"](opened, LATER) == 0
    assert {(row.role, row.staff_id) for row in journalled(database, "cut_links")} == {(Role.SYSTEM, None)}


def test_the_librarys_own_days_count(database: Database, tmp_path: Path) -> None:
    cast = lent_and_closed(database)
    database.act(lambda session: change_settings(session, given={CUT_AFTER: "90"}, at=NOW, by=cast.eli))
    opened = library(database, tmp_path)
    SWEEPS["privacy"](opened, LATER)
    assert only(database, Loan).patron_id is not None
    SWEEPS["privacy"](opened, NOW + timedelta(days=91))
    assert only(database, Loan).patron_id is None


def test_while_the_key_is_gone_no_name_is_cut(database: Database, tmp_path: Path) -> None:
    lent_and_closed(database)
    opened = library(database, tmp_path)
    SWEEPS["privacy"](opened, LATER)
    opened.settings.ledger_key_file.rename(tmp_path / "elsewhere")
    with pytest.raises(LedgerKeyLost):
        SWEEPS["privacy"](opened, LATER)
    (tmp_path / "elsewhere").rename(opened.settings.ledger_key_file)
    assert SWEEPS["privacy"](opened, LATER) == 0


def test_the_log_of_writes_is_empty_afterwards(sqlite_database: Database, tmp_path: Path) -> None:
    lent_and_closed(sqlite_database)
    SWEEPS["privacy"](library(sqlite_database, tmp_path), LATER)
    file = Path(str(sqlite_database.write_engine.url.database))
    assert file.with_name(f"{file.name}-wal").stat().st_size == 0


def ask(database: Database, cast: Cast) -> None:
    database.act(lambda session: ask_to_open(session, reason="Audit", at=NOW, by=cast.eli))


def another_administrator(database: Database, email: str | None) -> None:
    person = {"username": "fay", "name": "Fay Okafor", "role": Role.ADMIN, "created_at": NOW, "email": email}
    database.act(lambda session: put(session, Staff(**person)))


def told(database: Database) -> bool:
    return only(database, LedgerOpening).told_at is not None


def test_every_other_administrator_hears_that_somebody_asks(database: Database, tmp_path: Path) -> None:
    cast, peer = assemble(database), Peer()
    another_administrator(database, "fay@library.example.org")
    database.act(lambda s: s.execute(update(Staff).where(Staff.id == cast.eli_id).values(email="eli@example.org")))
    ask(database, cast)
    with mail_server(peer) as url:
        opened = library(database, tmp_path, smtp_url=url)
        assert [SWEEPS["ledger"](opened, NOW) for _ in range(2)] == [1, 0]
    assert [letter["To"] for letter in peer.taken] == ["fay@library.example.org"]
    assert told(database)


def test_they_hear_of_one_that_was_approved_at_once(sqlite_database: Database, tmp_path: Path) -> None:
    cast, peer = assemble(sqlite_database), Peer()
    another_administrator(sqlite_database, "fay@library.example.org")
    ask(sqlite_database, cast)
    opening, fay = only(sqlite_database, LedgerOpening), only(sqlite_database, Staff, Staff.username == "fay")
    second = replace(cast.eli, staff_id=fay.id)
    sqlite_database.act(lambda s: approve_opening(s, opening=opening.public_id, at=NOW, by=second))
    with mail_server(peer) as url:
        opened = library(sqlite_database, tmp_path, smtp_url=url)
        assert [SWEEPS["ledger"](opened, NOW + n * OPEN_FOR) for n in (1, 0)] == [0, 1]
    assert [letter["To"] for letter in peer.taken] == ["fay@library.example.org"]


@pytest.mark.parametrize("email", [None, "fay@library.example.org"])
def test_where_one_cannot_be_told_it_waits_for_their_approval(
    database: Database, tmp_path: Path, email: str | None
) -> None:
    cast = assemble(database)
    another_administrator(database, email)
    ask(database, cast)
    assert SWEEPS["ledger"](library(database, tmp_path), NOW) == 0, "there is no mail server, or no address"
    assert not told(database)


def test_the_only_administrator_has_nobody_to_tell(database: Database, tmp_path: Path) -> None:
    ask(database, assemble(database))
    assert SWEEPS["ledger"](library(database, tmp_path), NOW) == 1
    assert told(database)
