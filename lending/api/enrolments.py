"""Enrolments for other programs: joining a session, its roster, and what becomes of a seat.

Whoever may not act for the pick-up branch, or for the programme, is told that there is no such thing. Source:
INTERFACES, "POST /cohorts/{code}/enrolments, PATCH /enrolments/{id}"; RULES 4.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from lending.api import answers, bodies, current
from lending.api.acts import of_hidden
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText, Flag, Page, Text
from lending.api.paging import after, cursor_of
from lending.domain.actors import Actor
from lending.domain.permissions import Act, Role
from lending.domain.states import EnrolmentState
from lending.errors import Block, Reason, Refused, hidden_as
from lending.models.policies import Signing
from lending.programs.enrolment import Enrolled, enrol, permit_enrolling
from lending.programs.moving import roll_over, transfer
from lending.programs.offers import accept_offer
from lending.programs.withdrawal import drop, excuse, release_no_shows, withdraw
from lending.queries import enrolments
from lending.queries.branches import branch_id
from lending.queries.codes import card_number
from lending.queries.enrolling import can_enrol
from lending.queries.enrolments import KitStanding, SeatShown
from lending.queries.journal import detail_of

REASON = 240
_MOVES = (EnrolmentState.WITHDRAWN, EnrolmentState.DROPPED, EnrolmentState.ENROLLED)


class NewEnrolment(Schema):
    """Somebody joins a session. agreement: it was seen signed. kit_type is needed where the session has several."""

    patron = CodeText(required=True, metadata={"description": "The card."})
    kit = Flag(load_default=True)
    pickup_branch = CodeText(required=True)
    kit_type = Text(32)
    agreement = Flag(load_default=False)
    answers = fields.Dict(keys=Text(40), values=Flag(), metadata={"description": "To the programme's questions."})


class EnrolmentChange(Schema):
    """A new state (withdrawn, dropped with a reason, enrolled to accept an offer), or the session to move to.

    roll_over: the old seat stays, and a kit that is out is renewed into the next session if that has one left.
    """

    state = fields.Enum(EnrolmentState, by_value=True, validate=validate.OneOf(_MOVES))
    reason = Text(REASON, load_default="")
    move_to = CodeText()
    roll_over = Flag(load_default=False)
    pickup_branch = CodeText()
    answers = fields.Dict(keys=Text(40), values=Flag())

    @validates_schema
    def _one_of_two(self, data: Body, **_options: Any) -> None:
        if ("state" in data) == ("move_to" in data):
            raise ValidationError("Either a state or a session to move to.", "state")
        if "move_to" not in data and (data.get("roll_over") or "pickup_branch" in data):
            raise ValidationError("That goes with a session to move to.", "move_to")


class EnrolmentQuery(Page):
    """Whose places: those in one state."""

    state = fields.Enum(EnrolmentState, by_value=True)


class EnrolmentAnswer(Schema):
    """Somebody's place in a session. position is the place in line, for the seat or else for the kit, while they wait;
    kit_position in the kits' queue alone."""

    id = answers.text()
    cohort = answers.text()
    patron = answers.optional(fields.String, metadata={"description": "The card; null once the patron's link is cut."})
    pickup_branch = answers.text()
    seat = fields.Enum(EnrolmentState, by_value=True, required=True)
    kit = fields.Enum(KitStanding, by_value=True, required=True)
    position = fields.Integer()
    kit_position = fields.Integer()
    barcode = answers.optional(fields.String, metadata={"description": "The kit they have or will find on the shelf."})
    due_at = answers.optional(fields.AwareDateTime, format="iso")
    offered_until = answers.optional(fields.AwareDateTime, format="iso")


class ChangedEnrolment(EnrolmentAnswer):
    """Somebody's place after a change; why says what kept their kit from going along to another session."""

    why = fields.List(fields.Nested(answers.Block), required=True)


