"""Parts: what is in a kit, thing by thing, with the marks that tell one from another.

A part that is replaced is kept as retired, so that what went out with a loan can still be named; the loan it was
missed on settles by itself. Source: RULES 1 ("A kit holds part instances ...") and 5 (missing part).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.codes import new_code, refusing_twins
from lending.circulation.journal import record
from lending.circulation.locks import find_kit, lock_kits, lock_stocks
from lending.circulation.missing_parts import complete_if_whole
from lending.circulation.tasks import close_task, part_subject
from lending.domain.actors import Actor
from lending.domain.barcodes import Code, Kind, is_imei
from lending.domain.permissions import Act
from lending.domain.registration import plain_text, read_date
from lending.domain.states import KitState
from lending.errors import Block, Reason, Refused
from lending.models.base import table_of
from lending.models.kits import Kit, KitTypePart, Part, PartState
from lending.models.lines import Line, LinePlacement
from lending.models.tasks import TaskKind

_parts = table_of(Part)


@dataclass(frozen=True, slots=True)
class GivenPart:
    """A thing that goes into a kit: ``kind`` is the name of one of its type's expected parts.

    ``serial`` keeps its exact case; ``price_cents`` is for one of ``quantity``, in whole cents, where it differs from
    the type's. Network name and password are for anything with a SIM.
    """

    kind: str
    quantity: int = 1
    tag: Code | None = None
    manufacturer: str = ""
    model: str = ""
    serial: str | None = None
    imei: str | None = None
    network_name: str | None = None
    network_password: str | None = field(default=None, repr=False)
    fund: str | None = None
    purchase_reference: str | None = None
    delivered_on: date | str | None = None
    price_cents: int | None = None


@dataclass(frozen=True, slots=True)
class PartChanged:
    """A part after an act, and the kit it sits in."""

    part_id: int
    kit: str
    kit_state: KitState


@dataclass(frozen=True, slots=True)
class PartFound:
    """Which part a code belongs to, for sentences such as "That is the hotspot's IMEI of kit KIT-00014".

    ``mark`` is what was scanned: ``tag``, ``imei``, ``iccid`` or ``serial``. ``kit`` is none for a part in no kit.
    """

    mark: str
    part_id: int
    name: str
    kit: str | None


def add_part(session: Session, *, kit: str, part: GivenPart, at: datetime, by: Actor) -> PartChanged:
    """Put one more part into a kit that is in the library. Raises ``Refused`` as ``replace_part`` does."""
    row = lock_kit_for(session, kit, Act.CHANGE_KIT, by)
    _refuse_if_out(row)
    made = make_part(session, row, kinds_of(session, row.kit_type_id), part, by=by)
    complete_if_whole(session, row, at=at, by=by)
    record(
        session,
        "add_part",
        at=at,
        by=by,
        branch_id=row.branch_id,
        kit_id=row.id,
        detail={"part_id": made.id, "kind": part.kind},
    )
    return PartChanged(made.id, row.barcode, row.state)


def replace_part(
    session: Session, *, kit: str, part_id: int, part: GivenPart | None = None, at: datetime, by: Actor
) -> PartChanged:
    """Put a new part in the place of an old one, which is retired and kept; by itself one without marks of its own.

    An incomplete kit with nothing missing any more goes to turnaround. A line in the old part is taken out.
    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``PART_UNKNOWN``, ``WRONG_STATE`` for a kit that is out, and
    what is wrong with the new part's marks.
    """
    row = lock_kit_for(session, kit, Act.CHANGE_KIT, by)
    _refuse_if_out(row)
    old = part_in(session, row, part_id)
    kinds = kinds_of(session, row.kit_type_id)
    kind = next(name for name, known in kinds.items() if known.id == old.kind_id)
    old.state, old.retired_at = PartState.RETIRED, at
    today = local_day(session, row.branch_id, at)
    session.execute(
        update(LinePlacement).where(LinePlacement.part_id == old.id, LinePlacement.until.is_(None)).values(until=today)
    )
    made = make_part(session, row, kinds, part or GivenPart(kind, old.quantity), by=by)
    if made.kind_id != old.kind_id:
        raise Refused.because(Reason.VALUE_WRONG, field="kind")
    complete_if_whole(session, row, at=at, by=by)
    close_task(session, TaskKind.REORDER_PART, subject=part_subject(old.id), at=at, by=by, outcome="replaced")
    record(
        session,
        "replace_part",
        at=at,
        by=by,
        branch_id=row.branch_id,
        kit_id=row.id,
        detail={"retired_id": old.id, "part_id": made.id, "kind": kind},
    )
    return PartChanged(made.id, row.barcode, row.state)


def move_tag(session: Session, *, kit: str, part_id: int, tag: Code, at: datetime, by: Actor) -> PartChanged:
    """Put an inventory tag on a part; a tag that another part has moves over, also from another kit.

    Raises ``Refused``: ``PART_UNKNOWN``, ``CODE_TAKEN`` by a card or a kit, or why the code cannot be a part's.
    """
    had_it = session.execute(
        select(Part.id, Kit.barcode).outerjoin_from(Part, Kit).where(Part.tag == tag.text)
    ).one_or_none()
    codes = {kit} if had_it is None or had_it.barcode is None else {kit, had_it.barcode}
    rows = lock_kits_for(session, codes, Act.CHANGE_KIT, by)
    row = rows[kit]
    part = part_in(session, row, part_id)
    if had_it is not None:
        session.execute(update(_parts).where(_parts.c.id == had_it.id).values(tag=None))
    part.tag = new_code(session, tag, Kind.PART, by=by)
    with refusing_twins(Reason.CODE_TAKEN, code=tag.text, holder=Kind.PART.value):
        session.flush()  # a tag put elsewhere a moment ago is refused by name
    detail = {"part_id": part.id, "tag": part.tag, "from_part_id": had_it.id if had_it else None}
    for touched in rows.values():
        record(session, "move_tag", at=at, by=by, branch_id=touched.branch_id, kit_id=touched.id, detail=detail)
    return PartChanged(part.id, row.barcode, row.state)


def resolve_part_code(session: Session, text: str) -> PartFound | None:
    """The part that has ``text`` for its tag, IMEI (or its longer form), SIM or serial; ``None`` when no part has it.

    Tags and numbers are read as ``domain/barcodes.read`` gives them, serials in their exact case. A part that is still
    in use comes before a retired one.
    """
    with_sim = (
        select(LinePlacement.part_id)
        .join(Line, Line.id == LinePlacement.line_id)
        .where(Line.iccid == text, LinePlacement.until.is_(None))
    )
    same_device = [Part.imei == text]
    if re.fullmatch(r"[0-9]{16}", text):  # the software's version stands where an IMEI has its check digit
        same_device.append(Part.imei.startswith(text[:14]))
    row = session.execute(
        select(Part.id, Part.tag, Part.serial, Part.imei, KitTypePart.name, Kit.barcode)
        .join(Part.kind)
        .outerjoin(Part.kit)
        .where(or_(Part.tag == text, Part.serial == text, *same_device, Part.id.in_(with_sim)))
        .order_by(Part.state == PartState.RETIRED, Part.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    mark = "tag" if row.tag == text else "serial" if row.serial == text else "iccid"
    if row.imei is not None and row.imei[:14] == text[:14]:
        mark = "imei"
    return PartFound(mark, row.id, row.name, row.barcode)


def make_part(session: Session, kit: Kit, kinds: Mapping[str, KitTypePart], given: GivenPart, *, by: Actor) -> Part:
    """A new part in a kit, its marks checked. Part of another act, which has locked the kit."""
    values = _read(given)
    if given.kind not in kinds:
        raise Refused.because(Reason.PART_UNKNOWN, part=given.kind)
    if given.tag is not None:
        values["tag"] = new_code(session, given.tag, Kind.PART, by=by)
    _refuse_twins(session, values)
    part = Part(kit_id=kit.id, kind_id=kinds[given.kind].id, **values)
    session.add(part)
    with refusing_twins(Reason.ALREADY_EXISTS, field="part"):
        session.flush()  # the journal names the part by its id; marks taken a moment ago are refused by name
    return part


def kinds_of(session: Session, kit_type_id: int) -> dict[str, KitTypePart]:
    """The expected parts of a kit type, by name, in their order."""
    chosen = select(KitTypePart).where(KitTypePart.kit_type_id == kit_type_id)
    return {kind.name: kind for kind in session.scalars(chosen.order_by(KitTypePart.position))}


def part_in(session: Session, kit: Kit, part_id: int) -> Part:
    """A part that is in use in ``kit``; ``PART_UNKNOWN`` for any other."""
    part = session.scalars(
        select(Part).where(Part.id == part_id, Part.kit_id == kit.id, Part.state != PartState.RETIRED)
    ).one_or_none()
    if part is None:
        raise Refused.because(Reason.PART_UNKNOWN, part=part_id)
    return part


def lock_kit_for(session: Session, code: str, act: Act, by: Actor) -> Kit:
    """Lock a kit and its stock for an act that ``by`` may do where the kit is."""
    return lock_kits_for(session, {code}, act, by)[code]


def lock_kits_for(session: Session, codes: set[str], act: Act, by: Actor) -> dict[str, Kit]:
    """Lock kits and their stocks, by code. ``KIT_UNKNOWN``; ``NOT_PERMITTED`` unless ``by`` may act for every one."""
    found = [find_kit(session, code) for code in sorted(codes)]
    for ids in found:
        by.permit(act, ids.branch_id)
    lock_stocks(session, [ids.stock_id for ids in found])
    rows = {kit.barcode: kit for kit in lock_kits(session, [ids.kit_id for ids in found]).values()}
    for kit in rows.values():
        by.permit(act, kit.branch_id)  # it may have gone to another branch meanwhile
    return rows


def _refuse_if_out(kit: Kit) -> None:
    """What is not in the library cannot be changed: the loan's own list says what is out."""
    if kit.state in (KitState.ON_LOAN, KitState.IN_USE, KitState.LOST, KitState.WITHDRAWN):
        raise Refused.because(Reason.WRONG_STATE, kit=kit.barcode, state=kit.state.value)


