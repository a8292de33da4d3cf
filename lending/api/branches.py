"""Branches and kit types, for other programs. Source: INTERFACES, "GET/POST /branches, /kit_types"."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import Cents, CodeText, Flag, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.branches import add_branch
from lending.circulation.kits import ExpectedPart, add_kit_type
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.queries import branches


class Kind(Schema):
    """A kind of part that kits of a type should hold. The price is for one, in whole cents."""

    name = Text(80, shortest=1, required=True)
    quantity = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 1000))
    returnable = Flag(load_default=True)
    price_cents = Cents(load_default=0)
    bills_alone = Flag(load_default=False)


class KitType(Schema):
    """A kind of kit with the parts it should hold. Prices are whole cents."""

    code = Text(32, shortest=1, required=True)
    name = Text(120, shortest=1, required=True)
    description = Text(500, load_default="")
    whole_price_cents = Cents(required=True)
    cohort_only = Flag(load_default=False)
    parts = fields.List(fields.Nested(Kind), required=True, validate=validate.Length(1, 100))


class KitTypeAnswer(Schema):
    """A kit type after an act."""

    kit_type = fields.Nested(KitType, required=True)


class KitTypePage(Schema):
    """A page of kit types by code; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(KitType), required=True)
    next = answers.optional(fields.String)


class Branch(Schema):
    """A branch. hours reads mon 10:00-18:00; ...; sun closed, wall-clock times in zone."""

    code = CodeText(required=True)
    name = Text(120, shortest=1, required=True)
    address = Text(240, load_default="")
    phone = Text(32, load_default="")
    zone = Text(64, shortest=1, required=True)
    hours = Text(400, shortest=1, required=True)
    floats = Flag(load_default=False)


class BranchAnswer(Schema):
    """A branch after an act."""

    branch = fields.Nested(Branch, required=True)


class BranchPage(Schema):
    """A page of branches by code; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(Branch), required=True)
    next = answers.optional(fields.String)


@call("GET", "/branches", query=Page, gives=BranchPage, tag="Branches")
def get_branches(query: Body) -> Any:
    """List all branches by code"""
    with current.library().db.read() as session:
        found = [_branch(one) for one in branches.branches(session)]
    return _page(found, query)


@call("POST", "/branches", Act.ADMINISTER, takes=Branch, gives=BranchAnswer, tag="Branches")
def post_branch(body: Body) -> Any:
    """Add a branch"""

    def do(session: Session, by: Actor) -> object:
        return add_branch(session, **body, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        found = branches.branch(session, body["code"])
        if found is None:
            raise Refused.because(Reason.NOT_FOUND)
        return {"branch": _branch(found)}

    return key_welcome(do, show, body=body)


@call("GET", "/kit_types", query=Page, gives=KitTypePage, tag="Kits")
def get_kit_types(query: Body) -> Any:
    """List all kit types by code, with the parts they should hold"""
    with current.library().db.read() as session:
        found = [asdict(one) for one in branches.kit_types(session)]
    return _page(found, query)


@call("POST", "/kit_types", Act.ADMINISTER, takes=KitType, gives=KitTypeAnswer, tag="Kits")
def post_kit_type(body: Body) -> Any:
    """Add a kit type"""

    def do(session: Session, by: Actor) -> object:
        parts = [ExpectedPart(**part) for part in body["parts"]]
        return add_kit_type(session, **{**body, "parts": parts}, at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        for one in branches.kit_types(session):
            if one.code == body["code"]:
                return {"kit_type": asdict(one)}
        raise Refused.because(Reason.NOT_FOUND)

    return key_welcome(do, show, body=body)


def _branch(shown: branches.BranchShown) -> Body:
    return {**asdict(shown), "hours": shown.hours.format()}


def _page(rows: list[Body], query: Body) -> Body:
    """One page of a list that is short enough to be read whole."""
    behind = after(query.get("cursor")) or ""
    rest = sorted((row for row in rows if row["code"] > behind), key=lambda row: str(row["code"]))
    shown = rest[: query["limit"]]
    return {"items": shown, "next": cursor_of(shown[-1]["code"]) if len(rest) > len(shown) else None}
