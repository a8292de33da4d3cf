"""A copy every night, the oldest taken away; and a journal that was cut off is found by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from lending import settings
from lending.circulation.seals import Head, verify
from lending.clock import MovingClock
from lending.db import Database
from lending.jobs.keeping import HEADS, JournalCutOff
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from tests.cast import NOW, assemble
from tests.circulation.kits_in_hand import lend, receive
from tests.circulation.test_seals import tamper
from tests.mail.peer import Peer, mail_server


def library(database: Database, folder: Path, **given: object) -> Library:
    return Library(database, MovingClock(NOW), None, settings.load({}, instance=folder, given=given))


def test_the_last_nights_are_kept_and_each_day_has_one_copy(database: Database, tmp_path: Path) -> None:
    opened = library(database, tmp_path, backups_kept=2)
    for days in (0, 0, 1, 2):
        assert SWEEPS["backup"](opened, NOW + timedelta(days=days)) == 1
    copies = sorted(path.name.partition(".")[0] for path in (tmp_path / "backups").iterdir())
    assert copies == ["lending-2026-03-04", "lending-2026-03-05"]


def test_a_copy_holds_what_was_there(database: Database, tmp_path: Path) -> None:
    opened = library(database, tmp_path)
    cast = assemble(database)
    SWEEPS["backup"](opened, NOW)
    lend(database, cast)
    (copy,) = (tmp_path / "backups").iterdir()
    database.restore(copy)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM loans")) == 0
        assert session.scalar(text("SELECT count(*) FROM kits")) != 0


def test_who_keeps_no_copies_makes_none(database: Database, tmp_path: Path) -> None:
    assert SWEEPS["backup"](library(database, tmp_path, backups_kept=0), NOW) == 0
    assert not (tmp_path / "backups").exists()


def test_the_head_is_kept_and_proves_the_journal(database: Database, tmp_path: Path) -> None:
    opened, cast = library(database, tmp_path), assemble(database)
    lend(database, cast)
    assert [SWEEPS["journal-head"](opened, NOW) for _ in range(2)] == [1, 0]
    receive(database, cast)
    assert SWEEPS["journal-head"](opened, NOW) == 1
    lines = (tmp_path / HEADS).read_text().splitlines()
    assert len(lines) == 2
    with database.read() as session:
        assert all(verify(session, head=Head.parse(line.split()[1])).broken is None for line in lines)


def test_a_journal_that_was_cut_off_is_found_until_somebody_has_looked(database: Database, tmp_path: Path) -> None:
    opened, cast = library(database, tmp_path), assemble(database)
    lend(database, cast)
    SWEEPS["journal-head"](opened, NOW)
    tamper(
        database,
        "DELETE FROM journal_seals WHERE id = (SELECT max(id) FROM journal_seals)",
        "DELETE FROM journal WHERE id NOT IN (SELECT entry_id FROM journal_seals)",
    )
    for _ in range(2):
        with pytest.raises(JournalCutOff):
            SWEEPS["journal-head"](opened, NOW)
    (tmp_path / HEADS).unlink()
    receive(database, cast)
    assert SWEEPS["journal-head"](opened, NOW) == 1


def test_the_head_is_mailed_where_somebody_wants_it(database: Database, tmp_path: Path) -> None:
    cast, peer = assemble(database), Peer()
    lend(database, cast)
    with mail_server(peer) as url:
        opened = library(database, tmp_path, smtp_url=url, journal_head_to="keeper@example.org")
        assert SWEEPS["journal-head"](opened, NOW) == 1
    (message,) = peer.taken
    body = message.get_body(("plain",))
    assert body is not None
    assert message["To"] == "keeper@example.org"
    assert body.get_content().strip() == (tmp_path / HEADS).read_text().split()[1]
