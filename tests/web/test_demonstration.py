"""The page of a demonstration: asked twice, then the wizard."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from lending.circulation.demonstration import mark
from lending.db import Database
from lending.models.people import Patron, Staff
from lending.paths import HEADS
from tests.cast import NOW
from tests.web.browsers import Browser

URL = "/administration/demonstration"


def count(database: Database, model: type[Patron] | type[Staff]) -> int:
    with database.read() as session:
        return int(session.scalar(select(func.count()).select_from(model)) or 0)


def test_it_is_asked_twice_and_leads_to_the_wizard(app: Flask, eli: Browser, sqlite_database: Database) -> None:
    sqlite_database.act(lambda session: mark(session, at=NOW))
    heads = Path(app.extensions["lending"].settings.instance) / HEADS
    heads.write_text("2026-03-03 head\n")
    assert "Take the demonstration away" in eli.get(URL).get_data(as_text=True)
    asked = eli.post(URL).get_data(as_text=True)
    assert "Yes, take all of it away" in asked
    assert count(sqlite_database, Patron) == 3
    answer = eli.post(URL, {"sure": "yes"})
    assert answer.headers["Location"].startswith("/setup?code=")
    assert (count(sqlite_database, Patron), count(sqlite_database, Staff), heads.exists()) == (0, 0, False)
    assert "Set up your library" in eli.get(answer.headers["Location"]).get_data(as_text=True)
    assert eli.get("/").headers["Location"] == "/setup"


def test_a_library_of_ones_own_has_no_such_button(eli: Browser, sqlite_database: Database) -> None:
    assert "This is no demonstration" in eli.get(URL).get_data(as_text=True)
    assert eli.post(URL, {"sure": "yes"}).status_code == 409
    assert count(sqlite_database, Patron) == 3


def test_one_with_patrons_of_its_own_says_why_it_stays(eli: Browser, sqlite_database: Database) -> None:
    sqlite_database.act(lambda session: mark(session, at=NOW))
    given = {"card": "29999000001040", "name": "Noor Haddad", "birth_date": "1990-02-28", "home_branch": "ELA"}
    assert eli.post("/patrons/new", {"key": "k" * 16, "language": "en", **given}).status_code == 303
    page = eli.get(URL).get_data(as_text=True)
    assert "more here than the demonstration" in page
    assert "Take the demonstration away" not in page
    assert eli.post(URL, {"sure": "yes"}).status_code == 409
    assert count(sqlite_database, Patron) == 4
