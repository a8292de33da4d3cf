"""The hold shelf of a branch, for other programs. Source: RULES 4, "Pick-up"; whatever the Shelf page can do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_required
from lending.api.calls import call
from lending.api.circulation import Body, branch_of, kit_of, standing
from lending.api.fields import CodeText, Text
from lending.circulation.shelf import Captured, PutBack, shelve
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.queries import shelf
from lending.queries.acts import outcome
from lending.queries.branches import branch


class Shelved(Schema):
    """A kit that was scanned at the shelf of a branch. At a station, the act can be undone there."""

    kit = CodeText(required=True)
    branch = CodeText(required=True)
    station = Text(60)


class ShelvedAnswer(Schema):
    """Whose the kit is now, by the code of its slip; all null when it goes back to the free ones."""

    kit = answers.text()
    reservation = answers.optional(fields.String)
    pickup_code = answers.optional(fields.String)
    cohort = answers.optional(fields.String)
    ready_until = answers.optional(fields.AwareDateTime, format="iso")


class ShelfQuery(Schema):
    """Which branch's shelf."""

    branch = CodeText(required=True)


class ToPull(Schema):
    """A reservation that waits for its kit, and a free one that would do; null where no more are free."""

    reservation = answers.text()
    pickup_code = answers.text()
    kit_type = answers.text()
    cohort = answers.optional(fields.String)
    pickup_from = answers.optional(fields.Date)
    kit = answers.optional(fields.String)
    place = answers.optional(fields.String)
    on_shelf = fields.Boolean(required=True)


class OnShelf(Schema):
    """A kit that may be collected, and until when."""

    reservation = answers.text()
    pickup_code = answers.text()
    kit = answers.text()
    kit_type = answers.text()
    cohort = answers.optional(fields.String)
    ready_until = answers.instant()


class ToPutBack(Schema):
    """A kit that nobody may collect any more, and how its last reservation ended."""

    kit = answers.text()
    kit_type = answers.text()
    pickup_code = answers.optional(fields.String)
    ended = fields.Enum(ReservationState, by_value=True, required=True, allow_none=True)


class Shelf(Schema):
    """What is to be pulled, what is ready, and what has to be put back."""

    pull = fields.List(fields.Nested(ToPull), required=True)
    ready = fields.List(fields.Nested(OnShelf), required=True)
    put_back = fields.List(fields.Nested(ToPutBack), required=True)


@call("GET", "/shelf", Act.CIRCULATE, query=ShelfQuery, gives=Shelf, tag="Reservations")
def get_shelf(query: Body) -> Any:
    """Show the hold shelf of a branch"""
    with current.library().db.read() as session:
        branch_id = branch_of(session, query["branch"], current.actor())
        zone = ZoneInfo(_zone(session, query["branch"]))
        today = current.now().astimezone(zone).date()
        return {
            "pull": shelf.pull_list(session, branch_id=branch_id, today=today),
            "ready": [answers.local(asdict(kit), zone.key) for kit in shelf.ready(session, branch_id=branch_id)],
            "put_back": shelf.to_put_back(session, branch_id=branch_id),
        }


@call("POST", "/shelf", Act.CIRCULATE, takes=Shelved, gives=ShelvedAnswer, keyed=True, tag="Reservations")
def post_shelf(body: Body) -> Any:
    """Put a kit on the hold shelf for whoever is first, or back"""

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        kit = kit_of(session, body["kit"])
        at_station = standing(session, body, branch_id, by)
        return shelve(session, kit=kit, branch_id=branch_id, at=current.now(), by=at_station)

    def show(session: Session, act: str) -> Body:
        done = outcome(session, act)
        assert isinstance(done, Captured | PutBack)  # noqa: S101 - the key stands for this call
        if isinstance(done, PutBack):
            return dict.fromkeys(("reservation", "pickup_code", "cohort", "ready_until"), None) | {"kit": done.kit}
        return answers.local(asdict(done), _zone(session, body["branch"]))

    return key_required(do, show, body=body)


def _zone(session: Session, code: str) -> str:
    """The zone of a branch that was found by its code before."""
    found = branch(session, code)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found.zone
