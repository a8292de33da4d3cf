"""What a stocktake expects at a branch, and what a kit is that it sees there.

A stocktake changes nothing by itself: it says what stands where it should not, and people do the rest.
Source: RULES 5, "Stocktake: a place, then scans; seen, missing, unexpected, with a report".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from lending.domain.states import KitState

STANDS = frozenset(
    {
        KitState.AVAILABLE,
        KitState.ON_SHELF,
        KitState.TO_INSPECT,
        KitState.TURNAROUND,
        KitState.INCOMPLETE,
        KitState.REPAIR,
    }
)
"""A kit in one of these states, and not on its way, stands in the library."""


@unique
class Standing(StrEnum):
    """What a kit that was seen is to the count."""

    EXPECTED = "expected"
    CAME_SINCE = "came_since"
    """It stands here by rights, but came after the count had begun."""
    OTHER_PLACE = "other_place"
    OTHER_BRANCH = "other_branch"
    ARRIVING = "arriving"
    """On its way to this branch: it is here and nobody has received it."""
    IN_TRANSIT = "in_transit"
    OUT = "out"
    IN_USE = "in_use"
    LOST = "lost"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class SeenFacts:
    """What is known of a kit that was seen. ``place`` is where it is listed, ``asked`` the place that is counted."""

    state: KitState
    expected: bool
    here: bool
    in_transit: bool
    comes_here: bool
    place: str | None
    asked: str


_ELSEWHERE = {
    KitState.ON_LOAN: Standing.OUT,
    KitState.IN_USE: Standing.IN_USE,
    KitState.LOST: Standing.LOST,
    KitState.MISSING: Standing.MISSING,
    KitState.WITHDRAWN: Standing.WITHDRAWN,
}


def standing(facts: SeenFacts) -> Standing:
    """What a kit that was seen is as things are now; the graver matter before the place."""
    if facts.state in _ELSEWHERE:
        return _ELSEWHERE[facts.state]
    if facts.in_transit:
        return Standing.ARRIVING if facts.comes_here else Standing.IN_TRANSIT
    if not facts.here:
        return Standing.OTHER_BRANCH
    if facts.asked and (facts.place or "") != facts.asked:
        return Standing.OTHER_PLACE
    return Standing.EXPECTED if facts.expected else Standing.CAME_SINCE
