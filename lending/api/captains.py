"""Who coaches a session, for other programs. Source: RULES 0 (alumni captains); RULES 8 (class records)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Text
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.programs.captains import LONGEST_NAME, NAMED, name_captain, remove_captain
from lending.queries.captains import CaptainShown, captains_of
from lending.queries.codes import card_number
from lending.queries.journal import detail_of


class NewCaptain(Schema):
    """Somebody with a card (patron), or by name somebody without a record."""

    patron = CodeText()
    name = Text(LONGEST_NAME, shortest=1)

    @validates_schema
    def _one_of_two(self, data: Body, **_options: Any) -> None:
        if ("patron" in data) == ("name" in data):
            raise ValidationError("Either a card or a name.", "patron")


class CaptainAnswer(Schema):
    """A captain. name is short, and null once the privacy clock has cut it; returned: completed a session before."""

    id = answers.text()
    name = answers.optional(fields.String)
    has_record = fields.Boolean(required=True)
    returned = fields.Boolean(required=True)


class CaptainList(Schema):
    """The captains of a session, in the order in which they were named."""

    items = fields.List(fields.Nested(CaptainAnswer), required=True)


class RemovedCaptain(Schema):
    """The captain who coaches no more."""

    id = answers.text()


@call("GET", "/cohorts/<code>/captains", Act.PLAN_COHORT, gives=CaptainList, tag="Outcomes")
def get_captains(code: str) -> Any:
    """List who coaches a session"""
    with current.library().db.read() as session:
        return {"items": [_shown(one) for one in captains_of(session, code, by=current.actor()).captains]}


@call("POST", "/cohorts/<code>/captains", Act.PLAN_COHORT, takes=NewCaptain, gives=CaptainAnswer, tag="Outcomes")
def post_captain(body: Body, code: str) -> Any:
    """Name who coaches a session"""

    def do(session: Session, by: Actor) -> object:
        card = card_number(session, body["patron"], current.library().spaces) if "patron" in body else None
        with hidden_as(Reason.NOT_FOUND):
            return name_captain(session, cohort=code, patron=card, name=body.get("name"), at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        detail = detail_of(session, act, NAMED) or {}
        return _shown(_captain(session, code, str(detail.get("captain"))))

    return key_welcome(do, show, body=body)


@call("DELETE", "/cohorts/<code>/captains/<captain>", Act.PLAN_COHORT, gives=RemovedCaptain, tag="Outcomes")
def delete_captain(code: str, captain: str) -> Any:
    """Take back that somebody coaches a session"""

    def do(session: Session, by: Actor) -> None:
        with hidden_as(Reason.NOT_FOUND):
            _captain(session, code, captain)
            remove_captain(session, captain=captain, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: {"id": captain}, body={})


def _captain(session: Session, code: str, captain: str) -> CaptainShown:
    found = captains_of(session, code, by=current.actor()).captains
    for one in found:
        if one.captain == captain:
            return one
    raise Refused.because(Reason.NOT_FOUND)


def _shown(one: CaptainShown) -> Body:
    values = asdict(one)
    return {"id": values.pop("captain"), **values}
