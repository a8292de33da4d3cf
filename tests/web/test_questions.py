"""The page of a programme's questions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.models.cohorts import Program
from tests.cast import LUIS, Cast
from tests.web.browsers import Browser, signed_in

PAGE = "/programs/work-ready/questions"
ASK = {
    "key": "a" * 16,
    "code": "kit",
    "text_en": "Have you a kit?",
    "text_es": "¿Tiene un kit?",
    "expected": "no",
}


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Dora, who leads Work Ready, signed in."""
    return signed_in(new_browser(), "dora")


def test_a_question_is_asked_changed_and_removed_without_a_script(dora: Browser, sqlite_database: Database) -> None:
    assert "Nothing is asked yet." in dora.get(PAGE).get_data(as_text=True)
    assert dora.post(PAGE, ASK).status_code == 303
    page = dora.get(PAGE).get_data(as_text=True)
    assert "Have you a kit?" in page
    assert "Only a no lets them in" in page.partition("</table>")[0]
    assert "English and Spanish" in page
    assert 'value="¿Tiene un kit?"' in dora.get(f"{PAGE}?change=kit").get_data(as_text=True)
    assert "1 question" in dora.get("/programs").get_data(as_text=True)
    assert dora.post(f"{PAGE}/kit/remove", {"key": "r" * 16}).status_code == 303
    with sqlite_database.read() as session:
        assert session.scalars(select(Program.eligibility)).one() == {}


def test_the_desk_reads_what_to_ask_in_its_language(dora: Browser, ben: Browser) -> None:
    dora.post(PAGE, ASK)
    page = ben.get("/enrol").get_data(as_text=True)
    assert "Ask first, and go on with a no alone:" in page
    assert "Have you a kit?" in page
    ben.post("/language", {"language": "es", "next": "/enrol"})
    assert "¿Tiene un kit?" in ben.get("/enrol").get_data(as_text=True)
    assert ben.scan("CO-WR-7", screen="enrol", patron=LUIS).get_json()["tone"] == "done"


def test_what_is_no_question_is_told_at_its_field(dora: Browser) -> None:
    answer = dora.post(PAGE, {**ASK, "code": "No code", "text_en": ""})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="code-error"' in page
    assert 'id="text_en-error"' in page


def test_a_question_that_is_gone_is_not_found(dora: Browser) -> None:
    answer = dora.post(f"{PAGE}/kit/remove", {"key": "r" * 16})
    assert answer.status_code == 404
    assert dora.get("/programs/nobodys/questions").status_code == 404
