"""Programme pages: added, changed, and what of their rules a form does not show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.models.cohorts import Program
from tests.cast import Cast
from tests.web.browsers import Browser, signed_in

NEW = {"key": "n" * 16, "code": "job-skills", "name": "Job Skills", "seat_offer_hours": "24", "audience": "19+"}
CHANGE = {
    "key": "c" * 16,
    "name": "Work Ready",
    "audience": "12-18",
    "ends_on": "2027-06-30",
    "last_borrow_on": "2027-06-01",
    "min_age": "18",
    "postal_codes": "90022  90023",
    "full_card": "y",
}
QUESTION = {"code": "work", "text": "Are you looking for work?"}


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Dora, who leads Work Ready, signed in."""
    return signed_in(new_browser(), "dora")


def kept(database: Database, code: str = "work-ready") -> Program:
    """A programme as it is kept."""
    with database.read() as session:
        return session.scalars(select(Program).where(Program.code == code)).one()


def test_a_programme_is_added(eli: Browser, sqlite_database: Database) -> None:
    assert 'value="48"' in eli.get("/programs/new").get_data(as_text=True)
    assert eli.post("/programs/new", NEW).status_code == 303
    assert kept(sqlite_database, "job-skills").seat_offer_hours == 24
    again = eli.post("/programs/new", {**NEW, "key": "m" * 16})
    assert again.status_code == 409


def test_a_lead_changes_their_programme_and_its_questions_stay(dora: Browser, sqlite_database: Database) -> None:
    def ask(session: Any) -> None:
        session.scalars(select(Program)).one().eligibility = {"questions": [QUESTION], "after_program": "digital"}

    sqlite_database.act(ask)
    assert 'value="digital"' in dora.get("/programs/work-ready/edit").get_data(as_text=True)
    assert dora.post("/programs/work-ready/edit", CHANGE).status_code == 303
    row = kept(sqlite_database)
    assert row.eligibility == {
        "questions": [QUESTION],
        "min_age": 18,
        "postal_codes": ["90022", "90023"],
        "full_card": True,
    }
    assert (row.ends_on, row.last_borrow_on, row.seat_offer_hours) == (date(2027, 6, 30), date(2027, 6, 1), None)
    assert row.audience == "12-18"
    assert "Jun 30, 2027" in dora.get("/programs").get_data(as_text=True)


def test_a_programme_names_one_of_the_agreements_there_are(dora: Browser, sqlite_database: Database) -> None:
    assert "Borrowing agreement (borrowing)" in dora.get("/programs/work-ready/edit").get_data(as_text=True)
    assert dora.post("/programs/work-ready/edit", {**CHANGE, "agreement_code": "borrowing"}).status_code == 303
    assert kept(sqlite_database).agreement_code == "borrowing"
    answer = dora.post("/programs/work-ready/edit", {**CHANGE, "key": "d" * 16, "agreement_code": "nothing"})
    assert answer.status_code == 422
    assert dora.post("/programs/work-ready/edit", {**CHANGE, "key": "e" * 16}).status_code == 303
    assert kept(sqlite_database).agreement_code is None


def test_a_programme_that_would_end_before_its_sessions_stays(dora: Browser, sqlite_database: Database) -> None:
    answer = dora.post("/programs/work-ready/edit", {**CHANGE, "ends_on": "2026-04-01", "last_borrow_on": ""})
    assert (answer.status_code, 'id="ends_on-error"' in answer.get_data(as_text=True)) == (422, True)
    assert kept(sqlite_database).ends_on is None


def test_other_peoples_programmes_look_as_if_there_were_none(dora: Browser, eli: Browser) -> None:
    eli.post("/programs/new", NEW)
    assert dora.get("/programs/job-skills/edit").status_code == dora.get("/programs/nobodys/edit").status_code == 404
    assert "Job Skills" not in dora.get("/programs").get_data(as_text=True)
