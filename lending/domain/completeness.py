"""Whether a returned kit is whole: what went out, against what inspection found.

The parts are the loan's own snapshot, never today's kit list. Consumables are given away and never missing. Prices are
whole cents. Source: RULES 1 (missing-parts bill), 2 (48 hours) and 5 (inspection).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from lending.errors import Block, Reason


@unique
class Found(StrEnum):
    """What inspection says of one part."""

    HERE = "here"
    MISSING = "missing"
    DAMAGED = "damaged"


@unique
class Outcome(StrEnum):
    """What inspection says of the kit. A kit with a part missing is incomplete, whatever else is damaged."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class SnapshotPart:
    """A part as it went out with the loan.

    ``price_cents`` is for one of ``quantity``. ``bills_alone``: missing without any other, it is billed at once and
    does not keep the loan open. ``excused``: the patron reported it missing in time, so it is not theirs to bring back.
    """

    id: int
    name: str
    quantity: int
    returnable: bool
    bills_alone: bool
    price_cents: int
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Completeness:
    """What follows for the kit and for the loan.

    ``outcome`` is the kit's: an excused part is missing from it too. ``missing`` are the parts the patron still owes;
    with none of them the loan can close. ``bills_at_once``: it closes now, with ``charge_cents`` on the patron's
    account; otherwise that is what the deadline will bill.
    """

    outcome: Outcome
    missing: tuple[SnapshotPart, ...]
    excused: tuple[SnapshotPart, ...]
    damaged: tuple[SnapshotPart, ...]
    bills_at_once: bool
    charge_cents: int

    @property
    def closes_loan(self) -> bool:
        """Whether the patron is done with this loan, but for what ``charge_cents`` says."""
        return not self.missing or self.bills_at_once


def blocks(parts: Iterable[SnapshotPart], found: Mapping[int, Found]) -> list[Block]:
    """All reasons against an inspection: every returnable part is named, and no part that did not go out."""
    parts = tuple(parts)
    not_counted = [part.name for part in parts if part.returnable and part.id not in found]
    unknown = sorted(found.keys() - {part.id for part in parts})
    reasons = []
    if not_counted:
        reasons.append(Block(Reason.PARTS_NOT_COUNTED, {"parts": not_counted}))
    if unknown:
        reasons.append(Block(Reason.PART_UNKNOWN, {"parts": unknown}))
    return reasons


def completeness(parts: Iterable[SnapshotPart], found: Mapping[int, Found], whole_kit_price_cents: int) -> Completeness:
    """What ``found`` says of a kit whose ``parts`` went out.

    Ask ``blocks`` first: a returnable part that was not named raises ``KeyError``.
    """
    returnable = tuple(part for part in parts if part.returnable)
    absent = tuple(part for part in returnable if found[part.id] is Found.MISSING)
    damaged = tuple(part for part in returnable if found[part.id] is Found.DAMAGED)
    missing = tuple(part for part in absent if not part.excused)
    return Completeness(
        outcome=Outcome.INCOMPLETE if absent else Outcome.DAMAGED if damaged else Outcome.COMPLETE,
        missing=missing,
        excused=tuple(part for part in absent if part.excused),
        damaged=damaged,
        bills_at_once=bool(missing) and all(part.bills_alone for part in missing),
        charge_cents=missing_parts_charge(missing, whole_kit_price_cents),
    )


def missing_parts_charge(missing: Iterable[SnapshotPart], whole_kit_price_cents: int) -> int:
    """The bill for parts that did not come back: their prices, and never more than the whole kit's."""
    return min(sum(part.quantity * part.price_cents for part in missing), whole_kit_price_cents)


def is_excused(checked_out_at: datetime, reported_at: datetime, within_hours: int = 48) -> bool:
    """Whether a part reported missing at ``reported_at`` was reported soon enough after check-out not to be billed."""
    return reported_at <= checked_out_at + timedelta(hours=within_hours)
