"""Whether a kit may be handed to a patron: every reason against it, all at once.

Source: RULES 2. Each block is decided by one small function below, so that a rule is found by its reason's name.
Nothing here reads a database or a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lending.domain.cards import against_card
from lending.domain.states import KitState, LineState
from lending.errors import Block, Reason


@dataclass(frozen=True, slots=True)
class PatronFacts:
    """What counts about the patron. ``on`` dates are local to the check-out branch; money is whole cents.

    ``unreceived`` counts loans whose kit is not back, ``overdue`` those of them past due. ``household_unreceived``
    counts the other patrons of the household and is ``None`` where the rule is off or the address matches nobody.
    ``is_provisional``: nobody has checked yet who they are.
    """

    birth_date: date | None
    guardian_agreed: bool
    expires_on: date | None
    blocked_reason: str | None
    agreement_signed: bool
    unreceived: int
    overdue: int
    owes_cents: int
    last_received_at: datetime | None
    household_unreceived: int | None
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class KitFacts:
    """What counts about the kit. ``held_by_this_patron``: its unreceived loan, if any, is the same patron's.

    ``promised_to_another``: it lies on the hold shelf for someone else. ``line_state`` is the least ready of its lines.
    """

    barcode: str
    state: KitState
    cohort_only: bool
    held_by_this_patron: bool
    promised_to_another: bool
    at_branch: str
    here: bool
    in_transit: bool
    steps_missing: tuple[str, ...]
    line_state: LineState | None


@dataclass(frozen=True, slots=True)
class PromiseFacts:
    """The patron's seat and kit promise that this check-out would fulfil, if there is one.

    ``free_for_walk_ins`` is how many kits of this stock are free after promises and uncollected allotments;
    ``None`` where it does not matter, because the kit was promised to this patron. ``waiting_before`` counts those who
    wait for a kit of their cohort here, and came before them.
    """

    has_promise: bool
    cohort: str | None
    in_cohort: bool
    pickup_from: date | None
    last_borrow_on: date | None
    free_for_walk_ins: int | None
    waiting_before: int


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """The limits that apply, from the policy of this kit type and branch. Hours and years are whole numbers."""

    kit_limit: int
    household_limit: int | None
    cool_down_hours: int
    owes_limit_cents: int
    adult_age: int
    agreement_needed: bool


@dataclass(frozen=True, slots=True)
class CheckOutFacts:
    """Everything the rule needs, gathered by the verb under its locks. ``today`` is local to the branch."""

    at: datetime
    today: date
    patron: PatronFacts
    kit: KitFacts
    promise: PromiseFacts
    policy: PolicyFacts


def blocks(facts: CheckOutFacts, may_override: Callable[[Reason], bool]) -> list[Block]:
    """All reasons against this check-out, the kit's first; empty when it may go ahead.

    A double scan of a kit that this patron already has is the only thing said, because nothing else matters then; so is
    that theirs is listed as lost.
    """
    if facts.kit.held_by_this_patron:
        reason = Reason.LOST if facts.kit.state is KitState.LOST else Reason.ON_LOAN_TO_THIS_PATRON
        return [Block(reason, {"kit": facts.kit.barcode})]
    found = [*_kit(facts.kit), *_patron(facts), *_promise(facts)]
    return [Block(reason, detail, may_override(reason)) for reason, detail in found]


def kit_blocks(kit: KitFacts) -> list[Block]:
    """The reasons that lie in the kit alone, for an act that asks nothing of the patron, such as an exchange."""
    return [Block(reason, detail) for reason, detail in _kit(kit)]


_Found = tuple[Reason, Mapping[str, object]]

_KIT_STATES: Mapping[KitState, Reason] = {
    KitState.ON_LOAN: Reason.ON_LOAN_TO_ANOTHER,
    KitState.IN_USE: Reason.IN_USE,
    KitState.TO_INSPECT: Reason.NOT_INSPECTED,
    KitState.INCOMPLETE: Reason.INCOMPLETE,
    KitState.REPAIR: Reason.IN_REPAIR,
    KitState.MISSING: Reason.MISSING,
    KitState.LOST: Reason.LOST,
    KitState.WITHDRAWN: Reason.WITHDRAWN,
}

_NOWHERE = frozenset({KitState.ON_LOAN, KitState.IN_USE, KitState.MISSING, KitState.LOST, KitState.WITHDRAWN})
"""A kit that is on no shelf of any library: which branch had it last says nothing."""


def _kit(kit: KitFacts) -> Iterator[_Found]:
    if kit.state in _KIT_STATES:
        yield _KIT_STATES[kit.state], {"kit": kit.barcode}
    elif kit.state is KitState.TURNAROUND:
        reason = Reason.NOT_WIPED if "wiped" in kit.steps_missing else Reason.NOT_READY
        yield reason, {"kit": kit.barcode, "steps": list(kit.steps_missing)}
    if kit.promised_to_another:
        yield Reason.PROMISED_TO_ANOTHER, {"kit": kit.barcode}
    if kit.in_transit:
        yield Reason.IN_TRANSIT, {"kit": kit.barcode}
    elif not kit.here and kit.state not in _NOWHERE:
        yield Reason.AT_ANOTHER_BRANCH, {"kit": kit.barcode, "branch": kit.at_branch}
    if kit.line_state is LineState.ENDED:
        yield Reason.LINE_ENDED, {"kit": kit.barcode}
    elif kit.line_state is not None and kit.line_state is not LineState.ACTIVE:
        yield Reason.LINE_SUSPENDED, {"kit": kit.barcode}


def _patron(facts: CheckOutFacts) -> Iterator[_Found]:
    patron, policy = facts.patron, facts.policy
    if patron.is_provisional:
        yield Reason.NOT_VERIFIED, {}
    yield from against_card(patron.blocked_reason, patron.expires_on, facts.today)
    if is_under_age(patron.birth_date, facts.today, policy.adult_age) and not patron.guardian_agreed:
        yield Reason.UNDER_AGE, {"age": policy.adult_age}
    if policy.agreement_needed and not patron.agreement_signed:
        yield Reason.AGREEMENT_NOT_SIGNED, {}
    if patron.unreceived >= policy.kit_limit:
        yield Reason.LIMIT_REACHED, {"limit": policy.kit_limit, "out": patron.unreceived}
    if (
        policy.household_limit is not None
        and patron.household_unreceived is not None
        and patron.household_unreceived + patron.unreceived >= policy.household_limit
    ):
        yield Reason.HOUSEHOLD_LIMIT, {"limit": policy.household_limit}
    if patron.owes_cents > policy.owes_limit_cents:
        yield Reason.OWES, {"cents": patron.owes_cents, "limit_cents": policy.owes_limit_cents}
    if patron.overdue:
        yield Reason.OVERDUE_ELSEWHERE, {"count": patron.overdue}
    free_again = _cooled_down_at(patron.last_received_at, policy.cool_down_hours)
    if free_again is not None and free_again > facts.at:
        yield Reason.COOL_DOWN, {"until": free_again}


def _promise(facts: CheckOutFacts) -> Iterator[_Found]:
    promise = facts.promise
    if facts.kit.cohort_only and not promise.in_cohort:
        yield Reason.NOT_IN_COHORT, {}
    if promise.cohort is not None and promise.pickup_from is not None and facts.today < promise.pickup_from:
        yield Reason.BEFORE_PICKUP_WINDOW, {"cohort": promise.cohort, "from": promise.pickup_from}
    if promise.last_borrow_on is not None and facts.today > promise.last_borrow_on:
        yield Reason.AFTER_LAST_BORROW_DATE, {"on": promise.last_borrow_on}
    if not promise.has_promise and promise.free_for_walk_ins is not None and promise.free_for_walk_ins <= 0:
        # RULES 4: a walk-in never gets a kit that a promise or an uncollected allotment needs.
        yield Reason.NEEDED_FOR_PROMISES, {"kit": facts.kit.barcode}
    if not promise.has_promise and promise.waiting_before:
        # First come, first served: what is spare in the building goes to the session's queue before anyone behind it.
        yield Reason.OTHERS_WAIT_BEFORE, {"cohort": promise.cohort, "place": promise.waiting_before + 1}


def is_under_age(birth_date: date | None, today: date, adult_age: int) -> bool:
    """Whether the patron is known to be younger; an unknown birth date is the registering desk's matter."""
    if birth_date is None:
        return False
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (0 if had_birthday else 1) < adult_age


def _cooled_down_at(last_received_at: datetime | None, hours: int) -> datetime | None:
    if last_received_at is None or hours == 0:
        return None
    return last_received_at + timedelta(hours=hours)
