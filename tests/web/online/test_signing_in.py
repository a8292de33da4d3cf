"""A card and its PIN open a patron's own pages, and nothing else opens them (BATTERY S2, S7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from lending.circulation.patrons import set_pin
from lending.clock import MovingClock
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.models.people import Patron
from lending.web import shifts
from tests.cast import ADA, LUIS, NOW
from tests.web.browsers import PASSWORD, PIN, PIN_HASH, Browser, signed_in_with_card

NO_MATCH = "That did not match."


def test_a_card_and_its_pin_open_my_kit(new_browser: Callable[[], Browser]) -> None:
    browser = new_browser()
    answer = browser.post("/my/sign-in", {"card": ADA, "pin": PIN, "next": ""})
    assert answer.headers["Location"] == "/my"
    assert "My kit" in browser.get("/my").get_data(as_text=True)


def test_blanks_in_the_number_are_no_mistake(new_browser: Callable[[], Browser]) -> None:
    spaced = f"{ADA[0]} {ADA[1:5]} {ADA[5:10]} {ADA[10:]}"
    assert new_browser().post("/my/sign-in", {"card": spaced, "pin": PIN}).status_code == 302


@pytest.mark.parametrize(("card", "pin"), [(ADA, "000000"), ("29999009999990", PIN), ("nobody", PIN), (ADA, PASSWORD)])
def test_a_wrong_number_and_a_wrong_pin_are_told_alike(new_browser: Callable[[], Browser], card: str, pin: str) -> None:
    answer = new_browser().post("/my/sign-in", {"card": card, "pin": pin})
    assert answer.status_code == 401
    assert NO_MATCH in answer.get_data(as_text=True)


def test_after_ten_guesses_the_right_pin_is_not_compared_either(
    app: Flask, new_browser: Callable[[], Browser], clock: MovingClock
) -> None:
    for guess in range(12):
        browser = new_browser()
        browser.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{guess}"
        answer = browser.post("/my/sign-in", {"card": LUIS, "pin": f"{guess:06d}"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 15 * 60
    assert new_browser().post("/my/sign-in", {"card": LUIS, "pin": PIN}).status_code == 429
    assert new_browser().post("/my/sign-in", {"card": ADA, "pin": PIN}).status_code == 302, "others are not shut out"
    clock.move(timedelta(minutes=16))
    assert new_browser().post("/my/sign-in", {"card": LUIS, "pin": PIN}).status_code == 302


def test_a_new_pin_ends_what_was_open(app: Flask, ada: Browser) -> None:
    system = Actor(Role.SYSTEM, Door.CLI, "a new pin")
    database = app.extensions["lending"].db
    with database.read() as session:
        (whose,) = [one.public_id for one in session.query(Patron) if one.name.startswith("Ada")]
    database.act(lambda s: set_pin(s, patron=whose, pin_hash=PIN_HASH, at=NOW, by=system))
    assert ada.get("/my").headers["Location"].startswith("/my/sign-in")


def test_signing_out_ends_every_copy_of_the_cookie(ada: Browser, new_browser: Callable[[], Browser]) -> None:
    copy = new_browser()
    kept = ada.client.get_cookie("lending")
    assert kept is not None
    copy.client.set_cookie("lending", kept.value)
    assert copy.get("/my").status_code == 200
    ada.post("/my/sign-out")
    assert ada.get("/my").status_code == 302
    assert copy.get("/my").status_code == 302


def test_who_does_nothing_for_half_an_hour_is_signed_out(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shifts.now
    monkeypatch.setattr(shifts, "now", lambda: real() + timedelta(minutes=29))
    assert ada.get("/my").status_code == 200
    monkeypatch.setattr(shifts, "now", lambda: real() + timedelta(minutes=58))
    assert ada.get("/my").status_code == 200, "what they did half an hour ago counts"
    monkeypatch.setattr(shifts, "now", lambda: real() + timedelta(minutes=89))
    assert ada.get("/my").status_code == 302


def test_staff_are_no_patrons_and_patrons_no_staff(ben: Browser, ada: Browser) -> None:
    assert ben.get("/my").headers["Location"].startswith("/my/sign-in")
    assert ada.get("/desk").headers["Location"].startswith("/sign-in")
    assert ada.post("/desk/scans").status_code in (401, 302)


def test_whoever_signs_in_as_a_patron_is_staff_no_longer(ben: Browser) -> None:
    signed_in_with_card(ben, ADA)
    assert ben.get("/desk").status_code == 302
    assert ben.get("/my").status_code == 200


def test_nobody_is_sent_elsewhere_after_signing_in(new_browser: Callable[[], Browser]) -> None:
    answer = new_browser().post("/my/sign-in", {"card": ADA, "pin": PIN, "next": "https://example.org/"})
    assert answer.headers["Location"] == "/my"
