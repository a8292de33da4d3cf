"""Tallies by keyboard alone: one key each, none lost while the network is gone, none counted elsewhere on the page."""

from __future__ import annotations

from playwright.sync_api import expect
from sqlalchemy import select

from lending.models.hiring import HiringEvent
from lending.models.in_library import KitUse
from lending.models.inquiries import InquiryTally
from lending.models.loans import Loan
from tests.cast import OPEN_KIT
from tests.journeys.conftest import Enter
from tests.journeys.serving import Served


def tallies(library: Served) -> dict[str, int]:
    """What was tallied, by topic."""
    with library.database.read() as session:
        return {row.topic: row.n for row in session.scalars(select(InquiryTally))}


def test_ten_keys_in_a_row_are_ten_inquiries(library: Served, enter: Enter) -> None:
    page = enter("ben", "/inquiries").page
    expect(page.locator("button[data-key='1']")).to_be_focused()
    for key in "2252217522":
        page.keyboard.press(key)
    expect(page.locator("[data-count=resume]")).to_have_text("6")
    expect(page.locator("#tally-says")).to_have_text("Resume: 6 today.")
    page.keyboard.press("-")
    expect(page.locator("[data-count=resume]")).to_have_text("5")
    page.keyboard.press("1")
    expect(page.locator("[data-count=job_search]")).to_have_text("2")
    expect(page.locator("button[data-key='1']")).to_be_focused()
    assert tallies(library) == {"resume": 5, "training": 2, "job_search": 2, "other": 1}


def test_nothing_is_lost_while_the_network_is_gone(library: Served, enter: Enter) -> None:
    page = enter("ben", "/inquiries").page
    page.route("**/inquiries", lambda route: route.abort())
    for key in "222":
        page.keyboard.press(key)
    expect(page.locator("#tally-says")).to_have_text("Not saved yet. Keep this page open.")
    page.unroute("**/inquiries")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("[data-count=resume]")).to_have_text("3")
    assert tallies(library) == {"resume": 3}


def test_a_digit_pressed_elsewhere_or_with_alt_counts_nothing(library: Served, enter: Enter) -> None:
    page = enter("ben", "/inquiries").page
    page.keyboard.press("Alt+2")
    page.get_by_role("link", name="Referrals").focus()
    page.keyboard.press("2")
    page.locator("#channel-phone").focus()
    page.keyboard.press("3")
    page.locator("button[data-key='5']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-count=training]")).to_have_text("1")
    assert tallies(library) == {"training": 1}


def test_an_event_is_planned_and_counted_without_a_mouse(library: Served, enter: Enter) -> None:
    page = enter("ben", "/hiring-events/new").page
    for field, text in (("name", "Expo"), ("day", "2026-03-03"), ("begins", "11:00"), ("ends_at", "14:00")):
        page.locator(f"#{field}").fill(text)
    page.locator("#name").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Expo")).to_be_visible()
    page.wait_for_load_state("load")  # from then on its keys are listened to
    page.locator("button[data-key='1']").focus()
    for key in "11145":
        page.keyboard.press(key)
    expect(page.locator("#tally-says")).to_have_text("Offers: 2. People with an offer: 1.")
    expect(page.locator("#attended")).to_have_value("3")
    page.locator("#employers").fill("9")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The figures are kept.")).to_be_visible()
    with library.database.read() as session:
        event = session.scalars(select(HiringEvent)).one()
    assert (event.attended, event.employers, event.offers, event.people_offered) == (3, 9, 2, 1)


def test_at_the_desk_a_card_and_a_kit_are_a_use_and_not_a_loan(library: Served, enter: Enter) -> None:
    desk = enter("ben", "/desk")
    desk.scan("CMD-IN-LIBRARY").scan(OPEN_KIT).quiet()
    expect(desk.page.locator("#banner")).to_contain_text("is for use in the library")
    with library.database.read() as session:
        assert session.scalars(select(KitUse)).one().ended_at is None
        assert session.scalars(select(Loan)).all() == []
