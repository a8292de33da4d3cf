"""Registrations of one workshop alone, for other programs: how many there are, and one more.

Nobody who registered is named in an answer. Source: RULES 7, "Registered is its own number (anyone may register for one
workshop without card or kit)".
"""

from __future__ import annotations

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
from lending.errors import Reason, hidden_as
from lending.models.outcomes import HeardFrom, RegistrationWay
from lending.programs.hearing import Heard
from lending.programs.registrations import REGISTERED, register
from lending.queries.journal import detail_of
from lending.queries.open_workshops import registration_shown
from lending.queries.registrations import registration_sheet

_DETAILS = ("name", "email", "phone", "language", "text_consent_wording")


class NewRegistration(Schema):
    """Somebody who means to come, with an e-mail address or a telephone number, and how they heard of it, if asked.

    They are told by e-mail, or by text if they agreed to that: text_consent_wording is what they read.
    """

    name = Text(160, required=True)
    email = Text(254)
    phone = Text(32)
    text_consent_wording = Text(300)
    language = Text(12)
    way = fields.Enum(RegistrationWay, by_value=True, required=True)
    heard = fields.Enum(HeardFrom, by_value=True)
    friend_cohort = CodeText(metadata={"description": "Heard from a friend: the session in which that one took part."})

    @validates_schema
    def _of_a_friend(self, data: Body, **_options: Any) -> None:
        if "friend_cohort" in data and data.get("heard") is not HeardFrom.FRIEND:
            raise ValidationError("Only where they heard from a friend.", "friend_cohort")


class RegistrationCounts(Schema):
    """How many registered for a workshop alone. registered adds whoever has a seat in its session to alone.

    places is null where as many may register as like.
    """

    workshop = answers.text()
    is_open = fields.Boolean(required=True)
    places = answers.optional(fields.Integer)
    alone = fields.Integer(required=True)
    registered = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)
    came = fields.Integer(required=True)


class RegistrationMade(Schema):
    """A registration: its id stands in the link with which the person cancels."""

    id = answers.text()
    reference = answers.text()


@call(
    "GET",
    "/workshops/<workshop_id>/registrations",
    Act.RECORD_ATTENDANCE,
    gives=RegistrationCounts,
    tag="Workshops",
)
def get_registrations(workshop_id: str) -> Any:
    """Count who registered for a workshop"""
    with current.library().db.read() as session:
        found = registration_sheet(session, workshop_id, at=current.now(), by=current.actor())
    return {
        "workshop": workshop_id,
        "is_open": found.is_open,
        "places": found.places,
        "alone": found.registered,
        "registered": found.workshop.counted.registered,
        "cancelled": found.cancelled,
        "came": found.came,
    }


@call(
    "POST",
    "/workshops/<workshop_id>/registrations",
    Act.ENROL,
    takes=NewRegistration,
    gives=RegistrationMade,
    tag="Workshops",
)
def post_registration(body: Body, workshop_id: str) -> Any:
    """Register somebody for a workshop, without a card"""
    heard = Heard(body["heard"], body.get("friend_cohort")) if "heard" in body else None
    details = {name: body[name] for name in _DETAILS if name in body}

    def do(session: Session, by: Actor) -> object:
        given = {"workshop": workshop_id, "details": details, "way": body["way"], "heard": heard}
        with hidden_as(Reason.NOT_FOUND):
            return register(session, at=current.now(), by=by, **given)

    def show(session: Session, act: str) -> Body:
        detail = detail_of(session, act, REGISTERED) or {}
        found = registration_shown(session, str(detail["registration"]), at=current.now())
        return {"id": str(detail["registration"]), "reference": "" if found is None else found.reference}

    return key_welcome(do, show, body=body)