class EnrolmentPage(Schema):
    """A page of a session's people, in order of acknowledgement; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(EnrolmentAnswer), required=True)
    next = answers.optional(fields.String)


class ProspectAsked(Schema):
    """Who asks, and where they would pick up a kit, if they want one. A card belongs into no address."""

    patron = CodeText(required=True, metadata={"description": "The card."})
    pickup_branch = CodeText(required=True)
    kit = Flag(load_default=True)
    kit_type = Text(32)


class ProspectAnswer(Schema):
    """What would come of enrolling somebody now: what is left, else the place they would get; blocks stand against it.

    Questions count as not answered.
    """

    seats_left = fields.Integer(required=True)
    position = answers.optional(fields.Integer)
    kits_left = answers.optional(fields.Integer)
    kit_position = answers.optional(fields.Integer)
    blocks = fields.List(fields.Nested(answers.Block), required=True)
    card_expires_first = fields.Boolean(required=True)
    household_has_a_kit = fields.Boolean(required=True)


class NoShows(Schema):
    """The enrolments that lost their seat for missing the mandatory first day."""

    released = fields.List(fields.String(), required=True)


@call(
    "POST",
    "/cohorts/<code>/enrolments",
    Act.ENROL,
    takes=NewEnrolment,
    gives=EnrolmentAnswer,
    keyed=True,
    tag="Sessions",
)
def post_enrolment(body: Body, code: str) -> Any:
    """Enrol a patron in a session"""

    def do(session: Session, by: Actor) -> tuple[Enrolled, str]:
        there = _branch_of(session, body["pickup_branch"], by)
        card = card_to_enrol(session, body["patron"], cohort=code, pickup_branch_id=there, by=by)
        joined = enrol(
            session,
            patron=card,
            cohort=code,
            pickup_branch_id=there,
            wants_kit=body["kit"],
            kit_type=body.get("kit_type"),
            signed=Signing.AT_DESK if body["agreement"] else None,
            answers=body.get("answers"),
            at=current.now(),
            by=by,
        )
        return joined, card

    def tell(done: tuple[Enrolled, str]) -> Body | None:
        return _joined(*done, body["pickup_branch"])

    return of_hidden(do, _show, body=body, tell=tell)


@call("GET", "/cohorts/<code>/enrolments", Act.ENROL, query=EnrolmentQuery, gives=EnrolmentPage, tag="Sessions")
def get_enrolments(query: Body, code: str) -> Any:
    """List the people of a session who pick up at one's branches, or all of them for its lead"""
    cursor = after(query.pop("cursor", None))
    with current.library().db.read() as session:
        page = enrolments.seats(session, code, by=current.actor(), after=cursor, **query)
    return {"items": [_answer(shown) for shown in page.seats], "next": cursor_of(page.after)}


@call(
    "POST",
    "/cohorts/<code>/prospects",
    Act.ENROL,
    takes=ProspectAsked,
    gives=ProspectAnswer,
    changes=False,
    tag="Sessions",
)
def post_prospect(body: Body, code: str) -> Any:
    """Say what would come of enrolling a patron in a session, and change nothing"""
    by = current.actor()
    with current.library().db.read() as session, hidden_as(Reason.NOT_FOUND):
        there = _branch_of(session, body["pickup_branch"], by)
        hope = can_enrol(
            session,
            patron=card_to_enrol(session, body["patron"], cohort=code, pickup_branch_id=there, by=by),
            cohort=code,
            pickup_branch_id=there,
            wants_kit=body["kit"],
            kit_type=body.get("kit_type"),
            at=current.now(),
            by=by,
        )
    return {**asdict(hope), "blocks": [answers.block(found) for found in hope.blocks]}


@call("GET", "/enrolments/<enrolment>", Act.ENROL, gives=EnrolmentAnswer, tag="Sessions")
def get_enrolment(enrolment: str) -> Any:
    """Show somebody's place in a session"""
    with current.library().db.read() as session:
        return _answer(enrolments.seat(session, enrolment, by=current.actor()))


