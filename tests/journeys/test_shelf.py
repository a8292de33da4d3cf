"""The hold shelf and reserving for somebody, in Chromium, by scanning alone."""

from __future__ import annotations

from playwright.sync_api import expect

from lending.circulation.reserving import reserve
from tests.cast import LUIS, MINA, OPEN_KIT, OTHER_OPEN_KIT
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served


def test_kits_are_shelved_by_scanning_alone_and_leave_the_pull_list(enter: Enter, library: Served) -> None:
    for card in (LUIS, MINA):
        library.act(reserve, patron=card, kit_type="laptop-hotspot", pickup_branch_id=library.cast.ela)
    shelf = enter("ben", "/shelf")
    expect(shelf.page.locator("#lists tbody")).to_contain_text(OPEN_KIT)
    shelf.scan(OPEN_KIT).scan(OTHER_OPEN_KIT).quiet()
    assert [said.partition(" as ")[0] for said in shelf.log()] == [
        f"{kit}: put it on the hold shelf" for kit in (OTHER_OPEN_KIT, OPEN_KIT)
    ]
    expect(shelf.page.locator("#lists tbody")).not_to_contain_text(OPEN_KIT)
    expect(shelf.page.locator("#receipt")).to_be_visible()
    assert shelf.focus() == "code"


def test_a_card_alone_reserves_and_the_next_card_follows(enter: Enter) -> None:
    form = enter("ben", "/reservations/new")
    for card, sentence in ((LUIS, "A kit at East Los Angeles Library is kept for"), (MINA, "is kept for")):
        expect(form.page.locator("#card")).to_be_focused()
        form.page.keyboard.type(card)
        form.page.keyboard.press("Enter")
        expect(form.page.locator(".notice--done")).to_contain_text(sentence)
