"""Registrations of a workshop, for its staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.models.cohorts import AttendanceMode, Cohort, Workshop
from tests.cast import Cast
from tests.programs.meetings import attendances, meeting
from tests.programs.registering import registrations, sign_up
from tests.web.browsers import Browser, signed_in

KEY = "k" * 16


@pytest.fixture
def workshop(sqlite_database: Database, cast: Cast) -> str:
    return meeting(sqlite_database, cast)


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    return signed_in(new_browser(), "dora")


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_who_registered_is_listed_and_noted_as_present(
    ben: Browser, sqlite_database: Database, cast: Cast, workshop: str
) -> None:
    done = sign_up(sqlite_database, cast, workshop)
    page = text(ben.get(f"/workshops/{workshop}/registrations"))
    assert "Omid Rahimi" in page
    assert done.reference in page
    here = f"/workshops/{workshop}/registrations/{done.registration}"
    assert ben.post(f"{here}/came/virtual", {"key": KEY}).status_code == 303
    assert attendances(sqlite_database) == [(None, AttendanceMode.VIRTUAL)]
    assert "Was online" in text(ben.get(f"/workshops/{workshop}/registrations"))
    assert ben.post(f"{here}/undo", {"key": KEY + "2"}).status_code == 303
    assert attendances(sqlite_database) == []
    assert ben.post(f"{here}/undo", {"key": KEY + "3"}).status_code == 409
    assert ben.post(f"{here}/cancel", {"key": KEY + "4"}).status_code == 303
    assert registrations(sqlite_database)[0].cancelled_at is not None


def test_staff_of_another_library_see_numbers_alone(
    cleo: Browser, sqlite_database: Database, cast: Cast, workshop: str
) -> None:
    sign_up(sqlite_database, cast, workshop)
    page = text(cleo.get(f"/workshops/{workshop}/registrations"))
    assert "Omid" not in page
    assert "Names are shown" in page


def test_somebody_on_the_telephone_is_registered(ben: Browser, sqlite_database: Database, workshop: str) -> None:
    given = {"name": "Yuki Tanaka", "contact": "213 555 0187", "way": "either", "language": "en", "key": KEY}
    assert ben.post(f"/workshops/{workshop}/registrations/new", given).status_code == 303
    (row,) = registrations(sqlite_database)
    assert (row.name, row.phone, row.language) == ("Yuki Tanaka", "+12135550187", "en")
    again = ben.post(f"/workshops/{workshop}/registrations/new", {**given, "key": KEY + "2"})
    assert again.status_code == 409
    assert "is registered for this workshop already" in text(again)


def test_a_lead_closes_registration(dora: Browser, new_browser: Callable[[], Browser], workshop: str) -> None:
    assert dora.post(f"/workshops/{workshop}/registrations/open", {"key": KEY, "places": "5"}).status_code == 303
    assert "Registration is closed" in text(dora.get(f"/workshops/{workshop}/registrations"))
    assert workshop not in text(new_browser().get("/workshops/open"))


def test_a_lead_plans_one_workshop_that_is_no_session(dora: Browser, sqlite_database: Database, cast: Cast) -> None:
    given = {
        "title": "Applying for work online",
        "program": "work-ready",
        "on": "2026-03-20",
        "starts": "18:00",
        "minutes": "90",
        "mode": "onsite",
        "branch": "ELA",
        "places": "12",
        "languages": "en",
        "key": KEY,
    }
    answer = dora.post("/workshops/new", given)
    assert answer.status_code == 303
    with sqlite_database.read() as session:
        row = session.scalars(select(Workshop)).one()
        assert session.get_one(Cohort, row.cohort_id).is_single
    assert answer.headers["Location"] == f"/workshops/{row.public_id}/registrations"
    dora.get("/help")  # where it is told that it is planned
    assert "Applying for work online" not in text(dora.get("/sessions"))
    assert "Applying for work online" in text(dora.get("/workshops/open"))


def test_a_plan_without_a_library_is_told_at_its_field(dora: Browser) -> None:
    given = {"title": "A", "program": "work-ready", "on": "2026-03-20", "starts": "18:00", "minutes": "90"}
    answer = dora.post("/workshops/new", {**given, "mode": "onsite", "branch": "", "key": KEY})
    assert answer.status_code == 422
    assert 'id="branch-error"' in text(answer)
