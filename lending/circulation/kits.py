"""Kits: their types, and their life from the first label to withdrawal.

A kit that has ever been lent is withdrawn with a reason, never deleted; one that is out cannot be withdrawn.
Source: RULES 1; the permission sheet, "add or change kits", "withdraw a kit; declare lost or missing", "kit types".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout import NO_OVERRIDE, Override
from lending.circulation.checkout_statements import unreceived
from lending.circulation.codes import new_code, refusing_twins
from lending.circulation.in_library import open_use
from lending.circulation.journal import record
from lending.circulation.locks import find_kit, lock_kit, lock_stocks
from lending.circulation.parts import GivenPart, kinds_of, lock_kit_for, make_part
from lending.circulation.reservations import READY_NOTICE, serve_stock, subject_of
from lending.circulation.stocks import stock_of
from lending.circulation.telling import untell
from lending.domain.actors import Actor
from lending.domain.barcodes import Code, Kind
from lending.domain.permissions import Act
from lending.domain.registration import plain_text, text_of
from lending.domain.states import LIVE_RESERVATIONS, KitState, KitVerb, NoSuchMove, ReservationVerb
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.in_library import UseEnd
from lending.models.kits import Kit, KitType, KitTypePart
from lending.models.loans import Loan
from lending.models.policies import Agreement
from lending.models.reservations import Reservation


@dataclass(frozen=True, slots=True)
class ExpectedPart:
    """A kind of part that kits of a type should hold; see ``models.kits.KitTypePart``. Prices are whole cents."""

    name: str
    quantity: int = 1
    returnable: bool = True
    price_cents: int = 0
    bills_alone: bool = False
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class KitChanged:
    """A kit after an act: its code, where it stands, and which fields changed."""

    kit: str
    state: KitState
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KitFound:
    """A missing kit (its code) turned up, and waits for its inspection."""

    kit: str


def add_kit_type(
    session: Session,
    *,
    code: str,
    name: str,
    whole_price_cents: int,
    parts: Sequence[ExpectedPart],
    cohort_only: bool = False,
    description: str = "",
    statement: str | None = None,
    at: datetime,
    by: Actor,
) -> str:
    """Add a kind of kit with the parts it should hold, in the order of inspection, and give its code.

    ``code`` is lower-case letters, digits and hyphens. Raises ``Refused``: ``VALUE_WRONG`` and ``VALUE_MISSING`` for
    every field, ``ALREADY_EXISTS``.
    """
    by.permit(Act.ADMINISTER)
    texts = checked_type(code, name, description, whole_price_cents, parts)
    check_statement(session, statement)
    if session.scalars(select(KitType.id).where(KitType.code == code)).first() is not None:
        raise Refused.because(Reason.ALREADY_EXISTS, field="code", value=code)
    kit_type = KitType(
        code=code,
        name=texts["name"],
        description=texts["description"] or "",
        whole_price_cents=whole_price_cents,
        cohort_only=cohort_only,
        statement=statement,
        parts=[
            KitTypePart(
                position=position,
                name=part.name.strip(),
                quantity=part.quantity,
                returnable=part.returnable,
                price_cents=part.price_cents,
                bills_alone=part.bills_alone,
                photo=part.photo,
            )
            for position, part in enumerate(parts, start=1)
        ],
    )
    session.add(kit_type)
    with refusing_twins(Reason.ALREADY_EXISTS, field="code", value=code):
        session.flush()  # a code taken a moment ago is refused by name
    record(session, "add_kit_type", at=at, by=by, detail={"kit_type_id": kit_type.id, "code": code})
    return code


def add_kit(
    session: Session,
    *,
    code: Code,
    kit_type: str,
    branch_id: int,
    parts: Sequence[GivenPart] | None = None,
    place: str | None = None,
    note: str | None = None,
    at: datetime,
    by: Actor,
    override: Override = NO_OVERRIDE,
) -> KitChanged:
    """Add a kit to a branch, free to be lent. It holds ``parts`` or, without them, what its type (by code) expects.

    Raises ``Refused``: ``NOT_FOUND`` for the branch or the type, for the code as ``codes.new_code`` does, and what is
    wrong with a part's marks.
    """
    kit = make_kit(
        session,
        code=code,
        kit_type=kit_type,
        branch_id=branch_id,
        parts=parts,
        place=place,
        note=note,
        at=at,
        by=by,
        override=override,
    )
    detail: dict[str, object] = {"kit_type_id": kit.kit_type_id}
    if not code.valid:
        detail["override"] = [Reason.CODE_MISREAD.value]
    record(session, "add_kit", at=at, by=by, branch_id=branch_id, kit_id=kit.id, detail=detail)
    serve_stock(session, kit.stock_id, at=at, by=by)
    return KitChanged(kit.barcode, kit.state)


def make_kit(
    session: Session,
    *,
    code: Code,
    kit_type: str,
    branch_id: int,
    parts: Sequence[GivenPart] | None,
    place: str | None,
    note: str | None,
    at: datetime,
    by: Actor,
    override: Override = NO_OVERRIDE,
) -> Kit:
    """A new kit that is free, its stock locked. Part of another act, which journals it and serves whoever waits."""
    by.permit(Act.CHANGE_KIT, branch_id)
    texts = _checked({"place": place, "note": note})
    type_id = session.scalars(select(KitType.id).where(KitType.code == kit_type)).one_or_none()
    if type_id is None or session.get(Branch, branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    stock_id = stock_of(session, branch_id=branch_id, kit_type_id=type_id)
    lock_stocks(session, [stock_id])
    barcode = new_code(session, code, Kind.KIT, by=by, override=override)
    kinds = kinds_of(session, type_id)
    kit = Kit(
        barcode=barcode,
        kit_type_id=type_id,
        stock_id=stock_id,
        branch_id=branch_id,
        _state=KitState.AVAILABLE,
        created_at=at,
        **texts,
    )
    session.add(kit)
    with refusing_twins(Reason.CODE_TAKEN, code=barcode, holder=Kind.KIT.value):
        session.flush()  # the parts need the kit's id; a code taken a moment ago is refused by name
    expected = [GivenPart(kind.name, kind.quantity) for kind in kinds.values()]
    for part in expected if parts is None else parts:
        make_part(session, kit, kinds, part, by=by)
    return kit


def change_kit(session: Session, *, kit: str, details: Mapping[str, object], at: datetime, by: Actor) -> KitChanged:
    """Change a kit's ``place`` or ``note`` and nothing else; nothing empties a field."""
    row = lock_kit_for(session, kit, Act.CHANGE_KIT, by)
    values = _checked(details)
    fields = tuple(sorted(name for name in values if getattr(row, name) != values[name]))
    for name, value in values.items():
        setattr(row, name, value)
    record(session, "change_kit", at=at, by=by, branch_id=row.branch_id, kit_id=row.id, detail={"fields": fields})
    return KitChanged(row.barcode, row.state, fields)


