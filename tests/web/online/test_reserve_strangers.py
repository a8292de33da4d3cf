"""Whom the pages where people reserve let in, and what they refuse: strangers, scripts, and what nobody asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation import sign_ins
from lending.circulation.sign_ins import NEWCOMERS_FROM_ONE_ADDRESS
from lending.db import Database
from lending.models.notices import Channel
from lending.models.people import Card, Patron, SignInLimit
from lending.models.reservations import Reservation
from lending.web import shifts
from tests.cast import LUIS, Cast
from tests.web.browsers import Browser
from tests.web.online.asking import NADIA, choose, confirm, newcomers, only, page, reserve, say_who, tell

NewBrowser = Callable[[], Browser]


def test_who_asked_before_is_told_kindly_and_nothing_of_it_is_shown(
    new_browser: NewBrowser, sqlite_database: Database
) -> None:
    reserve(new_browser())
    reference = only(sqlite_database, select(Card.number).where(Card.number.startswith("WEB-")))
    again = reserve(new_browser())
    assert again.status_code == 409
    assert "We have a request from you already" in page(again)
    assert reference not in page(again)
    assert len(newcomers(sqlite_database)) == 1


def test_the_form_never_tells_that_the_library_knows_somebody(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda s: setattr(s.get_one(Patron, cast.luis_id), "email", "luis@example.org"))
    stranger, known = new_browser(), new_browser()
    answers = [
        reserve(stranger, name="Omid Rahimi", contact="omid@example.org"),
        reserve(known, name="Luis Ramos", birth_date="1990-05-17", contact="luis@example.org"),
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(newcomers(sqlite_database)) == 2


def test_so_many_from_one_address_and_the_page_says_when_it_goes_on(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast
) -> None:
    reserve(new_browser())
    with sqlite_database.read() as session:
        key = session.scalars(select(SignInLimit.account).where(SignInLimit.account.startswith("newcomers:"))).one()

    def full(session: Any) -> None:
        session.get_one(SignInLimit, key).guesses = NEWCOMERS_FROM_ONE_ADDRESS

    sqlite_database.act(full)
    answer = reserve(new_browser(), name="Omid Rahimi", contact="omid@example.org")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert "Try again after" in page(answer)


def test_guessing_when_somebody_was_born_who_asked_before_is_counted(
    new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "TRIES_FROM_ONE_ADDRESS", 3)
    reserve(new_browser())
    script = new_browser()
    say_who(script)
    choose(script)
    tell(script)
    answers = [confirm(script, typed_name="", key=f"{n:016}").status_code for n in range(3)]
    assert answers == [409, 409, 429]


@pytest.mark.parametrize(
    ("page_", "extra"),
    [
        ("/reserve", {"expires_on": "2099-01-01", "role": "admin", "note": "let her"}),
        ("/reserve/session", {"seat": "enrolled", "fee_cents": "0"}),
        ("/reserve/reach", {"phone": "213 555 0142", "text_consent_wording": "yes", "email": "eve@example.org"}),
        (
            "/reserve/check",
            {"patron": LUIS, "patron_id": "1", "branch": "COM", "due_on": "2099-01-01", "state": "ready"},
        ),
    ],
)
def test_fields_that_nobody_asked_for_change_nothing(
    new_browser: NewBrowser, sqlite_database: Database, cast: Cast, page_: str, extra: dict[str, str]
) -> None:
    """S3: what is added to a form of this flow is accepted nowhere."""
    browser = new_browser()

    def more(path: str) -> dict[str, str]:
        return extra if path == page_ else {}

    browser.post("/reserve", {**NADIA, **more("/reserve")})
    browser.post("/reserve/session", {"choice": "session:WR-7", **more("/reserve/session")})
    browser.post("/reserve/library", {"place": "ELA/work-ready"})
    browser.post("/reserve/reach", {"channel": "email", "language": "en", **more("/reserve/reach")})
    assert confirm(browser, **more("/reserve/check")).status_code == 303
    [nadia] = newcomers(sqlite_database)
    assert (nadia.expires_on, nadia.note, nadia.phone, nadia.email) == (None, None, None, "nadia@example.org")
    assert (nadia.text_consent_at, nadia.guardian_agreed_on, nadia.home_branch_id) == (None, None, cast.ela)
    kit = only(sqlite_database, select(Reservation).where(Reservation.patron_id == nadia.id))
    assert (kit.state, kit.pickup_branch_id) == ("promised", cast.ela)


@pytest.mark.parametrize("choice", ["session:WR-99", "kit:work-ready", "session:", "WR-7", ""])
def test_what_is_not_offered_is_not_chosen(new_browser: NewBrowser, choice: str) -> None:
    browser = new_browser()
    say_who(browser)
    assert browser.post("/reserve/session", {"choice": choice}).status_code == 422


@pytest.mark.parametrize("place", ["COM/laptop-hotspot", "NOWHERE/work-ready", "ELA", ""])
def test_a_library_without_such_kits_is_not_chosen(new_browser: NewBrowser, place: str) -> None:
    browser = new_browser()
    say_who(browser)
    browser.post("/reserve/session", {"choice": "session:WR-7"})
    assert browser.post("/reserve/library", {"place": place}).status_code == 422


def test_a_confirmation_is_its_owners_alone(new_browser: NewBrowser, ada: Browser, luis: Browser) -> None:
    """S2: somebody else's looks like one that does not exist."""
    browser = new_browser()
    address = reserve(browser).headers["Location"]
    for stranger in (ada, luis):
        for path in (address, f"{address}/calendar.ics"):
            answer = stranger.get(path)
            assert answer.status_code == 404
            assert "Nadia" not in page(answer)
    assert new_browser().get(address).headers["Location"].startswith("/my/sign-in")


