"""Every catalogue is whole: each sentence translated, with the same places to fill, in as many plural forms as it has.

The faults that are looked for are made here too, so that each of them is seen to be found.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from lending import paths
from lending.phrases import Reader

CATALOGUES = sorted(paths.LOCALE.glob("*/LC_MESSAGES/messages.po"))
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def faults(catalogue: Catalog) -> Iterator[str]:
    """What a person would trip over: sentences left in English, places that are not filled, plural forms missing."""
    for message in catalogue:
        if not message.id:
            continue
        source = message.id if isinstance(message.id, tuple | list) else (message.id,)
        given = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.fuzzy or not all(text.strip() for text in given):
            yield f"not translated: {source[0]}"
        elif message.pluralizable and len(given) != catalogue.num_plurals:
            yield f"{len(given)} of {catalogue.num_plurals} plural forms: {source[0]}"
        elif any(sorted(set(PLACES.findall(text))) != sorted(set(PLACES.findall(source[-1]))) for text in given):
            yield f"other places to fill: {source[0]}"


def catalogue_of(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_catalogue_is_whole(path: Path) -> None:
    catalogue = catalogue_of(path)
    assert len(catalogue) > 1000
    assert list(faults(catalogue)) == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ('msgid "Desk"\nmsgstr ""', "not translated: Desk"),
        ('msgid "Desk"\nmsgstr " "', "not translated: Desk"),
        ('#, fuzzy\nmsgid "Desk"\nmsgstr "Mostrador"', "not translated: Desk"),
        ('msgid "%(kit)s is back."\nmsgstr "Ha vuelto."', "other places to fill: %(kit)s is back."),
        ('msgid "%(kit)s is back."\nmsgstr "%(kits)s ha vuelto."', "other places to fill: %(kit)s is back."),
        ('msgid "{n} left"\nmsgstr "quedan"', "other places to fill: {n} left"),
        ('msgid "Kit"\nmsgstr "Equipo %(kit)s"', "other places to fill: Kit"),
        (
            'msgid "%(num)s kit"\nmsgid_plural "%(num)s kits"\nmsgstr[0] "%(num)s equipo"\nmsgstr[1] ""',
            "not translated: %(num)s kit",
        ),
        (
            'msgid "%(num)s kit"\nmsgid_plural "%(num)s kits"\nmsgstr[0] "%(num)s equipo"\nmsgstr[1] "equipos"',
            "other places to fill: %(num)s kit",
        ),
    ],
)
def test_a_catalogue_with_a_fault_is_found_out(entry: str, fault: str) -> None:
    assert list(faults(read_po(io.StringIO(entry), locale="es"))) == [fault]


def test_a_plural_form_that_is_missing_is_found_out() -> None:
    """Arabic has six."""
    catalogue = Catalog(locale="ar")
    catalogue.add(("%(num)s kit", "%(num)s kits"), ("%(num)s a", "%(num)s b"))
    assert list(faults(catalogue)) == ["2 of 6 plural forms: %(num)s kit"]


# --- Days, times, amounts and lists -----------------------------------------------------------------------------------

AN_EVENING = datetime(2026, 12, 19, 4, 5, tzinfo=UTC)  # the 18th in Los Angeles


@pytest.mark.parametrize(
    ("language", "day", "month", "moment", "money", "listed", "name"),
    [
        ("en", "Fri, Dec 18", "December 2026", "Fri, Dec 18, 8:05 PM", "$1,470.50", "a, b, and c", "Spanish"),
        ("es", "vie, 18 dic", "diciembre de 2026", "vie, 18 dic, 20:05", "$1,470.50", "a, b y c", "Español"),
    ],
)
def test_days_amounts_and_lists_are_written_as_the_reader_writes_them(
    language: str, day: str, month: str, moment: str, money: str, listed: str, name: str
) -> None:
    reader = Reader(str, language, "America/Los_Angeles")
    assert reader.day(AN_EVENING) == day
    assert reader.month(date(2026, 12, 18)) == month
    assert re.sub(r"\s", " ", reader.moment(AN_EVENING)) == moment
    assert reader.money(147050) == money
    assert reader.listed(["a", "b", "c"]) == listed
    assert reader.language("es") == name
    assert reader.clock(AN_EVENING) == "20:05"
