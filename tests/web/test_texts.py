"""The text messages' page and the patron's own say: a test message, consent, and the way to be told."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from lending.db import Database
from lending.models.notices import Channel
from lending.models.people import Patron
from tests.cast import NOW, Cast
from tests.mail.http_peer import HttpPeer, http_server
from tests.web.browsers import Browser

SECRET = "the text gateway's secret, 40 signs long."
PHONE = "+12135550142"
FORM = {"name": "Luis Ramos", "birth_date": "1990-02-28", "language": "en", "phone": PHONE}


def gateway(app: Flask, url: str | None) -> None:
    library = app.extensions["lending"]
    app.extensions["lending"] = replace(
        library, settings=replace(library.settings, text_url=url, text_secret=url and SECRET)
    )


def try_it(eli: Browser, **given: str) -> Any:
    form = {"key": secrets.token_hex(8), "phone": "213-555-0142", "text": "Prueba: á", **given}
    return eli.post("/administration/texts", form)


def luis(database: Database, cast: Cast) -> Patron:
    with database.read() as session:
        return session.get_one(Patron, cast.luis_id)


@pytest.fixture
def save(ben: Browser, sqlite_database: Database, cast: Cast) -> Callable[..., int]:
    """Send the form of Luis's page."""
    url = f"/patrons/{luis(sqlite_database, cast).public_id}/edit"
    return lambda **given: ben.post(url, {"key": secrets.token_hex(8), **FORM, **given}).status_code


def change(database: Database, cast: Cast, **values: object) -> None:
    database.act(lambda session: session.execute(update(Patron).where(Patron.id == cast.luis_id).values(**values)))


def test_a_test_message_goes_through_the_gateway(app: Flask, eli: Browser) -> None:
    peer = HttpPeer()
    with http_server(peer) as url:
        gateway(app, url)
        assert try_it(eli).status_code == 303
    (asked,) = peer.asked
    assert json.loads(asked.body)["to"] == PHONE
    page = eli.get("/administration/texts").get_data(as_text=True)
    assert "The gateway took the message: 1 segment, with letters that take more room." in page
    assert "Text messages go through 127.0.0.1." in page


def test_what_the_gateway_refuses_is_told_on_the_page(app: Flask, eli: Browser) -> None:
    with http_server(HttpPeer(answer=lambda _: (422, b"{}"))) as url:
        gateway(app, url)
        answer = try_it(eli)
    assert answer.status_code == 422
    assert "The gateway refused the message (http 422)." in answer.get_data(as_text=True)


def test_without_a_gateway_the_page_says_so(eli: Browser) -> None:
    assert "No gateway is set up." in eli.get("/administration/texts").get_data(as_text=True)
    assert "TEXT_URL" in try_it(eli).get_data(as_text=True)
    assert "This is no telephone number." in try_it(eli, phone="12").get_data(as_text=True)


def test_the_desk_notes_a_consent_with_the_wording_that_was_shown(
    save: Callable[..., int], ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    assert save(texts="y", notice_channel="text") == 303
    patron = luis(sqlite_database, cast)
    assert (patron.text_consent_at, patron.notice_channel) == (NOW, Channel.TEXT)
    page = ben.get(f"/patrons/{patron.public_id}/edit").get_data(as_text=True)
    assert patron.text_consent_wording
    assert patron.text_consent_wording in page
    assert "agreed on Tue, Mar 3, 2026" in ben.get(f"/patrons/{patron.public_id}").get_data(as_text=True)


def test_taking_the_tick_away_takes_the_consent_away(
    save: Callable[..., int], sqlite_database: Database, cast: Cast
) -> None:
    change(sqlite_database, cast, phone=PHONE, text_consent_at=NOW, text_consent_wording="Yes.")
    assert save(texts_before="yes") == 303
    assert luis(sqlite_database, cast).text_consent_at is None


def test_a_form_that_was_open_when_the_patron_texted_stop_does_not_agree_for_them(
    save: Callable[..., int], sqlite_database: Database, cast: Cast
) -> None:
    change(sqlite_database, cast, phone=PHONE, text_stopped_at=NOW)
    assert save(texts_before="yes", texts="y", city="Los Angeles") == 303
    patron = luis(sqlite_database, cast)
    assert (patron.city, patron.text_consent_at, patron.text_stopped_at) == ("Los Angeles", None, NOW)


def test_saving_something_else_leaves_the_consent_as_it_was(
    save: Callable[..., int], sqlite_database: Database, cast: Cast
) -> None:
    change(sqlite_database, cast, phone=PHONE, text_consent_at=NOW, text_consent_wording="Yes.")
    assert save(texts_before="yes", texts="y", city="Los Angeles") == 303
    assert luis(sqlite_database, cast).text_consent_wording == "Yes."


def test_mail_that_came_back_shows_on_the_patrons_page(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    change(sqlite_database, cast, email="luis@example.org", email_refused_at=NOW)
    page = ben.get(f"/patrons/{luis(sqlite_database, cast).public_id}").get_data(as_text=True)
    assert "Ask for the right address" in page
