"""The first page: what is in a kit, where one is free, what can be joined, for everybody and without a name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from lending.clock import MovingClock
from lending.db import Database
from lending.models.cohorts import Cohort
from tests.cast import MINA, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import lend
from tests.web.browsers import Browser


@pytest.fixture
def page(new_browser: Callable[[], Browser], cast: Cast) -> Callable[[], str]:
    """The first page as a stranger reads it, each time anew."""
    browser = new_browser()
    return lambda: " ".join(browser.get("/").get_data(as_text=True).split())


def test_it_tells_what_is_in_a_kit_and_where_one_is_free(page: Callable[[], str], lent: str) -> None:
    told = page()
    assert "Notebook" in told
    assert "yours to keep" in told
    assert "1 kit free today: see where" in told
    assert '<span>East Los Angeles Library</span><span class="muted">1 free</span>' in told
    assert "Ramos" not in told


def test_with_none_free_it_says_so_and_still_shows_the_way(
    page: Callable[[], str], lent: str, sqlite_database: Database, cast: Cast
) -> None:
    lend(sqlite_database, cast, OTHER_OPEN_KIT, MINA)
    told = page()
    assert "None is free today. Reserve one, and we tell you when it is your turn." in told
    assert 'href="/reserve"' in told


def test_a_session_shows_its_dates_and_seats_and_leads_to_its_own_reservation(page: Callable[[], str]) -> None:
    told = page()
    assert "Tue, Mar 3 to Fri, Apr 10, 2026" in told
    assert "19 seats left" in told
    assert 'href="/reserve?choice=session:WR-7"' in told


def test_a_full_session_says_so_and_one_that_is_over_is_gone(
    page: Callable[[], str], sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    sqlite_database.act(lambda s: setattr(s.get(Cohort, cast.cohort), "capacity", 1))
    assert "All seats are taken." in page()
    clock.move(timedelta(days=60))
    told = page()
    assert "Work Ready 7" not in told
    assert "No session is planned just now." in told


def test_staff_are_led_to_their_desk(ben: Browser) -> None:
    assert ben.get("/").headers["Location"] == "/desk"
