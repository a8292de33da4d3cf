"""What administrators set for their library on pages: how it shows itself, and a few rules of the house.

A setting is kept as text under its name; one that is not kept, or that nobody can read any more, is as it was when the
library began. Source: issue "Patrons reserve online", Build 6 and 8; RULES 8 ("Two clocks").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lending.domain import colours
from lending.domain.choices import SERVICES, TOPICS, Choice, read_choices, write_choices
from lending.domain.periods import FISCAL_YEAR_BEGINS
from lending.domain.permissions import Role
from lending.domain.registration import plain_text
from lending.errors import Block, Reason, Refused

NAME: Final = "name"
CONTACT: Final = "contact"
LOGO: Final = "logo"
MAIN: Final = "main_colour"
ACCENT: Final = "accent_colour"
SECOND_FACTOR: Final = "second_factor_roles"
CUT_AFTER: Final = "cut_after_days"
INQUIRY_TOPICS: Final = "inquiry_topics"
REFERRAL_SERVICES: Final = "referral_services"
FISCAL_YEAR: Final = "fiscal_year_begins"

CUT_AFTER_DAYS: Final = 30
"""Days after a loan is over until nothing names its borrower any more, unless the library says otherwise."""

LONGEST_KEEPING: Final = 3650
"""Days; ten years. A longer time would be a way of never cutting a link."""

_STAFF: Final = frozenset({Role.DESK, Role.COUNSELLOR, Role.PROGRAM, Role.MANAGER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """The settings of a library. ``logo`` is a picture's public id; ``contact`` one line, such as a telephone number.

    ``fiscal_year_begins`` is the month, from 1 to 12, on whose first day a fiscal year begins.
    ``second_factor_roles`` are whose accounts need a second factor. ``version`` is another one for other colours.
    ``inquiry_topics`` and ``referral_services`` are lists in the order of their keys.
    """

    name: str
    contact: str = ""
    logo: str | None = None
    main_colour: str = colours.MAIN
    accent_colour: str = colours.ACCENT
    second_factor_roles: frozenset[Role] = frozenset()
    cut_after_days: int = CUT_AFTER_DAYS
    inquiry_topics: tuple[Choice, ...] = TOPICS
    referral_services: tuple[Choice, ...] = SERVICES
    fiscal_year_begins: int = FISCAL_YEAR_BEGINS

    @property
    def has_own_colours(self) -> bool:
        """Whether somebody chose colours."""
        return (self.main_colour, self.accent_colour) != (colours.MAIN, colours.ACCENT)

    @property
    def version(self) -> str:
        """A name for these colours, for the address of their style sheet."""
        return hashlib.sha256(f"{self.main_colour}{self.accent_colour}".encode()).hexdigest()[:12]


def kept_settings(kept: Mapping[str, str], *, name: str) -> LibrarySettings:
    """The settings as their rows say them; ``name`` is what the library is called where no row does."""
    values: dict[str, Any] = {"name": name}
    for key, text in kept.items():
        try:
            values[key] = _READERS[key](text)
        except (KeyError, ValueError):
            continue  # of a version of this program that knew more
    return LibrarySettings(**values)


def checked_settings(given: Mapping[str, str | None], now: LibrarySettings) -> dict[str, str | None]:
    """The values to keep of what was given; ``None`` is as it was when the library began.

    Raises ``Refused`` for all that is wrong at once: ``VALUE_WRONG`` and ``COLOUR_CONTRAST``, each with its ``field``.
    """
    against, values = list[Block](), dict[str, str | None]()
    for key, text in given.items():
        values[key] = None
        if text is None or not text.strip():
            continue
        try:
            values[key] = _WRITTEN.get(key, str)(_READERS[key](text))
        except (KeyError, ValueError):
            against.append(Block(Reason.VALUE_WRONG, {"field": key}))
    wrong = {block.detail["field"] for block in against}
    if not wrong & {MAIN, ACCENT}:
        against += _colours_against(values, now)
    if against:
        raise Refused(*against)
    return values


def _colours_against(values: Mapping[str, str | None], now: LibrarySettings) -> list[Block]:
    main = (values[MAIN] or colours.MAIN) if MAIN in values else now.main_colour
    accent = (values[ACCENT] or colours.ACCENT) if ACCENT in values else now.accent_colour
    found = {MAIN: colours.main_too_close(main)}
    if found[MAIN] is None:
        found[ACCENT] = colours.accent_too_close(accent, main)
    return [
        Block(
            Reason.COLOUR_CONTRAST,
            {"field": key, "figure": f"{why.figure:.2f}", "least": f"{why.least:.1f}", "nearest": why.nearest},
        )
        for key, why in found.items()
        if why is not None
    ]


def _text(longest: int) -> Callable[[str], str]:
    return lambda text: plain_text(text, longest) or ""


def _roles(text: str) -> frozenset[Role]:
    found = frozenset(Role(name) for name in text.split())
    if not found <= _STAFF:
        raise ValueError("roles of staff")
    return found


def _days(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text.strip()) or int(text) > LONGEST_KEEPING:
        raise ValueError(f"from 0 to {LONGEST_KEEPING} days")
    return int(text)


def month_number(text: str) -> int:
    """A month from 1 to 12 as a setting keeps it. Raises ``ValueError``."""
    if not re.fullmatch(r"[0-9]{1,2}", text.strip()) or not 1 <= int(text) <= 12:
        raise ValueError("a month from 1 to 12")
    return int(text)


def fiscal_year_begins(text: str | None) -> int:
    """The month in which a fiscal year begins, from the setting as it is kept; ``None`` where nobody set it."""
    try:
        return FISCAL_YEAR_BEGINS if text is None else month_number(text)
    except ValueError:
        return FISCAL_YEAR_BEGINS


def _picture(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]{16}", text):
        raise ValueError("a picture's public id")
    return text


_READERS: Mapping[str, Callable[[str], Any]] = {
    NAME: _text(80),
    CONTACT: _text(160),
    LOGO: _picture,
    MAIN: colours.read_colour,
    ACCENT: colours.read_colour,
    SECOND_FACTOR: _roles,
    CUT_AFTER: _days,
    INQUIRY_TOPICS: read_choices,
    REFERRAL_SERVICES: read_choices,
    FISCAL_YEAR: month_number,
}
_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    SECOND_FACTOR: lambda roles: " ".join(sorted(roles)),
    INQUIRY_TOPICS: write_choices,
    REFERRAL_SERVICES: write_choices,
    FISCAL_YEAR: str,
}
