"""Every page there is, in every language offered: axe finds nothing, and nothing moves sideways, down to 320 px.

Source: SCREENS, "Accessibility": WCAG 2.2 AA on every page, at 1366, 390 and 320 px, on the screen and on paper.
All that is asked of a page is asked while it is open: opening it takes longer than all the questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # it ships no types
from playwright.sync_api import Browser, Page

from tests.journeys import looks
from tests.journeys.conftest import WINDOW
from tests.journeys.no_pages import NO_PAGES
from tests.journeys.pages import ROWS, Row
from tests.journeys.station import Station
from tests.journeys.turns import Turn, in_turn
from tests.journeys.whole import Populated, Windows, a_whole_library

WIDTHS = (1366, 390, 320)
LETTER_INSIDE_MARGINS = 700
"""Pixels: what browsers leave of a page of Letter for the words."""
AXE = """(options) => axe.run(document, {resultTypes: ["violations"], preload: false, ...options}).then(
    ({violations}) => violations.map(({id, nodes}) => `${id}: ${nodes.map(({target}) => target.join(" "))}`))"""
WIDEST, NARROWEST = WIDTHS[0], WIDTHS[-1]
ASKED = {"target-size": {"enabled": True}}
WITHOUT_COLOURS = {"color-contrast": {"enabled": False}}
"""Colours take two thirds of the time, and are the same in every language and width: they are looked at once."""
BY_WIDTH = ["target-size", "scrollable-region-focusable"]
"""The rules that a width alone may break where the elements are those of another: 390 px shows what 320 px shows."""


@pytest.fixture(scope="module")
def populated(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    with a_whole_library(migrated_file, tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.fixture(scope="module")
def window(browser: Browser, populated: Populated) -> Iterator[Windows]:
    windows = Windows(browser, populated[0].url)
    yield windows
    windows.close()


@pytest.mark.parametrize("turn", in_turn(ROWS), ids=str)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(populated: Populated, window: Windows, turn: Turn) -> None:
    row, language, is_first = turn
    station = window(row.who, language)
    page = station.page
    answer = page.goto(row.path.format(**populated[1]))
    assert answer is not None
    assert answer.status == row.status
    station.followed = False
    if row.do is not None:
        row.do(station)
        page.wait_for_load_state("load")  # a form may have led to another page, whose style sheet is still under way
    if row.on_paper:
        page.emulate_media(media="print")
    found = [] if row.on_paper or not is_first else by_eye(station, row)
    page.evaluate(AXE_SCRIPT)
    for width in WIDTHS if is_first else (NARROWEST,):  # longer words have their own test: test_pseudo_locale.py
        page.set_viewport_size({"width": width, "height": WINDOW["height"]})
        found += looks.look(page, looks.SIDEWAYS, *_cut_or_small(page, row, width, is_first=is_first))
        if options := _options(width, is_first=is_first):
            found += page.evaluate(AXE, options)
    assert page.locator("html").get_attribute("lang") == language
    assert found == []


@pytest.mark.parametrize("report", ["today", "circulation", "sessions", "overdue", "stock", "outcomes", "official"])
def test_a_printed_table_is_never_cut_at_its_right(populated: Populated, window: Windows, report: str) -> None:
    page = window("eli", "en").page
    page.goto(f"/reports/{report}?period=this-year")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": LETTER_INSIDE_MARGINS, "height": WINDOW["height"]})
    tables = page.locator(".report table")
    assert tables.count()
    cut = (
        "tables => tables.filter(one => one.scrollWidth > one.parentElement.clientWidth + 1).map(one => one.innerText)"
    )
    assert tables.evaluate_all(cut) == []


def by_eye(station: Station, row: Row) -> list[str]:
    """What axe does not look for: where the focus is after an act, how it shows, and text that is twice as large."""
    acted = row.do is not None and not station.followed
    lost = ["After an act the focus is nowhere."] if acted and station.focus() == "BODY" else []
    shown = looks.look(station.page, looks.CUT, looks.FOCUS)
    return lost + shown + looks.look_at_twice_the_text(station.page, looks.SIDEWAYS, looks.CUT)


def _cut_or_small(page: Page, row: Row, width: int, *, is_first: bool) -> list[looks.Look]:
    """Words that a narrow window cuts off; at the width of a telephone, what is too small for a finger."""
    if row.on_paper or width == WIDEST:
        return []
    finger = looks.PATRONS if page.locator("body.patron").count() else looks.STAFF
    return [looks.CUT, finger] if is_first and width != NARROWEST else [looks.CUT]


def _options(width: int, *, is_first: bool) -> dict[str, Any] | None:
    """What axe looks for at a width, in a row's first language or in another; ``None`` where it has looked already."""
    if not is_first:
        return {"rules": {**ASKED, **WITHOUT_COLOURS}} if width == NARROWEST else None
    return {"rules": ASKED} if width == WIDEST else {"runOnly": {"type": "rule", "values": BY_WIDTH}}


def test_every_route_that_answers_get_is_looked_at(populated: Populated) -> None:
    routes = {rule.endpoint for rule in populated[0].app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    named = {row.endpoint for row in ROWS} | set(NO_PAGES)
    assert routes - named == set(), "Add a row for each state of the new page to tests/journeys/pages.py."
    assert named - routes == set(), "These pages are gone."
