"""Programmes, for other programs. Source: INTERFACES, "GET/POST /programs"; RULES 4."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Day, Page, Text
from lending.api.paging import after, cursor_of
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.public_survey import Audience
from lending.errors import Reason, hidden_as
from lending.programs.programs import SEAT_OFFER_HOURS, change_program, plan_program
from lending.queries import cohorts


class ProgramChange(Schema):
    """What of a programme changes; null takes a value away. eligibility holds its rules, audience is its age band."""

    name = Text(120, shortest=1)
    description = Text(2000)
    agreement_code = Text(32, shortest=1, allow_none=True)
    eligibility = fields.Dict(keys=Text(40))
    ends_on = Day(allow_none=True)
    last_borrow_on = Day(allow_none=True)
    seat_offer_hours = fields.Integer(strict=True, allow_none=True, validate=validate.Range(1, 1440))
    audience = fields.Enum(Audience, by_value=True)


class NewProgram(ProgramChange):
    """A programme: its code is small letters, digits and hyphens."""

    code = CodeText(required=True)
    name = Text(120, shortest=1, required=True)
    seat_offer_hours = fields.Integer(
        strict=True, allow_none=True, validate=validate.Range(1, 1440), load_default=SEAT_OFFER_HOURS
    )


class ProgramAnswer(Schema):
    """A programme. seat_offer_hours is null where a freed seat is given at once."""

    code = answers.text()
    name = answers.text()
    description = answers.text()
    agreement_code = answers.optional(fields.String)
    eligibility = fields.Dict(required=True)
    ends_on = answers.optional(fields.Date)
    last_borrow_on = answers.optional(fields.Date)
    seat_offer_hours = answers.optional(fields.Integer)
    audience = fields.Enum(Audience, by_value=True, required=True)


class ProgramPage(Schema):
    """A page of programmes by code; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(ProgramAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/programs", query=Page, gives=ProgramPage, tag="Sessions")
def get_programs(query: Body) -> Any:
    """List the programmes by code; for a lead, their own"""
    behind = after(query.get("cursor")) or ""
    with current.library().db.read() as session:
        rest = [one for one in cohorts.programs(session, by=current.actor()) if one.code > behind]
    shown = rest[: query["limit"]]
    more = len(rest) > len(shown)
    return {"items": [asdict(one) for one in shown], "next": cursor_of(shown[-1].code) if more else None}


@call("POST", "/programs", Act.ADMINISTER, takes=NewProgram, gives=ProgramAnswer, tag="Sessions")
def post_program(body: Body) -> Any:
    """Add a programme"""

    def do(session: Session, by: Actor) -> object:
        given = {name: value for name, value in body.items() if name != "description"}
        return plan_program(session, **given, description=body.get("description", ""), at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _shown(session, body["code"]), body=body)


@call("PATCH", "/programs/<code>", Act.PLAN_COHORT, takes=ProgramChange, gives=ProgramAnswer, tag="Sessions")
def patch_program(body: Body, code: str) -> Any:
    """Change a programme"""

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return change_program(session, program=code, details=body, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _shown(session, code), body=body)


def _shown(session: Session, code: str) -> Body:
    return asdict(cohorts.program(session, code, by=current.actor()))
