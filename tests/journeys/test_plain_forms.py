"""Without scripts: every act of the desk by plain forms, a page for each."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from lending.domain.states import LoanState
from lending.models.kits import Kit
from tests.cast import ADA, KIT, LUIS
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served


def scan(page: Page, code: str) -> None:
    page.locator("#code").fill(code)
    page.locator("#code").press("Enter")


@pytest.fixture
def page(enter: Enter) -> Page:
    """Ben's window, in a browser that runs no scripts."""
    return enter("ben", "/desk", java_script_enabled=False).page


def test_a_kit_is_lent_taken_back_and_inspected(library: Served, page: Page) -> None:
    banner = page.locator("#banner p")
    scan(page, ADA)
    expect(banner).to_contain_text("Work Ready 7. Scan a kit.")
    scan(page, KIT)
    expect(banner).to_contain_text("Due Fri, Apr 10 (end of Work Ready 7).")
    expect(page.locator("#counters [data-f=out]")).to_have_text("1")
    page.get_by_role("link", name="Returns").click()
    scan(page, KIT)
    expect(banner).to_have_text("KIT-1042 is back. Put it on the inspection cart.")
    page.get_by_role("link", name="Inspection").click()
    scan(page, KIT)
    for step in ("Wiped", "Charged", "Restocked"):
        page.get_by_label(step).check()
    page.get_by_role("button", name="All parts are here").click()
    expect(page.locator(".notice").first).to_have_text("KIT-1042 is free again.")
    assert [loan.state for loan in library.loans()] == [LoanState.CLOSED]
    with library.database.read() as session:
        assert session.query(Kit).filter_by(barcode=KIT).one().state == "available"


def test_the_kit_may_come_before_the_card(library: Served, page: Page) -> None:
    scan(page, KIT)
    expect(page.locator("#banner p")).to_have_text("KIT-1042, Work Ready kit. Now scan the library card.")
    scan(page, ADA)
    assert [loan.patron_id for loan in library.loans()] == [library.cast.ada_id]


def test_a_stop_stands_on_the_page_and_the_box_is_ready(library: Served, page: Page) -> None:
    scan(page, LUIS)
    scan(page, KIT)
    expect(page.locator("#log tr").first).to_have_attribute("data-tone", "stop")
    expect(page.locator("#counters [data-f=not_done]")).to_have_text("1")
    assert library.loans() == []
    expect(page.locator("#code")).to_be_focused()


def test_the_last_act_is_undone_by_its_button(library: Served, page: Page) -> None:
    scan(page, ADA)
    scan(page, KIT)
    page.locator("#log").get_by_role("button", name="Undo").click()
    assert [loan.state for loan in library.loans()] == [LoanState.UNDONE]


def test_the_next_patron_is_a_button(page: Page) -> None:
    scan(page, ADA)
    page.get_by_role("button", name="Next patron").click()
    expect(page.locator("#patron-name")).to_contain_text("No patron yet")


def test_a_role_that_may_overrides_with_a_reason(library: Served, enter: Enter) -> None:
    page = enter("eli", "/desk", java_script_enabled=False).page
    scan(page, LUIS)
    scan(page, KIT)
    page.get_by_label("Your reason").fill("Joined by telephone.")
    page.get_by_role("button", name="Override").click()
    expect(page.locator("#log tr").first).to_have_attribute("data-tone", "done")
    assert [loan.patron_id for loan in library.loans()] == [library.cast.luis_id]
