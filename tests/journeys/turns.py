"""Which pages are looked at in which language: by turns in the checks, all of them in all languages in the battery.

The words of a page are longer in one language than in another, its elements are the same; and each look takes a second.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from tests.journeys.pages import Row

EVERY_LOOK = "LENDING_EVERY_LOOK"
"""The variable by which the battery asks for everything."""


class Turn(NamedTuple):
    """A page in one language. ``is_whole``: all is asked of it that is asked of a page once."""

    row: Row
    language: str
    is_whole: bool

    def __str__(self) -> str:
        return f"{self.row}-{self.language}"


def in_turn(rows: Iterable[Row]) -> list[Turn]:
    """Each page in each of its languages, or in the checks each in one of them, by turns: whole in its first state, of
    which the others are small changes.
    """
    if EVERY_LOOK in os.environ:
        return [Turn(row, code, code == row.languages[0]) for row in rows for code in row.languages]
    seen: set[str] = set()
    turns = []
    for n, row in enumerate(rows):
        turns.append(Turn(row, row.languages[n % len(row.languages)], row.endpoint not in seen))
        seen.add(row.endpoint)
    return turns


def one_of_each(rows: Iterable[Row]) -> list[Row]:
    """Each page in each of its states, or in the checks each in the first of them."""
    if EVERY_LOOK in os.environ:
        return list(rows)
    return list({row.endpoint: row for row in reversed(list(rows))}.values())
