"""A reload, or the way to where a refusal is put right, costs the desk nothing; the next person sees nothing of it."""

from __future__ import annotations

from playwright.sync_api import expect

from lending.circulation.checkout import check_out
from lending.circulation.returns import return_kit
from tests.cast import ADA, KIT, LUIS, OPEN_KIT
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served
from tests.journeys.station import Station

NAME = '#patron-name [data-f="short_name"]'
KEPT = (
    "Object.entries(sessionStorage).filter(([name]) => name.startsWith('lending.kept.')).map(([, text]) => text).join()"
)


def stopped(desk: Station) -> Station:
    """Luis on the screen, who may not have the session's kit."""
    return desk.scan(LUIS).scan(KIT).counts(not_done=1, waiting=0)


def test_the_way_to_resolve_and_back_keeps_the_patron_and_what_was_not_done(desk: Station) -> None:
    stopped(desk)
    said = desk.log()[0]
    desk.page.locator("#log").get_by_role("link", name="Resolve").first.click()
    desk.page.wait_for_load_state()
    desk.open("/desk").counts(not_done=1, waiting=0)
    expect(desk.page.locator(NAME)).to_have_text("Luis R.")
    assert (desk.log(), desk.tones()) == ([said], ["stop"])
    expect(desk.page.locator("#not-done li")).to_have_count(1)
    desk.scan(OPEN_KIT).counts(out=1, waiting=0)
    assert desk.sent[-1]["patron"] == LUIS


def test_the_end_of_a_patron_is_the_end_of_what_was_kept(desk: Station) -> None:
    stopped(desk).press("Alt+N").says("Ready for the next patron.")
    desk.page.reload()
    desk.counts(not_done=0, waiting=0)
    expect(desk.page.locator(NAME)).to_be_hidden()
    assert desk.log() == []


def test_a_patron_does_not_come_back_from_another_scanning_screen(desk: Station) -> None:
    stopped(desk).press("Alt+R")
    desk.page.wait_for_url("**/returns")
    desk.press("Alt+U")
    desk.page.wait_for_url("**/desk")
    desk.counts(not_done=1, waiting=0)
    expect(desk.page.locator(NAME)).to_be_hidden()


def test_signing_out_leaves_nothing_for_the_next_person(desk: Station) -> None:
    stopped(desk).page.reload()
    desk.counts(not_done=1, waiting=0)
    desk.open("/search")
    assert LUIS in desk.page.evaluate(KEPT)
    desk.page.evaluate("document.querySelector('form[action$=\"/sign-out\"]').submit()")
    desk.page.wait_for_url("**/sign-in*")
    desk.page.wait_for_load_state()
    assert desk.page.evaluate(KEPT) == ""


def test_after_a_reload_the_last_receipt_is_still_printed(desk: Station) -> None:
    desk.scan(ADA).scan(KIT).counts(out=1, waiting=0).page.reload()
    with desk.page.context.expect_page() as opened:
        desk.press("Alt+P")
    assert "/slips/loans/" in opened.value.url
    opened.value.close()
    with desk.page.context.expect_page() as opened:
        desk.page.locator("#banner").get_by_role("link", name="Receipt").click()
    assert "/slips/loans/" in opened.value.url
    opened.value.close()


def test_marks_of_an_inspection_outlive_a_reload_and_end_when_they_are_saved(library: Served, enter: Enter) -> None:
    library.act(check_out, kit=KIT, patron=ADA, branch_id=library.cast.ela)
    library.act(return_kit, kit=KIT, branch_id=library.cast.ela)
    table = enter("ben", f"/inspection/{KIT}").scan("PT-10423").says("Charger is here.")
    table.page.get_by_label("Charged").check()
    table.page.reload()
    charger = table.page.get_by_role("group", name="Charger").get_by_label("Here")
    expect(charger).to_be_checked()
    expect(table.page.get_by_label("Charged")).to_be_checked()
    assert table.page.locator(".part :checked").count() == 1
    table.page.get_by_role("button", name="All parts are here").click()
    expect(table.page.locator(".notice").first).to_contain_text("KIT-1042 is complete.")
    assert "part-" not in table.page.evaluate(KEPT)
