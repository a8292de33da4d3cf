"""Every page in a language that nobody speaks: 40 % longer than English, and written from right to left.

It is made here from the catalogue's own sentences and never offered to anybody. A sentence that is longer must find its
place, a page that runs the other way must not break, and a sentence that is not in the catalogue gives itself away.
Source: the issue "Patrons reserve online", Build 4; SCREENS, "Accessibility".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, Page

from lending import paths
from lending.web import languages
from tests.guards.tree import files
from tests.journeys import looks
from tests.journeys.conftest import WINDOW
from tests.journeys.pages import ROWS, Row, send_form
from tests.journeys.turns import one_of_each
from tests.journeys.whole import Populated, Windows, a_whole_library

RIGHT_TO_LEFT = "ar"
"""A language's code that the browser and Babel know to run from right to left; its words are ours."""
PLACE = re.compile(r"(%\(\w+\)[sd]|\{\w+\}|%%|<[^>]+>|&\w+;)")
ACCENTS = str.maketrans("aeiouAEIOUnc", "áéíóúÁÉÍÓÚñç")
FILLER = "ñandúlejos "
WIDTHS = (1366, 390)


def longer(text: str) -> str:
    """``text`` with accents and 40 % more of it, in longer words; the places to fill stay as they are."""
    accented = "".join(part if PLACE.fullmatch(part) else part.translate(ACCENTS) for part in PLACE.split(text))
    more = ceil(0.4 * len(PLACE.sub("", text)))
    return accented + (FILLER * (1 + more // len(FILLER)))[:more]


def pseudo_locale(source: Path) -> Catalog:
    """A catalogue of every sentence that ``source`` has, in as many plural forms as the language of it has."""
    with source.open("rb") as file:
        known = read_po(file)
    made = Catalog(locale=RIGHT_TO_LEFT)
    for message in known:
        if not message.id:
            continue
        if isinstance(message.id, tuple | list):
            made.add(tuple(message.id), tuple(longer(message.id[-1]) for _ in range(made.num_plurals)))
        else:
            made.add(message.id, longer(message.id), context=message.context)
    return made


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For as long as these tests run, the pseudo-locale is the one language besides English."""
    folder = tmp_path_factory.mktemp("locale") / RIGHT_TO_LEFT / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, pseudo_locale(paths.LOCALE / "es" / "LC_MESSAGES" / "messages.po"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "LOCALE", folder.parent.parent)
        _forget_languages()
        yield
    _forget_languages()


def _forget_languages() -> None:
    languages.codes.cache_clear()
    languages.named.cache_clear()


def _is_for_everybody(row: Row) -> bool:
    """Whether a page is in every language, and on the screen; of what is done there, forms that were sent in vain."""
    return row.languages is Row.languages and not row.on_paper and row.do in (None, send_form)


@pytest.fixture(scope="module")
def populated(spoken: None, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    with a_whole_library(migrated_file, tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.fixture(scope="module")
def window(browser: Browser, populated: Populated) -> Iterator[Windows]:
    windows = Windows(browser, populated[0].url)
    yield windows
    windows.close()


@pytest.mark.parametrize("row", one_of_each(filter(_is_for_everybody, ROWS)), ids=str)
def test_longer_words_and_the_other_direction_break_nothing(populated: Populated, window: Windows, row: Row) -> None:
    station = window(row.who, RIGHT_TO_LEFT)
    page = station.page
    page.goto(row.path.format(**populated[1]))
    if row.do is not None:
        row.do(station)
        page.wait_for_load_state("load")
    root = page.locator("html")
    assert (root.get_attribute("lang"), root.get_attribute("dir")) == (RIGHT_TO_LEFT, "rtl")
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": WINDOW["height"]})
        for direction in ("rtl", "ltr"):
            page.evaluate("(way) => { document.documentElement.dir = way; }", direction)
            found += [f"{width} {direction} {one}" for one in looks.look(page, looks.SIDEWAYS, looks.CUT)]
    assert found == []


def test_a_page_that_does_not_bear_it_is_found(page: Page) -> None:
    page.set_content('<p style="width: 7rem; white-space: nowrap">Check out a kit</p>')
    assert looks.look(page, looks.CUT) == []
    page.locator("p").evaluate("(one, text) => { one.textContent = text; }", longer("Check out a kit"))
    assert looks.look(page, looks.CUT) != []


@pytest.mark.parametrize(
    ("text", "length"),
    [("Desk", 6), ("Kit", 5), ("%(kit)s is back. Put it on the inspection cart.", 56), ("{name} stays", 15)],
)
def test_a_sentence_of_it_is_two_fifths_longer_with_the_same_places(text: str, length: int) -> None:
    assert len(longer(text)) >= length
    assert PLACE.findall(longer(text)) == PLACE.findall(text)


def test_it_is_in_no_catalogue_that_anybody_is_offered() -> None:
    offered = {path.parts[2] for path in files() if path.parts[:2] == ("lending", "locale") and path.suffix == ".po"}
    assert "es" in offered
    assert RIGHT_TO_LEFT not in offered
