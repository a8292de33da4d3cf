"""Referrals for other programs: with written consent, and what came of each. Source: RULES 7, "Referrals"; RULES 8."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Day, Page
from lending.api.paging import after, cursor_of
from lending.domain.actors import Actor
from lending.domain.choices import LONGEST_CODE
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.models.referrals import OutcomeSource, ReferralOutcome
from lending.programs.referrals import MADE, make_referral, record_outcome, withdraw_consent
from lending.queries import referrals as queries
from lending.queries.codes import card_number
from lending.queries.journal import detail_of
from lending.queries.referrals import ReferralShown
from lending.queries.scope import branches_of

WITHDRAWN = "withdrawn"


class NewReferral(Schema):
    """Somebody is sent on. consented_on is the day on which they signed; without it nobody is referred.

    patron is a card; without one nothing says who it was.
    """

    branch = CodeText(required=True)
    sent_to = fields.String(required=True, validate=validate.Length(1, LONGEST_CODE))
    reason = fields.String(required=True, validate=validate.Length(1, LONGEST_CODE))
    consented_on = Day(load_default=None, allow_none=True)
    patron = CodeText()
    referred_on = Day()


class ReferralChange(Schema):
    """What came of it, who says so and since when; or that the consent was taken back (consent: withdrawn)."""

    outcome = fields.Enum(ReferralOutcome, by_value=True)
    source = fields.Enum(OutcomeSource, by_value=True)
    on = Day()
    consent = fields.String(validate=validate.OneOf([WITHDRAWN]))

    @validates_schema
    def _one_of_two(self, data: Body, **_options: Any) -> None:
        if ("consent" in data) == ("outcome" in data) or ("outcome" in data) != ("source" in data):
            raise ValidationError("Either an outcome with its source, or the consent.", "outcome")
        if "on" in data and "outcome" not in data:
            raise ValidationError("A day of an outcome.", "on")


class ReferralAnswer(Schema):
    """A referral. patron is null for somebody without a card, and once the link is cut."""

    id = answers.text()
    branch = answers.text()
    referred_on = fields.Date(required=True)
    sent_to = answers.text()
    reason = answers.text()
    consented_on = fields.Date(required=True)
    consent_withdrawn = fields.Boolean(required=True)
    patron = answers.optional(fields.String, metadata={"description": "The patron's id."})
    outcome = fields.Enum(ReferralOutcome, by_value=True, required=True, allow_none=True)
    source = fields.Enum(OutcomeSource, by_value=True, required=True, allow_none=True)
    outcome_on = answers.optional(fields.Date)


class ReferralFilter(Page):
    """Which referrals are listed."""

    waiting = fields.Boolean(
        truthy={"true", "1"},
        falsy={"false", "0"},
        load_default=False,
        metadata={"description": "Only those that nobody has an answer for."},
    )


class ReferralPage(Schema):
    """A page of referrals, the oldest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(ReferralAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/referrals", Act.TALLY, query=ReferralFilter, gives=ReferralPage, tag="Outcomes")
def get_referrals(query: Body) -> Any:
    """List the referrals of one's branches, the oldest first"""
    listed = queries.referrals_waiting if query["waiting"] else queries.referrals_listed
    with current.library().db.read() as session:
        found, more = listed(
            session, branches_of(current.actor()), after=after(query.get("cursor")), limit=query["limit"]
        )
    return {"items": [_shown(one) for one in found], "next": cursor_of(more)}


@call("GET", "/referrals/<referral_id>", Act.TALLY, gives=ReferralAnswer, tag="Outcomes")
def get_referral(referral_id: str) -> Any:
    """Show a referral"""
    with current.library().db.read() as session:
        return _shown(queries.referral(session, referral_id, branches_of(current.actor())))


@call("POST", "/referrals", Act.TALLY, takes=NewReferral, gives=ReferralAnswer, tag="Outcomes")
def post_referral(body: Body) -> Any:
    """Refer somebody to a service, with their written consent"""

    def do(session: Session, by: Actor) -> object:
        given = {name: value for name, value in body.items() if name not in ("branch", "patron")}
        branch_id = branch_of(session, body["branch"], by)
        card = card_number(session, body["patron"], current.library().spaces) if "patron" in body else None
        return make_referral(session, branch_id=branch_id, patron=card, **given, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        made = detail_of(session, act, MADE)
        if made is None:
            raise Refused.because(Reason.KEY_REUSED)
        return _shown(queries.referral(session, made["referral"], branches_of(current.actor())))

    return key_welcome(do, show, body=body)


@call("PATCH", "/referrals/<referral_id>", Act.TALLY, takes=ReferralChange, gives=ReferralAnswer, tag="Outcomes")
def patch_referral(body: Body, referral_id: str) -> Any:
    """Say what came of a referral, or that the consent was taken back"""

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            if "consent" in body:
                return withdraw_consent(session, referral=referral_id, at=current.now(), by=by)
            return record_outcome(session, referral=referral_id, **body, at=current.now(), by=by)

    return key_welcome(
        do, lambda session, act: _shown(queries.referral(session, referral_id, branches_of(current.actor()))), body=body
    )


def _shown(one: ReferralShown) -> Body:
    names = ("branch", "referred_on", "sent_to", "reason", "consented_on", "consent_withdrawn", "patron", "outcome")
    shown = {name: getattr(one, name) for name in names}
    return {"id": one.referral, **shown, "source": one.source, "outcome_on": one.outcome_on}
