"""Texts with named places, and how the places are filled.

A place is a name in braces, ``{due_day}``, and nothing else: no format, no attribute, no expression. That is what makes
a text that an administrator writes safe. Source: issue "Nothing goes overdue unnoticed", Build 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_PLACE = re.compile(r"\{([^{}]*)\}")

PRIVATE = frozenset({"first_name", "kit_type", "parts", "session", "workshop", "owed", "pickup_code", "pin_code"})
"""What stands in no subject line, which others may read: who it is, what they borrowed, which class they take."""


class UnknownPlace(Exception):
    """A text has a place that nothing fills; ``name`` as it was written."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def places_in(text: str) -> list[str]:
    """The names of the places of a text, in order; a brace that stands alone counts as one that nobody knows."""
    rest = _PLACE.sub("", text)
    return [*_PLACE.findall(text), *(brace for brace in "{}" if brace in rest)]


def unknown_places(text: str, known: Iterable[str]) -> list[str]:
    """The places of a text that are not ``known``, each once."""
    allowed = frozenset(known)
    return list(dict.fromkeys(name for name in places_in(text) if name not in allowed))


def fill(text: str, places: Mapping[str, str]) -> str:
    """The text with its places filled. What a value holds is never read as a place. Raises ``UnknownPlace``."""
    for name in unknown_places(text, places):
        raise UnknownPlace(name)
    return _PLACE.sub(lambda found: places[found[1]], text)
