"""What the library keeps about people, for other programs: the report, one person's data, and erasing a record.

Source: RULES 8, "Patron export and erasure"; issue "Managers see what circulated", Build 4 and 5.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_required, secretly
from lending.api.calls import call
from lending.api.circulation import Body
from lending.api.fields import CodeText
from lending.api.patrons import found_by_card
from lending.circulation.erasure import erase
from lending.circulation.patrons import find_patron, note_look
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.retention import Rule
from lending.domain.sealed_names import NameSeal
from lending.errors import Reason, Refused
from lending.ledger_key import LedgerKeyLost
from lending.queries.borrowers_data import everything
from lending.queries.retention import what_is_kept

_OF_PATRONS = frozenset(Rule) - {Rule.STAFF}


class KeptAnswer(Schema):
    """The personal columns of a table that go by one rule, and in how many rows they hold something now."""

    table = answers.text()
    columns = fields.List(fields.String(), required=True)
    rule = fields.Enum(Rule, by_value=True, required=True)
    rows = fields.Integer(required=True)


class PrivacyAnswer(Schema):
    """What is kept about patrons. cut_after_days is what the rules cut and event count from."""

    cut_after_days = fields.Integer(required=True)
    items = fields.List(fields.Nested(KeptAnswer), required=True)


class PatronsDataAnswer(Schema):
    """All that is kept about one patron, by what it is: instants as ISO text, money in cents."""

    made_at = answers.instant()
    data = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict(keys=fields.String())), required=True)


class Erasing(Schema):
    """The card of whoever is to be forgotten."""

    patron = CodeText(required=True)


class ErasedAnswer(Schema):
    """The record is erased: nothing names the person any more."""

    erased = fields.Boolean(required=True)


@call("GET", "/reports/privacy", Act.ADMINISTER, gives=PrivacyAnswer, tag="Reports")
def get_privacy() -> Any:
    """Read what is kept about patrons, by which rule it goes, and in how many rows it is now"""
    library = current.library()
    with library.db.read() as session:
        kept = what_is_kept(session, _OF_PATRONS)
    items = [{"table": one.table, "columns": one.columns, "rule": one.rule, "rows": one.rows} for one in kept]
    return {"cut_after_days": library.own_settings().cut_after_days, "items": items}


@call("GET", "/patrons/<card>/data", Act.EXPORT_PATRONS, gives=PatronsDataAnswer, tag="Privacy")
def get_patrons_data(card: str) -> Any:
    """Give all that is kept about a patron, for a patron who asks for it"""
    by = current.actor()

    def look(session: Session) -> Body:
        found = found_by_card(session, card, by)
        note_look(session, patron=found.patron, at=current.now(), by=by)
        return {"made_at": current.now(), "data": everything(session, find_patron(session, found.patron).id)}

    return current.library().db.act(look)


@call("POST", "/erasures", Act.MERGE_PATRONS, takes=Erasing, gives=ErasedAnswer, keyed=True, tag="Privacy")
def post_erasure(body: Body) -> Any:
    """Erase the record of a patron, unless something is open between them and the library"""
    seal = _seal()

    def do(session: Session, by: Actor) -> object:
        found = found_by_card(session, body["patron"], by)
        return erase(session, patron=found.patron, seal=seal, at=current.now(), by=by)

    # The key remembers the card as something that cannot be guessed back.
    return key_required(do, lambda session, act: {"erased": True}, body={"patron": secretly(body["patron"])})


def _seal() -> NameSeal:
    try:
        return current.library().name_seal()
    except LedgerKeyLost:
        raise Refused.because(Reason.LEDGER_KEY_LOST) from None