def withdraw(session: Session, *, kit: str, reason: str, at: datetime, by: Actor) -> KitChanged:
    """Take a kit out of service for good, with a reason; it is kept for the loans it was on.

    Raises ``Refused``: ``REASON_NEEDED``; ``IN_TRANSIT``; ``WRONG_STATE`` while it is out, on the hold shelf or being
    inspected, and for a lost one until its loan is settled.
    """
    row = lock_kit_for(session, kit, Act.WITHDRAW_KIT, by)
    why = _reason(reason)
    if row.in_transit_to_id is not None:
        raise Refused.because(Reason.IN_TRANSIT, kit=row.barcode)
    out = session.scalars(select(Loan.id).where(Loan.kit_id == row.id, unreceived)).first()
    if out is not None:
        raise Refused.because(Reason.WRONG_STATE, kit=row.barcode, state=row.state.value)
    _move(row, KitVerb.WITHDRAW)
    row.withdrawn_at, row.withdrawn_reason = at, why
    record(session, "withdraw_kit", at=at, by=by, branch_id=row.branch_id, kit_id=row.id)
    _let_go(session, row, at=at, by=by)
    return KitChanged(row.barcode, row.state)


def reinstate(session: Session, *, kit: str, at: datetime, by: Actor) -> KitChanged:
    """Bring a withdrawn kit back into service: to inspection, because nobody has looked after it."""
    row = lock_kit_for(session, kit, Act.WITHDRAW_KIT, by)
    _move(row, KitVerb.REINSTATE)
    row.withdrawn_at = row.withdrawn_reason = None
    _begin_round(row, at)
    record(session, "reinstate_kit", at=at, by=by, branch_id=row.branch_id, kit_id=row.id)
    return KitChanged(row.barcode, row.state)


def declare_missing(session: Session, *, kit: str, at: datetime, by: Actor) -> KitChanged:
    """Say that a kit that should be in the library cannot be found. Whoever it was put aside for waits again."""
    row = lock_kit_for(session, kit, Act.WITHDRAW_KIT, by)
    if row.state is KitState.IN_USE:
        use = open_use(session, row.id)
        use.ended_at, use.end = at, UseEnd.MISSING
    _move(row, KitVerb.DECLARE_MISSING)
    row.place = row.in_transit_to_id = row.sent_at = None
    record(session, "declare_missing", at=at, by=by, branch_id=row.branch_id, kit_id=row.id)
    _let_go(session, row, at=at, by=by)
    return KitChanged(row.barcode, row.state)


