"""Surveys: four statements on a scale of five, two open questions, and how many agree, told only of five or more.

Nobody's answer can be told from anybody else's: no time, no order, no address. Source: RULES 7, "Surveys"; RULES 8, "no
cell under 5"; Public Library Association, Project Outcome (the four statements).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from lending.domain.registration import is_storable
from lending.domain.small_cells import SMALLEST_SHOWN

STATEMENTS: Final = ("learned", "confident", "intends", "aware")
"""What people agree with or not: they learned something, feel more confident, intend to apply it, and know more of what
there is."""

QUESTIONS: Final = ("helped", "better")
"""What people may write: what helped them, and what could be better."""

LEAST: Final = 1
MOST: Final = 5
AGREES: Final = 4
"""From here on somebody agrees: 4 is "agree", 5 "agree fully"."""

LONGEST_ANSWER: Final = 1000
"""Characters of one open answer."""

OPEN_FOR: Final = timedelta(days=21)
"""How long a survey takes answers: from the beginning of what it is about until three weeks after its end."""

MOST_ANSWERS: Final = 2000
"""Answers that one survey takes: no workshop has more people, and a script that has the link fills no disk."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many answered one statement, and how many of them agree."""

    n: int
    agree: int

    @property
    def is_shown(self) -> bool:
        """Whether so many answered that it tells of nobody."""
        return self.n >= SMALLEST_SHOWN

    @property
    def percent(self) -> int | None:
        """Of those who answered, how many in a hundred agree, rounded; ``None`` where too few answered."""
        return (200 * self.agree + self.n) // (2 * self.n) if self.is_shown else None


def agreement(ratings: Iterable[int | None]) -> Agreement:
    """What answers to one statement come to; ``None`` is somebody who skipped it."""
    given = [rating for rating in ratings if rating is not None]
    return Agreement(len(given), sum(rating >= AGREES for rating in given))


def is_open(starts_at: datetime, ends_at: datetime, at: datetime) -> bool:
    """Whether a survey takes answers about what lasts from ``starts_at`` to ``ends_at``."""
    return starts_at <= at < ends_at + OPEN_FOR


def read_ratings(given: Mapping[str, object]) -> dict[str, int | None]:
    """The rating of each statement; what was skipped is ``None``. ``ValueError`` for what is on no scale of five."""
    ratings: dict[str, int | None] = {}
    for name in STATEMENTS:
        value = given.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not LEAST <= value <= MOST):
            raise ValueError(f"{name}: a whole number from {LEAST} to {MOST}")
        ratings[name] = value
    return ratings


def read_words(given: Mapping[str, object]) -> dict[str, str | None]:
    """What was written, blanks at its ends taken away, ``None`` for nothing. ``ValueError`` for what no page keeps."""
    words: dict[str, str | None] = {}
    for name in QUESTIONS:
        value = given.get(name) or ""
        if not isinstance(value, str) or len(value) > LONGEST_ANSWER or not is_storable(value):
            raise ValueError(f"{name}: {LONGEST_ANSWER} characters at most")
        words[name] = value.strip() or None
    return words
