"""Stocktakes for other programs. Source: RULES 5, "Stocktake"."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, bodies, current
from lending.api.acts import key_required, of_hidden
from lending.api.calls import call
from lending.api.circulation import Body, branch_of, kit_of
from lending.api.fields import CodeText, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.stocktake import BEGUN, LONGEST_PLACE, SEEN, begin, end, see
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import KitState
from lending.domain.stocktake import Standing
from lending.errors import Reason, Refused
from lending.queries.journal import detail_of
from lending.queries.scope import branches_of
from lending.queries.stocktakes import KitCounted, StocktakeShown, kit_counted, report, stocktake, stocktakes


class NewStocktake(Schema):
    """What is counted: a branch, or one place in it."""

    branch = CodeText(required=True)
    place = Text(LONGEST_PLACE, load_default="")


class SeenKit(Schema):
    """A kit that was seen."""

    kit = CodeText(required=True)


class Stocktake(Schema):
    """A count: seen of expected. ended_at is null while it goes on."""

    id = answers.text()
    branch = answers.text()
    place = answers.text(metadata={"description": "Empty for the whole branch."})
    began_at = answers.instant()
    ended_at = answers.optional(fields.AwareDateTime, format="iso")
    expected = fields.Integer(required=True)
    seen = fields.Integer(required=True)


class Counted(Schema):
    """A kit of a count as it is now; standing says what it was when it was seen."""

    barcode = answers.text()
    state = fields.Enum(KitState, by_value=True, required=True)
    place = answers.optional(fields.String)
    branch = answers.text(metadata={"description": "The name of where it is."})
    to_branch = answers.optional(fields.String)
    standing = fields.Enum(Standing, by_value=True, required=True, allow_none=True)


class StocktakeAnswer(Schema):
    """A count as it stands."""

    stocktake = fields.Nested(Stocktake, required=True)


class SeenAnswer(StocktakeAnswer):
    """A kit that was seen, and the count as it stands. again: it was seen before, and nothing changed."""

    kit = fields.Nested(Counted, required=True)
    again = fields.Boolean(required=True)


class Report(StocktakeAnswer):
    """A count with its lists. left: not seen, but lent, sent or withdrawn while the count went on."""

    seen = fields.List(fields.Nested(Counted), required=True)
    missing = fields.List(fields.Nested(Counted), required=True)
    left = fields.List(fields.Nested(Counted), required=True)
    unexpected = fields.List(fields.Nested(Counted), required=True)


class StocktakePage(Schema):
    """A page of counts, the newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(Stocktake), required=True)
    next = answers.optional(fields.String)


@call("GET", "/stocktakes", Act.CHANGE_KIT, query=Page, gives=StocktakePage, tag="Stocktakes")
def get_stocktakes(query: Body) -> Any:
    """List the stocktakes of one's branches"""
    with current.library().db.read() as session:
        found, more = stocktakes(
            session, branch_ids=branches_of(current.actor()), after=after(query.get("cursor")), limit=query["limit"]
        )
    return {"items": [_shown(one) for one in found], "next": cursor_of(more)}


@call("GET", "/stocktakes/<stocktake_id>", Act.CHANGE_KIT, gives=Report, tag="Stocktakes")
def get_stocktake(stocktake_id: str) -> Any:
    """Show a stocktake with what was seen, is missing, and should not be there"""
    with current.library().db.read() as session:
        found = report(session, stocktake_id, branch_ids=branches_of(current.actor()))
    lists = {name: [_kit(kit) for kit in getattr(found, name)] for name in ("seen", "missing", "left", "unexpected")}
    return {"stocktake": _shown(found.stocktake), **lists}


@call(
    "POST",
    "/stocktakes",
    Act.CHANGE_KIT,
    takes=NewStocktake,
    gives=StocktakeAnswer,
    keyed=True,
    tag="Stocktakes",
)
def post_stocktake(body: Body) -> Any:
    """Begin to count what stands at a branch"""

    def do(session: Session, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        return begin(session, branch_id=branch_id, place=body["place"], at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        begun = detail_of(session, act, BEGUN)
        if begun is None:
            raise Refused.because(Reason.KEY_REUSED)
        return {"stocktake": _now(session, begun["stocktake"])}

    return key_required(do, show, body=body)


@call(
    "POST",
    "/stocktakes/<stocktake_id>/kits",
    Act.CHANGE_KIT,
    takes=SeenKit,
    gives=SeenAnswer,
    keyed=True,
    tag="Stocktakes",
)
def post_seen_kit(body: Body, stocktake_id: str) -> Any:
    """Note that a kit was seen, and say what it is"""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, body["kit"])
        return see(session, stocktake=stocktake_id, kit=kit, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        kit = kit_counted(session, stocktake_id, kit_of(session, body["kit"]), branch_ids=branches_of(current.actor()))
        return {
            "stocktake": _now(session, stocktake_id),
            "kit": _kit(kit),
            "again": detail_of(session, act, SEEN) is None,
        }

    return of_hidden(do, show, body=body)


@call(
    "POST",
    "/stocktakes/<stocktake_id>/end",
    Act.CHANGE_KIT,
    takes=bodies.Nothing,
    gives=StocktakeAnswer,
    keyed=True,
    tag="Stocktakes",
)
def post_stocktake_end(body: Body, stocktake_id: str) -> Any:
    """End a stocktake; what was not seen is listed as missing, and no kit changes"""

    def do(session: Session, by: Actor) -> object:
        return end(session, stocktake=stocktake_id, at=current.now(), by=by)

    return of_hidden(do, lambda session, act: {"stocktake": _now(session, stocktake_id)}, body=body)


def _now(session: Session, stocktake_id: str) -> Body:
    return _shown(stocktake(session, stocktake_id, branch_ids=branches_of(current.actor())))


def _shown(found: StocktakeShown) -> Body:
    def local(at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(found.zone))

    return {
        "id": found.stocktake,
        "branch": found.branch,
        "place": found.place,
        "began_at": local(found.began_at),
        "ended_at": None if found.ended_at is None else local(found.ended_at),
        "expected": found.expected,
        "seen": found.seen,
    }


def _kit(kit: KitCounted) -> Body:
    return {**asdict(kit), "barcode": kit.kit}
