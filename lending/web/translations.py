"""How complete each language is: sentences without a translation, read from the catalogues that the program brings.

Source: issue "Patrons reserve online", Build 4; SCREENS, "a language is offered only when every string is translated".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from lending import paths
from lending.web import languages

SHOWN: Final = 50
"""Missing sentences that are shown at most."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language: how many sentences there are, and the English ones that it has no words for."""

    code: str
    sentences: int
    missing: tuple[str, ...]
    is_offered: bool


@cache
def found() -> tuple[Language, ...]:
    """Every language that somebody began, by code; read once, for catalogues come with the program."""
    return tuple(
        language_of(path, path.parent.parent.name) for path in sorted(paths.LOCALE.glob("*/LC_MESSAGES/messages.po"))
    )


def language_of(path: Path, code: str) -> Language:
    """How complete a catalogue is. A translation that is marked as a guess counts for none."""
    from babel.messages.pofile import read_po  # needed on one page alone

    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    words = [message for message in catalogue if message.id]
    missing = tuple(_english(message.id) for message in words if message.fuzzy or not all(_forms(message.string)))
    return Language(code, len(words), missing, code in languages.codes())


def _forms(words: object) -> Iterator[object]:
    return iter(words if isinstance(words, list | tuple) else (words,))


def _english(words: object) -> str:
    return " / ".join(str(form) for form in _forms(words))
