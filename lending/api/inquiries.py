"""Inquiries tallied by other programs, and the lists that they and referrals are made with.

Only tallies come in here; what a period came to is read with the reports. Source: RULES 7, "Inquiries"; issue "Managers
see what circulated", Build 3.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Day
from lending.domain.actors import Actor
from lending.domain.choices import LONGEST_CODE, Choice
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.inquiries import InquiryChannel
from lending.programs.inquiries import MOST_AT_ONCE, TALLIED, UNDONE, tally, undo_tally
from lending.queries.journal import detail_of


class NewInquiry(Schema):
    """One inquiry or, from a sheet of paper, several of a day; fewer than none take off what was tallied too much."""

    branch = CodeText(required=True)
    topic = fields.String(required=True, validate=validate.Length(1, LONGEST_CODE))
    channel = fields.Enum(InquiryChannel, by_value=True, load_default=InquiryChannel.UNSAID)
    count = fields.Integer(strict=True, load_default=1, validate=validate.Range(-MOST_AT_ONCE, MOST_AT_ONCE))
    on = Day()


class OneBranch(Schema):
    """Where one tallies."""

    branch = CodeText(required=True)


class InquiryAnswer(Schema):
    """What was tallied, or taken back: how many of which topic, on which local day."""

    topic = answers.text()
    channel = fields.Enum(InquiryChannel, by_value=True, required=True)
    count = fields.Integer(required=True)
    on = fields.Date(required=True)


class ChoiceAnswer(Schema):
    """A line of a list: its code, and the name that people read."""

    code = answers.text()
    name = answers.text()


class Lists(Schema):
    """What inquiries and referrals are about, and where people are referred to, in the order of their keys."""

    topics = fields.List(fields.Nested(ChoiceAnswer), required=True)
    services = fields.List(fields.Nested(ChoiceAnswer), required=True)


@call("GET", "/outcome_lists", Act.TALLY, gives=Lists, tag="Outcomes")
def get_outcome_lists() -> Any:
    """Show the topics and services that this library tallies and refers by"""
    own = current.library().own_settings()
    return {"topics": _shown(own.inquiry_topics), "services": _shown(own.referral_services)}


@call("POST", "/inquiries", Act.TALLY, takes=NewInquiry, gives=InquiryAnswer, tag="Outcomes")
def post_inquiry(body: Body) -> Any:
    """Tally an inquiry, of nobody"""

    def do(session: Session, by: Actor) -> object:
        return tally(
            session,
            branch_id=branch_of(session, body["branch"], by),
            topic=body["topic"],
            channel=body["channel"],
            n=body["count"],
            on=body.get("on"),
            at=current.now(),
            by=by,
        )

    return key_welcome(do, lambda session, act: _tallied(session, act, TALLIED), body=body)


@call("POST", "/inquiries/undo", Act.TALLY, takes=OneBranch, gives=InquiryAnswer, tag="Outcomes")
def post_inquiry_undo(body: Body) -> Any:
    """Take back one's own last tally at a branch, within ten minutes"""

    def do(session: Session, by: Actor) -> object:
        return undo_tally(session, branch_id=branch_of(session, body["branch"], by), at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _tallied(session, act, UNDONE), body=body)


def _tallied(session: Session, act: str, verb: str) -> Body:
    told = detail_of(session, act, verb)
    if told is None:
        raise Refused.because(Reason.KEY_REUSED)
    return {
        "topic": told["topic"],
        "channel": InquiryChannel(told["channel"]),
        "count": told["n"],
        "on": date.fromisoformat(told["day"]),
    }


def _shown(choices: tuple[Choice, ...]) -> list[Body]:
    return [{"code": one.code, "name": one.name} for one in choices]
