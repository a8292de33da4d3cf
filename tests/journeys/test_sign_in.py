"""The way in: a name, a password, a station, the desk."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.serving import Served
from tests.web.browsers import PASSWORD


def type_in(page: Page, username: str, password: str) -> None:
    """As a person does: the name's field has the focus already, Tab leads on, Enter sends."""
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_a_password_and_a_station_open_the_desk(library: Served, new_context: Callable[..., BrowserContext]) -> None:
    page = new_context(base_url=library.url).new_page()
    page.goto("/returns")
    type_in(page, "eli", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Where are you today?")
    page.get_by_role("region", name="East Los Angeles Library").get_by_role("button", name="Station 1").click()
    page.wait_for_url("**/returns")
    expect(page.locator(".bar__place")).to_have_text("East Los Angeles Library · Station 1 · Eli H.")
    expect(page.locator("#code")).to_be_focused()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/desk")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_wrong_password_is_told_without_saying_which_was_wrong(
    library: Served, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(base_url=library.url).new_page()
    page.goto("/sign-in")
    type_in(page, "ben", "wrong")
    problem = page.locator(".problem")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("That name and password do not go together.")
    assert page.title().startswith("Error:")
    expect(page.get_by_label("Name")).to_have_value("ben")
    expect(page.get_by_label("Password")).to_have_value("")
