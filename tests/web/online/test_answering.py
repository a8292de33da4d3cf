"""A survey on its page: without signing in, without a trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lending.clock import MovingClock
from lending.db import Database
from lending.models.journal import IdempotencyKey, JournalEntry
from lending.web.online import answering
from lending.web.pace import Pace
from tests.cast import NOW, Cast
from tests.programs.answering import answers, survey_for
from tests.programs.meetings import meeting
from tests.web.browsers import Browser

GIVEN = {"learned": "5", "confident": "4", "intends": "", "aware": "2", "helped": "The examples.", "key": "k" * 16}


@pytest.fixture
def survey(sqlite_database: Database, cast: Cast, clock: MovingClock) -> str:
    """The survey of a workshop that has begun."""
    made = survey_for(sqlite_database, cast, workshop=meeting(sqlite_database, cast))
    clock.set(NOW + timedelta(hours=2))
    return made


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_one_page_asks_six_questions_at_most(new_browser: Callable[[], Browser], survey: str) -> None:
    page = text(new_browser().get(f"/s/{survey}"))
    assert page.count("<fieldset") + page.count("<textarea") == 6
    assert "Workshop 1" in page
    assert "Nobody can see who you are." in page


@pytest.mark.parametrize("who", ["nobody", "ada", "ben"])
def test_an_answer_arrives_and_nothing_else_is_kept(
    request: pytest.FixtureRequest,
    new_browser: Callable[[], Browser],
    sqlite_database: Database,
    survey: str,
    who: str,
) -> None:
    browser = new_browser() if who == "nobody" else request.getfixturevalue(who)
    with sqlite_database.read() as session:
        before = (session.query(JournalEntry).count(), session.query(IdempotencyKey).count())
    for _tap in range(2):
        answer = browser.post(f"/s/{survey}", GIVEN)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/s/thanks")
    (kept,) = answers(sqlite_database)
    assert (kept.learned, kept.intends, kept.aware, kept.helped, kept.better) == (5, None, 2, "The examples.", None)
    with sqlite_database.read() as session:
        assert (session.query(JournalEntry).count(), session.query(IdempotencyKey).count()) == before
    assert "arrived" in text(browser.get("/s/thanks"))


def test_an_empty_answer_asks_again(new_browser: Callable[[], Browser], sqlite_database: Database, survey: str) -> None:
    answer = new_browser().post(f"/s/{survey}", {"key": "k" * 16})
    assert answer.status_code == 422
    assert "Answer one question at least." in text(answer)
    assert answers(sqlite_database) == []


def test_what_is_on_no_scale_is_not_taken(
    new_browser: Callable[[], Browser], sqlite_database: Database, survey: str
) -> None:
    answer = new_browser().post(f"/s/{survey}", {**GIVEN, "learned": "9"})
    assert answer.status_code == 422
    assert answers(sqlite_database) == []


def test_a_survey_that_is_closed_says_so(
    new_browser: Callable[[], Browser], sqlite_database: Database, survey: str, clock: MovingClock
) -> None:
    clock.set(NOW + timedelta(days=30))
    browser = new_browser()
    assert "This survey is closed" in text(browser.get(f"/s/{survey}"))
    assert "This survey is closed" in text(browser.post(f"/s/{survey}", GIVEN))
    assert answers(sqlite_database) == []
    assert browser.get("/s/" + "x" * 16).status_code == 404


def test_a_script_that_has_the_link_does_not_fill_the_survey(
    new_browser: Callable[[], Browser], sqlite_database: Database, survey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "FROM_ONE_ADDRESS", Pace(2, timedelta(minutes=10)))
    sent = [new_browser().post(f"/s/{survey}", {**GIVEN, "key": f"{n:016}"}) for n in range(3)]
    assert [answer.status_code for answer in sent] == [303, 303, 429]
    assert "Retry-After" in sent[-1].headers
    assert len(answers(sqlite_database)) == 2
