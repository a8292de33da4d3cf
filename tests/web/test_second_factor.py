"""The second factor before the web door: set up, asked for on a second page, bounded guesses, taken away when lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from lending.circulation.library_settings import change_settings
from lending.clock import MovingClock, SystemClock
from lending.db import Database
from lending.domain.library_settings import SECOND_FACTOR
from lending.domain.second_factors import secret_in
from lending.models.people import Staff
from tests.cast import NOW, Cast
from tests.web.browsers import PASSWORD, SECRET_KEY, Browser, signed_in
from tests.web.looking import key, row

PAGE = "/account/second-factor"
STEP = timedelta(seconds=30)


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> MovingClock:
    """The time of the machine and of people's telephones."""
    clock = MovingClock(SystemClock().now())
    monkeypatch.setattr(SystemClock, "now", lambda _: clock.now())
    return clock


def account(database: Database, username: str = "ben") -> Staff:
    found: Staff = row(database, select(Staff).where(Staff.username == username))
    return found


def secret_of(database: Database, username: str = "ben") -> str:
    """What the telephone has read from the picture."""
    found = account(database, username)
    assert found.totp_secret is not None
    secret = secret_in(found.totp_secret, key=SECRET_KEY, staff_id=found.id)
    assert secret is not None
    return secret


def code_of(database: Database, phone: MovingClock, username: str = "ben") -> str:
    """What the telephone shows, a step later than the last time."""
    phone.move(STEP)
    return pyotp.TOTP(secret_of(database, username)).at(phone.now())


def set_up(browser: Browser, database: Database, phone: MovingClock, username: str = "ben") -> list[str]:
    """Turn the factor on; gives the recovery codes."""
    assert browser.post(f"{PAGE}/begin", {"password": PASSWORD, "key": key()}).status_code == 303
    answer = browser.post(f"{PAGE}/confirm", {"code": code_of(database, phone, username), "key": key()})
    assert answer.status_code == 200
    return re.findall(r"(?:[a-z2-9]{4}-){5}[a-z2-9]{4}", answer.get_data(as_text=True))


@pytest.fixture
def codes(ben: Browser, sqlite_database: Database, phone: MovingClock) -> list[str]:
    """Ben's recovery codes, whose factor is on."""
    return set_up(ben, sqlite_database, phone)


def test_whoever_sets_it_up_knows_the_password(ben: Browser, sqlite_database: Database) -> None:
    answer = ben.post(f"{PAGE}/begin", {"password": "wrong", "key": key()})
    assert answer.status_code == 401
    assert "That is not your password." in answer.get_data(as_text=True)
    assert account(sqlite_database).totp_secret is None


def test_the_picture_is_there_until_the_first_code_and_nobody_keeps_it(
    ben: Browser, cleo: Browser, sqlite_database: Database, phone: MovingClock
) -> None:
    assert ben.get(f"{PAGE}/qr.svg").status_code == 404
    ben.post(f"{PAGE}/begin", {"password": PASSWORD, "key": key()})
    answer = ben.get(f"{PAGE}/qr.svg")
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "style" not in answer.get_data(as_text=True)
    assert cleo.get(f"{PAGE}/qr.svg").status_code == 404
    secret = secret_of(sqlite_database)
    spaced = " ".join(secret[start : start + 4] for start in range(0, 32, 4))
    assert spaced in ben.get(PAGE).get_data(as_text=True)
    ben.post(f"{PAGE}/confirm", {"code": code_of(sqlite_database, phone), "key": key()})
    assert ben.get(f"{PAGE}/qr.svg").status_code == 404
    assert spaced not in ben.get(PAGE).get_data(as_text=True)


def test_ten_codes_are_shown_once_and_this_browser_alone_stays(
    ben: Browser, new_browser: Callable[[], Browser], sqlite_database: Database, phone: MovingClock
) -> None:
    other = signed_in(new_browser(), "ben")
    made = set_up(ben, sqlite_database, phone)
    assert len(set(made)) == 10
    assert made[0] not in ben.get(PAGE).get_data(as_text=True)
    assert ben.get("/desk").status_code == 200
    assert "Station 1" in ben.get("/desk").get_data(as_text=True)
    assert other.get("/desk").status_code == 302


