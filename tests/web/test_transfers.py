"""The transfers page: kits sent to a library chosen once, received by scan, and listed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lending.clock import MovingClock
from lending.db import Database
from tests.cast import KIT, OPEN_KIT, OTHER_OPEN_KIT
from tests.circulation.kits_in_hand import kit_row
from tests.web.browsers import Browser


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def send(browser: Browser, kit: str, to: str = "COM") -> Any:
    """Scan a kit with a target chosen."""
    return browser.scan(kit, screen="transfers", subject=to)


def test_several_kits_are_sent_by_one_scan_each(ben: Browser, sqlite_database: Database) -> None:
    assert [send(ben, kit).json["tone"] for kit in (OPEN_KIT, OTHER_OPEN_KIT)] == ["done", "done"]
    page = text(ben.get("/transfers"))
    assert f"/kits/{OPEN_KIT}" in page
    assert f"/kits/{OTHER_OPEN_KIT}" in page


def test_without_a_target_a_scan_receives(ben: Browser, cleo: Browser, sqlite_database: Database) -> None:
    send(ben, OPEN_KIT)
    received = cleo.scan(OPEN_KIT, screen="transfers", subject="", station="COM/Station 1").json
    assert (received["tone"], received["say"]) == ("done", f"{OPEN_KIT} has arrived. It is free.")
    assert kit_row(sqlite_database).in_transit_to_id is None


def test_a_kit_that_a_session_needs_is_not_sent(ben: Browser) -> None:
    assert send(ben, "KIT-1044").json["tone"] == "done"
    answer = send(ben, KIT)
    assert (answer.status_code, answer.json["tone"]) == (409, "stop")


def test_what_should_have_arrived_is_told(ben: Browser, cleo: Browser, clock: MovingClock) -> None:
    send(ben, OPEN_KIT)
    assert "should be here" not in text(cleo.get("/transfers"))
    clock.move(timedelta(days=4))
    cleo.sign_in("cleo")
    page = text(cleo.get("/transfers"))
    assert "Should have arrived" in page
    assert "should be here" in page


def test_without_scripts_the_page_does_the_same(ben: Browser, sqlite_database: Database) -> None:
    form = {"code": OPEN_KIT, "key": "k" * 16, "station": "ELA/Station 1", "subject": "COM"}
    page = text(ben.post("/transfers", form))
    assert "is on its way to COM." in page
    assert '<option value="COM" selected>' in page


def test_the_slip_says_when_the_kit_was_sent_and_not_when_it_is_printed(ben: Browser, clock: MovingClock) -> None:
    send(ben, OPEN_KIT)
    clock.move(timedelta(minutes=95))
    slip = text(ben.get(f"/slips/kits/{OPEN_KIT}/transfer")).replace("\u202f", " ")
    assert "Tue, Mar 3, 10:00 AM" in slip
    assert "11:35" not in slip
