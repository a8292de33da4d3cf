"""Every page there is, in every language offered: axe finds nothing, and nothing moves sideways, down to 320 px.

Source: SCREENS, "Accessibility": WCAG 2.2 AA on every page, at 1366, 390 and 320 px, on the screen and on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # it ships no types
from flask import abort
from playwright.sync_api import Browser

from lending import settings
from lending.app import create_app
from lending.clock import MovingClock
from lending.library import Library
from lending.web.access import public
from tests.cast import NOW, assemble
from tests.databases import opened
from tests.journeys.conftest import WINDOW, read_in, sign_in
from tests.journeys.no_pages import NO_PAGES
from tests.journeys.pages import ROWS, Row, populate
from tests.journeys.serving import Served, serving
from tests.journeys.station import PATIENCE_MS, Station
from tests.web.browsers import an_app

WIDTHS = (1366, 390, 320)
AXE = """(options) => axe.run(document, {resultTypes: ["violations"], preload: false, ...options}).then(
    ({violations}) => violations.map(({id, nodes}) => `${id}: ${nodes.map(({target}) => target.join(" "))}`))"""
FORGET = "() => { sessionStorage.clear(); Storage.prototype.setItem = () => undefined; }"
"""Nothing of the page before is left for the next one, nor what it writes as it closes."""
WIDEST, NARROWEST = WIDTHS[0], WIDTHS[-1]
ASKED = {"target-size": {"enabled": True}}
WITHOUT_COLOURS = {"color-contrast": {"enabled": False}}
"""Colours take two thirds of the time, and are the same in every language and width: they are looked at once."""
BY_WIDTH = ["target-size", "scrollable-region-focusable"]
"""The rules that a width alone may break where the elements are those of another: 390 px shows what 320 px shows."""
SIDEWAYS = """() => {
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (wide <= 0) return [];
    const beyond = (one) => one.getBoundingClientRect().right > innerWidth;
    const over = [...document.querySelectorAll("body *")].filter(beyond);
    return [`${wide} px too wide: ${over.slice(0, 3).map((one) => one.outerHTML.slice(0, 80)).join(" | ")}`];
}"""


@pytest.fixture(scope="module")
def populated(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, dict[str, str]]]:
    """One library that every page of these tests looks at; a page that fails on purpose is added to it."""
    folder = tmp_path_factory.mktemp("pages")
    file = folder / "library.db"
    file.write_bytes(migrated_file.read_bytes())
    with opened(f"sqlite:///{file}") as database:
        cast = assemble(database)
        clock = MovingClock(NOW)
        an_app(database, clock, folder)  # for the passwords; the page below needs an application of its own
        chosen = settings.load({}, instance=folder, given={"profile": "testing", "secret_key": "k" * 40})
        app = create_app(library=Library(database, clock, None, chosen))
        app.add_url_rule("/failing/<int:status>", "failing", public(lambda status: abort(status)))
        with serving(app) as url:
            library = Served(url, app, database, cast, clock)
            yield library, populate(library)


@pytest.fixture(scope="module")
def window(browser: Browser, populated: tuple[Served, dict[str, str]]) -> Iterator[Callable[..., Station]]:
    """The window of somebody who reads the pages in a language: they sign in once, and it is emptied for each page."""
    opened: dict[tuple[str | None, str], Station] = {}

    def window(who: str | None, language: str) -> Station:
        if (who, language) not in opened:
            opened[who, language] = open_window(who, language)
        page = opened[who, language].page
        page.evaluate(FORGET)
        page.emulate_media(media="null")
        page.set_viewport_size(WINDOW)
        return opened[who, language]

    def open_window(who: str | None, language: str) -> Station:
        context = browser.new_context(base_url=populated[0].url, viewport=WINDOW)
        context.set_default_timeout(PATIENCE_MS)
        if who is not None:
            sign_in(context.request, who)
        read_in(context.request, language)
        page = context.new_page()
        page.goto("/healthz")  # a page of the library, so that there is a storage to forget
        return Station(page)

    yield window
    for station in opened.values():
        station.page.context.close()


@pytest.mark.parametrize(
    ("row", "language"), [pytest.param(row, code, id=f"{row}-{code}") for row in ROWS for code in row.languages]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    populated: tuple[Served, dict[str, str]], window: Callable[..., Station], row: Row, language: str
) -> None:
    station = window(row.who, language)
    page = station.page
    answer = page.goto(row.path.format(**populated[1]))
    assert answer is not None
    assert answer.status == row.status
    if row.do is not None:
        row.do(station)
        page.wait_for_load_state("load")  # a form may have led to another page, whose style sheet is still under way
    if row.on_paper:
        page.emulate_media(media="print")
    page.evaluate(AXE_SCRIPT)
    found: dict[int, Any] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": WINDOW["height"]})
        found[width] = page.evaluate(SIDEWAYS)
        if options := _options(width, is_first=language == row.languages[0]):
            found[width] += page.evaluate(AXE, options)
    assert page.locator("html").get_attribute("lang") == language
    assert found == {width: [] for width in WIDTHS}


def _options(width: int, *, is_first: bool) -> dict[str, Any] | None:
    """What axe looks for at a width, in a row's first language or in another; ``None`` where it has looked already."""
    if width == NARROWEST:
        return {"rules": {**ASKED, **WITHOUT_COLOURS}}
    if not is_first:
        return None
    return {"rules": ASKED} if width == WIDEST else {"runOnly": {"type": "rule", "values": BY_WIDTH}}


def test_every_route_that_answers_get_is_looked_at(populated: tuple[Served, dict[str, str]]) -> None:
    routes = {rule.endpoint for rule in populated[0].app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    named = {row.endpoint for row in ROWS} | set(NO_PAGES)
    assert routes - named == set(), "Add a row for each state of the new page to tests/journeys/pages.py."
    assert named - routes == set(), "These pages are gone."
