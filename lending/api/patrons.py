"""Patrons to find, to read and to change, for other programs.

A patron is seen by the branches that have to do with them: home, an open loan, a live reservation. Every look and every
search is on the journal. Source: INTERFACES, "GET /patrons"; RULES 2 and 8; the permission sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from lending import passwords
from lending.api import answers, bodies, current
from lending.api.acts import key_required, key_welcome, secretly
from lending.api.calls import call
from lending.api.circulation import Body, branch_of, override_of
from lending.api.fields import CodeText, Flag, Text
from lending.circulation import patrons as verbs
from lending.circulation.merging import merge
from lending.domain.actors import Actor
from lending.domain.barcodes import read
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.models.notices import Channel
from lending.queries import desk, loans, patrons
from lending.queries.codes import card_number
from lending.queries.scope import branches_of


class AddressParts(Schema):
    """An address with its unit; two units are two households."""

    street = Text(160, allow_none=True)
    unit = Text(40, allow_none=True)
    city = Text(80, allow_none=True)
    postal_code = Text(16, allow_none=True)


class Address(fields.Nested):
    """An address by its parts, or in one line: street, unit, city, postal code with commas between them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(AddressParts, **options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, partial: Any = None, **options: Any
    ) -> Any:
        if isinstance(value, str):
            value = _in_parts(value)
        return super()._deserialize(value, attr, data, partial, **options)


def _in_parts(line: str) -> dict[str, str]:
    """An address of one line in its parts: the postal code is last, and a unit has a number."""
    parts = [part.strip() for part in line.split(",") if part.strip()]
    found = {"street": parts.pop(0)} if parts else {}
    if parts and (code := re.search(r"(?:\b[A-Z]{2}\s+)?\b(\d{5}(?:-\d{4})?)$", parts[-1])):
        found["postal_code"] = code[1]
        before = parts.pop()[: code.start()].strip()
        parts += [before] if before else []
    units = [part for part in parts if any(character.isdigit() for character in part)]
    cities = [part for part in parts if part not in units]
    return found | ({"unit": " ".join(units)} if units else {}) | ({"city": ", ".join(cities)} if cities else {})


class PatronFields(Schema):
    """What a patron's record says."""

    name = Text(160)
    birth_date = fields.Date()
    guardian_agreed_on = fields.Date(allow_none=True)
    email = Text(254, allow_none=True)
    phone = Text(60, allow_none=True)
    text_consent_wording = Text(300, allow_none=True)
    notice_channel = fields.Enum(Channel, by_value=True, allow_none=True)
    address = Address()
    home_branch = CodeText()
    language = Text(12)
    expires_on = fields.Date(allow_none=True)
    keeps_history = Flag()
    note = Text(500, allow_none=True)
    pin = fields.String(validate=validate.Regexp(r"[0-9]{4,12}\Z", error="4 to 12 digits."), load_only=True)


class NewPatron(PatronFields):
    """A patron to register under a card."""

    card = CodeText(required=True)
    name = Text(160, required=True)
    birth_date = fields.Date(required=True)
    home_branch = CodeText(required=True)
    override = fields.Nested(bodies.Override)


class PatronQuery(Schema):
    """The beginnings of a name's words, of an e-mail address, or the end of a card or telephone number."""

    q = Text(160, required=True, shortest=1)


class NewCard(Schema):
    """The card that takes the place of the current one."""

    card = CodeText(required=True)
    override = fields.Nested(bodies.Override)


class Merging(Schema):
    """The card of the record that goes, and of the one that stays."""

    gone = CodeText(required=True)
    stays = CodeText(required=True)


class AddressShown(Schema):
    """An address by its parts."""

    street = answers.optional(fields.String)
    unit = answers.optional(fields.String)
    city = answers.optional(fields.String)
    postal_code = answers.optional(fields.String)


class Patron(Schema):
    """A patron. blocks are the reasons against lending them any kit now; charges are what hangs on their loans."""

    card = answers.optional(fields.String)
    name = answers.text()
    birth_date = answers.optional(fields.Date)
    guardian_agreed_on = answers.optional(fields.Date)
    email = answers.optional(fields.String)
    phone = answers.optional(fields.String)
    text_consent_wording = answers.optional(fields.String)
    text_consent_at = answers.optional(fields.DateTime)
    notice_channel = answers.optional(fields.String)
    address = fields.Nested(AddressShown, required=True)
    home_branch = answers.text()
    language = answers.text()
    expires_on = answers.optional(fields.Date)
    keeps_history = fields.Boolean(required=True)
    note = answers.optional(fields.String)
    owes_cents = fields.Integer(required=True)
    blocks = fields.List(fields.Nested(answers.Block), required=True)
    loans = fields.List(fields.Nested(answers.Loan), required=True)
    reservations = fields.List(fields.Nested(answers.Reservation), required=True)
    charges = fields.List(fields.Nested(answers.Charge), required=True)