_LONGEST = {
    "manufacturer": 80,
    "model": 80,
    "serial": 80,
    "network_name": 64,
    "network_password": 64,
    "fund": 60,
    "purchase_reference": 80,
}


def _read(given: GivenPart) -> dict[str, Any]:
    """The columns of a part; every mark that is wrong is told at once."""
    values: dict[str, Any] = {"quantity": given.quantity, "price_cents": given.price_cents}
    wrong = []
    for name, longest in _LONGEST.items():
        try:
            values[name] = plain_text(getattr(given, name), longest)
        except ValueError:
            wrong.append(name)
    for name in ("manufacturer", "model"):
        values[name] = values.get(name) or ""
    try:
        values["delivered_on"] = read_date(given.delivered_on)
    except ValueError:
        wrong.append("delivered_on")
    values["imei"] = re.sub(r"[ /-]", "", given.imei or "") or None
    if values["imei"] is not None and not (is_imei(values["imei"]) or re.fullmatch(r"[0-9]{16}", values["imei"])):
        wrong.append("imei")
    if given.quantity < 1:
        wrong.append("quantity")
    if given.price_cents is not None and given.price_cents < 0:
        wrong.append("price_cents")
    if wrong:
        raise Refused(*(Block(Reason.VALUE_WRONG, {"field": name}) for name in wrong))
    return values


def _refuse_twins(session: Session, values: Mapping[str, Any]) -> None:
    """A serial is one of its manufacturer's, an IMEI one of the world's."""
    twins = []
    if values["serial"] is not None:
        same = (Part.manufacturer == values["manufacturer"]) & (Part.serial == values["serial"])
        twins.append(("serial", same))
    if values["imei"] is not None:
        twins.append(("imei", Part.imei == values["imei"]))
    against = [
        Block(Reason.ALREADY_EXISTS, {"field": name, "value": values[name]})
        for name, same in twins
        if session.scalars(select(Part.id).where(same)).first() is not None
    ]
    if against:
        raise Refused(*against)
