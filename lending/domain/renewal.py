"""Whether a loan may be renewed: every reason against it, all at once.

An open loan is renewed a set number of times, and not while someone waits for a kit of that branch and type that no
free kit can fill. A cohort loan goes on only by rolling over into the next cohort, or by override. Source: RULES 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from lending.domain.cards import against_card
from lending.domain.due_dates import Due
from lending.domain.states import LoanState
from lending.errors import Block, Reason


@dataclass(frozen=True, slots=True)
class RenewalFacts:
    """Everything the rule needs, gathered by the verb under its locks. ``today`` is local to the check-out branch.

    ``waiting`` and ``free`` count the open reservations nobody has a kit for and the free kits, of the loan's branch
    and kit type. ``renewed`` is what ``due_dates.renewal_due`` answered.
    """

    kit: str
    state: LoanState
    in_cohort: bool
    renewals_used: int
    renewals_allowed: int
    waiting: int
    free: int
    blocked_reason: str | None
    card_expires_on: date | None
    today: date
    due_at: datetime
    renewed: Due | None


def blocks(facts: RenewalFacts, may_override: Callable[[Reason], bool]) -> list[Block]:
    """All reasons against this renewal; empty when it may go ahead.

    A loan that is not out gives that reason alone, because nothing else matters then.
    """
    reason = _not_out(facts.state)
    found = [(reason, {"kit": facts.kit})] if reason is not None else [*_loan(facts), *_patron(facts)]
    return [Block(reason, detail, may_override(reason)) for reason, detail in found]


_Found = tuple[Reason, Mapping[str, object]]


def _not_out(state: LoanState) -> Reason | None:
    if state is LoanState.OUT:
        return None
    if state is LoanState.LOST:
        return Reason.LOST
    return Reason.WRONG_STATE if state is LoanState.CLAIMED else Reason.NOT_ON_LOAN


def _loan(facts: RenewalFacts) -> Iterator[_Found]:
    if facts.in_cohort:
        yield Reason.COHORT_LOAN, {"kit": facts.kit}
    elif facts.renewals_used >= facts.renewals_allowed:
        yield Reason.RENEWALS_USED_UP, {"used": facts.renewals_used, "limit": facts.renewals_allowed}
    if facts.waiting > facts.free:
        yield Reason.ON_HOLD_FOR_ANOTHER, {"kit": facts.kit}
    if facts.renewed is None or facts.renewed.at <= facts.due_at:
        yield Reason.RENEWAL_GAINS_NOTHING, {"due_at": facts.due_at}


def _patron(facts: RenewalFacts) -> Iterator[_Found]:
    yield from against_card(facts.blocked_reason, facts.card_expires_on, facts.today)