def find(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> KitFound:
    """A missing kit turned up at a branch; it goes to inspection there. Permitted where it is found."""
    by.permit(Act.CHANGE_KIT, branch_id)
    ids = find_kit(session, kit)
    lock_stocks(session, [ids.stock_id])
    row = lock_kit(session, ids.kit_id)
    _move(row, KitVerb.FIND)
    row.branch_id = branch_id
    _begin_round(row, at)
    record(session, "find_kit", at=at, by=by, branch_id=branch_id, kit_id=row.id)
    return KitFound(row.barcode)


def _move(kit: Kit, verb: KitVerb) -> None:
    try:
        kit.move(verb)
    except NoSuchMove as error:
        raise Refused.because(Reason.WRONG_STATE, kit=kit.barcode, state=error.state.value) from None


def _begin_round(kit: Kit, at: datetime) -> None:
    """What was wiped and charged before it was away proves nothing now."""
    kit.round += 1
    kit.turnaround_since = at
    kit.place = None


def _let_go(session: Session, kit: Kit, *, at: datetime, by: Actor) -> None:
    """Whoever this kit was put aside for gets another: from their pool or what is free at once, else in the queue."""
    bound = session.scalars(
        select(Reservation)
        .where(Reservation.kit_id == kit.id, Reservation.state.in_(LIVE_RESERVATIONS))
        .with_for_update(key_share=True)
    ).one_or_none()
    if bound is None:
        return
    try:
        bound.move(ReservationVerb.UNPROMISE)
    except NoSuchMove:
        raise Refused.because(Reason.IN_TRANSIT, kit=kit.barcode) from None
    bound.kit_id = bound.ready_at = bound.ready_until = None
    untell(session, READY_NOTICE, subject=subject_of(bound))
    if bound.pool_id is None:
        bound.promised_at = None
        serve_stock(session, bound.stock_id, at=at, by=by)
    else:
        bound.move(ReservationVerb.PROMISE)  # the pool still owes them a kit; which one is found when it is pulled


def _reason(text: str) -> str:
    reason = text_of("reason", text, 240)
    if reason is None:
        raise Refused.because(Reason.REASON_NEEDED)
    return reason


_LONGEST = {"place": 60, "note": 500}


def _checked(details: Mapping[str, object]) -> dict[str, str | None]:
    """The fields of a kit that may be given by name; all that are wrong or unknown are told at once."""
    values: dict[str, str | None] = {}
    wrong = []
    for name, value in details.items():
        try:
            values[name] = plain_text(value, _LONGEST[name])
        except (KeyError, ValueError):
            wrong.append(Block(Reason.VALUE_WRONG, {"field": name}))
    if wrong:
        raise Refused(*wrong)
    return values


def checked_type(
    code: str, name: str, description: str, whole_price_cents: int, parts: Sequence[ExpectedPart]
) -> dict[str, str]:
    """The texts of a kit type; everything that is wrong with it is told at once."""
    against = []
    texts: dict[str, str] = {}
    for field, value, longest in (("name", name, 120), ("description", description, 500)):
        try:
            texts[field] = plain_text(value, longest) or ""
        except ValueError:
            against.append(Block(Reason.VALUE_WRONG, {"field": field}))
    if texts.get("name") == "":
        against.append(Block(Reason.VALUE_MISSING, {"field": "name"}))
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", code):
        against.append(Block(Reason.VALUE_WRONG, {"field": "code"}))
    if whole_price_cents < 0:
        against.append(Block(Reason.VALUE_WRONG, {"field": "whole_price_cents"}))
    if not parts:
        against.append(Block(Reason.VALUE_MISSING, {"field": "parts"}))
    names = [part.name.strip() for part in parts]
    if len(set(names)) < len(names) or not all(map(_is_part, parts)):
        against.append(Block(Reason.VALUE_WRONG, {"field": "parts"}))
    if against:
        raise Refused(*against)
    return texts


def check_statement(session: Session, statement: str | None) -> None:
    """Refuse (``VALUE_WRONG``) the code of an agreement that was never published."""
    if statement and session.scalars(select(Agreement.id).where(Agreement.code == statement)).first() is None:
        raise Refused.because(Reason.VALUE_WRONG, field="statement")


def _is_part(part: ExpectedPart) -> bool:
    try:
        name = plain_text(part.name, 80)
        plain_text(part.photo, 200)
    except ValueError:
        return False
    return name == part.name.strip() and part.quantity > 0 and part.price_cents >= 0
