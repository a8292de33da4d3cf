"""How people heard of sessions and workshops, for other programs: asked once, counted, and leading to nobody.

What leaves here hides counts under five: ``n`` is null, and ``hidden`` says that it is not unknown.
Source: RULES 0 (COOP Careers: peer referrals); RULES 8.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText
from lending.api.indicators import ReportQuery, program_of, scope_of
from lending.domain.actors import Actor
from lending.domain.periods import between
from lending.domain.permissions import Act
from lending.domain.small_cells import Shown, hidden, hidden_with_total
from lending.errors import Reason, hidden_as
from lending.models.outcomes import HeardFrom
from lending.programs.hearing import Heard, note_heard
from lending.queries.enrolments import seat
from lending.queries.hearing import heard as counted


class SourceAnswer(Schema):
    """How many heard from one source. n is null where hidden says that it is under 5, or would tell such a count."""

    source = fields.Enum(HeardFrom, by_value=True, required=True)
    n = answers.optional(fields.Integer)
    hidden = fields.Boolean(required=True)


class FriendsAnswer(Schema):
    """How many heard from a friend who took part in a session."""

    cohort = answers.text()
    n = answers.optional(fields.Integer)
    hidden = fields.Boolean(required=True)


class HeardAnswer(Schema):
    """What people said in a period. answered is how many said anything: no one is made to."""

    answered = answers.optional(fields.Integer)
    items = fields.List(fields.Nested(SourceAnswer), required=True)
    friends_of = fields.List(fields.Nested(FriendsAnswer), required=True)


class HeardGiven(Schema):
    """From whom or where somebody heard; of a friend, the session in which that one took part."""

    source = fields.Enum(HeardFrom, by_value=True, required=True)
    friend_cohort = CodeText()

    @validates_schema
    def _of_a_friend(self, data: Body, **_options: Any) -> None:
        if "friend_cohort" in data and data.get("source") is not HeardFrom.FRIEND:
            raise ValidationError("Only where they heard from a friend.", "friend_cohort")


class HeardCounted(Schema):
    """The seat whose person was asked; what they said hangs on nobody."""

    enrolment = answers.text()


@call("GET", "/reports/heard", Act.SEE_COUNTS, query=ReportQuery, gives=HeardAnswer, tag="Reports")
def get_heard(query: Body) -> Any:
    """Read how people heard, in a period"""
    period = between(query["from_"], query["to"])
    with current.library().db.read() as session:
        found = counted(session, scope_of(session, query), period, program=program_of(session, query).code)
    shown, total = hidden_with_total(list(found.sources.values()))
    by_source = dict(zip(found.sources, shown, strict=True))
    of_friends = list(found.friends_of.values())
    unsaid = found.peer_referrals - sum(of_friends)  # known to whoever takes the others off
    friends: Iterable[Shown] = hidden([*of_friends, unsaid])[:-1]
    if not isinstance(by_source[HeardFrom.FRIEND], int):  # a part of what is hidden would tell of it
        friends = [None] * len(found.friends_of)
    return {
        "answered": _n(total),
        "items": [{"source": source, **_cell(n)} for source, n in by_source.items()],
        "friends_of": [
            {"cohort": code, **_cell(n)} for (code, _name), n in zip(found.friends_of, friends, strict=True)
        ],
    }


@call("POST", "/enrolments/<enrolment>/heard", Act.ENROL, takes=HeardGiven, gives=HeardCounted, tag="Outcomes")
def post_heard(body: Body, enrolment: str) -> Any:
    """Count how somebody who enrolled heard of the session, once"""

    def do(session: Session, by: Actor) -> None:
        said = Heard(body["source"], body.get("friend_cohort"))
        with hidden_as(Reason.NOT_FOUND):
            note_heard(session, enrolment=enrolment, heard=said, at=current.now(), by=by)

    def show(session: Session, _act: str) -> Body:
        seat(session, enrolment, by=current.actor())
        return {"enrolment": enrolment}

    # The key remembers nothing of what they said: of so few answers a digest would tell which it was.
    return key_welcome(do, show, body={})


def _cell(shown: Shown) -> Body:
    return {"n": _n(shown), "hidden": not isinstance(shown, int)}


def _n(shown: Shown) -> int | None:
    return shown if isinstance(shown, int) else None
