"""What the library counts, each counter with the one sentence that says what it is.

A kit is one circulation, not one per device in it. Counters are never added up silently: a report names those it
sums. Source: RULES 7, first paragraph.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class Counter(StrEnum):
    """What happened, counted on the branch's local day."""

    CHECK_OUT = "check_out"
    RETURN = "return"
    STAFF_RENEWAL = "staff_renewal"
    PATRON_RENEWAL = "patron_renewal"
    AUTO_RENEWAL = "auto_renewal"
    EXCHANGE = "exchange"
    IN_LIBRARY = "in_library"
    UNDONE = "undone"


DEFINITIONS: Mapping[Counter, str] = {
    Counter.CHECK_OUT: "A kit handed to a patron on a new loan, at the branch that handed it out, less those undone.",
    Counter.RETURN: "A kit received back from a loan, at the branch that received it, less those undone.",
    Counter.STAFF_RENEWAL: "A loan given a later due date by staff, or by rolling over into the next session.",
    Counter.PATRON_RENEWAL: "A loan given a later due date by the patron.",
    Counter.AUTO_RENEWAL: "A loan given a later due date by the system, without anyone asking.",
    Counter.EXCHANGE: "A faulty kit replaced by another on the same loan terms; neither a check-out nor a return.",
    Counter.IN_LIBRARY: "A kit used inside the building and due at closing; not a check-out.",
    Counter.UNDONE: "An act taken back within ten minutes; it was also taken off its own counter.",
}
"""Shown beside every figure. English is the source text; doors translate it."""
