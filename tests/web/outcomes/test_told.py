"""Surveys, how people heard, captains and stories, on the pages of staff."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from lending.db import Database
from lending.models.outcomes import Story
from lending.models.people import StaffProgram
from tests.cast import ADA, NOW, Cast
from tests.programs.answering import answer, survey_for
from tests.programs.meetings import meeting
from tests.programs.members import adas_seat, change_cohort
from tests.web.browsers import Browser, signed_in
from tests.web.test_own_library import send

KEY = "k" * 16
STORY = {
    "text": "I found work in the sixth week.",
    "named_as": "Noor",
    "for_print": "y",
    "consented_on": "2026-03-02",
    "program": "work-ready",
    "cohort": "",
    "branch": "ELA",
    "key": KEY,
}


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    return signed_in(new_browser(), "dora")


def text(reply: Any) -> str:
    return str(reply.get_data(as_text=True))


def test_the_sheet_for_the_room_has_the_link_and_its_code(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    workshop = meeting(sqlite_database, cast)
    made = ben.post(f"/workshops/{workshop}/survey", {"key": KEY})
    assert made.status_code == 303
    assert ben.post(f"/workshops/{workshop}/survey", {"key": KEY}).headers["Location"] == made.headers["Location"]
    page = text(ben.get(made.headers["Location"]))
    survey = made.headers["Location"].split("/")[2]
    assert f"/s/{survey}" in page
    assert ben.get(f"/surveys/{survey}/qr.svg").mimetype == "image/svg+xml"
    assert ben.post("/sessions/WR-7/survey", {"key": KEY + "2"}).status_code == 303
    for address in ("/surveys/{}/sheet", "/surveys/{}/qr.svg"):
        assert ben.get(address.format("x" * 16)).status_code == 404


def test_results_are_shown_from_five_answers_on(cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    """Compton lends kits of Work Ready 7, so Cleo reads what was said of it."""
    survey = survey_for(sqlite_database, cast, workshop=meeting(sqlite_database, cast))
    during = NOW + timedelta(hours=2)
    for n in range(4):
        answer(sqlite_database, cast, survey, f"tap {n}", at=during, learned=5 if n else 1, helped="The examples.")
    few = text(cleo.get("/outcomes/surveys"))
    assert "Too few answers to show" in few
    assert "The examples." not in few
    answer(sqlite_database, cast, survey, "tap 5", at=during)
    enough = text(cleo.get("/outcomes/surveys?period=2026-03"))
    assert "80%" in enough
    assert enough.count("The examples.") == 4


def test_a_lead_reads_what_people_wrote(dora: Browser, sqlite_database: Database, cast: Cast) -> None:
    survey = survey_for(sqlite_database, cast, workshop=meeting(sqlite_database, cast))
    for n in range(5):
        given = {"learned": 5 if n else 1, "helped": "The examples." if n else None}
        answer(sqlite_database, cast, survey, f"tap {n}", at=NOW + timedelta(hours=2), **given)
    page = text(dora.get("/outcomes/surveys?period=2026-03&program=work-ready"))
    assert "80%" in page
    assert page.count("The examples.") == 4
    assert "do not pass it on with names" in page
    assert "Too few answers" in text(dora.get("/outcomes/surveys?period=2025-12"))
    assert dora.get("/outcomes/surveys?period=nonsense&program=nonsense").status_code == 200


def test_a_lead_without_a_program_reads_of_none(dora: Browser, sqlite_database: Database, cast: Cast) -> None:
    survey = survey_for(sqlite_database, cast, workshop=meeting(sqlite_database, cast))
    for n in range(5):
        answer(
            sqlite_database, cast, survey, f"tap {n}", at=NOW + timedelta(hours=2), learned=5, helped="The examples."
        )
    ask = "/outcomes/surveys?period=2026-03"
    assert "All programs" not in text(dora.get(ask))
    assert "100%" in text(dora.get("/reports/outcomes?period=2026-03"))
    sqlite_database.act(lambda session: session.execute(delete(StaffProgram)))
    assert "The examples." not in text(dora.get(ask))
    assert "100%" not in text(dora.get("/reports/outcomes?period=2026-03"))


def test_the_fiscal_year_is_the_librarys_own(eli: Browser) -> None:
    assert 'value="FY2025-07"' in text(eli.get("/outcomes/surveys"))
    assert send(eli, fiscal_year_begins="10").status_code == 303
    assert 'value="FY2025-10"' in text(eli.get("/outcomes/surveys"))


def test_somebody_is_asked_once_how_they_heard(
    ben: Browser, cleo: Browser, dora: Browser, sqlite_database: Database, cast: Cast
) -> None:
    ada = adas_seat(sqlite_database, cast)
    assert f"/seats/{ada}/heard" in text(ben.get(f"/seats/{ada}"))
    assert ben.post(f"/seats/{ada}/heard", {"key": KEY, "heard": "friend", "friend_cohort": ""}).status_code == 303
    assert f"/seats/{ada}/heard" not in text(ben.get(f"/seats/{ada}"))
    again = ben.post(f"/seats/{ada}/heard", {"key": KEY + "2", "heard": "flyer", "friend_cohort": ""})
    assert again.status_code == 409
    assert "From a friend who took part" in text(dora.get("/outcomes/heard"))
    assert "Nobody was asked yet" in text(cleo.get("/outcomes/heard"))


def test_captains_are_named_and_taken_back(dora: Browser, sqlite_database: Database, cast: Cast) -> None:
    change_cohort(sqlite_database, cast, captains="Bo Li")
    assert dora.post("/sessions/WR-7/captains", {"key": KEY, "card": ADA, "name": ""}).status_code == 303
    page = text(dora.get("/sessions/WR-7/captains"))
    assert "Ada M." in page
    assert "Bo Li" in page
    twice = dora.post("/sessions/WR-7/captains", {"key": KEY + "2", "card": ADA, "name": ""})
    assert twice.status_code == 409
    unknown = dora.post("/sessions/WR-7/captains", {"key": KEY + "3", "card": "29999000000042", "name": ""})
    assert unknown.status_code == 404
    remove = page.partition('action="/sessions/WR-7/captains/')[2].partition('"')[0]
    assert dora.post(f"/sessions/WR-7/captains/{remove}", {"key": KEY + "4"}).status_code == 303
    assert "Ada M." not in text(dora.get("/sessions/WR-7/captains"))


def test_a_story_is_kept_shown_for_its_use_and_deleted(ben: Browser, cleo: Browser, sqlite_database: Database) -> None:
    assert ben.post("/outcomes/stories/new", STORY).status_code == 303
    assert STORY["text"] in text(ben.get("/outcomes/stories"))
    assert STORY["text"] in text(ben.get("/outcomes/stories/print"))
    assert STORY["text"] not in text(ben.get("/outcomes/stories?use=web"))
    assert STORY["text"] not in text(ben.get("/outcomes/stories/print?use=web"))
    assert STORY["text"] not in text(cleo.get("/outcomes/stories"))
    with sqlite_database.read() as session:
        story = session.query(Story).one().public_id
    assert cleo.post(f"/outcomes/stories/{story}/withdraw", {"key": KEY}).status_code == 404
    assert "Delete the story of Noor?" in text(ben.get(f"/outcomes/stories/{story}/withdraw"))
    assert ben.post(f"/outcomes/stories/{story}/withdraw", {"key": KEY + "2"}).status_code == 303
    assert STORY["text"] not in text(ben.get("/outcomes/stories"))
    with sqlite_database.read() as session:
        assert session.query(Story).one().text is None


def test_without_consent_the_form_says_what_is_missing(ben: Browser, sqlite_database: Database) -> None:
    answered = ben.post("/outcomes/stories/new", {**STORY, "for_print": "", "consented_on": ""})
    assert answered.status_code == 422
    assert 'id="consented_on-error"' in text(answered)
    unused = ben.post("/outcomes/stories/new", {name: value for name, value in STORY.items() if name != "for_print"})
    assert "what it may be used for" in text(unused)
    with sqlite_database.read() as session:
        assert session.query(Story).all() == []


def test_the_consent_to_sign_names_its_version(ben: Browser) -> None:
    assert "2026-1" in text(ben.get("/outcomes/stories/consent"))


def test_the_consent_to_the_oldest_of_many_stories_is_found_and_taken_back(
    ben: Browser, sqlite_database: Database
) -> None:
    assert ben.post("/outcomes/stories/new", STORY).status_code == 303

    def tell_many(session: Any) -> str:
        first = session.query(Story).one()
        names = ("program_id", "branch_id", "text", "for_print", "wording", "consented_on", "created_at")
        same = {name: getattr(first, name) for name in names}
        session.add_all([Story(**same, for_web=False, for_funder=False) for _ in range(200)])
        return str(first.public_id)

    first = sqlite_database.act(tell_many)
    page, links = "/outcomes/stories", set[str]()
    while page:
        shown = text(ben.get(page))
        links |= set(re.findall(r'href="(/outcomes/stories/[^"]+/withdraw)"', shown))
        page = next(iter(re.findall(r'href="(/outcomes/stories\?[^"]*after=[^"]+)"', shown)), "")
    assert len(links) == 201
    assert ben.post(f"/outcomes/stories/{first}/withdraw", {"key": KEY + "2"}).status_code == 303
