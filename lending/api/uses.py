"""Kits used in the library or at an event, for other programs; POST /returns takes them back like any other kit.

Source: RULES 7, "in-library use (due at closing)"; issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_required
from lending.api.calls import call
from lending.api.circulation import Body, branch_of, kit_of, standing
from lending.api.fields import CodeText, Text
from lending.circulation.in_library import InUse, use_kit
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.queries.acts import outcome
from lending.queries.codes import card_number
from lending.queries.in_library import in_use
from lending.queries.scope import branches_of


class NewUse(Schema):
    """A kit for use in the library or, with a workshop or a hiring event by its id, there; patron is a card."""

    kit = CodeText(required=True)
    branch = CodeText(required=True)
    station = Text(60)
    patron = CodeText()
    workshop = Text(16, shortest=1)
    hiring_event = Text(16, shortest=1)

    @validates_schema
    def _one_event(self, data: Body, **_options: Any) -> None:
        if "workshop" in data and "hiring_event" in data:
            raise ValidationError("Either a workshop or a hiring event.", "hiring_event")


class UseAnswer(Schema):
    """A kit in use, and until when. event is the name of what it is used at; null in the library."""

    id = answers.text()
    kit = answers.text()
    kit_type = answers.text()
    due_at = answers.instant()
    event = answers.optional(fields.String)


class OpenUse(UseAnswer):
    """A kit in use, and since when. late: the closing that it was due at is over."""

    began_at = answers.instant()
    late = fields.Boolean(required=True)


class OpenUses(Schema):
    """The kits in use, the late ones first."""

    items = fields.List(fields.Nested(OpenUse), required=True)


@call("GET", "/uses", Act.CIRCULATE, gives=OpenUses, tag="Loans")
def get_uses() -> Any:
    """List the kits of one's branches that are in use in the library or at an event"""
    with current.library().db.read() as session:
        found = in_use(session, branches_of(current.actor()), at=current.now())
    return {
        "items": [
            {
                "id": one.use,
                "kit": one.kit,
                "kit_type": one.kit_type,
                "due_at": one.due_at.astimezone(ZoneInfo(one.zone)),
                "event": one.event,
                "began_at": one.began_at.astimezone(ZoneInfo(one.zone)),
                "late": one.late,
            }
            for one in found
        ]
    }


@call("POST", "/uses", Act.CIRCULATE, takes=NewUse, gives=UseAnswer, keyed=True, tag="Loans")
def post_use(body: Body) -> Any:
    """Hand a kit out for use in the library or at an event; that is no check-out"""

    def do(session: Session, by: Actor) -> object:
        spaces = current.library().spaces
        branch_id = branch_of(session, body["branch"], by)
        return use_kit(
            session,
            kit=kit_of(session, body["kit"]),
            branch_id=branch_id,
            patron=card_number(session, body["patron"], spaces) if "patron" in body else None,
            workshop=body.get("workshop"),
            hiring_event=body.get("hiring_event"),
            at=current.now(),
            by=standing(session, body, branch_id, by),
        )

    def show(session: Session, act: str) -> Body:
        used = outcome(session, act)
        assert isinstance(used, InUse)  # noqa: S101 - the key stands for this call, so the act is a use
        zone = ZoneInfo(current.library().settings.zone)
        due_at = used.due_at.astimezone(zone)
        return {"id": used.use, "kit": used.kit, "kit_type": used.kit_type, "due_at": due_at, "event": used.event}

    return key_required(do, show, body=body)
