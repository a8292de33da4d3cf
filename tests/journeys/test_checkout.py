"""A check-out is two scans: no key, no click, whatever was clicked before, in either order."""

from __future__ import annotations

from playwright.sync_api import expect

from lending.domain.states import LoanState
from tests.cast import ADA, IMEI, KIT, LUIS, OPEN_KIT
from tests.journeys.crowd import lend_to_everybody
from tests.journeys.serving import Served
from tests.journeys.station import Station
from tests.journeys.test_returns import on_both_engines

LENT = "KIT-1042 checked out to Ada M. Due Fri, Apr 10 (end of Work Ready 7)."


@on_both_engines
def test_a_card_and_a_kit_are_all_it_takes(library: Served, desk: Station) -> None:
    desk.scan(ADA).scan(KIT).says(LENT).counts(out=1, waiting=0, not_done=0)
    (loan,) = library.loans()
    assert (loan.patron_id, loan.state) == (library.cast.ada_id, LoanState.OUT)
    assert desk.log()[0] == LENT
    strip = desk.page.locator("#patron")
    expect(strip).to_contain_text("Ada M.")
    expect(strip.locator('[data-f="kits"]')).to_have_text("1 of 1")
    expect(strip.locator('[data-f="session"]')).to_have_text("Work Ready 7: has a seat")
    desk.press("Alt+Z")
    promised = "Work Ready 7: has a seat; a kit is promised at East Los Angeles Library"
    expect(strip.locator('[data-f="session"]')).to_have_text(promised)
    assert desk.focus() == "code"
    assert desk.page.locator("#code").input_value() == ""


def test_the_kit_may_be_scanned_before_the_card(library: Served, desk: Station) -> None:
    desk.scan(KIT).scan(ADA).says(LENT)
    assert [loan.patron_id for loan in library.loans()] == [library.cast.ada_id]


def test_a_tab_ends_a_scan_as_well(library: Served, desk: Station) -> None:
    desk.scan(ADA, end="Tab").scan(KIT, end="Tab").says(LENT)
    assert len(library.loans()) == 1
    assert desk.focus() == "code"


def test_the_next_card_is_the_next_patron_however_fast(library: Served, desk: Station) -> None:
    desk.scan(ADA).scan(KIT).scan(LUIS).scan(OPEN_KIT).counts(out=2, waiting=0)
    assert [loan.patron_id for loan in library.loans()] == [library.cast.ada_id, library.cast.luis_id]


def test_a_scan_after_a_click_elsewhere_is_caught(desk: Station) -> None:
    places = ("h1", ".log", "#counters", "#banner", ".bar__who", "#patron", "summary", ".bar", "body")
    for place in places:
        desk.page.locator(place).first.click(position={"x": 1, "y": 1}, force=True)
        desk.scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
        assert desk.focus() == "code", place
        desk.press("Alt+N").says("Ready for the next patron.")
    assert [scan["code"] for scan in desk.sent] == [ADA] * len(places)


def test_a_scan_into_another_field_is_a_scan_and_no_value(desk: Station) -> None:
    desk.press("Alt+/")
    field = desk.page.get_by_label("Key for: undo")
    for end in ("Enter", "Tab"):
        field.focus()
        desk.scan(ADA, end).says("Ada M., Work Ready 7. Scan a kit.")
        expect(field).to_have_value("Z")
        assert desk.focus() == "code"
        desk.press("Alt+N").says("Ready for the next patron.")


def test_a_kit_scanned_twice_for_one_patron_is_lent_once(library: Served, desk: Station) -> None:
    desk.scan(ADA).scan(KIT).says(LENT).scan(KIT).says("Same scan twice. Nothing changed.")
    assert len(library.loans()) == 1
    assert desk.tones()[0] == "again"
    desk.counts(out=1, not_done=0, waiting=0)


def test_a_code_that_is_no_kit_is_told_for_what_it_is(library: Served, desk: Station) -> None:
    desk.scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    stops = {
        "HELLO": "We don't know HELLO. Scan it again.",
        "29999000000019": "That did not scan right. Scan it again.",
        IMEI: "That is the IMEI of a hotspot of KIT-1042 (Hotspot). Scan the kit's own label.",
        "PT-10421": "That is the label of a part (Laptop) of KIT-1042. Scan the kit's own label.",
        "KIT-9999": "We don't know the kit KIT-9999. Scan its label again, or search for it.",
    }
    for code, sentence in stops.items():
        desk.scan(code).says(sentence)
        assert desk.focus() == "code"
    desk.counts(not_done=len(stops), waiting=0)
    assert desk.tones()[: len(stops)] == ["stop"] * len(stops)
    assert library.loans() == []


def test_an_unknown_code_scanned_once_more_is_led_to_search(desk: Station) -> None:
    desk.scan("HELLO").says("We don't know HELLO. Scan it again.")
    desk.page.wait_for_timeout(1100)  # less is one label read twice; a person who obeys takes longer
    desk.scan("HELLO").says("We still don't know HELLO. Search for it, or add it.")
    desk.page.locator("#not-done").get_by_role("link", name="Resolve").first.click()
    desk.page.wait_for_url("**/search?q=HELLO")


def test_a_scan_of_ten_thousand_letters_is_one_stop(library: Served, desk: Station) -> None:
    desk.page.locator("#code").focus()
    desk.page.keyboard.insert_text("9" * 10_000)
    desk.press("Enter").counts(not_done=1, waiting=0)
    assert desk.tones() == ["stop"]
    assert len(desk.log()[0]) < 200
    desk.scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")


def test_a_kit_that_somebody_else_has_is_not_lent_and_the_way_out_is_named(library: Served, desk: Station) -> None:
    kit = lend_to_everybody(library, 1)[0]
    desk.scan(LUIS).scan(kit).counts(not_done=1, waiting=0)
    assert desk.log()[0].startswith("KIT-3001 is checked out to someone else.")
    assert "Free here: KIT-2001, KIT-2002." in desk.log()[0]
    assert len(library.loans()) == 1
