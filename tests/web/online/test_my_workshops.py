"""Workshops in the patron's own calendar: one by one, all at a secret address, a session's for everybody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lending.circulation.patrons import set_pin
from lending.db import Database
from lending.models.cohorts import Workshop
from lending.models.people import Patron
from lending.web.online import files
from tests.cast import NOW, Cast
from tests.web.browsers import PIN_HASH, Browser


@pytest.fixture
def workshops(sqlite_database: Database, cast: Cast) -> list[str]:
    """Two workshops of Work Ready 7, one past and one to come; gives their public ids."""

    def hold(session: Any) -> list[str]:
        made = [
            Workshop(cohort_id=cast.cohort, n=n, title=title, starts_at=at, ends_at=at + timedelta(hours=1))
            for n, title, at in ((1, "Begin; go", NOW - timedelta(days=7)), (2, "Interview", NOW + timedelta(days=7)))
        ]
        session.add_all(made)
        session.flush()
        return [one.public_id for one in made]

    return sqlite_database.act(hold)


def address(browser: Browser) -> str:
    told = browser.get("/my/workshops").get_data(as_text=True)
    return str(told.partition("/calendar/")[2].partition(".ics")[0])


def test_those_to_come_stand_before_those_that_are_over(ada: Browser, workshops: list[str]) -> None:
    told = ada.get("/my/workshops").get_data(as_text=True)
    assert told.index("Interview") < told.index("Past workshops") < told.index("Begin; go")
    assert "Tuesday, March 10, 11 AM to 12 PM" in told, "clocks went forward in between"
    assert "Interview" in ada.get("/my").get_data(as_text=True)


def test_one_workshop_is_a_calendar_file(ada: Browser, workshops: list[str]) -> None:
    told = ada.get(f"/my/workshops/{workshops[0]}.ics").get_data(as_text=True)
    assert r"SUMMARY:Work Ready 7: Begin\; go" in told
    assert told.count("BEGIN:VEVENT") == 1


def test_somebody_without_a_seat_gets_neither(luis: Browser, workshops: list[str]) -> None:
    assert "Interview" not in luis.get("/my/workshops").get_data(as_text=True)
    assert luis.get(f"/my/workshops/{workshops[1]}.ics").status_code == 404


def test_a_calendar_fetches_a_patrons_own_without_signing_in(
    ada: Browser, new_browser: Callable[[], Browser], workshops: list[str]
) -> None:
    answer = new_browser().get(f"/calendar/{address(ada)}.ics")
    assert answer.status_code == 200
    told = answer.get_data(as_text=True)
    assert told.count("BEGIN:VEVENT") == 2
    assert "Morales" not in told


def test_a_new_pin_makes_the_address_worthless(
    ada: Browser, new_browser: Callable[[], Browser], workshops: list[str], sqlite_database: Database, cast: Cast
) -> None:
    old = address(ada)
    whose = old.partition(".")[0]
    sqlite_database.act(lambda s: set_pin(s, patron=whose, pin_hash=PIN_HASH, at=NOW, by=cast.ben))
    assert new_browser().get(f"/calendar/{old}.ics").status_code == 404


def test_a_token_of_another_patron_or_by_another_hand_opens_nothing(
    ada: Browser, new_browser: Callable[[], Browser], workshops: list[str], sqlite_database: Database, cast: Cast
) -> None:
    mine, mark = address(ada).split(".")
    forged = ("B" if mark.startswith("A") else "A") + mark[1:]
    with sqlite_database.read() as session:
        other = session.get(Patron, cast.luis_id).public_id
    for token in (f"{other}.{mark}", f"{mine}.{forged}", f"{mine}.{'A' * 22}", mine, "x" * 16 + "." + "y" * 22):
        assert new_browser().get(f"/calendar/{token}.ics").status_code == 404, token


def test_a_sessions_calendar_is_everybodys_and_names_nobody(
    new_browser: Callable[[], Browser], workshops: list[str]
) -> None:
    told = new_browser().get("/calendar/WR-7.ics").get_data(as_text=True)
    assert told.count("BEGIN:VEVENT") == 2
    assert "Morales" not in told
    assert new_browser().get("/calendar/WR-99.ics").status_code == 404


def test_a_mark_is_of_one_patron_and_one_pin(app: Any) -> None:
    with app.test_request_context():
        tokens = {files.token_of("a" * 16, version) for version in ("b" * 16, "c" * 16)}
        tokens.add(files.token_of("d" * 16, "b" * 16))
    assert len(tokens) == 3
