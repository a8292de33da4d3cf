"""A forgotten PIN: the same answer to everybody, a code by mail or from the desk, and bounded guesses (BATTERY S7)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.pins import code_named
from lending.models.notices import Notice
from lending.models.people import Patron, PinCode
from lending.web import guesses
from tests.cast import ADA, LUIS, Cast
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import Browser, signed_in_with_card
from tests.web.looking import key

SECRET = "k" * 40
NEW = "739120"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long answers were held back, in seconds; here nobody waits."""
    found: list[float] = []
    monkeypatch.setattr(guesses, "sleep", found.append)
    return found


@pytest.fixture
def reachable(sqlite_database: Database, cast: Cast) -> Database:
    """Luis has an e-mail address."""
    sqlite_database.act(lambda s: setattr(s.get(Patron, cast.luis_id), "email", "luis@example.org"))
    return sqlite_database


def shown(browser: Browser, card: str) -> tuple[int, str]:
    answer = browser.post("/my/pin", {"card": card})
    return answer.status_code, re.sub(r'value="[^"]*"|content="[^"]*"', "", answer.get_data(as_text=True))


def test_the_answer_is_the_same_for_every_number(new_browser: Callable[[], Browser], reachable: Database) -> None:
    found = [shown(new_browser(), card)[0] for card in (LUIS, ADA, "29999000009999", "nobody")]
    assert found == [200] * 4
    pages = {re.sub(r"\b29999\d+|nobody", "", shown(new_browser(), card)[1]) for card in (LUIS, ADA, "29999000009999")}
    assert len(pages) == 1
    assert {notice.patron_id for notice in rows(reachable, Notice)} == {
        only(reachable, Patron, Patron.email.is_not(None)).id
    }


def test_no_answer_comes_sooner_for_a_number_that_nobody_has(
    new_browser: Callable[[], Browser], reachable: Database, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guesses, "perf_counter", iter([1.0, 1.05, 2.0, 2.01, 3.0, 3.5]).__next__)
    for card in (LUIS, "29999000009999"):
        new_browser().post("/my/pin", {"card": card})
    new_browser().post("/my/pin/code", {"card": LUIS, "code": "000000", "pin": NEW})
    assert waits == pytest.approx([guesses.TAKES - 0.05, guesses.TAKES - 0.01, 0])


def test_whoever_types_the_code_chooses_a_pin_and_is_signed_in(
    new_browser: Callable[[], Browser], reachable: Database
) -> None:
    browser = new_browser()
    browser.post("/my/pin", {"card": LUIS})
    code = code_named(SECRET, only(reachable, Notice).subject.removeprefix("pin:"))
    answer = browser.post("/my/pin/code", {"card": LUIS, "code": f"{code[:3]} {code[3:]}", "pin": NEW})
    assert answer.headers["Location"] == "/my"
    assert browser.get("/my").status_code == 200
    signed_in_with_card(new_browser(), LUIS, NEW)


def test_a_wrong_code_and_a_wrong_number_are_told_alike(
    new_browser: Callable[[], Browser], reachable: Database
) -> None:
    new_browser().post("/my/pin", {"card": LUIS})
    for card in (LUIS, "29999000009999"):
        answer = new_browser().post("/my/pin/code", {"card": card, "code": "000000", "pin": NEW})
        assert answer.status_code == 422
        assert "That did not match, or the code is too old." in answer.get_data(as_text=True)


def test_guesses_are_bounded_over_all_addresses_and_codes(
    new_browser: Callable[[], Browser], reachable: Database, clock: MovingClock
) -> None:
    statuses = []
    for n in range(30):
        browser = new_browser()
        browser.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{n}"
        if n % 3 == 0:
            browser.post("/my/pin", {"card": LUIS})
        statuses.append(browser.post("/my/pin/code", {"card": LUIS, "code": f"{n:06d}", "pin": NEW}).status_code)
    assert statuses.count(422) < 10
    assert statuses[-1] == 429
    assert sum(row.tries for row in rows(reachable, PinCode)) < 10


def test_a_pin_that_is_tried_first_is_refused_at_its_field_before_anything_is_counted(
    new_browser: Callable[[], Browser], reachable: Database
) -> None:
    answer = new_browser().post("/my/pin/code", {"card": LUIS, "code": "000000", "pin": "123456"})
    assert answer.status_code == 422
    assert 'id="pin-error"' in answer.get_data(as_text=True)


def test_the_desk_reads_a_code_aloud_once(
    ben: Browser, new_browser: Callable[[], Browser], sqlite_database: Database, cast: Cast
) -> None:
    whose = only(sqlite_database, Patron, Patron.id == cast.luis_id).public_id
    assert "Code for a new PIN" in ben.get(f"/patrons/{whose}").get_data(as_text=True)
    same = key()
    told = ben.post(f"/patrons/{whose}/pin-code", {"key": same}).get_data(as_text=True)
    (code,) = re.findall(r"\b(\d{3} \d{3})\b", told)
    assert ben.post(f"/patrons/{whose}/pin-code", {"key": same}).status_code == 303
    answer = new_browser().post("/my/pin/code", {"card": LUIS, "code": code, "pin": NEW})
    assert answer.status_code == 303


def test_another_branch_gives_none(cleo: Browser, sqlite_database: Database, cast: Cast) -> None:
    whose = only(sqlite_database, Patron, Patron.id == cast.luis_id).public_id
    assert cleo.post(f"/patrons/{whose}/pin-code", {"key": key()}).status_code == 404
    assert rows(sqlite_database, PinCode) == []
