"""Overrides: for a role that may, by Alt+O and a reason typed by hand. Nothing that is scanned overrides."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.cast import ADA, KIT, LUIS
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served
from tests.journeys.station import Station

NO_SEAT = "has no seat in a session"


@pytest.fixture
def stopped(library: Served, enter: Enter) -> Station:
    """Eli, an administrator, before a kit that Luis may not have: he has no seat in a session."""
    desk = enter("eli", "/desk").scan(LUIS).scan(KIT).counts(not_done=1, waiting=0)
    assert library.loans() == []
    return desk


def test_alt_o_and_a_reason_lend_the_kit(library: Served, stopped: Station) -> None:
    stopped.press("Alt+O")
    panel = stopped.page.locator("#override")
    expect(panel).to_be_visible()
    assert stopped.focus() == "override-note"
    stopped.page.keyboard.type("Joined by telephone.", delay=80)
    stopped.press("Enter").counts(out=1, waiting=0)
    expect(panel).to_be_hidden()
    assert stopped.focus() == "code"
    assert [loan.patron_id for loan in library.loans()] == [library.cast.luis_id]
    assert stopped.sent[-1]["override"]["note"] == "Joined by telephone."
    stopped.counts(not_done=0)
    assert "stop" not in stopped.tones(), "What was refused is done now."
    assert stopped.log()[0].endswith("A rule was overridden.")
    expect(stopped.page.locator("#not-done")).to_be_hidden()


def test_a_scan_into_the_reason_is_a_scan_and_overrides_nothing(library: Served, stopped: Station) -> None:
    stopped.press("Alt+O").scan(ADA, "Tab").says("Ada M., Work Ready 7. Scan a kit.")
    stopped.scan(LUIS).scan(KIT).counts(not_done=2).press("Alt+O")
    stopped.scan(ADA, "Enter").says("Ada M., Work Ready 7. Scan a kit.")
    assert library.loans() == []
    assert all("override" not in scan for scan in stopped.sent)
    assert stopped.focus() == "code"


def test_a_sentence_that_a_scanner_types_is_no_reason(library: Served, stopped: Station) -> None:
    stopped.press("Alt+O").scan("the manager said so").says("Type the reason by hand, then press Enter.")
    assert library.loans() == []
    assert stopped.page.locator("#override-note").input_value() == ""


def test_an_empty_reason_is_asked_for(library: Served, stopped: Station) -> None:
    stopped.press("Alt+O").press("Enter")
    assert library.loans() == []
    assert stopped.focus() == "override-note"


def test_escape_leaves_it_and_goes_back_to_the_box(library: Served, stopped: Station) -> None:
    stopped.press("Alt+O").press("Escape")
    expect(stopped.page.locator("#override")).to_be_hidden()
    assert stopped.focus() == "code"
    assert library.loans() == []


def test_no_code_opens_the_override(library: Served, stopped: Station) -> None:
    for code in ("CMD-OVERRIDE", "CMD-ALL-HERE", "Alt+O", "override"):
        stopped.scan(code).quiet()
        expect(stopped.page.locator("#override")).to_be_hidden()
    assert library.loans() == []


def test_a_role_that_may_not_is_offered_nothing(library: Served, desk: Station) -> None:
    desk.scan(LUIS).scan(KIT).counts(not_done=1, waiting=0)
    assert desk.page.locator("#open-override").is_hidden()
    desk.press("Alt+O").says("There is nothing to override.")
    expect(desk.page.locator("#override")).to_be_hidden()
    assert library.loans() == []
