"""The forecast's pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from lending.db import Database
from lending.models.cohorts import Pool
from lending.programs.enrolment import enrol
from tests.cast import LUIS, MINA, NOW, Cast
from tests.programs.members import change_cohort
from tests.web.browsers import Browser, signed_in


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Dora, who leads Work Ready."""
    return signed_in(new_browser(), "dora")


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def join_at_compton(database: Database, cast: Cast, *cards: str) -> None:
    """People enrol and want a kit at Compton, which has one."""

    def join(session: Any) -> None:
        for card in cards:
            enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.com, at=NOW, by=cast.eli)

    database.act(join)


def test_a_session_without_a_gap_says_so(dora: Browser) -> None:
    assert "Every library will have the kits it owes." in text(dora.get("/sessions/WR-7/forecast"))


def test_a_gap_is_told_with_the_transfer_that_closes_it(dora: Browser, sqlite_database: Database, cast: Cast) -> None:
    join_at_compton(sqlite_database, cast, MINA, LUIS)
    page = text(dora.get("/sessions/WR-7/forecast"))
    assert "1 kit will be missing." in page
    assert "/transfers?to=COM" in page
    listed = text(dora.get("/forecast"))
    assert "Work Ready 7" in listed
    assert "1 kit" in listed


def test_a_manager_sees_what_concerns_their_branch(cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    join_at_compton(sqlite_database, cast, MINA)
    page = text(cleo.get("/sessions/WR-7/forecast")).partition("<main")[2]
    assert "Compton Library" in page
    assert "East Los Angeles Library" not in page


def test_a_session_that_is_not_there_has_no_forecast(dora: Browser) -> None:
    assert dora.get("/sessions/WR-99/forecast").status_code == 404


def test_those_who_wait_for_a_kit_that_is_there_are_helped_by_the_plan(
    dora: Browser, ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda session: session.execute(update(Pool).values(kits=1)))
    sqlite_database.act(lambda s: enrol(s, patron=LUIS, cohort="WR-7", pickup_branch_id=cast.ela, at=NOW, by=cast.eli))
    page = text(dora.get("/sessions/WR-7/forecast"))
    advice = (
        "1 person waits at East Los Angeles Library for a kit that will be free: raise what is set aside there by 1."
    )
    assert advice in page
    assert 'href="/sessions/WR-7/edit"' in page
    assert "Every library will have the kits it owes." not in page
    assert "/sessions/WR-7/edit" not in text(ben.get("/sessions/WR-7/forecast"))


def test_a_window_that_opened_before_is_told_as_it_was(dora: Browser, sqlite_database: Database, cast: Cast) -> None:
    change_cohort(sqlite_database, cast, pickup_from=date(2026, 2, 20))
    page = text(dora.get("/sessions/WR-7/forecast"))
    assert "Pick-up from Fri, Feb 20. Forecast for Tue, Mar 3" in page
    assert "Fri, Feb 20" in text(dora.get("/forecast"))