@call(
    "PATCH",
    "/enrolments/<enrolment>",
    Act.ENROL,
    takes=EnrolmentChange,
    gives=ChangedEnrolment,
    keyed=True,
    tag="Sessions",
)
def patch_enrolment(body: Body, enrolment: str) -> Any:
    """Withdraw, drop, accept an offered seat, or move somebody to another session"""

    def do(session: Session, by: Actor) -> object:
        given: dict[str, Any] = {"enrolment": enrolment, "at": current.now(), "by": by}
        if "move_to" in body:
            there = body.get("pickup_branch")
            verb = roll_over if body["roll_over"] else transfer
            return verb(
                session,
                to_cohort=body["move_to"],
                pickup_branch_id=None if there is None else _branch_of(session, there, by),
                answers=body.get("answers"),
                **given,
            )
        if body["state"] is EnrolmentState.ENROLLED:
            return accept_offer(session, **given)
        leave = drop if body["state"] is EnrolmentState.DROPPED else withdraw
        return leave(session, reason=body["reason"], **given)

    return of_hidden(do, _show_change, body=body)


@call(
    "POST",
    "/enrolments/<enrolment>/excuse",
    Act.ENROL,
    takes=bodies.Nothing,
    gives=EnrolmentAnswer,
    keyed=True,
    tag="Sessions",
)
def post_excuse(body: Body, enrolment: str) -> Any:
    """Note that somebody is excused from the mandatory first day"""

    def do(session: Session, by: Actor) -> None:
        excuse(session, enrolment=enrolment, at=current.now(), by=by)

    return of_hidden(do, _show, body=body)


@call(
    "POST",
    "/cohorts/<code>/no_shows",
    Act.ENROL,
    takes=bodies.Nothing,
    gives=NoShows,
    keyed=True,
    tag="Sessions",
)
def post_no_shows(body: Body, code: str) -> Any:
    """Free the seats of those who missed the mandatory first day of a session"""

    def do(session: Session, by: Actor) -> object:
        return release_no_shows(session, cohort=code, at=current.now(), by=by)

    return of_hidden(do, lambda session, act: {"released": enrolments.released_by(session, act)}, body=body)


def card_to_enrol(session: Session, raw: str, *, cohort: str, pickup_branch_id: int, by: Actor) -> str:
    """The number of a card that is sent to enrol somebody. Who may not enrol there learns nothing about cards."""
    try:
        return card_number(session, raw, current.library().spaces)
    except Refused:
        permit_enrolling(session, cohort=cohort, pickup_branch_id=pickup_branch_id, by=by)
        raise


def _branch_of(session: Session, code: str, by: Actor) -> int:
    """A branch where ``by`` may enrol people: their own, or any for the lead of a programme."""
    found = branch_id(session, code)
    if found is None or not (by.everywhere or by.role is Role.PROGRAM or found in by.branch_ids):
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _show(session: Session, act: str) -> Body:
    return _answer(enrolments.seat_after(session, act, by=current.actor()))


def _show_change(session: Session, act: str) -> Body:
    told = detail_of(session, act, "roll_over") or detail_of(session, act, "enrol") or {}
    why = [Block(Reason(one["reason"]), {"cohort": one["cohort"]}) for one in told.get("why", ())]
    return _show(session, act) | {"why": [answers.block(block) for block in why]}


def _joined(joined: Enrolled, card: str, pickup_branch: str) -> Body | None:
    """What ``_show`` answers for somebody who has just joined; ``None`` where a kit of theirs may be out already."""
    if joined.borrowed:
        return None
    found = {
        "id": joined.enrolment,
        "cohort": joined.cohort,
        "patron": card,
        "pickup_branch": pickup_branch.strip().upper(),
        "seat": joined.seat,
        "kit": KitStanding(joined.kit),
        "barcode": None,
        "due_at": None,
        "offered_until": None,
    }
    return found | _positions(joined.seat_position, joined.kit_position)


def _answer(shown: SeatShown) -> Body:
    """A place, with its instants as the clock of its branch shows them, and positions only for who waits."""
    found = answers.local(asdict(shown), shown.zone)
    del found["position"], found["kit_position"], found["went_on_to"]
    return found | _positions(shown.position, shown.kit_position)


def _positions(seat: int | None, kit: int | None) -> Body:
    """The place in line, for the seat or else for the kit, and the one in the kits' queue."""
    found = {"position": seat or kit, "kit_position": kit}
    return {name: position for name, position in found.items() if position is not None}
