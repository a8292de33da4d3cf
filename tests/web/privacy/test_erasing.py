"""Erasing a record on its page: what stands against it is told, and afterwards nobody is there."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from lending.circulation.privacy_requests import ask_for_erasure
from lending.db import Database
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.people import Patron, PatronStatus
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import back_without, lend, only
from tests.circulation.test_ledger import bought_with_ecf
from tests.programs.meetings import public_id_of
from tests.web.browsers import Browser


def address(database: Database, cast: Cast) -> str:
    return f"/patrons/{public_id_of(database, cast.luis_id)}/erasure"


def test_a_manager_erases_a_record_that_owes_nothing(cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    page = address(sqlite_database, cast)
    sqlite_database.act(
        lambda session: ask_for_erasure(
            session, patron=public_id_of(sqlite_database, cast.luis_id), at=NOW, by=cast.luis
        )
    )
    shown = cleo.get(page).get_data(as_text=True)
    assert "They asked for it on" in shown
    assert "Luis Ramos" in shown
    assert cleo.post(page, {"key": "erase-luis-1"}).status_code == 303
    assert only(sqlite_database, Patron, Patron.id == cast.luis_id).status is PatronStatus.ERASED
    assert cleo.get(page).status_code == 404


def test_what_stands_against_it_is_told_and_nothing_changes(
    cleo: Browser, sqlite_database: Database, cast: Cast
) -> None:
    lend(sqlite_database, cast)
    page = address(sqlite_database, cast)
    shown = cleo.get(page).get_data(as_text=True)
    assert "They still have KIT-2001" in shown
    assert 'type="submit" class="btn btn-stop"' not in shown.partition("<main")[2]
    assert cleo.post(page, {"key": "erase-luis-1"}).status_code == 409
    assert only(sqlite_database, Patron, Patron.id == cast.luis_id).name == "Luis Ramos"


def test_the_copies_that_hold_the_name_are_told(
    app: Flask, cleo: Browser, sqlite_database: Database, cast: Cast
) -> None:
    assert "Copies of the database hold the name" not in cleo.get(address(sqlite_database, cast)).get_data(as_text=True)
    SWEEPS["backup"](app.extensions["lending"], NOW)
    assert "Copies of the database hold the name" in cleo.get(address(sqlite_database, cast)).get_data(as_text=True)


def test_without_its_key_nothing_is_erased(app: Flask, cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    bought_with_ecf(sqlite_database)
    lend(sqlite_database, cast)
    back_without(sqlite_database, cast)
    opened: Library = app.extensions["lending"]
    page = address(sqlite_database, cast)
    assert cleo.post(page, {"key": "erase-luis-1"}).status_code == 303
    key: Path = opened.settings.ledger_key_file
    key.unlink()
    other = f"/patrons/{public_id_of(sqlite_database, cast.mina_id)}/erasure"
    assert "another key" in cleo.get(other).get_data(as_text=True)
    cleo.post(other, {"key": "erase-mina-1"})
    assert only(sqlite_database, Patron, Patron.id == cast.mina_id).name == "Mina Kaur"


def test_the_desk_does_not_see_the_page(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    assert ben.get(address(sqlite_database, cast)).status_code == 403
