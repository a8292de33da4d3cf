"""Signing in and out, where one stands, and in which language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from lending.circulation import staff as accounts
from lending.clock import MovingClock, SystemClock
from lending.db import Database
from lending.models.people import Staff
from tests.cast import NOW, Cast
from tests.web.browsers import HASH, PASSWORD, Browser, signed_in


def test_the_right_password_opens_the_desk(new_browser: Callable[[], Browser]) -> None:
    browser = signed_in(new_browser(), "ben")
    page = browser.get("/desk")
    assert page.status_code == 200
    assert "East Los Angeles Library · Station 1" in page.get_data(as_text=True)


@pytest.mark.parametrize(("name", "password"), [("ben", "wrong password"), ("nobody", PASSWORD), ("ben", "x" * 256)])
def test_a_wrong_name_and_a_wrong_password_are_not_told_apart(
    new_browser: Callable[[], Browser], name: str, password: str
) -> None:
    answer = new_browser().sign_in(name, password)
    assert answer.status_code == 401
    assert "do not go together" in answer.get_data(as_text=True)


def test_an_empty_form_is_told_at_its_fields(new_browser: Callable[[], Browser]) -> None:
    answer = new_browser().sign_in("", "")
    assert answer.status_code == 422
    assert "There is a problem" in answer.get_data(as_text=True)


def test_guesses_are_counted_and_the_right_password_waits_too(
    new_browser: Callable[[], Browser], clock: MovingClock
) -> None:
    browser = new_browser()
    answers = [browser.sign_in("ben", "wrong password").status_code for _ in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 429
    assert answers.count(401) <= 10
    locked = browser.sign_in("ben")
    assert (locked.status_code, locked.headers["Retry-After"]) == (429, "900")
    clock.move(timedelta(minutes=16))
    assert browser.sign_in("ben").status_code == 302


def test_a_shift_ends_however_busy_it_was(
    new_browser: Callable[[], Browser], cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer may sign the cookie anew; the shift is counted from signing in all the same."""
    real = MovingClock(SystemClock().now())
    monkeypatch.setattr(SystemClock, "now", lambda _: real.now())
    ben = signed_in(new_browser(), "ben")
    for _ in range(12):
        real.move(timedelta(minutes=59))
        ben.post("/language", {"language": "en"})
        assert ben.get("/desk").status_code == 200
    real.move(timedelta(minutes=13))
    assert ben.get("/desk").headers["Location"].startswith("/sign-in")


def test_whoever_travels_in_time_stays_signed_in(ben: Browser, clock: MovingClock) -> None:
    clock.move(timedelta(days=43))
    assert ben.get("/desk").status_code == 200


def test_a_name_may_be_typed_in_capitals(new_browser: Callable[[], Browser]) -> None:
    """A telephone begins every word with one."""
    assert new_browser().sign_in("Ben").status_code == 302


def test_another_name_is_not_locked_with_it(new_browser: Callable[[], Browser]) -> None:
    browser = new_browser()
    for _ in range(12):
        browser.sign_in("ben", "wrong password")
    assert browser.sign_in("cleo").status_code == 302


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/returns", "/returns"),
        ("//evil.example/x", "/desk"),
        ("https://evil.example/", "/desk"),
        ("/\\evil.example", "/desk"),
        ("\thttps://evil.example", "/desk"),
        ("javascript:alert(1)", "/desk"),
        ("/search?q=Ada", "/search?q=Ada"),
    ],
)
def test_signing_in_leads_nowhere_but_here(new_browser: Callable[[], Browser], asked: str, led: str) -> None:
    assert new_browser().sign_in("ben", next=asked).headers["Location"] == led


def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(new_browser: Callable[[], Browser]) -> None:
    answer = new_browser().get("/returns")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/returns"


def test_a_script_that_is_not_signed_in_is_told_so_and_keeps_its_scan(new_browser: Callable[[], Browser]) -> None:
    answer = new_browser().scan("KIT-1042")
    assert answer.status_code == 401
    assert "say" not in answer.json


def test_signing_out_ends_every_copy_of_the_cookie(ben: Browser, new_browser: Callable[[], Browser]) -> None:
    copied = ben.client.get_cookie("lending")
    assert copied is not None
    thief, own = new_browser(), signed_in(new_browser(), "ben")
    thief.client.set_cookie("lending", copied.value)
    assert thief.get("/desk").status_code == 200
    ben.post("/sign-out")
    assert thief.get("/desk").headers["Location"].startswith("/sign-in")
    assert own.get("/desk").status_code == 200, "the same person's other browser goes on"


