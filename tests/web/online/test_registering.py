"""Registering for one workshop on the public pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation import sign_ins
from lending.circulation.sign_ins import NEWCOMERS_FROM_ONE_ADDRESS
from lending.db import Database
from lending.models.cohorts import WorkshopMode
from lending.models.outcomes import HeardOf
from lending.programs.cancelling import cancel_cohort
from tests.cast import NOW, Cast
from tests.programs.meetings import meeting
from tests.programs.registering import limit_places, registrations, sign_up
from tests.web.browsers import Browser

OMID = {
    "name": "Omid Rahimi",
    "contact": "omid@example.org",
    "way": "onsite",
    "language": "en",
    "heard": "flyer",
    "key": "k" * 16,
}


@pytest.fixture
def workshop(sqlite_database: Database, cast: Cast) -> str:
    return meeting(sqlite_database, cast, n=4, begins=NOW + timedelta(days=7))


@pytest.fixture
def visitor(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def send(browser: Browser, workshop: str, **changed: str) -> Any:
    return browser.post(f"/workshops/open/{workshop}", {**OMID, **changed})


def test_workshops_are_listed_with_when_where_and_places(
    visitor: Browser, sqlite_database: Database, cast: Cast, workshop: str
) -> None:
    limit_places(sqlite_database, workshop, 3)
    sign_up(sqlite_database, cast, workshop)
    page = text(visitor.get("/workshops/open"))
    assert "Tuesday, March 10, 11 AM to 12:30 PM" in page
    assert "2 places left" in page
    assert f"/workshops/open/{workshop}" in page
    assert "/workshops/open" in text(visitor.get("/"))


def test_one_form_registers_and_the_confirmation_has_reference_calendar_and_a_way_to_cancel(
    visitor: Browser, sqlite_database: Database, workshop: str
) -> None:
    answer = send(visitor, workshop)
    assert answer.status_code == 303
    (row,) = registrations(sqlite_database)
    assert answer.headers["Location"] == f"/workshops/registered/{row.public_id}"
    page = text(visitor.get(answer.headers["Location"]))
    assert row.reference in page
    assert "Omid Rahimi" in page
    calendar = visitor.get(f"/workshops/registered/{row.public_id}/calendar.ics")
    assert calendar.mimetype == "text/calendar"
    assert "Omid" not in text(calendar)
    sure = visitor.get(f"/workshops/registered/{row.public_id}/cancel")
    assert "Cancel your registration?" in text(sure)
    gone = visitor.post(f"/workshops/registered/{row.public_id}/cancel", {"key": "c" * 16})
    assert gone.status_code == 303
    assert "Your registration is canceled" in text(visitor.get(f"/workshops/registered/{row.public_id}"))
    assert registrations(sqlite_database)[0].cancelled_at == NOW


def test_a_phone_is_texted_only_with_a_tick_and_the_page_says_what_is_sent(
    visitor: Browser, sqlite_database: Database, workshop: str
) -> None:
    phone = {"contact": "213 555 0187"}
    silent = send(visitor, workshop, **phone).headers["Location"]
    assert "We send you" not in text(visitor.get(silent))
    told = send(visitor, workshop, **phone, name="Kenji Tanaka", texts="y", key="t" * 16).headers["Location"]
    assert "We send you a confirmation now" in text(visitor.get(told))
    first, second = registrations(sqlite_database)
    assert first.text_consent_at is None
    assert second.text_consent_wording == (
        "I agree to get text messages about this workshop. They may cost money. I can reply STOP."
    )


def test_a_thumb_that_taps_twice_registers_once(visitor: Browser, sqlite_database: Database, workshop: str) -> None:
    first, second = send(visitor, workshop), send(visitor, workshop)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(registrations(sqlite_database)) == 1


def test_whoever_is_signed_in_registers_as_nobody(ada: Browser, sqlite_database: Database, workshop: str) -> None:
    assert send(ada, workshop).status_code == 303
    assert len(registrations(sqlite_database)) == 1


def test_how_they_heard_is_counted_and_may_be_left_out(
    visitor: Browser, sqlite_database: Database, workshop: str
) -> None:
    send(visitor, workshop)
    send(visitor, workshop, key="a" * 16, name="Yuki Tanaka", heard="")
    with sqlite_database.read() as session:
        assert [source.value for source in session.scalars(select(HeardOf.source))] == ["flyer"]


def test_errors_stand_at_their_fields_in_words_for_the_public(visitor: Browser, workshop: str) -> None:
    answer = send(visitor, workshop, name="", contact="nobody")
    page = text(answer)
    assert answer.status_code == 422
    assert page.index("<title>") < page.index("Error:")
    for field in ("name", "contact"):
        assert re.search(rf'id="{field}-error"', page), field


def test_a_workshop_held_one_way_does_not_ask_how(visitor: Browser, sqlite_database: Database, cast: Cast) -> None:
    on_line = meeting(sqlite_database, cast, WorkshopMode.VIRTUAL, begins=NOW + timedelta(days=1))
    assert "How will you take part?" not in text(visitor.get(f"/workshops/open/{on_line}"))
    assert send(visitor, on_line, way="virtual").status_code == 303


def test_who_is_registered_already_and_a_full_workshop_are_told_kindly(
    visitor: Browser, sqlite_database: Database, workshop: str
) -> None:
    send(visitor, workshop)
    again = send(visitor, workshop, key="a" * 16)
    assert (again.status_code, "You are registered for this workshop already" in text(again)) == (409, True)
    limit_places(sqlite_database, workshop, 1)
    full = send(visitor, workshop, key="b" * 16, name="Yuki Tanaka")
    assert full.status_code == 409
    assert "All places of this workshop are taken" in text(visitor.get(f"/workshops/open/{workshop}"))


def test_so_many_from_one_address_and_the_page_says_when_it_goes_on(
    visitor: Browser, sqlite_database: Database, workshop: str
) -> None:
    for n in range(NEWCOMERS_FROM_ONE_ADDRESS):
        assert send(visitor, workshop, key=f"{n:016}", name=f"Learner {n}").status_code == 303
    answer = send(visitor, workshop, key="z" * 16, name="One too many")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")


def test_guessing_who_is_registered_is_counted_though_nobody_is_registered_by_it(
    visitor: Browser, sqlite_database: Database, workshop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "TRIES_FROM_ONE_ADDRESS", 3)
    assert send(visitor, workshop).status_code == 303
    answers = [send(visitor, workshop, key=f"{n:016}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [409, 409, 429]
    assert answers[-1].headers["Retry-After"] == "3600"


def test_a_full_workshop_tells_nobody_who_is_registered(
    visitor: Browser, sqlite_database: Database, workshop: str
) -> None:
    send(visitor, workshop)
    limit_places(sqlite_database, workshop, 1)
    known, unknown = (send(visitor, workshop, key=name[:4] * 4, name=name) for name in ("Omid Rahimi", "Yuki Tanaka"))
    assert (known.status_code, unknown.status_code) == (409, 409)
    assert "registered for this workshop already" not in text(known)


def test_a_workshop_that_is_not_held_says_so_to_whoever_registered(
    visitor: Browser, ben: Browser, sqlite_database: Database, cast: Cast, workshop: str
) -> None:
    mine = send(visitor, workshop).headers["Location"]
    by = cast.dora
    sqlite_database.act(lambda s: cancel_cohort(s, cohort="WR-7", reason="The roof leaks", at=NOW, by=by))
    page = text(visitor.get(mine))
    assert "This workshop will not be held" in page
    assert "Cancel my registration" not in page
    assert "Please call the others" in text(ben.get(f"/workshops/{workshop}/registrations"))


def test_what_is_not_there_is_not_found(visitor: Browser, cast: Cast) -> None:
    for address in ("/workshops/open/{}", "/workshops/registered/{}", "/workshops/registered/{}/calendar.ics"):
        assert visitor.get(address.format("x" * 16)).status_code == 404
