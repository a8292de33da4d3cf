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
    """What counts about a cohort (its name, last day and programme's rules) and about the person who would join it.

    ``already``: they have a seat in it, or a place on its waiting list. Dates are local to the pick-up branch.
    """

    cohort: str
    cancelled: bool
    ends_on: date
    rules: Mapping[str, Any]
    blocked_reason: str | None
    expires_on: date | None
    already: bool
    applicant: Applicant


def blocks(facts: EnrolmentFacts) -> Iterator[Block]:
    """Every reason for which the person cannot be given a place: of the card, the cohort, and the programme's rules."""
    today = facts.applicant.today
    yield from (Block(*found) for found in against_card(facts.blocked_reason, facts.expires_on, today))
    if facts.cancelled:
        yield Block(Reason.COHORT_CANCELLED, {"cohort": facts.cohort})
    elif facts.ends_on < today:
        yield Block(Reason.COHORT_OVER, {"cohort": facts.cohort})
    if facts.already:
        yield Block(Reason.ALREADY_ENROLLED, {"cohort": facts.cohort})
    yield from checks(facts.rules, facts.applicant)