def test_signing_out_is_a_post_and_ends_the_session(ben: Browser) -> None:
    assert ben.get("/sign-out").status_code == 405
    assert ben.get("/desk").status_code == 200
    ben.post("/sign-out")
    assert ben.get("/desk").status_code == 302


def test_a_new_password_ends_every_session(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    with sqlite_database.read() as session:
        public_id = session.scalars(select(Staff.public_id).where(Staff.id == cast.ben_id)).one()
    sqlite_database.act(lambda s: accounts.set_password(s, staff=public_id, password_hash=HASH, at=NOW, by=cast.eli))
    assert ben.get("/desk").status_code == 302


def test_a_closed_account_is_out_at_once(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    with sqlite_database.read() as session:
        public_id = session.scalars(select(Staff.public_id).where(Staff.id == cast.ben_id)).one()
    sqlite_database.act(lambda s: accounts.deactivate(s, staff=public_id, at=NOW, by=cast.eli))
    assert ben.get("/desk").status_code == 302


def test_a_session_that_was_changed_by_hand_is_nobodys(app: Flask, ben: Browser) -> None:
    cookie = ben.client.get_cookie("lending")
    assert cookie is not None
    ben.client.set_cookie("lending", cookie.value[:-3] + "abc")
    assert ben.get("/desk").status_code == 302


def test_the_session_cookie_is_for_this_site_alone_and_no_script(new_browser: Callable[[], Browser]) -> None:
    set_there = new_browser().sign_in("ben").headers.getlist("Set-Cookie")
    header = next(each for each in set_there if each.startswith("lending="))
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


def test_a_station_is_chosen_among_ones_own(eli: Browser, cleo: Browser) -> None:
    page = eli.get("/station").get_data(as_text=True)
    assert "East Los Angeles Library" in page
    assert "Compton Library" in page
    assert cleo.post("/station", {"station": "ELA/Station 1"}).status_code == 404
    assert "COM" not in cleo.post("/station", {"station": "COM/Station 1", "next": "/returns"}).headers["Location"]


def test_work_begins_where_it_is_each_role_s(new_browser: Callable[[], Browser]) -> None:
    for who, begins in (("ben", "/desk"), ("cleo", "/reports/today"), ("eli", "/reports/today")):
        browser = new_browser()
        assert browser.sign_in(who).headers["Location"] == begins
        assert browser.get("/").headers["Location"] == begins
    assert new_browser().sign_in("cleo", next="/returns").headers["Location"] == "/returns"
    assert new_browser().sign_in("eli", next="/returns").headers["Location"] == "/station?next=/returns"


def test_whose_work_is_not_at_the_desk_is_not_led_there(new_browser: Callable[[], Browser]) -> None:
    for asked in ("/", "/desk"):
        assert new_browser().sign_in("dora", next=asked).headers["Location"] == "/station?next=/search"


def test_without_a_station_the_desk_asks_for_one(new_browser: Callable[[], Browser]) -> None:
    eli = signed_in(new_browser(), "eli")
    assert eli.get("/desk").headers["Location"] == "/station?next=/desk"
    answer = eli.scan("KIT-1042", station="")
    assert answer.status_code == 409
    assert answer.json["go"] == "/station?next=/desk"


def test_a_station_is_lost_with_its_branch(ben: Browser, sqlite_database: Database, cast: Cast) -> None:
    with sqlite_database.read() as session:
        public_id = session.scalars(select(Staff.public_id).where(Staff.id == cast.ben_id)).one()
    sqlite_database.act(
        lambda s: accounts.scope(s, staff=public_id, branch_ids=[cast.com], program_ids=[], at=NOW, by=cast.eli)
    )
    assert ben.get("/desk").headers["Location"].startswith("/station")


def test_a_language_nobody_translated_changes_nothing(ben: Browser) -> None:
    answer = ben.post("/language", {"language": "xx", "next": "//evil.example"})
    assert answer.headers["Location"] == "/desk"
    assert 'lang="en"' in ben.get("/desk").get_data(as_text=True)
