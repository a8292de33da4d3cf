"""Kits to read, to add and to take out of service, for other programs. Source: INTERFACES, "GET /kits"; RULES 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, bodies, current
from lending.api.acts import key_required, key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of, kit_of, override_of, show_loan
from lending.api.fields import Cents, CodeText, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation import kits
from lending.circulation.calendars import local_day
from lending.circulation.lines import GivenLine, put_line
from lending.circulation.locks import find_kit
from lending.circulation.lost import declare_lost
from lending.circulation.parts import GivenPart, add_part, replace_part
from lending.circulation.repair import finish_repair
from lending.circulation.transfers import arrive, send
from lending.domain.actors import Actor
from lending.domain.barcodes import read
from lending.domain.permissions import Act
from lending.domain.states import KitState
from lending.errors import Reason, hidden_as
from lending.queries import catalogue


class KitQuery(Page):
    """Which kits: those that fit all that is given. state=available lists what may be lent now."""

    branch = CodeText()
    type = CodeText()
    state = fields.Enum(KitState, by_value=True)


class NewPart(Schema):
    """A thing that goes into a kit; kind is the name of one of its type's parts."""

    kind = Text(80, shortest=1, required=True)
    quantity = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, 1000))
    tag = CodeText()
    manufacturer = Text(80, load_default="")
    model = Text(80, load_default="")
    serial = Text(80)
    imei = Text(20)
    network_name = Text(64)
    network_password = Text(64, load_only=True)
    fund = Text(60)
    purchase_reference = Text(80)
    delivered_on = fields.Date()
    price_cents = Cents()


class NewKit(Schema):
    """A kit to add; without parts it holds what its type expects."""

    barcode = CodeText(required=True)
    type = CodeText(required=True)
    branch = CodeText(required=True)
    parts = fields.List(fields.Nested(NewPart), validate=validate.Length(max=100))
    place = Text(60)
    note = Text(500)
    override = fields.Nested(bodies.Override)


class KitChange(Schema):
    """What may be changed of a kit by name."""

    place = Text(60, allow_none=True)
    note = Text(500, allow_none=True)


class AnotherPart(Schema):
    """The part that takes an old one's place; without it, one without marks of its own."""

    part = fields.Nested(NewPart)


class NewLine(Schema):
    """A line to put in; of one that the library has already, its number is enough; one that had ended works again."""

    number = Text(32, shortest=1, required=True)
    iccid = Text(40, load_default="")
    carrier = Text(80, load_default="")
    plan = Text(80, load_default="")


class FoundAt(Schema):
    """Where a missing kit turned up."""

    branch = CodeText(required=True)


@call("GET", "/kits", query=KitQuery, gives=answers.KitPage, tag="Kits")
def get_kits(query: Body) -> Any:
    """List the kits of one's branches by barcode"""
    with current.library().db.read() as session:
        page = catalogue.kits(
            session,
            by=current.actor(),
            branch=query.get("branch"),
            kit_type=query.get("type"),
            state=query.get("state"),
            after=after(query.get("cursor")),
            limit=query["limit"],
        )
    return {"items": [answers.kit(shown) for shown in page.kits], "next": cursor_of(page.after)}


@call("GET", "/kits/<barcode>", gives=answers.Kit, tag="Kits")
def get_kit(barcode: str) -> Any:
    """Show a kit of one's branches with its parts"""
    with current.library().db.read() as session:
        return answers.kit(catalogue.kit(session, kit_of(session, barcode), by=current.actor()))


@call("POST", "/kits", Act.CHANGE_KIT, takes=NewKit, gives=answers.KitAnswer, tag="Kits")
def post_kit(body: Body) -> Any:
    """Add a kit"""

    def do(session: Session, by: Actor) -> object:
        given = body.get("parts")
        return kits.add_kit(
            session,
            code=read(body["barcode"], current.library().spaces),
            kit_type=body["type"],
            branch_id=branch_of(session, body["branch"], by),
            parts=None if given is None else [_part(part) for part in given],
            place=body.get("place"),
            note=body.get("note"),
            at=current.now(),
            by=by,
            override=override_of(body),
        )

    return key_welcome(do, _showing(body["barcode"]), body=body)


@call("PATCH", "/kits/<barcode>", Act.CHANGE_KIT, takes=KitChange, gives=answers.KitAnswer, tag="Kits")
def patch_kit(body: Body, barcode: str) -> Any:
    """Change where a kit lies and what is noted about it"""
    return _change(
        lambda session, kit, by: kits.change_kit(session, kit=kit, details=body, at=current.now(), by=by),
        body,
        barcode,
        key_welcome,
    )


@call("POST", "/kits/<barcode>/parts", Act.CHANGE_KIT, takes=NewPart, gives=answers.KitAnswer, tag="Kits")
def post_part(body: Body, barcode: str) -> Any:
    """Put one more part into a kit"""
    return _change(
        lambda session, kit, by: add_part(session, kit=kit, part=_part(body), at=current.now(), by=by),
        body,
        barcode,
        key_welcome,
    )


@call(
    "POST",
    "/kits/<barcode>/parts/<int:part>/replacement",
    Act.CHANGE_KIT,
    takes=AnotherPart,
    gives=answers.KitAnswer,
    tag="Kits",
)
def post_replacement(body: Body, barcode: str, part: int) -> Any:
    """Put a new part in the place of an old one"""

    def change(session: Session, kit: str, by: Actor) -> object:
        catalogue.kit(session, kit, by=by)  # another branch's kit does not tell which parts it has
        return replace_part(
            session,
            kit=kit,
            part_id=catalogue.part_id(session, kit, part),
            part=_part(body["part"]) if "part" in body else None,
            at=current.now(),
            by=by,
        )

    return _change(change, body, barcode, key_welcome)


