"""Somebody goes through the pages where people reserve, a form at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from lending.db import Database
from lending.models.people import Patron
from tests.web.browsers import Browser

NADIA = {"name": "Nadia Haddad", "birth_date": "1988-04-02", "contact": "nadia@example.org"}


def page(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def hidden(text: str, name: str) -> str:
    """The value of a hidden field of a page."""
    _before, found, after = text.partition(f'name="{name}"')
    assert found, f"there is no {name}"
    return after.partition('value="')[2].partition('"')[0]


def say_who(browser: Browser, **given: str) -> TestResponse:
    """Nadia, who has no card."""
    return browser.post("/reserve", {**NADIA, **given})


def choose(browser: Browser, what: str = "session:WR-7", where: str = "ELA/work-ready", **answers: str) -> TestResponse:
    """The session and the library."""
    answer = browser.post("/reserve/session", {"choice": what})
    assert answer.status_code == 303, page(answer)
    return browser.post("/reserve/library", {"place": where, **answers})


def tell(browser: Browser, **given: str) -> TestResponse:
    """How somebody without a card is told."""
    return browser.post("/reserve/reach", {"channel": "email", "language": "en", **given})


def confirm(browser: Browser, **given: Any) -> TestResponse:
    """The last page, signed with a name."""
    shown = page(browser.get("/reserve/check"))
    data = {"key": hidden(shown, "key"), "read": hidden(shown, "read"), "typed_name": "Nadia Haddad"}
    return browser.post("/reserve/check", {**data, **given})


def reserve(browser: Browser, what: str = "session:WR-7", where: str = "ELA/work-ready", **person: str) -> TestResponse:
    """All of it, for somebody without a card."""
    say_who(browser, **person)
    choose(browser, what, where)
    tell(browser)
    return confirm(browser)


def only(database: Database, chosen: Any) -> Any:
    """The one thing that a statement finds."""
    with database.read() as session:
        return session.scalars(chosen).one()


def newcomers(database: Database) -> list[Patron]:
    """Everybody without a card."""
    with database.read() as session:
        return list(session.scalars(select(Patron).where(Patron.provisional_since.is_not(None))))
