"""Inspection with a scanner: each part by its label, all of them by a printed command, a missing charger."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from lending.circulation.checkout import check_out
from lending.circulation.returns import return_kit
from lending.domain.states import KitState, LoanState
from lending.models.kits import Kit
from tests.cast import ADA, KIT
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served
from tests.journeys.station import Station

LOOK = "KIT-1042, Work Ready kit. Look for each part."


def state(library: Served) -> str:
    with library.database.read() as session:
        return str(session.query(Kit).filter_by(barcode=KIT).one().state)


@pytest.fixture
def table(library: Served, enter: Enter) -> Station:
    """Ben with Ada's kit on the table, scanned from the cart."""
    library.act(check_out, kit=KIT, patron=ADA, branch_id=library.cast.ela)
    library.act(return_kit, kit=KIT, branch_id=library.cast.ela)
    station = enter("ben", "/inspection").scan(KIT)
    station.page.wait_for_url(f"**/inspection/{KIT}")
    return station


def marked(station: Station) -> list[str]:
    """The marks there are, in the order of the parts."""
    found: list[str] = station.page.locator(".part :checked").evaluate_all("marks => marks.map((mark) => mark.value)")
    return found


def ready(station: Station) -> None:
    """Tick what was done to the kit for the next patron."""
    for step in ("Wiped", "Charged", "Restocked"):
        station.page.get_by_label(step).check()


def test_nothing_is_marked_before_somebody_has_looked(table: Station) -> None:
    assert table.page.locator(".part").count() == 4, "the notebook is the patron's to keep"
    assert marked(table) == []
    assert table.page.locator("input[type=checkbox]:checked").count() == 0


def test_a_parts_label_marks_it_as_here(library: Served, table: Station) -> None:
    table.scan("PT-10423").says("Charger is here.")
    assert table.page.get_by_role("group", name="Charger").get_by_label("Here").is_checked()
    assert marked(table) == ["here"]
    assert [scan["code"] for scan in table.sent] == [KIT], "A mark is made in the page; nothing is saved yet."
    assert state(library) == KitState.TO_INSPECT


def test_all_parts_here_by_the_printed_command(library: Served, table: Station) -> None:
    ready(table)
    table.scan("CMD-ALL-HERE")
    expect(table.page.locator(".notice").first).to_have_text("KIT-1042 is free again.")
    assert state(library) == KitState.AVAILABLE
    assert [loan.state for loan in library.loans()] == [LoanState.CLOSED]
    expect(table.page.locator("#code")).to_be_focused()


def test_a_missing_charger_is_owed_seven_days_and_the_kit_waits(library: Served, table: Station) -> None:
    for part in ("PT-10421", "PT-10422", "PT-10424"):
        table.scan(part)
    charger = table.page.get_by_role("group", name="Charger")
    charger.get_by_label("Missing").check()
    note = charger.get_by_placeholder("What is wrong with it?")
    expect(note).to_be_visible()
    asked = charger.get_by_label("Charge for damage")
    expect(asked).to_be_hidden()
    charger.get_by_label("Damaged").check()
    expect(asked).to_be_visible()
    charger.get_by_label("Missing").check()
    note.fill("Not in the bag.")
    table.page.get_by_role("button", name="Save what is marked").click()
    notice = table.page.locator(".notice").first
    expect(notice).to_have_text("KIT-1042: Charger missing. The patron has until Tue, Mar 10.")
    assert state(library) == KitState.INCOMPLETE
    assert [loan.state for loan in library.loans()] == [LoanState.INCOMPLETE]


@pytest.mark.parametrize("by", ["button", "printed command"])
def test_all_parts_are_here_keeps_what_is_marked_as_missing(library: Served, table: Station, by: str) -> None:
    charger = table.page.get_by_role("group", name="Charger")
    charger.get_by_label("Missing").check()
    charger.get_by_placeholder("What is wrong with it?").fill("Not in the bag.")
    if by == "button":
        table.page.get_by_role("button", name="All parts are here").click()
    else:
        table.page.locator("#code").focus()
        table.scan("CMD-ALL-HERE")
    notice = table.page.locator(".notice").first
    expect(notice).to_have_text("KIT-1042: Charger missing. The patron has until Tue, Mar 10.")
    assert state(library) == KitState.INCOMPLETE


def test_a_part_nobody_marked_is_asked_for_and_what_was_marked_stays(library: Served, table: Station) -> None:
    table.scan("PT-10421").scan("PT-10422").says("Hotspot is here.")
    table.page.get_by_role("button", name="Save what is marked").click()
    expect(table.page.get_by_role("alert")).to_contain_text("There is a problem")
    assert table.page.title().startswith("Error:")
    assert table.focus() != "BODY"
    assert marked(table) == ["here", "here"]
    assert state(library) == KitState.TO_INSPECT


def test_another_kits_part_is_told_and_marks_nothing(library: Served, table: Station) -> None:
    table.scan("PT-10433").quiet()
    assert "KIT-1043" in table.page.locator("#banner p").inner_text()
    assert marked(table) == []


def test_the_keyboard_alone_is_enough(library: Served, table: Station) -> None:
    table.page.locator(".part input").first.focus()
    for mark in ("Space", "Space", "ArrowRight", "Space"):
        table.press(mark).press("Tab")
        while table.focus().startswith(("note-", "charge-")):
            table.press("Tab")
    assert marked(table) == ["here", "here", "missing", "here"]
    while table.page.evaluate("document.activeElement.textContent.trim()") != "Save what is marked":
        table.press("Tab")
    table.press("Enter")
    expect(table.page.locator(".notice").first).to_have_text(
        "KIT-1042: Charger missing. The patron has until Tue, Mar 10."
    )
