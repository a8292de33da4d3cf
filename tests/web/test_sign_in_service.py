"""Signing in by the library's own service: who was linked gets in, and with whatever is not as it should be, nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lending import openid
from lending.circulation.library_settings import change_settings
from lending.clock import SystemClock
from lending.db import Database
from lending.domain.library_settings import SECOND_FACTOR
from lending.domain.second_factors import new_secret
from lending.library import Library
from lending.models.people import Staff
from tests.cast import NOW, Cast
from tests.sign_in_service import CLIENT, SECRET, Service, key_named, running, shared_secret_key
from tests.web.browsers import Browser
from tests.web.looking import key, row

BACK = "/sign-in/service/back"
BEN = "0a1b-ben"


@pytest.fixture
def service(app: Flask, sqlite_database: Database) -> Iterator[Service]:
    """A service that the library trusts, in which Ben is known and linked."""
    with running() as found:
        library: Library = app.extensions["lending"]
        chosen = replace(library.settings, oidc_issuer=found.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET)
        app.extensions["lending"] = Library(library.db, library.clock, None, chosen)
        link(sqlite_database, BEN)
        yield found


def link(database: Database, subject: str | None, **more: Any) -> None:
    def change(session: Any) -> None:
        ben = session.scalars(select(Staff).where(Staff.username == "ben")).one()
        ben.oidc_subject = subject
        for name, value in more.items():
            setattr(ben, name, value)

    database.act(change)


def now() -> int:
    return int(SystemClock().now().timestamp())


def signs_in(browser: Browser, service: Service, subject: str = BEN, *, target: str = "", **lies: Any) -> Any:
    """Go to the service, sign in there, and come back."""
    asked = browser.get("/sign-in/service" + target)
    assert asked.status_code == 302
    return browser.get(BACK + service.approve(asked.headers["Location"], subject, at=now(), **lies))


def is_in(browser: Browser) -> bool:
    return browser.get("/kits").status_code == 200


def test_nothing_of_it_is_there_where_none_is_set(eli: Browser, new_browser: Callable[[], Browser]) -> None:
    browser = new_browser()
    assert "/sign-in/service" not in browser.get("/sign-in").get_data(as_text=True)
    for address in ("/sign-in/service", BACK):
        assert browser.get(address).status_code == 404


def test_who_was_linked_gets_in_and_where_they_wanted_to_go(
    service: Service, new_browser: Callable[[], Browser]
) -> None:
    browser = new_browser()
    assert "/sign-in/service" in browser.get("/sign-in").get_data(as_text=True)
    answer = signs_in(browser, service, target="?next=/returns")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/returns")
    assert is_in(browser)


def test_the_question_is_the_codes_flow_with_everything_that_guards_it(
    service: Service, new_browser: Callable[[], Browser]
) -> None:
    signs_in(new_browser(), service)
    asked = service.asked
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid")
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"http://localhost{BACK}"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert service.token_asked["authorization"].startswith("Basic ")


def test_whom_the_service_knows_and_nobody_linked_stays_out(
    service: Service, new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    browser = new_browser()
    answer = signs_in(browser, service, "somebody else")
    assert answer.status_code == 403
    assert "no account here is yours yet" in answer.get_data(as_text=True)
    assert not is_in(browser)
    link(sqlite_database, BEN, active=False)
    assert signs_in(browser, service).status_code == 403


LIES: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://evil.example"},
    "for another program": {"aud": "catalog"},
    "for several, given to another": {"aud": [CLIENT, "catalog"], "azp": "catalog"},
    "for an answer to another question": {"nonce": "x" * 43},
    "without an answer to any": {"nonce": None},
    "too old": {"exp": now() - 3600},
    "without an end": {"exp": None},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
    "of a number": {"sub": 7},
    "of the day after tomorrow": {"iat": now() + 172_800, "exp": now() + 180_000},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_as_it_should_be_opens_nothing(
    service: Service, new_browser: Callable[[], Browser], lie: str
) -> None:
    browser = new_browser()
    answer = signs_in(browser, service, **LIES[lie])
    assert answer.status_code == 502
    assert "did not answer as it should" in answer.get_data(as_text=True)
    assert not is_in(browser)


def test_a_token_that_somebody_else_signed_opens_nothing(service: Service, new_browser: Callable[[], Browser]) -> None:
    browser = new_browser()
    for made, header in (
        (key_named("of a stranger"), {"alg": "RS256", "kid": "published"}),
        (shared_secret_key(), {"alg": "HS256", "kid": "published"}),
    ):
        service.key, service.header = made, header
        assert signs_in(browser, service).status_code == 502
    assert not is_in(browser)


def test_a_token_that_nobody_signed_opens_nothing(
    service: Service, new_browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = Service.token

    def unsigned(self: Service) -> str:
        _, claims, _ = signed(self).split(".")
        return f"eyJhbGciOiJub25lIn0.{claims}."

    monkeypatch.setattr(Service, "token", unsigned)
    assert signs_in(new_browser(), service).status_code == 502


def test_an_answer_that_this_browser_did_not_ask_for_opens_nothing(
    service: Service, new_browser: Callable[[], Browser]
) -> None:
    thief, victim = new_browser(), new_browser()
    asked = thief.get("/sign-in/service").headers["Location"]
    query = service.approve(asked, BEN, at=now())
    assert victim.get(BACK + query).headers["Location"] == "/sign-in"
    victim.get("/sign-in/service")
    assert victim.get(BACK + query).status_code == 502
    assert not is_in(victim)


def test_an_answer_counts_once(service: Service, new_browser: Callable[[], Browser]) -> None:
    browser = new_browser()
    asked = browser.get("/sign-in/service").headers["Location"]
    query = service.approve(asked, BEN, at=now())
    assert browser.get(BACK + query).status_code == 302
    browser.post("/sign-out")
    assert browser.get(BACK + query).headers["Location"] == "/sign-in"
    assert not is_in(browser)


def test_a_service_that_is_down_or_another_one_is_told_calmly(
    service: Service, new_browser: Callable[[], Browser]
) -> None:
    service.describes = {"issuer": "https://evil.example"}
    assert new_browser().get("/sign-in/service").status_code == 502
    service.describes, service.is_down = {}, True
    answer = new_browser().get("/sign-in/service")
    assert answer.status_code == 502
    assert "sign in with your password" in answer.get_data(as_text=True)


def test_a_service_that_hangs_keeps_a_few_waiting_and_nobody_else(
    service: Service, new_browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openid, "PATIENCE", 0)
    for _ in range(openid.AT_ONCE):
        assert openid._TURNS.acquire(blocking=False)
    try:
        assert new_browser().get("/sign-in/service").status_code == 502
    finally:
        openid._TURNS.release(openid.AT_ONCE)
    service.is_down = True
    for _ in range(openid.AT_ONCE + 1):
        assert new_browser().get("/sign-in/service").status_code == 502
    service.is_down = False
    assert new_browser().get("/sign-in/service").status_code == 302, "who failed gave the turn back"


def test_the_code_follows_no_redirect(service: Service, new_browser: Callable[[], Browser]) -> None:
    service.sends_on = True
    browser = new_browser()
    assert signs_in(browser, service).status_code == 502
    assert service.asked_elsewhere == 0
    assert not is_in(browser)


def test_an_account_with_a_second_factor_is_asked_for_it_all_the_same(
    service: Service, new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    link(sqlite_database, BEN, totp_secret=new_secret(), totp_confirmed_at=NOW)
    browser = new_browser()
    assert signs_in(browser, service).headers["Location"] == "/sign-in/code"
    assert not is_in(browser)


def test_who_needs_a_second_factor_is_not_asked_to_set_one_up_where_the_service_asks_for_its_own(
    service: Service, new_browser: Callable[[], Browser], sqlite_database: Database, cast: Cast
) -> None:
    needed = {SECOND_FACTOR: "desk"}
    sqlite_database.act(lambda session: change_settings(session, given=needed, at=NOW, by=cast.eli))
    browser = new_browser()
    signs_in(browser, service)
    assert is_in(browser)


def test_an_administrator_links_an_account_and_unlinks_it(
    service: Service, eli: Browser, new_browser: Callable[[], Browser], sqlite_database: Database
) -> None:
    cleo = row(sqlite_database, select(Staff).where(Staff.username == "cleo"))
    page = f"/administration/staff/{cleo.public_id}"
    assert f"{page}/subject" in eli.get(page).get_data(as_text=True)
    taken = eli.post(f"{page}/subject", {"subject": BEN, "key": key()})
    assert taken.status_code == 409
    assert eli.post(f"{page}/subject", {"subject": "cleo-77", "key": key()}).status_code == 303
    browser = new_browser()
    assert signs_in(browser, service, "cleo-77").status_code == 302
    assert is_in(browser)
    assert eli.post(f"{page}/subject", {"subject": "", "key": key()}).status_code == 303
    assert not is_in(browser)
    assert signs_in(new_browser(), service, "cleo-77").status_code == 403
