"""What the library counts, each counter with the one sentence that says what it is, and what an act counts as.

A kit is one circulation, not one per device in it. Counters are never added up silently: a report names those it
sums. What an act counts as follows from what the journal keeps of it (its verb and detail), for the act itself and for
whoever counts the journal again. Source: RULES 7.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from enum import StrEnum, unique
from math import ceil
from typing import Any, Final


def N_(sentence: str) -> str:  # noqa: N802 - the name by which gettext's tools know a sentence to be translated later
    """Mark a definition for translation where it is written; a door translates it."""
    return sentence


@unique
class Counter(StrEnum):
    """What happened, counted on the branch's local day."""

    CHECK_OUT = "check_out"
    RETURN = "return"
    LATE_RETURN = "late_return"
    STAFF_RENEWAL = "staff_renewal"
    PATRON_RENEWAL = "patron_renewal"
    AUTO_RENEWAL = "auto_renewal"
    EXCHANGE = "exchange"
    IN_LIBRARY = "in_library"
    LOST = "lost"
    FOUND_AGAIN = "found_again"
    BILLED = "billed"
    UNFILLED = "unfilled"
    UNDONE = "undone"


DEFINITIONS: Mapping[Counter, str] = {
    Counter.CHECK_OUT: N_(
        "A kit handed to a patron on a new loan, at the branch that handed it out, less those undone."
    ),
    Counter.RETURN: N_("A kit received back from a loan, at the branch that received it, less those undone."),
    Counter.LATE_RETURN: N_("A return after closing on the due date; also counted as a return."),
    Counter.STAFF_RENEWAL: N_("A loan given a later due date by staff, or by rolling over into the next session."),
    Counter.PATRON_RENEWAL: N_("A loan given a later due date by the patron."),
    Counter.AUTO_RENEWAL: N_("A loan given a later due date by the system, without anyone asking."),
    Counter.EXCHANGE: N_("A faulty kit replaced by another on the same loan terms; neither a check-out nor a return."),
    Counter.IN_LIBRARY: N_("A kit used inside the building and due at closing; not a check-out."),
    Counter.LOST: N_("A kit given up for lost while it was out, at the branch that lent it."),
    Counter.FOUND_AGAIN: N_("A lost kit that was returned after all, at the branch that lent it."),
    Counter.BILLED: N_("A loan that was charged for a lost kit or for parts, once for each time it was charged."),
    Counter.UNFILLED: N_("A request for a kit that ended before a kit was ever ready for it."),
    Counter.UNDONE: N_("An act taken back within ten minutes; it was also taken off its own counter."),
}
"""Shown beside every figure. English is the source text; doors translate it."""


@unique
class PartCounter(StrEnum):
    """What became of a part."""

    MISSING = "missing"
    DAMAGED = "damaged"
    BROUGHT_BACK = "brought_back"


PART_DEFINITIONS: Mapping[PartCounter, str] = {
    PartCounter.MISSING: N_("A part found missing when a kit was inspected, or swapped because it was missing."),
    PartCounter.DAMAGED: N_("A part found damaged when a kit was inspected, or swapped because it did not work."),
    PartCounter.BROUGHT_BACK: N_("A missing part that was brought back later."),
}

CIRCULATION: Final = ("check_out", "return", "renew", "exchange", "in_library")
"""The verbs of circulation; taken back, they are counted as undone besides."""

COUNTED: Final = (
    *CIRCULATION,
    *("declare_lost", "assume_lost", "settle_incomplete", "inspect", "cancel_reservation"),
)
"""The verbs of the journal that count."""

GOES_ON: Final = frozenset({"another library", "merged", "transferred"})
"""Why a reservation ended whose wish goes on under another one: nobody went without."""

_NEVER_READY = frozenset({"waiting", "promised", "pulling", "in_transit"})


def counters(verb: str, detail: Mapping[str, Any]) -> tuple[Counter, ...]:
    """What an act counts as, by its verb and the detail that the journal keeps of it."""
    match verb:
        case "check_out" | "exchange" | "in_library":
            return (Counter(verb),)
        case "return":
            return returned(late=detail["days_late"] > 0, was_lost=detail["loan_from"] == "lost")
        case "renew":
            return (Counter(detail["kind"]),)
        case "declare_lost" | "assume_lost":
            return (Counter.LOST, *_billed(detail["charge_id"]))
        case "settle_incomplete" | "inspect":
            return _billed(detail["charges"])
        case "cancel_reservation":
            went_without = detail["from"] in _NEVER_READY and not detail["goes_on"]
            return (Counter.UNFILLED,) if went_without else ()
    return ()


def returned(*, late: bool, was_lost: bool) -> tuple[Counter, ...]:
    """What a return counts as."""
    return (
        Counter.RETURN,
        *((Counter.LATE_RETURN,) if late else ()),
        *((Counter.FOUND_AGAIN,) if was_lost else ()),
    )


def _billed(charges: object) -> tuple[Counter, ...]:
    return (Counter.BILLED,) if charges else ()


def part_counters(verb: str, detail: Mapping[str, Any]) -> dict[int, PartCounter]:
    """What an act counts for parts, by the id of the part. A part that was missing before is not missed again."""
    match verb:
        case "inspect" if "parts_from" in detail:
            before = detail["parts_from"]
            return {
                int(part): PartCounter(found)
                for part, found in detail["found"].items()
                if found in (PartCounter.MISSING, PartCounter.DAMAGED) and before[part] != found
            }
        case "bring_back_part":
            return {detail["part_id"]: PartCounter.BROUGHT_BACK}
        case "swap_part" if "part_to" in detail:
            return {detail["old_part_id"]: PartCounter(detail["part_to"])}
    return {}


PARTS_COUNTED: Final = ("inspect", "bring_back_part", "swap_part")
"""The verbs of the journal that count parts."""

_HOUR, _DAY = 3_600, 86_400
_BY_THE_HOUR, _MOST_HOURS, _MOST_DAYS = 240, 2_160, 366


def turnaround_bucket(seconds: int) -> int:
    """The whole hours of a turnaround; from ten days on by whole days, ninety days standing for all that is longer."""
    hours = max(seconds, 0) // _HOUR
    return min(hours if hours < _BY_THE_HOUR else hours // 24 * 24, _MOST_HOURS)


def wait_bucket(seconds: int) -> int:
    """The whole days of a wait for a kit; 366 stands for all that is longer."""
    return min(max(seconds, 0) // _DAY, _MOST_DAYS)


def quantile(histogram: Mapping[int, int], share: float) -> int | None:
    """The bucket below which, with it, ``share`` (0 to 1) of all durations lie; ``None`` where there are none.

    By nearest rank: the median of an even number is the lower one of the two in the middle.
    """
    total = sum(histogram.values())
    if total <= 0:
        return None
    rank, seen = max(ceil(total * share), 1), 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= rank:
            return bucket
    return None


def token(key: bytes, name: str) -> int:
    """What stands for ``name`` (a household or a patron) where people are counted: nothing leads back without the key.

    Sixty-three bits: of a million names, two share a token once in eighteen million tries.
    """
    return int.from_bytes(hmac.digest(key, name.encode(), "sha256")[:8]) >> 1


def share_of(part: int, whole: int) -> float | None:
    """``part`` of ``whole``; ``None`` where there is no whole, for that is unknown and not 0."""
    return part / whole if whole > 0 else None


RENEWALS: Sequence[Counter] = (Counter.STAFF_RENEWAL, Counter.PATRON_RENEWAL)
"""Renewals that somebody asked for; automatic ones are counted apart."""
