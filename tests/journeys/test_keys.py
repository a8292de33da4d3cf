"""The desk's keys, the date set by hand, the patron who is left on the screen, and one announcement for each scan."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from lending.domain.states import LoanState
from lending.models.policies import AgreementAcceptance
from tests.cast import ADA, KIT, LUIS, OPEN_KIT, OTHER_KIT
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served
from tests.journeys.station import Station

LENT = "KIT-1042 checked out to Ada M. Due Fri, Apr 10 (end of Work Ready 7)."


def test_alt_z_takes_back_the_last_act(library: Served, desk: Station) -> None:
    desk.scan(ADA).scan(KIT).says(LENT).press("Alt+Z").says("Undone: KIT-1042 is not checked out.").counts(out=0)
    assert [loan.state for loan in library.loans()] == [LoanState.UNDONE]
    assert desk.page.locator('#log [data-command="undo"]').count() == 0
    assert desk.tones()[:2] == ["done", "rest"]
    expect(desk.page.locator("#log tr").nth(1).locator(".tag")).to_have_text("undone")
    expect(desk.page.locator('#patron [data-f="kits"]')).to_have_text("0 of 1")
    assert desk.focus() == "code"


@pytest.mark.parametrize("way", ["button", "command"])
def test_the_button_and_the_printed_command_undo_as_well(library: Served, desk: Station, way: str) -> None:
    desk.scan(ADA).scan(KIT).says(LENT)
    if way == "button":
        desk.page.locator("#log").get_by_role("button", name="Undo").click()
    else:
        desk.scan("CMD-UNDO")
    desk.says("Undone: KIT-1042 is not checked out.")
    assert desk.focus() == "code"


def test_the_receipt_opens_beside_the_desk_and_prints(desk: Station) -> None:
    desk.page.context.add_init_script("window.print = () => { window.printed = true; }")
    desk.scan(ADA).scan(KIT).says(LENT)
    ways: list[Callable[[], object]] = [
        lambda: desk.press("Alt+P"),
        lambda: desk.scan("CMD-RECEIPT"),
        lambda: desk.page.locator("#banner").get_by_role("link", name="Receipt").click(),
    ]
    for way in ways:
        with desk.page.context.expect_page() as opened:
            way()
        slip = opened.value
        slip.wait_for_load_state()
        for words in ("Ada M.", "Fri, Apr 10", "Charger"):
            expect(slip.locator("main")).to_contain_text(words)
        expect(slip.locator("main")).not_to_contain_text("Morales")
        assert slip.evaluate("window.printed")
        slip.close()
    desk.scan(LUIS).says("Luis R. Scan a kit.")


def test_without_a_receipt_alt_p_says_so(desk: Station) -> None:
    desk.press("Alt+P").says("There is no receipt to print.")


def test_alt_n_is_the_next_patron(library: Served, desk: Station) -> None:
    desk.scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    desk.press("Alt+N").says("Ready for the next patron.")
    expect(desk.page.locator("#patron-name")).to_have_text("No patron yet")
    desk.scan(KIT).says("KIT-1042, Work Ready kit. Now scan the library card.")
    assert library.loans() == []


def test_alt_w_renews_what_the_patron_has(library: Served, desk: Station) -> None:
    desk.scan(LUIS).scan(OPEN_KIT).counts(out=1, waiting=0)
    desk.press("Alt+W").quiet()
    assert "CMD-RENEW" in [scan["code"] for scan in desk.sent]
    assert desk.focus() == "code"


def test_a_key_leads_to_each_screen(desk: Station) -> None:
    for key, path, box in (("R", "returns", "code"), ("U", "desk", "code"), ("Q", "search", "q")):
        desk.press(f"Alt+{key}")
        desk.page.wait_for_url(f"**/{path}")
        expect(desk.page.locator(f"#{box}")).to_be_focused()


def test_alt_slash_shows_all_keys_and_hides_them_again(desk: Station) -> None:
    keys = desk.page.locator("#all-keys")
    desk.press("Alt+/")
    expect(keys).to_have_attribute("open", "")
    assert desk.focus() != "BODY"
    desk.press("Alt+/")
    assert keys.get_attribute("open") is None
    assert desk.focus() == "code"


def test_a_key_that_was_changed_stays_changed_in_this_browser(library: Served, desk: Station) -> None:
    desk.press("Alt+/")
    desk.page.get_by_label("Key for: undo").fill("x")
    desk.page.get_by_label("Key for: undo").press("Enter")
    desk.open("/desk").scan(ADA).scan(KIT).says(LENT)
    desk.press("Alt+X").says("Undone: KIT-1042 is not checked out.")


def test_a_date_set_by_hand_is_a_tag_and_ends_with_the_patron(library: Served, enter: Enter) -> None:
    desk = enter("eli", "/desk").scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    desk.page.get_by_text("Set the due date").click()
    desk.page.get_by_label("Date", exact=True).fill("2026-03-20")
    tag = desk.page.locator("#date-tag")
    expect(tag).to_contain_text("Due on Fri, Mar 20")
    assert tag.evaluate("tag => getComputedStyle(tag).backgroundColor") == "rgb(255, 224, 138)"
    assert desk.focus() == "code"
    desk.scan(KIT).says("KIT-1042 checked out to Ada M. Due Fri, Mar 20 (set by hand).")
    desk.scan(LUIS).says("Luis R. Scan a kit.")
    expect(tag).to_be_hidden()
    desk.scan(OPEN_KIT).counts(out=2)
    ada, luis = library.loans()
    assert ada.due_at.date() in (date(2026, 3, 20), date(2026, 3, 21))
    assert luis.due_at.date() >= date(2026, 4, 1)


def test_a_date_may_be_typed_key_by_key(enter: Enter) -> None:
    desk = enter("eli", "/desk").scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    desk.page.get_by_text("Set the due date").click()
    desk.page.get_by_label("Date", exact=True).focus()
    desk.page.keyboard.type("03202026", delay=40)
    expect(desk.page.locator("#date-tag")).to_contain_text("Due on Fri, Mar 20")
    desk.scan(KIT).says("KIT-1042 checked out to Ada M. Due Fri, Mar 20 (set by hand).")


def test_a_date_can_be_taken_away_again(enter: Enter) -> None:
    desk = enter("eli", "/desk").scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    desk.page.get_by_text("Set the due date").click()
    desk.page.get_by_label("Date", exact=True).fill("2026-03-20")
    desk.page.get_by_role("button", name="Remove").click()
    expect(desk.page.locator("#date-tag")).to_be_hidden()
    desk.scan(KIT).says(LENT)


def test_a_patron_who_is_left_on_the_screen_goes_after_three_minutes(library: Served, desk: Station) -> None:
    desk.page.clock.install()
    desk.open("/desk").scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    desk.page.clock.fast_forward(159_000)
    expect(desk.page.locator("#patron-name")).to_contain_text("Ada M.")
    desk.page.clock.fast_forward(2_000)
    desk.says("Ada M. goes off the screen in 20 seconds. Press any key to stay.")
    desk.page.clock.fast_forward(20_000)
    desk.says("Ready for the next patron.")
    expect(desk.page.locator("#patron-name")).to_have_text("No patron yet")
    desk.scan(KIT).says("KIT-1042, Work Ready kit. Now scan the library card.")
    assert library.loans() == []


def test_a_key_keeps_the_patron_on_the_screen(library: Served, desk: Station) -> None:
    desk.page.clock.install()
    desk.open("/desk").scan(ADA).says("Ada M., Work Ready 7. Scan a kit.")
    desk.page.clock.fast_forward(161_000)
    desk.says("Ada M. goes off the screen in 20 seconds. Press any key to stay.")
    desk.press("Shift").says("Ada M. stays on the screen.")
    desk.page.clock.fast_forward(30_000)
    desk.scan(KIT).says(LENT)


def test_each_scan_is_announced_once(library: Served, desk: Station) -> None:
    desk.listen()
    said = [
        (ADA, "Ada M., Work Ready 7. Scan a kit."),
        (KIT, LENT),
        (KIT, "Same scan twice. Nothing changed."),
        ("HELLO", "We don't know HELLO. Scan it again."),
        ("CMD-UNDO", "Undone: KIT-1042 is not checked out."),
        ("CMD-END", "Ready for the next patron."),
    ]
    for code, sentence in said:
        desk.scan(code).says(sentence)
    assert desk.announced() == [sentence for _code, sentence in said]


def test_the_banner_the_live_region_and_the_row_say_the_same(desk: Station) -> None:
    desk.scan(ADA).scan(KIT).says(LENT)
    assert desk.log()[0] == LENT


def test_the_focus_never_falls_off_the_page(desk: Station) -> None:
    for act in ("Alt+Z", "Alt+W", "Alt+O", "Alt+P", "Enter", "Escape", "Alt+N"):
        desk.scan(ADA).quiet().press(act).quiet()
        assert desk.focus() == "code", act


EXCHANGED = "KIT-1043 goes out to Ada M. for KIT-1042. Due Fri, Apr 10, as before. Put KIT-1042 on the inspection cart."


@pytest.mark.parametrize("way", ["key", "command"])
def test_a_kit_is_exchanged_without_a_click_and_the_exchange_undone(library: Served, desk: Station, way: str) -> None:
    desk.scan(ADA).scan(KIT).says(LENT)
    if way == "key":
        desk.press("Alt+S")
    else:
        desk.scan("CMD-EXCHANGE")
    desk.scan(KIT).scan(OTHER_KIT).says(EXCHANGED).counts(out=1, waiting=0)
    kits = desk.page.locator('#patron [data-f="kit_lines"] li')
    expect(kits).to_have_text(["KIT-1043, due Fri, Apr 10"])
    desk.press("Alt+Z").says("Undone: KIT-1043 is not checked out; KIT-1042 is out again, due as before.")
    expect(kits).to_have_text(["KIT-1042, due Fri, Apr 10"])
    assert desk.tones()[:2] == ["done", "rest"]
    assert sorted(loan.state for loan in library.loans()) == [LoanState.OUT, LoanState.UNDONE]
    assert desk.focus() == "code"


@pytest.mark.parametrize("way", ["key", "command"])
def test_the_agreement_is_ticked_without_a_click(library: Served, desk: Station, way: str) -> None:
    library.database.act(lambda session: session.execute(delete(AgreementAcceptance)))
    desk.scan(ADA)
    if way == "key":
        desk.press("Alt+A")
    else:
        desk.scan("CMD-SIGNED")
    desk.says("Ada M. signed the agreement just now. Scan the kit.")
    expect(desk.page.locator("#agreement")).to_be_checked()
    desk.scan(KIT).says(LENT)
    expect(desk.page.locator("#agreement")).to_be_hidden()
    desk.scan(LUIS).quiet()
    expect(desk.page.locator("#agreement")).to_be_visible()
    expect(desk.page.locator("#agreement")).not_to_be_checked()
