"""Reservations, for a session or openly, for other programs. Source: INTERFACES, "POST /reservations"; RULES 4."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_required, of_hidden
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.enrolments import card_to_enrol
from lending.api.fields import CodeText, Page
from lending.api.paging import after, cursor_of
from lending.circulation.reserving import cancel, reserve
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import ReservationState
from lending.errors import Reason, hidden_as
from lending.programs.requeue import reserve_in_cohort
from lending.queries import reservations
from lending.queries.codes import card_number
from lending.queries.reservations import ReservationShown


class Reserve(Schema):
    """A kit of a type for a patron. cohort: they are enrolled in it with a kit, or queue again if they are."""

    patron = CodeText(required=True, metadata={"description": "The card."})
    kit_type = CodeText(required=True)
    pickup_branch = CodeText(required=True)
    cohort = CodeText()


class ReservationQuery(Page):
    """Which reservations: those that fit all that is given."""

    branch = CodeText()
    state = fields.Enum(ReservationState, by_value=True)
    cohort = CodeText()
    patron = CodeText()


class ReservationListed(answers.Reservation):
    """A reservation. pickup_code is what the wrap slip shows; kit lies on the shelf for it or was collected."""

    patron = answers.optional(fields.String, metadata={"description": "The card; null once the link is cut."})
    kit = answers.optional(fields.String)
    pickup_code = answers.text()
    queued_at = answers.instant()


class ReservationPage(Schema):
    """A page of reservations, oldest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(ReservationListed), required=True)
    next = answers.optional(fields.String)


@call("POST", "/reservations", Act.RESERVE, takes=Reserve, gives=ReservationListed, keyed=True, tag="Reservations")
def post_reservation(body: Body) -> Any:
    """Reserve a kit for a patron"""

    def do(session: Session, by: Actor) -> object:
        there = branch_of(session, body["pickup_branch"], by)
        wanted: dict[str, Any] = {"kit_type": body["kit_type"], "pickup_branch_id": there}
        if "cohort" in body:
            cohort = body["cohort"]
            card = card_to_enrol(session, body["patron"], cohort=cohort, pickup_branch_id=there, by=by)
            return reserve_in_cohort(session, patron=card, cohort=cohort, at=current.now(), by=by, **wanted)
        card = card_number(session, body["patron"], current.library().spaces)
        return reserve(session, patron=card, at=current.now(), by=by, **wanted)

    def show(session: Session, act: str) -> Body:
        return _answer(reservations.reservation_after(session, act, by=current.actor()))

    return of_hidden(do, show, body=body)


@call("DELETE", "/reservations/<reservation_id>", Act.RESERVE, gives=ReservationListed, keyed=True, tag="Reservations")
def delete_reservation(reservation_id: str) -> Any:
    """Cancel a reservation"""

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return cancel(session, reservation=reservation_id, reason="cancelled", at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        return _answer(reservations.reservation(session, reservation_id, by=current.actor()))

    return key_required(do, show, body={})


@call("GET", "/reservations", Act.RESERVE, query=ReservationQuery, gives=ReservationPage, tag="Reservations")
def get_reservations(query: Body) -> Any:
    """List the reservations of one's branches, oldest first"""
    cursor = after(query.pop("cursor", None))
    with current.library().db.read() as session:
        page = reservations.reservations(session, by=current.actor(), after=cursor, **query)
    return {"items": [_answer(shown) for shown in page.reservations], "next": cursor_of(page.after)}


@call("GET", "/reservations/<reservation_id>", Act.RESERVE, gives=ReservationListed, tag="Reservations")
def get_reservation(reservation_id: str) -> Any:
    """Show a reservation of one's branches"""
    with current.library().db.read() as session:
        return _answer(reservations.reservation(session, reservation_id, by=current.actor()))


def _answer(shown: ReservationShown) -> Body:
    return answers.local(asdict(shown), shown.zone)
