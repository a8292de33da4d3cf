"""Workshops, stocktakes and transfers, as fast as a person can hold cards and kits under a scanner."""

from __future__ import annotations

from playwright.sync_api import expect

from lending.circulation.stocktake import begin
from lending.models.cohorts import AttendanceMode
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, MINA, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, THIRD_KIT
from tests.circulation.kits_in_hand import kit_row
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served
from tests.programs.meetings import attendances, meeting


def test_people_sign_in_by_one_scan_each_and_the_way_they_come_is_chosen_once(library: Served, enter: Enter) -> None:
    station = enter("ben", f"/workshops/{meeting(library.database, library.cast)}")
    station.scan_all([ADA, LUIS], seed=1).quiet().says("Luis R. is signed in, in the room.")
    station.page.get_by_label("Online").first.check()
    station.scan(MINA).quiet().says("Mina K. is signed in, online.")
    cast, here, away = library.cast, AttendanceMode.ONSITE, AttendanceMode.VIRTUAL
    assert attendances(library.database) == [(cast.ada_id, here), (cast.luis_id, here), (cast.mina_id, away)]
    assert station.tones()[:3] == ["done", "done", "done"]


def test_a_stocktake_counts_as_fast_as_kits_are_scanned(library: Served, enter: Enter) -> None:
    stocktake = library.act(begin, branch_id=library.cast.ela).stocktake
    station = enter("ben", f"/stocktakes/{stocktake}")
    station.scan_all([KIT, OTHER_KIT, COMPTON_KIT, THIRD_KIT, OPEN_KIT], seed=2).quiet()
    station.says(f"{OPEN_KIT}: here. 4 of 5 seen.")
    assert f"{COMPTON_KIT} should be at Compton Library. Send it there." in station.log()
    expect(station.open(f"/stocktakes/{stocktake}").page.locator("#banner p")).to_have_text("4 of 5 seen. Scan a kit.")
    station.scan(OTHER_OPEN_KIT).says(f"{OTHER_OPEN_KIT}: here. 5 of 5 seen.")


def test_kits_are_sent_one_after_the_other_to_a_library_chosen_once(library: Served, enter: Enter) -> None:
    station = enter("ben", "/transfers")
    station.page.locator("#subject").focus()
    station.page.locator("#subject").select_option("COM")
    expect(station.page.locator("#code")).to_be_focused()
    station.scan_all([OPEN_KIT, OTHER_OPEN_KIT], seed=3).quiet().says(f"{OTHER_OPEN_KIT} is on its way to COM.")
    assert kit_row(library.database, OPEN_KIT).in_transit_to_id == library.cast.com
    assert kit_row(library.database, OTHER_OPEN_KIT).in_transit_to_id == library.cast.com
