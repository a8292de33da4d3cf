"""The lending rules that a library sets: how far each may be set, which stand on which, and what follows a change.

Rules hold everywhere, or as an exception for a kit type, a branch, or a kit type at a branch. Each exception stands on
wider rules, and what it says like them is not its own: it follows them. Source: RULES, introduction, "(setting)".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lending.errors import Block, Reason

Value = int | bool | str | None
Rules = Mapping[str, Value]
"""Every rule by its name, as ``models.policies.Policy`` names and explains them."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where rules hold: a kit type, a branch, both; without either, everywhere."""

    kit_type_id: int | None = None
    branch_id: int | None = None


EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a number may be set. ``may_be_off``: without a number the rule does not hold."""

    least: int
    most: int
    may_be_off: bool = False


BOUNDS: Mapping[str, Bounds] = {
    "loan_days": Bounds(1, 365),
    "renewals": Bounds(0, 50),
    "kit_limit": Bounds(1, 50),
    "household_limit": Bounds(1, 50, may_be_off=True),
    "cool_down_hours": Bounds(0, 24 * 365),
    "owes_limit_cents": Bounds(0, 100_000),
    "adult_age": Bounds(0, 21),
    "shelf_open_days": Bounds(1, 60),
    "missing_part_days": Bounds(0, 60),
    "not_billed_hours": Bounds(0, 24 * 30),
    "notice_days": Bounds(0, 60),
    "quarantine_hours": Bounds(0, 24 * 30),
    "turnaround_open_days": Bounds(0, 30),
    "overdue_hold_days": Bounds(0, 365),
    "reactivation_fee_cents": Bounds(0, 50_000),
}
"""Every rule that is a number: days, hours, kits, years, times, or whole cents."""


def against(rules: Rules) -> tuple[Block, ...]:
    """What is wrong with the numbers among some rules, all at once."""
    return tuple(block for name, value in rules.items() if (block := _outside(name, value)) is not None)


def _outside(name: str, value: Value) -> Block | None:
    bounds = BOUNDS.get(name)
    if bounds is None or (value is None and bounds.may_be_off):
        return None
    if value is None:
        return Block(Reason.VALUE_MISSING, {"field": name})
    if isinstance(value, int) and bounds.least <= value <= bounds.most:
        return None
    if name.endswith("_cents"):
        return Block(Reason.AMOUNT_OUTSIDE, {"field": name, "least_cents": bounds.least, "most_cents": bounds.most})
    return Block(Reason.NUMBER_OUTSIDE, {"field": name, "least": bounds.least, "most": bounds.most})


def stands_on(scope: Scope, known: Collection[Scope]) -> Scope:
    """Whose rules would hold for ``scope`` without its own: its kit type's, else its branch's, else everywhere's.

    As ``circulation.policies`` chooses the policy of a loan.
    """
    wider = (Scope(kit_type_id=scope.kit_type_id), Scope(branch_id=scope.branch_id))
    return next((each for each in wider if each != scope and each in known), EVERYWHERE)


def differences(before: Rules, after: Rules) -> dict[str, tuple[Value, Value]]:
    """What changes, by name: from what, to what."""
    return {name: (before[name], value) for name, value in after.items() if value != before[name]}


def after_change(book: Mapping[Scope, Rules], scope: Scope, rules: Rules) -> dict[Scope, Rules]:
    """The rules to write where ``scope`` gets ``rules``: its own, and those of every exception that follows.

    ``book`` holds the rules of every scope that has some. Empty where nothing changes.
    """
    before = book[scope] if scope in book else book[stands_on(scope, book)]
    changes = differences(before, rules)
    if not changes:
        return {}
    known = {**book, scope: rules}
    written = {scope: rules}
    for exception in sorted(book, key=_order):
        if exception not in (scope, EVERYWHERE) and stands_on(exception, known) == scope:
            own = book[exception]
            follows = {name: to for name, (was, to) in changes.items() if own[name] == was}
            written |= after_change(known, exception, {**own, **follows})
    return written


def _order(scope: Scope) -> tuple[int, int]:
    """Ids begin at 1."""
    return scope.kit_type_id or 0, scope.branch_id or 0
