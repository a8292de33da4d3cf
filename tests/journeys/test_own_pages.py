"""Patrons' own pages under a thumb: targets of 44 px, and everything in few taps without a script, from 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lending.circulation.checkout import check_out
from lending.circulation.reserving import reserve
from lending.models.cohorts import Enrolment
from tests.cast import ADA, LUIS, OPEN_KIT
from tests.journeys.conftest import read_in, sign_in
from tests.journeys.serving import Served

NARROW = {"width": 320, "height": 640}
LEAST = 44
SMALL = """(least) => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden]), textarea")]
    .filter((one) => one.checkVisibility() && !one.matches(".skip"))
    .map((one) => one.closest("label, .choice") ?? one)
    .map((one) => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()])
    .filter(([, box]) => box.height < least - 0.5)
    .map(([html, box]) => `${html} ${Math.round(box.height)}`)"""


@pytest.fixture
def phone(browser: Browser, library: Served) -> Iterator[Any]:
    """A small telephone without JavaScript in somebody's hand, in a language."""
    opened = []

    def phone(card: str, path: str, language: str = "en") -> Page:
        context = browser.new_context(base_url=library.url, viewport=NARROW, java_script_enabled=False)
        opened.append(context)
        sign_in(context.request, card)
        read_in(context.request, language)
        page = context.new_page()
        page.goto(path)
        return page

    yield phone
    for context in opened:
        context.close()


@pytest.mark.parametrize("language", ["en", "es"])
def test_more_time_is_one_tap_away(library: Served, phone: Any, language: str) -> None:
    library.act(check_out, kit=OPEN_KIT, patron=LUIS, branch_id=library.cast.ela)
    library.clock.move(library.clock.now().replace(day=20) - library.clock.now())
    page = phone(LUIS, "/my", language)
    page.locator("main form [type=submit]").first.click()
    expect(page.locator(".notice--done")).to_be_visible()
    assert library.loans()[0].renewals == 1


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_place_in_line_is_given_up_in_two_taps(library: Served, phone: Any, language: str) -> None:
    library.act(reserve, patron=LUIS, kit_type="laptop-hotspot", pickup_branch_id=library.cast.com, by=library.cast.eli)
    page = phone(LUIS, "/my/place", language)
    page.locator("main a[href$='/cancel']").click()
    page.locator("main form [type=submit]").click()
    expect(page.locator(".notice--done")).to_be_visible()
    expect(page.locator("main a[href$='/cancel']")).to_have_count(0)


def test_what_is_wrong_is_read_first_where_no_script_moves_the_focus(library: Served, phone: Any) -> None:
    page = phone(ADA, "/my/preferences")
    page.locator("#email").fill("nobody")
    page.locator("main form [type=submit]").click()
    expect(page.locator(".problem")).to_be_focused()
    assert page.title().startswith("Error:")
    page.locator(".problem a").click()
    expect(page.locator("#email")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/my", "/my/place", "/my/preferences", "/my/data", "/my/pin", "/help"])
def test_every_target_is_as_big_as_a_thumb(library: Served, browser: Browser, path: str) -> None:
    library.act(check_out, kit=OPEN_KIT, patron=LUIS, branch_id=library.cast.ela)
    context = browser.new_context(base_url=library.url, viewport=NARROW)
    sign_in(context.request, LUIS)
    page = context.new_page()
    page.goto(path)
    assert page.evaluate(SMALL, LEAST) == []
    assert page.evaluate(SMALL, 10 * LEAST), "the measure sees what is too small"
    context.close()


def test_a_session_is_left_in_two_taps(library: Served, phone: Any) -> None:
    page = phone(ADA, "/my/place")
    page.locator("main a[href$='/leave']").click()
    page.locator("main form [type=submit]").click()
    expect(page.locator(".notice--done")).to_be_visible()
    with library.database.read() as session:
        assert session.query(Enrolment).one().state.value == "withdrawn"
