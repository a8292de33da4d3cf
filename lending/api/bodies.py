"""What the calls of circulation take: the bodies of INTERFACES, and not a field more."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from lending.api.fields import CodeText, Day, Flag, Instant, Text
from lending.domain.completeness import Found
from lending.errors import Reason
from lending.models.kits import TurnaroundStepKind

NOTE = 240


class Override(Schema):
    """Reasons that are set aside, and why; who may is the role's matter."""

    reasons = fields.List(fields.Enum(Reason, by_value=True), required=True, validate=validate.Length(1, 20))
    note = Text(NOTE, required=True)


class CheckOut(Schema):
    """A kit for a patron. agreement: the desk saw it signed. At a station, the act can be undone there."""

    patron = CodeText(required=True, metadata={"description": "The card."})
    kit = CodeText(required=True, metadata={"description": "The kit's own label."})
    branch = CodeText(required=True)
    station = Text(60)
    agreement = Flag(load_default=False)
    collected_by = Text(160, metadata={"description": "Who collects with the patron's written authorisation."})
    override = fields.Nested(Override)


class Return(Schema):
    """A kit that came back, now, at an earlier instant, or into the book drop."""

    kit = CodeText(required=True)
    branch = CodeText(required=True)
    station = Text(60)
    received_at = Instant()
    book_drop = Flag(load_default=False)


class PartSeen(Schema):
    """What inspection says of one part: its number within the kit, as GET /kits gives it."""

    part = fields.Integer(strict=True, required=True, validate=validate.Range(1, 1_000_000))
    state = fields.Enum(Found, by_value=True, required=True)
    note = Text(NOTE, load_default="")


class Done(fields.Field[Any]):
    """Whether a step was done: yes or no, or the proof of it in words."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> bool | str:
        if isinstance(value, bool):
            return value
        return str(Text(200).deserialize(value, attr, data))


class Steps(Schema):
    """The steps of the turnaround that were done."""

    wiped = Done()
    charged = Done()
    restocked = Done()
    line_active = Done()


class Inspection(Schema):
    """Every part that should be there, or all_here when each of them is; and the steps done."""

    kit = CodeText(required=True)
    parts = fields.List(fields.Nested(PartSeen), load_default=list, validate=validate.Length(max=200))
    all_here = Flag(load_default=False)
    steps = fields.Nested(Steps, load_default=dict)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_options: Any) -> None:
        numbers = [seen["part"] for seen in data.get("parts", [])]
        if numbers and data.get("all_here"):
            raise ValidationError("Either the parts one by one, or all_here.", "all_here")
        if len(set(numbers)) < len(numbers):
            raise ValidationError("A part is named once.", "parts")


class Renewal(Schema):
    """The kit whose loan is renewed."""

    kit = CodeText(required=True)
    override = fields.Nested(Override)


class Exchange(Schema):
    """A faulty kit comes in and another goes out. The branch is where: without one, where the other kit is."""

    kit = CodeText(required=True)
    replacement = CodeText(required=True)
    reason = Text(NOTE, required=True)
    branch = CodeText()
    station = Text(60)


class DueDate(Schema):
    """A due date by hand, with its reason."""

    kit = CodeText(required=True)
    due_on = Day(required=True)
    reason = Text(NOTE, required=True)


class KitPart(Schema):
    """One part of a kit, by its number within the kit."""

    kit = CodeText(required=True)
    part = fields.Integer(strict=True, required=True, validate=validate.Range(1, 1_000_000))


class Swap(KitPart):
    """One part of a kit that is out, for which another is given. Without a branch it is where the kit is listed."""

    branch = CodeText()


class Undo(Schema):
    """The station whose last act is taken back."""

    branch = CodeText(required=True)
    station = Text(60, required=True)


class AtBranch(Schema):
    """A kit and where this happens."""

    kit = CodeText(required=True)
    branch = CodeText(required=True)


class Transfer(Schema):
    """A kit and the branch it is sent to."""

    kit = CodeText(required=True)
    to = CodeText(required=True)


class Why(Schema):
    """A reason, kept with the act."""

    reason = Text(NOTE, required=True)


class Step(Schema):
    """A step of the turnaround, and its proof."""

    step = fields.Enum(TurnaroundStepKind, by_value=True, required=True)
    proof = Text(200, load_default="")


class Nothing(Schema):
    """No field at all."""