class PatronAnswer(Schema):
    """A patron after an act."""

    patron = fields.Nested(Patron, required=True)


class PatronFound(Schema):
    """A patron in a list: a short name and masked contact details."""

    name = answers.text()
    card_hint = answers.optional(fields.String)
    home_branch = answers.text()
    kits_out = fields.Integer(required=True)
    blocked = fields.Boolean(required=True)
    email = answers.optional(fields.String)
    phone = answers.optional(fields.String)


class PatronPage(Schema):
    """Who was found. more: there are others, which a longer text would find."""

    items = fields.List(fields.Nested(PatronFound), required=True)
    more = fields.Boolean(required=True)


@call("GET", "/patrons", Act.FIND_PATRON, query=PatronQuery, gives=PatronPage, tag="Patrons")
def get_patrons(query: Body) -> Any:
    """Search the patrons of one's branches"""
    by, at = current.actor(), current.now()

    def search(session: Session) -> patrons.PatronsFound:
        found = patrons.find_patrons(session, query["q"], branch_ids=branches_of(by))
        verbs.note_search(session, found=len(found.patrons), at=at, by=by)
        return found

    found = current.library().db.act(search)
    return {"items": [{**asdict(one), "name": one.short_name} for one in found.patrons], "more": found.more}


@call("GET", "/patrons/<card>", Act.FIND_PATRON, gives=Patron, tag="Patrons")
def get_patron(card: str) -> Any:
    """Show a patron of one's branches, with what stands against lending to them"""
    by = current.actor()

    def look(session: Session) -> Body:
        found = found_by_card(session, card, by)
        verbs.note_look(session, patron=found.patron, at=current.now(), by=by)
        return _patron(session, found, by)

    return current.library().db.act(look)


@call("POST", "/patrons", Act.CHANGE_PATRON, takes=NewPatron, gives=PatronAnswer, tag="Patrons")
def post_patron(body: Body) -> Any:
    """Register a patron"""
    pin_hash = _hashed(body)

    def do(session: Session, by: Actor) -> object:
        made = verbs.register(
            session,
            card=read(body["card"], current.library().spaces),
            details=_details(body),
            home_branch_id=branch_of(session, body["home_branch"], by),
            at=current.now(),
            by=by,
            override=override_of(body),
        )
        if pin_hash is not None:
            verbs.set_pin(session, patron=made.patron, pin_hash=pin_hash, at=current.now(), by=by)
        return made

    return key_welcome(do, _showing(body["card"]), body=_remembered(body))


@call("PATCH", "/patrons/<card>", Act.CHANGE_PATRON, takes=PatronFields, gives=PatronAnswer, tag="Patrons")
def patch_patron(body: Body, card: str) -> Any:
    """Change the named fields of a patron and no other"""
    pin_hash = _hashed(body)

    def do(session: Session, by: Actor) -> object:
        found = found_by_card(session, card, by)
        details = _details(body)
        if "home_branch" in body:
            details["home_branch_id"] = branch_of(session, body["home_branch"], by)
        with hidden_as(Reason.CARD_UNKNOWN):
            if pin_hash is not None:
                verbs.set_pin(session, patron=found.patron, pin_hash=pin_hash, at=current.now(), by=by)
            return verbs.change(session, patron=found.patron, details=details, at=current.now(), by=by)

    return key_welcome(do, _showing(card), body=_remembered(body))


@call("POST", "/patrons/<card>/cards", Act.CHANGE_PATRON, takes=NewCard, gives=PatronAnswer, keyed=True, tag="Patrons")
def post_card(body: Body, card: str) -> Any:
    """Replace a patron's card; the old number says so"""

    def do(session: Session, by: Actor) -> object:
        found = found_by_card(session, card, by)
        with hidden_as(Reason.CARD_UNKNOWN):
            return verbs.replace_card(
                session,
                patron=found.patron,
                card=read(body["card"], current.library().spaces),
                at=current.now(),
                by=by,
                override=override_of(body),
            )

    return key_required(do, _showing(body["card"]), body=body)


