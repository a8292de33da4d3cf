"""Somebody who asked online without a card comes to the desk: the reference is scanned, and one card verifies them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.patrons import patron_with_card
from lending.db import Database
from lending.domain.barcodes import CodeSpaces, library_code, read
from lending.models.people import Card, Patron
from tests.cast import KIT, LUIS, Cast
from tests.web.browsers import Browser
from tests.web.online.asking import hidden, page, reserve

NEW = library_code("2", "9999", 70)


@pytest.fixture
def nadia(new_browser: Callable[[], Browser], sqlite_database: Database, cast: Cast) -> tuple[str, str]:
    """Nadia asked for a kit of Work Ready 7; gives her public id and her reference."""
    reserve(new_browser(), birth_date="1990-05-17")
    with sqlite_database.read() as session:
        chosen = select(Patron.public_id, Card.number).join(Card, Card.patron_id == Patron.id)
        public_id, reference = session.execute(chosen.where(Patron.provisional_since.is_not(None))).one()
    return public_id, reference


def verify(browser: Browser, public_id: str, card: str) -> Any:
    shown = page(browser.get(f"/patrons/{public_id}/verify"))
    return browser.post(f"/patrons/{public_id}/verify", {"card": card, "key": hidden(shown, "key")})


def test_a_scan_of_the_reference_opens_the_page_that_verifies(ben: Browser, nadia: tuple[str, str]) -> None:
    answer = ben.scan(nadia[1].lower()).json
    assert answer["tone"] == "look"
    assert "Nobody has checked yet" in answer["say"]
    assert f"/patrons/{nadia[0]}/verify" in str(answer)
    stopped = ben.scan(KIT, patron=nadia[1]).json
    assert stopped["tone"] == "stop"
    assert f"/patrons/{nadia[0]}/verify" in str(stopped)


def test_the_page_shows_what_was_said_to_hold_beside_the_papers(ben: Browser, nadia: tuple[str, str]) -> None:
    shown = page(ben.get(f"/patrons/{nadia[0]}/verify"))
    for words in ("Nadia Haddad", "May 17, 1990", "nadia@example.org", nadia[1], "Work Ready 7"):
        assert words in shown, words
    assert f"/patrons/{nadia[0]}/verify" in page(ben.get(f"/patrons/{nadia[0]}"))


def test_a_new_card_verifies_and_then_the_kit_is_hers(ben: Browser, nadia: tuple[str, str]) -> None:
    done = verify(ben, nadia[0], NEW)
    assert done.headers["Location"] == f"/patrons/{nadia[0]}"
    assert "The new card is theirs." in page(ben.get(f"/patrons/{nadia[0]}"))
    assert ben.get(f"/patrons/{nadia[0]}/verify").status_code == 303
    assert ben.scan(KIT, patron=NEW).json["tone"] == "done"


def test_the_card_that_she_has_takes_her_place(ben: Browser, nadia: tuple[str, str], sqlite_database: Database) -> None:
    done = verify(ben, nadia[0], LUIS)
    with sqlite_database.read() as session:
        luis = patron_with_card(session, read(LUIS, CodeSpaces()))
    assert done.headers["Location"] == f"/patrons/{luis.public_id}"
    assert ben.scan(KIT, patron=LUIS).json["tone"] == "done"


def test_a_card_that_is_none_is_told_at_its_field(ben: Browser, nadia: tuple[str, str]) -> None:
    for wrong in ("", KIT, "WEB-K7QD2M"):
        answer = verify(ben, nadia[0], wrong)
        assert answer.status_code in (409, 422), wrong
        assert "There is a problem" in page(answer)


def test_staff_of_another_branch_find_nobody_to_verify(cleo: Browser, nadia: tuple[str, str]) -> None:
    assert cleo.get(f"/patrons/{nadia[0]}/verify").status_code == 404
    assert cleo.post(f"/patrons/{nadia[0]}/verify", {"card": NEW, "key": "k" * 16}).status_code == 404
