"""The first whole story: a person signs in, lends a kit, prints the receipt, takes it back, and it is free again."""

from __future__ import annotations

from playwright.sync_api import expect

from lending.domain.states import KitState, LoanState
from lending.models.kits import Kit
from tests.cast import ADA, KIT
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served
from tests.journeys.test_returns import on_both_engines


@on_both_engines
def test_a_kit_goes_out_comes_back_and_is_free_again(library: Served, enter: Enter) -> None:
    desk = enter("eli", "/desk")
    page = desk.page
    desk.scan(ADA).scan(KIT).says("KIT-1042 checked out to Ada M. Due Fri, Apr 10 (end of Work Ready 7).")

    # A browser without a printer says at once that it has printed, and the slip closes itself.
    page.context.add_init_script("print = () => { document.documentElement.dataset.printed = 'yes'; }")
    with page.context.expect_page() as opened:
        desk.press("Alt+P")
    slip = opened.value
    expect(slip.locator("html[data-printed=yes]")).to_be_attached()
    expect(slip.locator(".slip__big")).to_contain_text("Fri, Apr 10")
    for part in ("Laptop", "Hotspot", "Charger", "Case", "Notebook"):
        expect(slip.locator("main")).to_contain_text(part)
    slip.close()

    desk.press("Alt+R")
    page.wait_for_url("**/returns")
    desk.scan(KIT).says("KIT-1042 is back. Put it on the inspection cart.")

    page.get_by_role("link", name="Inspection").click()
    page.wait_for_url("**/inspection")
    expect(page.get_by_role("row", name=KIT).first).to_be_visible()
    desk.scan(KIT)
    page.wait_for_url(f"**/inspection/{KIT}")
    for place, name in enumerate(("Laptop", "Hotspot", "Charger", "Case"), start=1):
        desk.scan(f"PT-1042{place}").says(f"{name} is here.")
    for step in ("Wiped", "Charged", "Restocked"):
        page.get_by_label(step).check()
    page.get_by_role("button", name="Save what is marked").click()
    expect(page.locator(".notice").first).to_have_text("KIT-1042 is free again.")

    desk.open(f"/kits/{KIT}")
    expect(page.locator(".heading .tag").first).to_have_text("free")
    assert [loan.state for loan in library.loans()] == [LoanState.CLOSED]
    with library.database.read() as session:
        assert session.query(Kit).filter_by(barcode=KIT).one().state == KitState.AVAILABLE
