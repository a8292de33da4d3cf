"""The names of what is counted and the one sentence that says what each is, to be translated where it is read.

The sentences of counters are those of ``domain/counting.py``, which knows no translation; a test compares them.
Source: RULES 7, "Manager's counts, each with its definition beside it".
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.domain.counting import Counter, PartCounter
from lending.phrases import N_

COUNTERS: Mapping[Counter, tuple[str, str]] = {
    Counter.CHECK_OUT: (
        N_("Check-outs"),
        N_("A kit handed to a patron on a new loan, at the branch that handed it out, less those undone."),
    ),
    Counter.RETURN: (
        N_("Returns"),
        N_("A kit received back from a loan, at the branch that received it, less those undone."),
    ),
    Counter.LATE_RETURN: (
        N_("Late returns"),
        N_("A return after closing on the due date; also counted as a return."),
    ),
    Counter.STAFF_RENEWAL: (
        N_("Renewals by staff"),
        N_("A loan given a later due date by staff, or by rolling over into the next session."),
    ),
    Counter.PATRON_RENEWAL: (
        N_("Renewals by patrons"),
        N_("A loan given a later due date by the patron."),
    ),
    Counter.AUTO_RENEWAL: (
        N_("Automatic renewals"),
        N_("A loan given a later due date by the system, without anyone asking."),
    ),
    Counter.EXCHANGE: (
        N_("Exchanges"),
        N_("A faulty kit replaced by another on the same loan terms; neither a check-out nor a return."),
    ),
    Counter.IN_LIBRARY: (
        N_("Uses in the library"),
        N_("A kit used inside the building and due at closing; not a check-out."),
    ),
    Counter.LOST: (
        N_("Kits lost"),
        N_("A kit given up for lost while it was out, at the branch that lent it."),
    ),
    Counter.FOUND_AGAIN: (
        N_("Lost kits that came back"),
        N_("A lost kit that was returned after all, at the branch that lent it."),
    ),
    Counter.BILLED: (
        N_("Loans billed"),
        N_("A loan that was charged for a lost kit or for parts, once for each time it was charged."),
    ),
    Counter.UNFILLED: (
        N_("Requests without a kit"),
        N_("A request for a kit that ended before a kit was ever ready for it."),
    ),
    Counter.UNDONE: (
        N_("Acts undone"),
        N_("An act taken back within ten minutes; it was also taken off its own counter."),
    ),
}

PARTS: Mapping[PartCounter, tuple[str, str]] = {
    PartCounter.MISSING: (
        N_("Missing"),
        N_("A part found missing when a kit was inspected, or swapped because it was missing."),
    ),
    PartCounter.DAMAGED: (
        N_("Damaged"),
        N_("A part found damaged when a kit was inspected, or swapped because it did not work."),
    ),
    PartCounter.BROUGHT_BACK: (
        N_("Brought back"),
        N_("A missing part that was brought back later."),
    ),
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
