"""Whether somebody may be given a place in a cohort: every reason against it, all at once.

Nobody may override one of them. Source: RULES 4, "Eligibility"; RULES 2 for what stands against a card. Nothing here
reads a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from lending.domain.cards import against_card
from lending.domain.eligibility import Applicant, checks
from lending.errors import Block, Reason


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """What counts about a cohort (its name, dates and programme's rules) and about the person who would join it.

    ``already``: they have a seat in it, or a place on its waiting list. ``kit_of`` is the cohort of the same weeks in
    which they have a kit or wait for one, if they want another here. ``asks_elsewhere``: nobody has checked yet who
    they are, and they have a request already. Dates are local to the pick-up branch; ``last_borrow_on`` and
    ``program_ends_on`` are the programme's, ``None`` where it has no such day.
    """

    cohort: str
    cancelled: bool
    pickup_from: date
    ends_on: date
    last_borrow_on: date | None
    program_ends_on: date | None
    wants_kit: bool
    rules: Mapping[str, Any]
    blocked_reason: str | None
    expires_on: date | None
    already: bool
    applicant: Applicant
    kit_of: str | None = None
    asks_elsewhere: bool = False


def blocks(facts: EnrolmentFacts) -> Iterator[Block]:
    """Every reason for which the person cannot be given a place: of the card, the cohort, and the programme's rules.

    Who has a place there already is not told of a kit in the same weeks, because it may be that very place's.
    """
    today = facts.applicant.today
    yield from (Block(*found) for found in against_card(facts.blocked_reason, facts.expires_on, today))
    if facts.cancelled:
        yield Block(Reason.COHORT_CANCELLED, {"cohort": facts.cohort})
    elif facts.ends_on < today:
        yield Block(Reason.COHORT_OVER, {"cohort": facts.cohort})
    elif facts.program_ends_on is not None and facts.program_ends_on < today:
        yield Block(Reason.PROGRAM_OVER, {"on": facts.program_ends_on})
    elif facts.wants_kit:
        yield from against_kit(facts.cohort, facts.pickup_from, facts.last_borrow_on, today)
    if facts.already:
        yield Block(Reason.ALREADY_ENROLLED, {"cohort": facts.cohort})
    elif facts.kit_of is not None:
        yield Block(Reason.HAS_A_KIT, {"cohort": facts.kit_of})
    elif facts.asks_elsewhere:
        yield Block(Reason.ONE_UNTIL_VERIFIED, {})
    yield from checks(facts.rules, facts.applicant)


def against_kit(cohort: str, pickup_from: date, last_borrow_on: date | None, today: date) -> Iterator[Block]:
    """Why nobody may wait for a kit of a cohort: its programme's last-borrow date comes before anyone could have one.

    Source: RULES 4, "Programme end date".
    """
    if last_borrow_on is not None and max(today, pickup_from) > last_borrow_on:
        yield Block(Reason.NO_MORE_KITS, {"cohort": cohort, "on": last_borrow_on})
