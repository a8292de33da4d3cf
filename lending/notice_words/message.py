"""What a notice is in words: sentences with named places, and how the places are filled.

A place is a name in braces, ``{due_day}``, and nothing else: no format, no attribute, no expression. That is what makes
a text that an administrator writes safe. Source: RULES 6; issue "Nothing goes overdue unnoticed", Build 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lending.phrases import N_
from lending.queries.notices import Subject

_PLACE = re.compile(r"\{([^{}]*)\}")

GREETING = N_("Hello {first_name},")
QUESTIONS = N_("Questions? Call {phone}. We are glad to help.")
SIGNED = "{branch}\n{library}"

ALWAYS = frozenset({"first_name", "library", "branch", "phone"})
"""Places that every notice fills. ``phone`` is the branch's telephone, or its name where it has none."""

PRIVATE = frozenset({"first_name", "kit_type", "parts", "session", "workshop", "owed", "pickup_code"})
"""What stands in no subject line, which others may read: who it is, what they borrowed, which class they take."""

OF_SUBJECT: Mapping[Subject, frozenset[str]] = {
    Subject.LOAN: frozenset({"kit_type", "due_day", "due_moment"}),
    Subject.RESERVATION: frozenset({"kit_type"}),
    Subject.ENROLMENT: frozenset({"session", "starts_on", "ends_on"}),
    Subject.WORKSHOP: frozenset({"session", "workshop", "workshop_moment"}),
}
"""Places that every notice about such a thing fills."""


@dataclass(frozen=True, slots=True)
class Message:
    """The words that come with the product for one step: English sources for ``gettext``.

    ``title`` names the step for staff. ``paragraphs`` stand between the greeting and whom to call. ``text`` goes to a
    telephone, in one segment where the language can. ``more`` are the places that this step alone fills.
    """

    title: str
    about: Subject
    subject: str
    paragraphs: tuple[str, ...]
    text: str
    more: frozenset[str] = frozenset()

    @property
    def places(self) -> frozenset[str]:
        """Every place that a text of this step may have."""
        return ALWAYS | OF_SUBJECT[self.about] | self.more

    @property
    def body(self) -> tuple[str, ...]:
        """The whole letter, paragraph by paragraph."""
        return (GREETING, *self.paragraphs, QUESTIONS, SIGNED)


class UnknownPlace(Exception):
    """A text has a place that its step does not fill; ``name`` as it was written."""

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
