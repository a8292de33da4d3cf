"""Every language that is offered is complete, and the pages speak it."""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy import select

from lending import paths
from lending.app import create_app
from lending.db import Database
from lending.models.charges import Charge
from lending.models.cohorts import Cohort, CohortStatus
from lending.models.people import Patron
from lending.web import languages
from tests.cast import ADA, KIT, Cast
from tests.programs.meetings import meeting
from tests.web.browsers import Browser, signed_in


@pytest.fixture
def spanish(app: Flask, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """Ben's browser before an application whose Spanish catalogue is compiled."""
    folder = tmp_path / "locale" / "es" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = paths.LOCALE / "es" / "LC_MESSAGES" / "messages.po"
    with source.open("rb") as po, (folder / "messages.mo").open("wb") as mo:
        write_mo(mo, read_po(po, locale="es"))
    monkeypatch.setattr(paths, "LOCALE", tmp_path / "locale")
    for kept in (languages.codes, languages.named):
        kept.cache_clear()
    ben = signed_in(Browser(create_app(library=app.extensions["lending"]).test_client()), "ben")
    ben.post("/language", {"language": "es"})
    yield ben
    for kept in (languages.codes, languages.named):
        kept.cache_clear()
    shutil.rmtree(tmp_path / "locale")


def test_the_desk_speaks_spanish_with_spanish_days(spanish: Browser) -> None:
    answer = spanish.scan(KIT, patron=ADA)
    assert answer.json["say"] == "KIT-1042 prestado a \u2068Ada M.\u2069 Vence el vie, 10 abr (fin de Work Ready 7)."
    assert spanish.scan("HELLO").json["say"] == "No conocemos HELLO. Escanéelo otra vez."
    page = spanish.get("/desk").get_data(as_text=True)
    assert '<html lang="es" dir="ltr">' in page
    assert "Escanee una tarjeta, un kit o una pieza" in page


def test_money_in_spanish_is_written_as_in_the_united_states(
    spanish: Browser, eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    spanish.scan(KIT, patron=ADA)
    eli.post(f"/kits/{KIT}/lost", {"key": secrets.token_hex(8)})
    with sqlite_database.read() as session:
        owed = session.scalars(select(Charge.amount_cents)).one()
        ada = session.get_one(Patron, cast.ada_id).public_id
    assert owed == 45000
    for page in (f"/patrons/{ada}", f"/kits/{KIT}", f"/slips/kits/{KIT}/parts"):
        shown = spanish.get(page).get_data(as_text=True)
        assert "$450.00" in shown, page
        assert "US$" not in shown, page


def test_a_cancelled_session_and_the_languages_of_one_are_said_in_spanish(
    spanish: Browser, sqlite_database: Database, cast: Cast
) -> None:
    assert "Inglés" in spanish.get("/sessions/WR-7").get_data(as_text=True)
    sqlite_database.act(lambda session: setattr(session.get_one(Cohort, cast.cohort), "status", CohortStatus.CANCELLED))
    for page in ("/sessions", "/sessions/WR-7"):
        shown = spanish.get(page).get_data(as_text=True)
        assert "Sesión cancelada" in shown, page
        assert "cancelado" not in shown, page


def test_what_is_wrong_with_a_file_is_said_in_spanish(spanish: Browser, sqlite_database: Database, cast: Cast) -> None:
    address = f"/workshops/{meeting(sqlite_database, cast)}/participants"
    file = (io.BytesIO(b"Card\n1\n"), "participants.csv")
    answer = spanish.post(address, {"key": "f" * 16, "file": file}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Ninguna fila nombra la columna «name»" in answer.get_data(as_text=True)


def test_the_language_follows_the_browser_until_one_is_chosen(spanish: Browser) -> None:
    fresh = Browser(spanish.client.application.test_client())
    assert 'lang="es"' in fresh.get("/help", headers={"Accept-Language": "es-MX,es;q=0.9"}).get_data(as_text=True)
    assert 'lang="en"' in fresh.get("/help", headers={"Accept-Language": "fr"}).get_data(as_text=True)
