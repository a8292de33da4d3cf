"""The lists that a library writes itself: what inquiries are about, and where people are referred to.

A choice has a code, which rows keep, and a name, which people read. A library writes one a line, in the order of their
keys: ``code = name``, or a name alone, which makes its code. Nothing written is the list that the product begins with.
Source: RULES 7, "Inquiries", "Referrals"; RULES 0, "Neighbouring programmes".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lending.domain.registration import plain_text

MOST_CHOICES: Final = 9
"""One for each digit: a choice is one key."""

LONGEST_CODE, LONGEST_NAME = 32, 60


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of such a list."""

    code: str
    name: str


TOPICS: Final = (
    Choice("job_search", "Job search"),
    Choice("resume", "Resume"),
    Choice("computer_help", "Computer help"),
    Choice("unemployment", "Unemployment benefits"),
    Choice("training", "Training"),
    Choice("worksource", "WorkSource"),
    Choice("other", "Something else"),
)
"""What people ask at a job and career desk, unless the library says otherwise. English is the source text."""

SERVICES: Final = (
    Choice("worksource", "WorkSource"),
    Choice("jobsla", "JobsLA"),
    Choice("illinois_joblink", "Illinois JobLink"),
    Choice("other", "Another service"),
)
"""Where people are referred to, unless the library says otherwise."""


def read_choices(text: str) -> tuple[Choice, ...]:
    """The choices that ``text`` lists. ``ValueError`` for none, for more than there are keys, for a line without a
    name, and for a code or a name that stands there twice.
    """
    found = tuple(_choice(line) for line in text.splitlines() if line.strip())
    names = {choice.name.casefold() for choice in found}
    if not 0 < len(found) <= MOST_CHOICES or len({one.code for one in found}) < len(found) or len(names) < len(found):
        raise ValueError(f"from one to {MOST_CHOICES} choices, each once")
    return found


def write_choices(choices: Iterable[Choice]) -> str:
    """The text that ``read_choices`` reads."""
    return "\n".join(f"{one.code} = {one.name}" for one in choices)


def _choice(line: str) -> Choice:
    code, equals, name = line.partition("=")
    shown = plain_text(name if equals else line, LONGEST_NAME)
    if shown is None:
        raise ValueError("a choice has a name")
    kept = code.strip() if equals else _code_of(shown)
    if not re.fullmatch(rf"[a-z0-9][a-z0-9_]{{0,{LONGEST_CODE - 1}}}", kept):
        raise ValueError("a code is small letters, digits and underscores")
    return Choice(kept, shown)


def _code_of(name: str) -> str:
    """A code for a name that was written alone: its letters without marks, in the order in which they stand."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:LONGEST_CODE]
