"""Ladders for other programs: what happens as a due date comes and goes. Source: RULES 6, "Ladder"."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Flag, Text
from lending.circulation.ladders import ladders_by_code, restore_ladder, set_ladder
from lending.domain.actors import Actor
from lending.domain.ladders import MOST_DAYS, Ladder, Step
from lending.domain.permissions import Act

MOST_STEPS = 40


class LadderStep(Schema):
    """A step: days from the due day, below 0 before it, and what it does. code names it for good."""

    code = Text(40, shortest=1, required=True)
    days = fields.Integer(strict=True, required=True, validate=validate.Range(-MOST_DAYS, MOST_DAYS))
    notifies = Flag(load_default=True)
    suspends_lines = Flag(load_default=False)
    calls = Flag(load_default=False)
    gives_up = Flag(load_default=False)


class SetLadder(Schema):
    """The steps of a kit type, by its code, or without one of every type that has none of its own."""

    kit_type = CodeText(load_default=None, allow_none=True)
    steps = fields.List(fields.Nested(LadderStep), required=True, validate=validate.Length(1, MOST_STEPS))


class LadderShown(Schema):
    """A ladder as it holds."""

    kit_type = answers.optional(fields.String)
    steps = fields.List(fields.Nested(LadderStep), required=True)


class LadderList(Schema):
    """The library's ladder, and those of the kit types that have one of their own."""

    items = fields.List(fields.Nested(LadderShown), required=True)


class WhichLadder(Schema):
    """Whose ladder; without a kit type the library's."""

    kit_type = CodeText()


@call("GET", "/ladders", Act.ADMINISTER, gives=LadderList, tag="Library")
def get_ladders() -> Any:
    """List the ladders"""
    with current.library().db.read() as session:
        known = ladders_by_code(session)
    first = sorted(known, key=lambda code: (code is not None, code or ""))
    return {"items": [_shown(code, known[code]) for code in first]}


@call("PUT", "/ladders", Act.ADMINISTER, takes=SetLadder, gives=LadderShown, tag="Library")
def put_ladder(body: Body) -> Any:
    """Set the ladder of a kit type, or the library's; nothing that was sent is sent again"""

    def do(session: Session, by: Actor) -> object:
        steps = [Step(**step) for step in body["steps"]]
        return set_ladder(session, kit_type=body["kit_type"], steps=steps, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _now(session, body["kit_type"]), body=body)


@call("DELETE", "/ladders", Act.ADMINISTER, query=WhichLadder, gives=LadderShown, tag="Library")
def delete_ladder(query: Body) -> Any:
    """Take away a ladder that was set; gives what holds instead"""
    kit_type = query.get("kit_type")

    def do(session: Session, by: Actor) -> object:
        return restore_ladder(session, kit_type=kit_type, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _now(session, kit_type), body=query)


def _now(session: Session, kit_type: str | None) -> Body:
    known = ladders_by_code(session)
    return _shown(kit_type, known.get(kit_type, known[None]))


def _shown(kit_type: str | None, ladder: Ladder) -> Body:
    return {"kit_type": kit_type, "steps": [asdict(step) for step in ladder]}
