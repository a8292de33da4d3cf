"""The public statement on accessibility: everybody reads it, and it claims what the tests hold the pages to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lending.db import Database
from lending.models.branches import Branch
from lending.web.online import accessibility
from tests.cast import Cast
from tests.journeys import looks, pages, test_accessibility, test_pseudo_locale
from tests.web import test_palette
from tests.web.browsers import Browser


def test_everybody_reads_it_and_finds_it_from_every_page(
    new_browser: Callable[[], Browser], ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda session: setattr(session.get_one(Branch, cast.ela), "phone", "+13105550199"))
    page = new_browser().get("/accessibility")
    assert page.status_code == 200
    said = page.get_data(as_text=True)
    assert "no person has tested the pages yet" in said
    assert "East Los Angeles Library" in said
    assert 'href="tel:+13105550199"' in said
    for path in ("/", "/my/sign-in", "/help"):
        assert 'href="/accessibility"' in new_browser().get(path).get_data(as_text=True), path
    assert 'href="/accessibility"' in ben.get("/help").get_data(as_text=True)


def test_its_figures_are_those_of_the_tests() -> None:
    assert len(pages.ROWS) >= accessibility.PAGES
    assert test_accessibility.WIDTHS == accessibility.WIDTHS
    assert (float(accessibility.TEXT), float(accessibility.CONTROLS)) == (test_palette.TEXT, test_palette.CONTROL)
    assert looks.PATRONS[1] == accessibility.PATRONS_TARGET
    assert looks.STAFF[1] == accessibility.STAFF_TARGET
    assert test_pseudo_locale.longer("a" * 1000).count("") - 1 == pytest.approx(
        1000 + 10 * accessibility.LONGER, abs=len(test_pseudo_locale.FILLER)
    )
