"""What the API answers: each thing's shape, and the instants in it as the clock of its branch shows them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields

from lending import errors
from lending.api.problems import sentence
from lending.circulation.returns import Next
from lending.domain.due_dates import DueRule
from lending.domain.states import ChargeState, KitState, LoanState, ReservationState
from lending.models.charges import ChargeKind
from lending.models.kits import PartState
from lending.queries.catalogue import KitShown
from lending.queries.loans import LoanShown


def optional(kind: type[fields.Field[Any]], **options: Any) -> fields.Field[Any]:
    """A field that is always there and may be null."""
    return kind(allow_none=True, required=True, **options)


def text(**options: Any) -> fields.String:
    """Text that is always there."""
    return fields.String(required=True, **options)


def instant() -> fields.AwareDateTime:
    """An instant that is always there."""
    return fields.AwareDateTime(required=True, format="iso")


class Loan(Schema):
    """A loan: the kit by its barcode, the patron by the card, cohort and branch by their codes."""

    id = text()
    kit = text()
    kit_type = text()
    patron = optional(fields.String, metadata={"description": "The card; null once the patron's link is cut."})
    cohort = optional(fields.String)
    branch = text()
    checked_out_at = instant()
    due_at = instant()
    received_at = optional(fields.AwareDateTime, format="iso")
    state = fields.Enum(LoanState, by_value=True, required=True)
    rule = fields.Enum(DueRule, by_value=True, required=True, metadata={"description": "Which rule set the due date."})


class Part(Schema):
    """A part of a kit. The id is its number within the kit."""

    id = fields.Integer(required=True)
    name = text()
    state = fields.Enum(PartState, by_value=True, required=True)
    quantity = fields.Integer(required=True)
    returnable = fields.Boolean(required=True)
    tag = optional(fields.String)
    manufacturer = text()
    model = text()
    serial = optional(fields.String)


class Kit(Schema):
    """A kit with its parts; due_at is there while it is out."""

    barcode = text()
    type = text()
    branch = text(metadata={"description": "Where it is."})
    owner = text(metadata={"description": "Where it belongs."})
    in_transit_to = optional(fields.String)
    place = optional(fields.String)
    state = fields.Enum(KitState, by_value=True, required=True)
    parts = fields.List(fields.Nested(Part), required=True)
    due_at = fields.AwareDateTime(format="iso")


class Charge(Schema):
    """What is or was owed, in whole cents."""

    id = text()
    kind = fields.Enum(ChargeKind, by_value=True, required=True)
    amount_cents = fields.Integer(required=True)
    state = fields.Enum(ChargeState, by_value=True, required=True)


class Reservation(Schema):
    """A live reservation; position is its place in the queue while it waits."""

    id = text()
    kit_type = text()
    pickup_branch = text()
    cohort = optional(fields.String)
    state = fields.Enum(ReservationState, by_value=True, required=True)
    position = optional(fields.Integer)
    ready_until = optional(fields.AwareDateTime, format="iso")


class Block(Schema):
    """One reason against an act, in a sentence; overridable by whoever asked."""

    reason = text()
    detail = text()
    overridable = fields.Boolean(required=True)


class LoanAnswer(Schema):
    """A loan as the act left it."""

    loan = fields.Nested(Loan, required=True)


class CheckOutAnswer(LoanAnswer):
    """A loan as its check-out left it; put_back is another kit that still lies on the hold shelf for the patron."""

    put_back = optional(fields.String)


class KitAnswer(Schema):
    """A kit after an act."""

    kit = fields.Nested(Kit, required=True)


class LoanPage(Schema):
    """A page of loans, newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(Loan), required=True)
    next = optional(fields.String)


class KitPage(Schema):
    """A page of kits by barcode; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(Kit), required=True)
    next = optional(fields.String)


def loan(shown: LoanShown) -> dict[str, Any]:
    """A loan, with its instants as the clock of its branch shows them."""
    return local(asdict(shown), shown.zone)


def kit(shown: KitShown) -> dict[str, Any]:
    """A kit, with its instants as the clock of its branch shows them, and a due date only while it is out."""
    found = local(asdict(shown), shown.zone)
    if shown.due_at is None:
        del found["due_at"]
    return found


def local(values: dict[str, Any], zone: str) -> dict[str, Any]:
    """The same values with every instant in ``zone``."""
    there = ZoneInfo(zone)
    return {name: value.astimezone(there) if isinstance(value, datetime) else value for name, value in values.items()}


class ReturnAnswer(Schema):
    """A loan after its return, and where the kit goes from the counter. loan is null for a kit that was in nobody's:
    used in the library or at an event.
    """

    loan = fields.Nested(Loan, required=True, allow_none=True)
    next = fields.Enum(Next, by_value=True, required=True)
    owner = text(metadata={"description": "The name of the branch that the kit belongs to."})
    days_late = fields.Integer(required=True)
    was_lost = fields.Boolean(required=True)


class Undone(Schema):
    """What was taken back: the verb, the kit and the loan's id."""

    verb = text()
    kit = text()
    loan = text()


class KitAndLoan(KitAnswer):
    """A kit after an act, and the loan that the act settled, if there was one."""

    loan = fields.Nested(Loan, required=True, allow_none=True)


class PartAndLoan(LoanAnswer):
    """A loan, and the number of the part that will not be billed."""

    part = fields.Integer(required=True)


def block(found: errors.Block) -> dict[str, Any]:
    """One reason, in the sentence of the desk."""
    return {"reason": found.reason.value, "detail": sentence(found), "overridable": found.overridable}
