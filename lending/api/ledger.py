"""The ECF inventory without names, and opening the sealed ledger, for other programs.

Two administrators open it: one asks and another approves, or one alone waits a day. What it says with names leaves by
the page alone, on which a person reads it. Source: 47 CFR 54.1715; RULES 8, "de-identified export by default".
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.ledger_openings import (
    ASKED,
    LONGEST_REASON,
    approve_opening,
    ask_to_open,
    close_opening,
)
from lending.domain.actors import Actor
from lending.domain.ledger import Stand
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.domain.states import LineState
from lending.errors import Reason, Refused
from lending.models.kits import PartState
from lending.queries.journal import detail_of
from lending.queries.ledger import OpeningShown, assets, opening_shown, openings, services


class DeviceAnswer(Schema):
    """A device that ECF money paid for, without anybody who had it; keeper is the employee who answers for it."""

    part_type = answers.text()
    make = answers.text()
    model = answers.text()
    serial = answers.optional(fields.String)
    tag = answers.optional(fields.String)
    kit = answers.optional(fields.String)
    branch = answers.text(metadata={"description": "The name of the branch; empty for a part in no kit."})
    fund = answers.text()
    purchase_reference = answers.optional(fields.String)
    delivered_on = answers.optional(fields.Date)
    state = fields.Enum(PartState, by_value=True, required=True)
    loans = fields.Integer(required=True)
    last_out_on = answers.optional(fields.Date)
    keeper = answers.optional(fields.String)


class ServiceAnswer(Schema):
    """A line that ECF money pays for, and the device it serves now; branch is a name."""

    carrier = answers.text()
    plan = answers.text()
    download_mbps = answers.optional(fields.Integer)
    upload_mbps = answers.optional(fields.Integer)
    data_cap_gb = answers.optional(fields.Integer)
    fund = answers.text()
    state = fields.Enum(LineState, by_value=True, required=True)
    serial = answers.optional(fields.String)
    kit = answers.optional(fields.String)
    branch = answers.optional(fields.String)


class InventoryAnswer(Schema):
    """Every device and every service, the retired ones among them."""

    devices = fields.List(fields.Nested(DeviceAnswer), required=True)
    services = fields.List(fields.Nested(ServiceAnswer), required=True)


class OpeningGiven(Schema):
    """What the ledger is opened for, such as the audit, and who asks for it. Write no patron's name."""

    reason = Text(LONGEST_REASON, required=True)


class OpeningAnswer(Schema):
    """A wish to open the ledger. opens_at is null while only another administrator can open it."""

    id = answers.text()
    reason = answers.text()
    asked_at = answers.instant()
    asked_by = answers.text()
    approved_by = answers.optional(fields.String)
    opens_at = answers.optional(fields.AwareDateTime, format="iso")
    stand = fields.Enum(Stand, by_value=True, required=True)


class OpeningPage(Schema):
    """A page of wishes to open the ledger, the newest first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(OpeningAnswer), required=True)
    next = answers.optional(fields.String)


_ONE = "/ledger_openings/<opening_id>"
_TAG = "Privacy"


@call("GET", "/reports/ecf_inventory", Act.EXPORT_PATRONS, gives=InventoryAnswer, tag="Reports")
def get_ecf_inventory() -> Any:
    """Read what ECF money paid for, without anybody who had it"""
    with current.library().db.read() as session:
        devices, lines = assets(session), services(session)
    return {"devices": [asdict(one) for one in devices], "services": [asdict(one) for one in lines]}


@call("GET", "/ledger_openings", Act.EXPORT_PATRONS, query=Page, gives=OpeningPage, tag=_TAG)
def get_ledger_openings(query: Body) -> Any:
    """List who asked to open the sealed ledger, the newest first"""
    limit, behind = query["limit"], after(query.get("cursor"))
    with current.library().db.read() as session:
        found = openings(session, at=current.now(), after=behind, limit=limit + 1)
    more = found[limit - 1].opening if len(found) > limit else None
    return {"items": [_shown(one) for one in found[:limit]], "next": cursor_of(more)}


@call("POST", "/ledger_openings", Act.EXPORT_PATRONS, takes=OpeningGiven, gives=OpeningAnswer, tag=_TAG)
def post_ledger_opening(body: Body) -> Any:
    """Ask to open the sealed ledger; every other administrator is told"""

    def do(session: Session, by: Actor) -> object:
        return ask_to_open(session, reason=body["reason"], at=current.now(), by=by)

    def show(session: Session, act: str) -> Body:
        return _now(session, str((detail_of(session, act, ASKED) or {}).get("opening")))

    return key_welcome(do, show, body=body)


@call("POST", f"{_ONE}/approval", Act.EXPORT_PATRONS, gives=OpeningAnswer, tag=_TAG)
def post_ledger_approval(opening_id: str) -> Any:
    """Approve what another administrator asked for; the ledger is open to them for a day"""

    def do(session: Session, by: Actor) -> object:
        return approve_opening(session, opening=opening_id, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _now(session, opening_id), body={})


@call("POST", f"{_ONE}/closing", Act.EXPORT_PATRONS, gives=OpeningAnswer, tag=_TAG)
def post_ledger_closing(opening_id: str) -> Any:
    """Take a wish to open the ledger back, or say no to it"""

    def do(session: Session, by: Actor) -> object:
        return close_opening(session, opening=opening_id, at=current.now(), by=by)

    return key_welcome(do, lambda session, act: _now(session, opening_id), body={})


def _now(session: Session, opening: str) -> Body:
    found = opening_shown(session, opening, at=current.now())
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(found)


def _shown(one: OpeningShown) -> Body:
    return {
        "id": one.opening,
        "reason": one.reason,
        "asked_at": one.asked_at,
        "asked_by": short_name(one.asked_by),
        "approved_by": None if one.approved_by is None else short_name(one.approved_by),
        "opens_at": one.opens_at,
        "stand": one.stand,
    }