@call(
    "POST",
    "/kits/<barcode>/parts/<int:part>/line",
    Act.CHANGE_KIT,
    takes=NewLine,
    gives=answers.KitAnswer,
    tag="Kits",
)
def post_line(body: Body, barcode: str, part: int) -> Any:
    """Put a line into a part, for one that has ended or where there is none"""

    def change(session: Session, kit: str, by: Actor) -> object:
        catalogue.kit(session, kit, by=by)  # another branch's kit does not tell which parts it has
        part_id, at = catalogue.part_id(session, kit, part), current.now()
        on = local_day(session, find_kit(session, kit).branch_id, at)
        return put_line(session, line=GivenLine(**body), kit=kit, part_id=part_id, on=on, at=at, by=by)

    return _change(change, body, barcode, key_welcome)


@call(
    "POST",
    "/kits/<barcode>/withdrawal",
    Act.WITHDRAW_KIT,
    takes=bodies.Why,
    gives=answers.KitAnswer,
    keyed=True,
    tag="Kits",
)
def post_withdrawal(body: Body, barcode: str) -> Any:
    """Take a kit out of service for good"""
    why = body["reason"]
    return _change(
        lambda session, kit, by: kits.withdraw(session, kit=kit, reason=why, at=current.now(), by=by), body, barcode
    )


@call(
    "POST",
    "/kits/<barcode>/reinstatement",
    Act.WITHDRAW_KIT,
    takes=bodies.Nothing,
    gives=answers.KitAnswer,
    keyed=True,
    tag="Kits",
)
def post_reinstatement(body: Body, barcode: str) -> Any:
    """Bring a withdrawn kit back into service"""
    return _change(lambda session, kit, by: kits.reinstate(session, kit=kit, at=current.now(), by=by), body, barcode)


@call(
    "POST",
    "/kits/<barcode>/missing",
    Act.WITHDRAW_KIT,
    takes=bodies.Nothing,
    gives=answers.KitAnswer,
    keyed=True,
    tag="Kits",
)
def post_missing(body: Body, barcode: str) -> Any:
    """Say that a kit of the library cannot be found"""
    return _change(
        lambda session, kit, by: kits.declare_missing(session, kit=kit, at=current.now(), by=by), body, barcode
    )


@call("POST", "/kits/<barcode>/found", Act.CHANGE_KIT, takes=FoundAt, gives=answers.KitAnswer, keyed=True, tag="Kits")
def post_found(body: Body, barcode: str) -> Any:
    """Say that a missing kit turned up at a branch"""

    def change(session: Session, kit: str, by: Actor) -> object:
        branch_id = branch_of(session, body["branch"], by)
        return kits.find(session, kit=kit, branch_id=branch_id, at=current.now(), by=by)

    return _change(change, body, barcode)


@call(
    "POST",
    "/kits/<barcode>/repair",
    Act.CHANGE_KIT,
    takes=bodies.Nothing,
    gives=answers.KitAnswer,
    keyed=True,
    tag="Kits",
)
def post_repair(body: Body, barcode: str) -> Any:
    """Say that what was damaged in a kit works again"""
    return _change(lambda session, kit, by: finish_repair(session, kit=kit, at=current.now(), by=by), body, barcode)


@call(
    "POST",
    "/kits/<barcode>/lost",
    Act.WITHDRAW_KIT,
    takes=bodies.Nothing,
    gives=answers.LoanAnswer,
    keyed=True,
    tag="Kits",
)
def post_lost(body: Body, barcode: str) -> Any:
    """Give up a kit that is out for lost, and bill it"""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, barcode)
        with hidden_as(Reason.KIT_UNKNOWN, kit=kit):
            return declare_lost(session, kit=kit, at=current.now(), by=by)

    return key_required(do, show_loan, body=body)


@call("POST", "/transfers", Act.TRANSFER_KIT, takes=bodies.Transfer, gives=answers.KitAnswer, keyed=True, tag="Kits")
def post_transfer(body: Body) -> Any:
    """Send a kit to another branch"""
    to = body["to"]
    return _change(
        lambda session, kit, by: send(session, kit=kit, to_branch=to, at=current.now(), by=by), body, body["kit"]
    )


@call("POST", "/arrivals", Act.TRANSFER_KIT, takes=bodies.AtBranch, gives=answers.KitAnswer, keyed=True, tag="Kits")
def post_arrival(body: Body) -> Any:
    """Receive a kit that was on its way"""

    def change(session: Session, kit: str, by: Actor) -> object:
        return arrive(session, kit=kit, branch_id=branch_of(session, body["branch"], by), at=current.now(), by=by)

    return _change(change, body, body["kit"])


def _change(
    change: Callable[[Session, str, Actor], object], body: Body, barcode: str, keyed: Callable[..., Any] = key_required
) -> Any:
    """Do something to one kit. A kit of a branch where the account may not act looks as if there were none."""

    def do(session: Session, by: Actor) -> object:
        kit = kit_of(session, barcode)
        with hidden_as(Reason.KIT_UNKNOWN, kit=kit):
            return change(session, kit, by)

    return keyed(do, _showing(barcode), body=body)


def _showing(barcode: str) -> Callable[[Session, str], Body]:
    return lambda session, act: {"kit": answers.kit(catalogue.kit_anywhere(session, kit_of(session, barcode)))}


def _part(given: Body) -> GivenPart:
    tag = given.get("tag")
    return GivenPart(**{**given, "tag": None if tag is None else read(tag, current.library().spaces)})
