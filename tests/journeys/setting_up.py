"""What an administrator does on the pages that set a library up, for the table of pages."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.station import Station


def press(station: Station) -> None:
    """Send the page's own form."""
    station.page.locator("main form[method=post] [type=submit]").first.click()


def without_a_name(station: Station) -> None:
    """A new thing that is called nothing."""
    station.page.locator("#name").fill("")
    press(station)
    expect(station.page.locator(".problem")).to_be_visible()


def close_on_fridays(station: Station) -> None:
    """Hours that move dates of kits that are out."""
    station.page.locator("#week").fill("Mon-Thu 10-8, Fri closed, Sat 10-5, Sun closed")
    press(station)
    expect(station.page.locator("input[name=seen]")).to_have_count(1)


def one_more_part(station: Station) -> None:
    """A part that the kits there are do not hold."""
    station.page.locator("#part_5_name").fill("Mouse")
    press(station)
    expect(station.page.locator("input[name=seen]")).to_have_count(1)
