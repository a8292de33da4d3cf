"""What is counted at a hiring event, and what one key adds to it.

Offers are offers and not people: one person may leave with two, so the people are counted beside them. What nobody
counted is not known, which is never 0. Source: RULES 7, "Hiring events".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Final

from lending.domain.counting import N_

MOST: Final = 100_000
"""Heads or offers: more is a slip of the finger."""


@unique
class Figure(StrEnum):
    """A figure of an event; the value is the name of its column."""

    REGISTERED = "registered"
    ATTENDED = "attended"
    EMPLOYERS = "employers"
    INTERVIEWS = "interviews"
    OFFERS = "offers"
    PEOPLE_OFFERED = "people_offered"
    HIRES = "hires"


@unique
class EventTally(StrEnum):
    """What one key or button counts on the day."""

    ATTENDEE = "attendee"
    EMPLOYER = "employer"
    INTERVIEW = "interview"
    OFFER = "offer"
    """To somebody who had none yet."""
    ANOTHER_OFFER = "another_offer"
    """To somebody who has one already: an offer more, and nobody more."""
    HIRE = "hire"


COUNTS: Mapping[EventTally, tuple[Figure, ...]] = {
    EventTally.ATTENDEE: (Figure.ATTENDED,),
    EventTally.EMPLOYER: (Figure.EMPLOYERS,),
    EventTally.INTERVIEW: (Figure.INTERVIEWS,),
    EventTally.OFFER: (Figure.OFFERS, Figure.PEOPLE_OFFERED),
    EventTally.ANOTHER_OFFER: (Figure.OFFERS,),
    EventTally.HIRE: (Figure.HIRES,),
}
"""Which figures a tally adds one to."""

DEFINITIONS: Mapping[Figure, str] = {
    Figure.REGISTERED: N_("People who said beforehand that they would come to a hiring event."),
    Figure.ATTENDED: N_("People who came to a hiring event."),
    Figure.EMPLOYERS: N_("Employers who were at a hiring event."),
    Figure.INTERVIEWS: N_("Interviews held at a hiring event."),
    Figure.OFFERS: N_("Offers made, not people: one person may leave with two."),
    Figure.PEOPLE_OFFERED: N_("People who left a hiring event with one offer or more."),
    Figure.HIRES: N_("People who were hired, as the library was told afterwards."),
}
"""Shown beside every figure. English is the source text; doors translate it."""


def tallied(figures: Mapping[Figure, int | None], what: EventTally, n: int) -> dict[Figure, int | None]:
    """The figures that a tally changes, with ``n`` (1, or -1 to take one off) added. ``ValueError`` below 0, and where
    there would be more people with an offer than offers.

    What was not known begins with the first tally; but where offers are known and their people are not, one person
    more says nothing of how many there are.
    """
    found: dict[Figure, int | None] = {}
    for figure in COUNTS[what]:
        before = figures[figure]
        if figure is Figure.PEOPLE_OFFERED and before is None and figures[Figure.OFFERS] is not None:
            continue
        found[figure] = (before or 0) + n
    check({**figures, **found})
    return found


def check(figures: Mapping[Figure, int | None]) -> None:
    """``ValueError`` for a figure below 0 or above ``MOST``, and for more people with an offer than offers."""
    if any(n is not None and not 0 <= n <= MOST for n in figures.values()):
        raise ValueError("a figure is a whole number from 0")
    offers, people = figures[Figure.OFFERS], figures[Figure.PEOPLE_OFFERED]
    if people is not None and (offers is None or people > offers):
        raise ValueError("nobody is offered something without an offer")
