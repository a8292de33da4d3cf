"""The names of what is counted, beside the one sentence that says what each is, to be translated where they are read.

The sentences are those of the rules (``domain/counting.py``, ``domain/hiring.py``, ``domain/indicators.py``).
Source: RULES 7, "Manager's counts, each with its definition beside it".
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.domain import counting, hiring
from lending.domain.counting import Counter, PartCounter
from lending.domain.hiring import Figure
from lending.models.outcomes import HeardFrom
from lending.phrases import N_

_COUNTERS: Mapping[Counter, str] = {
    Counter.CHECK_OUT: N_("Check-outs"),
    Counter.RETURN: N_("Returns"),
    Counter.LATE_RETURN: N_("Late returns"),
    Counter.STAFF_RENEWAL: N_("Renewals by staff"),
    Counter.PATRON_RENEWAL: N_("Renewals by patrons"),
    Counter.AUTO_RENEWAL: N_("Automatic renewals"),
    Counter.EXCHANGE: N_("Exchanges"),
    Counter.IN_LIBRARY: N_("Uses in the library"),
    Counter.LOST: N_("Kits lost"),
    Counter.FOUND_AGAIN: N_("Lost kits that came back"),
    Counter.BILLED: N_("Loans billed"),
    Counter.UNFILLED: N_("Requests without a kit"),
    Counter.UNDONE: N_("Acts undone"),
}
COUNTERS: Mapping[Counter, tuple[str, str]] = {
    each: (name, counting.DEFINITIONS[each]) for each, name in _COUNTERS.items()
}
"""Of each counter what it is called and what it means."""

_PARTS: Mapping[PartCounter, str] = {
    PartCounter.MISSING: N_("Missing"),
    PartCounter.DAMAGED: N_("Damaged"),
    PartCounter.BROUGHT_BACK: N_("Brought back"),
}
PARTS: Mapping[PartCounter, tuple[str, str]] = {
    each: (name, counting.PART_DEFINITIONS[each]) for each, name in _PARTS.items()
}

_HIRING: Mapping[Figure, str] = {
    Figure.REGISTERED: N_("Registered for an event"),
    Figure.ATTENDED: N_("Came to an event"),
    Figure.EMPLOYERS: N_("Employers"),
    Figure.INTERVIEWS: N_("Interviews"),
    Figure.OFFERS: N_("Offers, not people"),
    Figure.PEOPLE_OFFERED: N_("People with an offer"),
    Figure.HIRES: N_("Hired"),
}
HIRING: Mapping[Figure, tuple[str, str]] = {each: (name, hiring.DEFINITIONS[each]) for each, name in _HIRING.items()}

STATEMENTS: Mapping[str, str] = {
    "learned": N_("I learned something"),
    "confident": N_("I feel more confident"),
    "intends": N_("I intend to use what I learned"),
    "aware": N_("I know more of what the library has"),
}
"""What people agree with or not, in short."""

HEARD: Mapping[HeardFrom, str] = {
    HeardFrom.FRIEND: N_("A friend who took part"),
    HeardFrom.STAFF: N_("Library staff"),
    HeardFrom.WEBSITE: N_("The library's website"),
    HeardFrom.FLYER: N_("A flyer or poster"),
    HeardFrom.SOCIAL_MEDIA: N_("Social media"),
    HeardFrom.PARTNER: N_("A partner organization"),
    HeardFrom.OTHER: N_("Something else"),
}

HOUSEHOLDS = N_("Households served")
HOUSEHOLDS_ARE = N_(
    "Households to which a kit was checked out in the period, each counted once. Somebody without a household counts as"
    " one. Numbers of several months or libraries must not be added up."
)
PATRONS = N_("Patrons served")
PATRONS_ARE = N_(
    "People to whom at least one kit was checked out in the period, each counted once. Not to be added up."
)