def test_a_newcomer_under_age_is_told_to_bring_a_guardian(new_browser: NewBrowser) -> None:
    browser = new_browser()
    address = reserve(browser, birth_date="2011-05-01").headers["Location"]
    assert "A parent or guardian" in page(browser.get(address))


def test_a_newcomer_with_a_telephone_agrees_to_texts_in_the_words_shown(
    new_browser: NewBrowser, sqlite_database: Database
) -> None:
    browser = new_browser()
    say_who(browser, contact="(213) 555-0142")
    choose(browser)
    assert "They may cost money" in page(browser.get("/reserve/reach"))
    tell(browser, channel="text")
    confirm(browser)
    [nadia] = newcomers(sqlite_database)
    assert (nadia.phone, nadia.notice_channel) == ("+12135550142", Channel.TEXT)
    assert "They may cost money" in (nadia.text_consent_wording or "")


def test_a_wish_that_was_left_alone_is_forgotten(new_browser: NewBrowser, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = new_browser()
    say_who(browser)
    later = shifts.now() + timedelta(seconds=shifts.PATRONS_PAUSE + 60)
    monkeypatch.setattr(shifts, "now", lambda: later)
    assert browser.get("/reserve/session").headers["Location"] == "/reserve"
    assert "Nadia" not in page(browser.get("/reserve"))


@pytest.mark.parametrize(
    "path", ["/reserve", "/reserve/session", "/reserve/library", "/reserve/reach", "/reserve/check"]
)
def test_who_goes_away_without_reserving_leaves_nothing_behind(new_browser: NewBrowser, path: str) -> None:
    browser = new_browser()
    assert "forget what I typed" not in page(browser.get("/reserve"))
    say_who(browser)
    choose(browser)
    tell(browser)
    assert 'action="/reserve/forget"' in page(browser.get(path))
    assert browser.post("/reserve/forget").headers["Location"] == "/"
    assert "Nadia" not in page(browser.get("/reserve"))
    assert browser.get("/reserve/check").headers["Location"] == "/reserve"


def test_a_newcomer_may_not_ask_for_more_on_the_same_pages(new_browser: NewBrowser) -> None:
    browser = new_browser()
    reserve(browser)
    shown = page(browser.get("/reserve/session"))
    assert shown.count("disabled") == 2
    assert "You have one request already." in shown


def test_staff_who_are_signed_in_are_asked_who_they_are_like_anybody(ben: Browser) -> None:
    assert "Who are you?" in page(ben.get("/reserve"))
    assert ben.get("/reserve/check").headers["Location"] == "/reserve"