@call("PUT", "/patrons/<card>/block", Act.CHANGE_PATRON, takes=bodies.Why, gives=PatronAnswer, tag="Patrons")
def put_block(body: Body, card: str) -> Any:
    """Block a patron by hand"""

    def do(session: Session, by: Actor) -> object:
        found = found_by_card(session, card, by)
        with hidden_as(Reason.CARD_UNKNOWN):
            return verbs.block(session, patron=found.patron, reason=body["reason"], at=current.now(), by=by)

    return key_welcome(do, _showing(card), body=body)


@call("DELETE", "/patrons/<card>/block", Act.CHANGE_PATRON, gives=PatronAnswer, tag="Patrons")
def delete_block(card: str) -> Any:
    """Lift a patron's block"""

    def do(session: Session, by: Actor) -> object:
        found = found_by_card(session, card, by)
        with hidden_as(Reason.CARD_UNKNOWN):
            return verbs.unblock(session, patron=found.patron, at=current.now(), by=by)

    return key_welcome(do, _showing(card), body={})


@call("POST", "/patron_merges", Act.MERGE_PATRONS, takes=Merging, gives=PatronAnswer, keyed=True, tag="Patrons")
def post_merge(body: Body) -> Any:
    """Make one record of two"""

    def do(session: Session, by: Actor) -> object:
        gone, stays = found_by_card(session, body["gone"], by), found_by_card(session, body["stays"], by)
        return merge(session, loser=gone.patron, survivor=stays.patron, at=current.now(), by=by)

    return key_required(do, _showing(body["stays"]), body=body)


# --- What the calls share -------------------------------------------------------------------------------------


def found_by_card(session: Session, raw: str, by: Actor) -> patrons.PatronShown:
    """The patron of a current card whom ``by`` may see; any other card is unknown, whether somebody has it or not."""
    number = card_number(session, raw, current.library().spaces)
    held = patrons.patron_with_card(session, number)
    seen = held and patrons.patron_shown(session, held.patron, branch_ids=branches_of(by))
    if not seen:
        raise Refused.because(Reason.CARD_UNKNOWN, code=number)
    if seen.card != number:
        raise Refused.because(Reason.CARD_REPLACED)
    return seen


def _showing(raw: str) -> Any:
    def show(session: Session, act: str) -> Body:
        by = current.actor()
        # A card that was replaced since still leads to its patron, so that a repeated request is answered.
        found = patrons.patron_with_card(session, card_number(session, raw, current.library().spaces))
        if found is None:
            raise Refused.because(Reason.CARD_UNKNOWN)
        return {"patron": _patron(session, found, by)}

    return show


def _patron(session: Session, found: patrons.PatronShown, by: Actor) -> Body:
    at = current.now()
    strip = desk.strip_by_public_id(session, found.patron, branch_id=found.home_branch_id, zone=found.zone, at=at)
    mine = loans.loans(session, by=by, at=at, patron=found.card) if found.card else loans.LoanPage((), None)
    return {
        **{name: getattr(found, name) for name in _COPIED},
        "address": {name: getattr(found, name) for name in ("street", "unit", "city", "postal_code")},
        "blocks": [answers.block(one) for one in (strip.blocks if strip else ())],
        "loans": [answers.loan(one) for one in mine.loans],
        "reservations": [
            {**answers.local(asdict(one), found.zone), "id": one.reservation} for one in found.reservations
        ],
        "charges": [{**asdict(one), "id": one.charge} for one in found.charges],
    }


_COPIED = (
    "card",
    "name",
    "birth_date",
    "guardian_agreed_on",
    "email",
    "phone",
    "text_consent_wording",
    "text_consent_at",
    "notice_channel",
    "home_branch",
    "language",
    "expires_on",
    "keeps_history",
    "note",
    "owes_cents",
)
_NOT_DETAILS = frozenset({"card", "home_branch", "pin", "address", "override"})


def _details(body: Body) -> dict[str, object]:
    """The fields of a record that a body gives. An address is given as a whole: what it leaves out is emptied."""
    details = {name: value for name, value in body.items() if name not in _NOT_DETAILS}
    if "address" in body:
        details |= {**dict.fromkeys(("street", "unit", "city", "postal_code")), **body["address"]}
    return details


def _hashed(body: Body) -> str | None:
    """The hash of the PIN in a body, made before any transaction begins."""
    return passwords.hash_secret(body["pin"]) if "pin" in body else None


def _remembered(body: Body) -> Body:
    """The body as its key remembers it: a PIN is short enough to be guessed from a plain digest."""
    return {**body, "pin": secretly(body.get("pin"))}
