"""Browsers in which somebody signed in before, and strangers who guess (BATTERY S7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from lending.circulation import sign_ins
from lending.circulation import staff as accounts
from lending.clock import MovingClock
from lending.db import Database
from lending.models.people import SignInLimit, Staff
from tests.cast import NOW, Cast
from tests.web.browsers import HASH, Browser

COOKIE = "lending-known"
STRANGER = "203.0.113.9"


def guess(browser: Browser, username: str = "ben", address: str = STRANGER, password: str = "wrong password") -> int:
    """The status of a try to sign in from an address."""
    asked = {"username": username, "password": password, "csrf_token": browser.token}
    return browser.client.post("/sign-in", data=asked, environ_base={"REMOTE_ADDR": address}).status_code


def right(browser: Browser, username: str = "ben", address: str = "127.0.0.1") -> int:
    return guess(browser, username, address, "correct horse battery")


@pytest.fixture
def bens(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """A browser in which Ben signed in and out."""
    browser = new_browser()
    assert right(browser) == 302
    browser.post("/sign-out")
    return browser


def shut(new_browser: Callable[[], Browser]) -> None:
    """Strangers at two addresses use up all guesses of Ben's account."""
    for address in (STRANGER, "198.51.100.7"):
        stranger = new_browser()
        answers = [guess(stranger, address=address) for _ in range(9)]
        assert (answers[0], answers[-1]) == (401, 429)


def test_the_owner_signs_in_where_they_did_before_while_strangers_guess(
    new_browser: Callable[[], Browser], bens: Browser
) -> None:
    shut(new_browser)
    assert right(new_browser()) == 429, "a browser that nobody knows waits"
    assert right(bens) == 302
    assert right(new_browser()) == 429, "and what was right there gives strangers no new guesses"


def test_one_stranger_shuts_nobody_out(new_browser: Callable[[], Browser], cast: Cast) -> None:
    stranger = new_browser()
    assert [guess(stranger) for _ in range(40)].count(401) == sign_ins.FROM_ONE_ADDRESS
    assert right(new_browser()) == 302


def test_a_known_browser_has_ten_guesses_too(bens: Browser, clock: MovingClock) -> None:
    assert [guess(bens) for _ in range(12)] == [401] * 10 + [429] * 2
    assert right(bens) == 429
    clock.move(timedelta(minutes=15))
    assert right(bens) == 302


def test_it_is_known_by_the_account_that_was_opened_in_it_alone(
    new_browser: Callable[[], Browser], bens: Browser
) -> None:
    assert [guess(bens, "cleo") for _ in range(9)] == [401] * 8 + [429], "as from any other browser there"


def test_a_desk_is_known_by_everybody_who_works_at_it(new_browser: Callable[[], Browser], bens: Browser) -> None:
    assert right(bens, "cleo") == 302
    bens.post("/sign-out")
    shut(new_browser)
    assert right(bens) == 302


def test_a_new_password_makes_every_browser_a_strangers(
    new_browser: Callable[[], Browser], bens: Browser, sqlite_database: Database, cast: Cast
) -> None:
    with sqlite_database.read() as session:
        public_id = session.scalars(select(Staff.public_id).where(Staff.id == cast.ben_id)).one()
    sqlite_database.act(lambda s: accounts.set_password(s, staff=public_id, password_hash=HASH, at=NOW, by=cast.eli))
    shut(new_browser)
    assert right(bens) == 429


@pytest.mark.parametrize("change", [lambda kept: kept[:-2] + "AA", lambda kept: kept[::-1], lambda kept: "x" * 3000])
def test_a_cookie_that_nobody_here_made_is_a_strangers(
    new_browser: Callable[[], Browser], bens: Browser, change: Callable[[str], str]
) -> None:
    kept = bens.client.get_cookie(COOKIE)
    assert kept is not None
    bens.client.set_cookie(COOKIE, change(kept.value))
    shut(new_browser)
    assert right(bens) == 429


def test_the_cookie_tells_nothing_and_is_for_no_script(new_browser: Callable[[], Browser], cast: Cast) -> None:
    answer = new_browser().sign_in("ben")
    header = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(COOKIE))
    assert ("HttpOnly" in header, "SameSite=Strict" in header, "ben" in header.lower()) == (True, True, False)
    other = new_browser().sign_in("ben").headers.getlist("Set-Cookie")
    assert header not in other, "two browsers of one person do not tell that they are"


def test_an_address_is_counted_by_its_network_and_kept_nowhere(
    new_browser: Callable[[], Browser], sqlite_database: Database, cast: Cast, app: Flask
) -> None:
    stranger = new_browser()
    tried = [guess(stranger, address=f"2001:db8:7:{n:x}::{n}") for n in range(10)]
    assert tried == [401] * 8 + [429] * 2
    assert guess(stranger, address="2001:db8:7:100::1") == 401
    assert [guess(stranger, "cleo", f"::ffff:{address}") for address in (STRANGER, "198.51.100.7")] == [401] * 2
    with sqlite_database.read() as session:
        kept = " ".join(session.scalars(select(SignInLimit.account)))
    assert not [word for word in ("2001", STRANGER, "ben", "cleo") if word in kept]
