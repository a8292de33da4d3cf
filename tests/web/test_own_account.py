"""One's own account: who one is here, and a new password that ends every other session (S8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lending.db import Database
from lending.models.people import Staff
from tests.web.browsers import PASSWORD, Browser, signed_in
from tests.web.looking import key

CHOSEN = "seven purple tables"
GIVEN = {"old": PASSWORD, "password": CHOSEN, "again": CHOSEN}


def change(browser: Browser, **given: str) -> Any:
    return browser.post("/account/password", {**GIVEN, **given, "key": key()})


def test_everybody_sees_who_they_are(ben: Browser) -> None:
    text = ben.get("/account").get_data(as_text=True)
    assert "Ben Okafor" in text
    assert "East Los Angeles Library" in text
    assert 'href="/account/password"' in text


def test_a_new_password_ends_every_other_session_and_keeps_this_one(
    ben: Browser, new_browser: Callable[[], Browser]
) -> None:
    others = [signed_in(new_browser(), "ben") for _ in range(3)]
    copied = ben.client.get_cookie("lending")
    assert copied is not None
    thief = new_browser()
    thief.client.set_cookie("lending", copied.value)
    assert thief.get("/desk").status_code == 200
    assert change(ben).status_code == 303
    alive = [browser.get("/desk").status_code == 200 for browser in (*others, thief)]
    assert alive == [False] * 4
    assert "Station 1" in ben.get("/desk").get_data(as_text=True)
    assert new_browser().sign_in("ben").status_code == 401
    assert new_browser().sign_in("ben", CHOSEN).status_code == 302


@pytest.mark.parametrize(
    ("wrong", "status", "told"),
    [
        ({"old": "wrong"}, 401, "That is not your password."),
        ({"old": ""}, 422, "Fill this in."),
        ({"password": "short", "again": "short"}, 422, "A password has from 12"),
        ({"again": "something else now"}, 422, "The two passwords are not the same"),
        ({"password": "x" * 300, "again": "x" * 300}, 422, "There is a problem"),
    ],
)
def test_what_is_wrong_changes_nothing(
    ben: Browser, new_browser: Callable[[], Browser], wrong: dict[str, str], status: int, told: str
) -> None:
    answer = change(ben, **wrong)
    assert answer.status_code == status
    assert told in answer.get_data(as_text=True)
    assert new_browser().sign_in("ben").status_code == 302


def test_guesses_at_the_old_password_are_counted(ben: Browser) -> None:
    answers = [change(ben, old=f"wrong {n}").status_code for n in range(12)]
    assert answers.count(401) <= 10
    assert answers[-1] == 429


def test_a_changed_password_is_another_persons_business(new_browser: Callable[[], Browser], ada: Browser) -> None:
    for browser in (new_browser(), ada):
        assert change(browser).headers["Location"].startswith("/sign-in")


def test_a_manager_turns_the_weekly_mail_off_and_on(cleo: Browser, sqlite_database: Database) -> None:
    def wants() -> bool:
        with sqlite_database.read() as session:
            return bool(session.query(Staff).filter_by(username="cleo").one().weekly_mail)

    assert "Mail on Mondays" in cleo.get("/account").get_data(as_text=True)
    assert wants()
    cleo.post("/account/weekly-mail", {"key": key()})
    assert not wants()
    cleo.post("/account/weekly-mail", {"key": key(), "weekly_mail": "y"})
    assert wants()


def test_the_desk_is_not_offered_the_weekly_mail(ben: Browser) -> None:
    assert "Mail on Mondays" not in ben.get("/account").get_data(as_text=True)