def test_a_wrong_first_code_turns_nothing_on(ben: Browser, sqlite_database: Database) -> None:
    ben.post(f"{PAGE}/begin", {"password": PASSWORD, "key": key()})
    answer = ben.post(f"{PAGE}/confirm", {"code": "000000", "key": key()})
    assert answer.status_code == 401
    assert "There is a problem" in answer.get_data(as_text=True)
    assert account(sqlite_database).totp_confirmed_at is None


def test_a_step_that_is_not_reached_yet_is_refused_calmly(ben: Browser) -> None:
    for step in ("confirm", "codes", "remove"):
        answer = ben.post(f"{PAGE}/{step}", {"code": "123456", "key": key()})
        assert answer.status_code in (401, 409), step
        assert "Your password" in answer.get_data(as_text=True)


# --- Signing in ------------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(codes: list[str], new_browser: Callable[[], Browser]) -> None:
    browser = new_browser()
    answer = browser.sign_in("ben", next="/returns")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/code")
    assert browser.get("/desk").headers["Location"].startswith("/sign-in")
    assert browser.scan("KIT-1042").status_code == 401


def test_the_code_opens_the_page_that_was_asked_for(
    codes: list[str], new_browser: Callable[[], Browser], sqlite_database: Database, phone: MovingClock
) -> None:
    browser = new_browser()
    browser.sign_in("ben", next="/returns")
    assert browser.get("/sign-in/code").status_code == 200
    answer = browser.post("/sign-in/code", {"code": code_of(sqlite_database, phone)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/returns")
    assert browser.get("/returns").status_code == 200


def test_a_code_that_was_used_opens_no_second_browser(
    codes: list[str], new_browser: Callable[[], Browser], sqlite_database: Database, phone: MovingClock
) -> None:
    code, opened = code_of(sqlite_database, phone), 0
    for _ in range(5):
        browser = new_browser()
        browser.sign_in("ben")
        opened += browser.post("/sign-in/code", {"code": code}).status_code == 302
    assert opened == 1


def test_a_recovery_code_opens_once(codes: list[str], new_browser: Callable[[], Browser]) -> None:
    for status in (302, 401):
        browser = new_browser()
        browser.sign_in("ben")
        assert browser.post("/sign-in/code", {"code": codes[0]}).status_code == status


def test_guesses_at_the_code_are_counted_also_from_browser_to_browser(
    codes: list[str], new_browser: Callable[[], Browser], sqlite_database: Database, phone: MovingClock
) -> None:
    answers = []
    for _ in range(12):
        browser = new_browser()
        browser.sign_in("ben")
        answers.append(browser.post("/sign-in/code", {"code": "000000"}).status_code)
    assert answers[0] == 401
    assert answers.count(401) <= 10
    assert answers[-1] == 429
    locked = browser.post("/sign-in/code", {"code": code_of(sqlite_database, phone)})
    assert (locked.status_code, "Retry-After" in locked.headers) == (429, True)


def test_the_second_page_is_nobodys_without_the_first(new_browser: Callable[[], Browser], codes: list[str]) -> None:
    browser = new_browser()
    assert browser.get("/sign-in/code").headers["Location"] == "/sign-in"
    assert browser.post("/sign-in/code", {"code": codes[0]}).headers["Location"] == "/sign-in"


def test_the_second_page_waits_some_minutes(
    codes: list[str], new_browser: Callable[[], Browser], phone: MovingClock
) -> None:
    browser = new_browser()
    browser.sign_in("ben")
    phone.move(timedelta(minutes=5))
    assert browser.post("/sign-in/code", {"code": codes[0]}).headers["Location"] == "/sign-in"


def test_a_password_that_changed_in_between_opens_nothing(
    codes: list[str], new_browser: Callable[[], Browser], eli: Browser, sqlite_database: Database
) -> None:
    browser = new_browser()
    browser.sign_in("ben")
    given = {"password": "another one now", "again": "another one now", "key": key()}
    eli.post(f"/administration/staff/{account(sqlite_database).public_id}/password", given)
    assert browser.post("/sign-in/code", {"code": codes[0]}).status_code == 401


# --- Changes ---------------------------------------------------------------------------------------------------


def test_new_recovery_codes_need_a_code(
    ben: Browser, codes: list[str], sqlite_database: Database, phone: MovingClock
) -> None:
    assert ben.post(f"{PAGE}/codes", {"code": "000000", "key": key()}).status_code == 401
    given = {"code": code_of(sqlite_database, phone), "key": key()}
    made = ben.post(f"{PAGE}/codes", given).get_data(as_text=True)
    assert "Recovery codes" in made
    assert codes[0] not in made


def test_it_is_turned_off_with_a_code(ben: Browser, codes: list[str], new_browser: Callable[[], Browser]) -> None:
    assert ben.post(f"{PAGE}/remove", {"code": "000000", "key": key()}).status_code == 401
    assert ben.post(f"{PAGE}/remove", {"code": codes[5], "key": key()}).status_code == 303
    assert ben.get("/desk").status_code == 200
    assert new_browser().sign_in("ben").headers["Location"] != "/sign-in/code"


def test_an_administrator_takes_a_lost_one_away(
    eli: Browser, ben: Browser, codes: list[str], new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    its_page = f"/administration/staff/{account(sqlite_database).public_id}"
    assert "10 recovery codes left" in eli.get(its_page).get_data(as_text=True)
    assert eli.post(f"{its_page}/factor", {"key": key()}).status_code == 303
    assert ben.get("/desk").status_code == 302
    assert new_browser().sign_in("ben").headers["Location"] != "/sign-in/code"


def test_nobody_takes_their_own_away_without_a_code(
    eli: Browser, sqlite_database: Database, phone: MovingClock
) -> None:
    set_up(eli, sqlite_database, phone, "eli")
    own = f"/administration/staff/{account(sqlite_database, 'eli').public_id}"
    assert eli.post(f"{own}/factor", {"key": key()}).status_code == 404
    assert account(sqlite_database, "eli").totp_confirmed_at is not None


# --- Roles that need one ---------------------------------------------------------------------------------------


@pytest.fixture
def needed(sqlite_database: Database, cast: Cast, app: Flask) -> None:
    """The desk needs a second factor from now on."""
    given = {SECOND_FACTOR: "desk"}
    sqlite_database.act(lambda session: change_settings(session, given=given, at=NOW, by=cast.eli))


def test_a_role_that_needs_one_opens_nothing_before(
    needed: None, new_browser: Callable[[], Browser], sqlite_database: Database, phone: MovingClock
) -> None:
    browser = signed_in(new_browser(), "ben")
    for page in ("/desk", "/kits", "/account", "/account/password"):
        assert browser.get(page).headers["Location"] == PAGE
    assert browser.scan("KIT-1042").status_code == 401
    assert "Your role needs a second factor" in browser.get(PAGE).get_data(as_text=True)
    set_up(browser, sqlite_database, phone)
    assert browser.get("/kits").status_code == 200


def test_whoever_turns_it_off_again_is_asked_again(
    needed: None, new_browser: Callable[[], Browser], sqlite_database: Database, phone: MovingClock
) -> None:
    browser = signed_in(new_browser(), "ben")
    made = set_up(browser, sqlite_database, phone)
    browser.post(f"{PAGE}/remove", {"code": made[0], "key": key()})
    assert browser.get("/kits").headers["Location"] == PAGE


def test_other_roles_go_on_without(needed: None, new_browser: Callable[[], Browser]) -> None:
    assert signed_in(new_browser(), "cleo").get("/kits").status_code == 200
