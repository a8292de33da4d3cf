"""People's browsers before the application, and the application itself."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lending import passwords, settings
from lending.app import create_app
from lending.clock import Clock
from lending.db import Database
from lending.library import Library
from lending.models.people import Patron, Staff

SECRET_KEY = "k" * 40
PASSWORD = "correct horse battery"
HASH = passwords.hash_secret(PASSWORD)
PIN = "260418"
PIN_HASH = passwords.hash_secret(PIN)


@dataclass(slots=True)
class Browser:
    """One person's browser: it keeps its cookies and sends the token of its session."""

    client: FlaskClient

    @property
    def token(self) -> str:
        page = self.client.get("/help").get_data(as_text=True)
        return page.partition('name="csrf-token" content="')[2].partition('"')[0]

    def get(self, url: str, **options: Any) -> TestResponse:
        return self.client.get(url, **options)

    def post(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        return self.client.post(url, data={"csrf_token": self.token, **(data or {})}, **options)

    def scan(self, code: str, *, screen: str = "desk", key: str | None = None, **more: Any) -> TestResponse:
        body = {"code": code, "key": key or secrets.token_hex(8), "screen": screen, "station": "ELA/Station 1", **more}
        return self.client.post("/desk/scans", json=body, headers={"X-CSRFToken": self.token})

    def sign_in(self, username: str, password: str = PASSWORD, **more: str) -> TestResponse:
        return self.post("/sign-in", {"username": username, "password": password, **more})


def an_app(database: Database, clock: Clock, instance: Any) -> Flask:
    """The application on ``database``, with the standing staff's passwords and the patrons' PINs."""

    def give_passwords(session: Any) -> None:
        for staff in session.query(Staff):
            staff.password_hash = HASH
        for patron in session.query(Patron):
            patron.pin_hash = PIN_HASH

    database.act(give_passwords)
    chosen = settings.load({}, instance=instance, given={"profile": "testing", "secret_key": SECRET_KEY})
    app = _the_app(chosen.secret_key)
    app.extensions["lending"] = Library(database, clock, None, chosen)
    return app


@cache
def _the_app(secret_key: str) -> Flask:
    """The application, put together once in a run: each test gives it a library of its own."""
    chosen = settings.load({}, given={"profile": "testing", "secret_key": secret_key})
    return create_app(chosen)


def signed_in(browser: Browser, username: str) -> Browser:
    answer = browser.sign_in(username)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return browser


def signed_in_with_card(browser: Browser, card: str, pin: str = PIN) -> Browser:
    answer = browser.post("/my/sign-in", {"card": card, "pin": pin})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return browser
