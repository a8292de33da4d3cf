"""Agreement pages: versions with their signers counted, and publishing the next one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.models.policies import Agreement
from tests.cast import Cast
from tests.web.browsers import Browser, signed_in

NEXT = {
    "key": "n" * 16,
    "code": "borrowing",
    "language": "en",
    "title": "Borrowing agreement",
    "body": "I bring the kit back to the desk.\r\n\r\n<b>Never</b> into the book drop.",
}


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Dora, who leads Work Ready, signed in."""
    return signed_in(new_browser(), "dora")


def test_the_next_version_begins_with_the_present_text_and_is_published(eli: Browser, dora: Browser) -> None:
    form = eli.get("/agreements/new?code=borrowing&language=en").get_data(as_text=True)
    assert "I bring the kit back." in form
    assert eli.post("/agreements/new", NEXT).status_code == 303
    listed = eli.get("/agreements").get_data(as_text=True)
    assert listed.index("/borrowing/en/2") < listed.index("/borrowing/en/1")
    assert listed.count("signed now") == 1
    page = dora.get("/agreements/borrowing/en/2").get_data(as_text=True)
    assert "<p>I bring the kit back to the desk.</p>" in page
    assert "&lt;b&gt;Never&lt;/b&gt;" in page
    assert "Next version" not in page


def test_a_language_that_has_no_text_yet_gets_its_first_version(eli: Browser, sqlite_database: Database) -> None:
    form = eli.get("/agreements/new?code=borrowing&language=es").get_data(as_text=True)
    assert "I bring the kit back." not in form
    assert eli.post("/agreements/new", {**NEXT, "language": "es", "title": "Acuerdo"}).status_code == 303
    with sqlite_database.read() as session:
        assert session.scalars(select(Agreement.version).where(Agreement.language == "es")).all() == [1]


def test_a_text_that_is_missing_is_told_at_its_field(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post("/agreements/new", {**NEXT, "body": ""})
    assert (answer.status_code, 'id="body-error"' in answer.get_data(as_text=True)) == (422, True)
    answer = eli.post("/agreements/new", {**NEXT, "code": "No code"})
    assert (answer.status_code, 'id="code-error"' in answer.get_data(as_text=True)) == (422, True)
    with sqlite_database.read() as session:
        assert len(session.scalars(select(Agreement)).all()) == 1


def test_a_version_that_there_is_not_is_not_found(eli: Browser) -> None:
    assert eli.get("/agreements/borrowing/en/9").status_code == 404
    assert eli.get("/agreements/nothing/en/1").status_code == 404
