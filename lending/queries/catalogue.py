"""Kits as other programs see them: one with its parts, a page of many.

A kit is seen where it is, where it goes and where it belongs. The parts that a kit has, or has lent, are numbered in it
in the order in which they came, because a row's key never leaves the server. Source: INTERFACES, "GET /kits".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, and_, exists, func, select, union
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.domain.actors import Actor
from lending.domain.states import KitState, LineState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType, KitTypePart, Part, PartState
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan, LoanPart
from lending.models.stock import Stock
from lending.queries.kits import is_read_by
from lending.queries.scope import branches_of

_kits, _kit_types, _kinds, _parts = table_of(Kit), table_of(KitType), table_of(KitTypePart), table_of(Part)
_branches, _stocks, _loans, _loan_parts = table_of(Branch), table_of(Stock), table_of(Loan), table_of(LoanPart)
_lines, _placements = table_of(Line), table_of(LinePlacement)
_owner, _goes_to = _branches.alias("owner"), _branches.alias("goes_to")


@dataclass(frozen=True, slots=True)
class PartShown:
    """A part in use. ``id`` is its number within the kit; network names and passwords are not for programs."""

    id: int
    name: str
    state: PartState
    quantity: int
    returnable: bool
    tag: str | None
    manufacturer: str
    model: str
    serial: str | None


@dataclass(frozen=True, slots=True)
class KitShown:
    """A kit. ``branch`` is where it is, ``owner`` where it belongs, ``in_transit_to`` where it is on its way to: codes.

    ``due_at`` is set while it is out; ``zone`` is the branch's.
    """

    barcode: str
    type: str
    branch: str
    owner: str
    in_transit_to: str | None
    place: str | None
    state: KitState
    due_at: datetime | None
    zone: str
    parts: tuple[PartShown, ...] = ()


@dataclass(frozen=True, slots=True)
class KitPage:
    """Kits by barcode; ``after`` continues behind the last one, ``None`` at the end."""

    kits: tuple[KitShown, ...]
    after: str | None


_KITS = select(
    _kits.c.id,
    _kits.c.barcode,
    _kit_types.c.code.label("type"),
    _branches.c.code.label("branch"),
    _owner.c.code.label("owner"),
    _goes_to.c.code.label("in_transit_to"),
    _kits.c.place,
    _kits.c.state,
    _loans.c.due_at,
    _branches.c.zone,
).select_from(
    _kits.join(_kit_types, _kit_types.c.id == _kits.c.kit_type_id)
    .join(_branches, _branches.c.id == _kits.c.branch_id)
    .join(_stocks, _stocks.c.id == _kits.c.stock_id)
    .join(_owner, _owner.c.id == _stocks.c.branch_id)
    .outerjoin(_goes_to, _goes_to.c.id == _kits.c.in_transit_to_id)
    .outerjoin(_loans, and_(_loans.c.kit_id == _kits.c.id, unreceived))
)
_PART_COLUMNS = (
    _kinds.c.name,
    _parts.c.state,
    _parts.c.quantity,
    _kinds.c.returnable,
    _parts.c.tag,
    _parts.c.manufacturer,
    _parts.c.model,
    _parts.c.serial,
)
_line_not_active = exists().where(
    _parts.c.kit_id == _kits.c.id,
    _placements.c.part_id == _parts.c.id,
    _placements.c.until.is_(None),
    _lines.c.id == _placements.c.line_id,
    _lines.c.state != LineState.ACTIVE,
)


def kit(session: Session, barcode: str, *, by: Actor) -> KitShown:
    """The kit with this code, with its parts, where ``by`` may see it; else ``KIT_UNKNOWN``, if it exists or not."""
    return _one(session, _KITS.where(_kits.c.barcode == barcode, _visible(by)), barcode)


def kit_anywhere(session: Session, barcode: str) -> KitShown:
    """The kit with this code, for the answer of an act on it: an exact scan works at any branch."""
    return _one(session, _KITS.where(_kits.c.barcode == barcode), barcode)


def _one(session: Session, chosen: Select[Any], barcode: str) -> KitShown:
    found = session.execute(chosen).one_or_none()
    if found is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=barcode)
    return _with_parts(session, [found])[0]


def kits(
    session: Session,
    *,
    by: Actor,
    branch: str | None = None,
    kit_type: str | None = None,
    state: KitState | None = None,
    after: str | None = None,
    limit: int = 50,
) -> KitPage:
    """The kits that ``by`` may see and that fit all that is given. ``AVAILABLE`` lists what may be lent now."""
    chosen = _KITS.where(_visible(by))
    if branch is not None:
        chosen = chosen.where(_branches.c.code == branch)
    if kit_type is not None:
        chosen = chosen.where(_kit_types.c.code == kit_type)
    if state is not None:
        chosen = chosen.where(_kits.c.state == state)
    if state is KitState.AVAILABLE:
        chosen = chosen.where(_kits.c.in_transit_to_id.is_(None), ~_line_not_active)
    if after is not None:
        chosen = chosen.where(_kits.c.barcode > after)
    rows = session.execute(chosen.order_by(_kits.c.barcode).limit(limit + 1)).all()
    found = _with_parts(session, rows[:limit])
    return KitPage(tuple(found), found[-1].barcode if len(rows) > limit else None)


def part_ids(session: Session, barcode: str) -> dict[int, int]:
    """The row of each part of a kit by its number within the kit, those that have left it included.

    Raises ``Refused`` (``KIT_UNKNOWN``) when there is no such kit.
    """
    kit_id = session.scalar(select(_kits.c.id).where(_kits.c.barcode == barcode))
    if kit_id is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=barcode)
    return {row.number: row.part_id for row in session.execute(select(_numbered([kit_id])))}


def part_id(session: Session, barcode: str, number: int) -> int:
    """The row of one part of a kit by its number. ``KIT_UNKNOWN``, or ``PART_UNKNOWN`` when it has no such part."""
    found = part_ids(session, barcode).get(number)
    if found is None:
        raise Refused.because(Reason.PART_UNKNOWN, kit=barcode, parts=[number])
    return found


def _visible(by: Actor) -> Any:
    return is_read_by(branches_of(by))


def _with_parts(session: Session, rows: Sequence[AnyRow]) -> list[KitShown]:
    """The kits with their parts, by one more statement however many they are."""
    shown = {}
    for row in rows:
        values = {name: value for name, value in row._mapping.items() if name != "id"}
        shown[row.id] = KitShown(**values)
    numbered = _numbered(list(shown))
    chosen = (
        select(numbered.c.kit_id, numbered.c.number, *_PART_COLUMNS)
        .join(_parts, (_parts.c.id == numbered.c.part_id) & (_parts.c.kit_id == numbered.c.kit_id))
        .join(_kinds, _kinds.c.id == _parts.c.kind_id)
        .where(_parts.c.state != PartState.RETIRED)
        .order_by(numbered.c.kit_id, _kinds.c.position, numbered.c.number)
    )
    parts: dict[int, list[PartShown]] = {}
    for row in session.execute(chosen) if shown else ():
        values = {name: value for name, value in row._mapping.items() if name not in ("kit_id", "number")}
        parts.setdefault(row.kit_id, []).append(PartShown(id=row.number, **values))
    return [replace(one, parts=tuple(parts.get(kit_id, ()))) for kit_id, one in shown.items()]


def _numbered(kit_ids: list[int]) -> Subquery:
    """The parts of these kits with their numbers. A part that was swapped while its kit was out keeps its number."""
    inside = select(_parts.c.kit_id, _parts.c.id.label("part_id")).where(_parts.c.kit_id.in_(kit_ids))
    swapped = (
        select(_loans.c.kit_id, _parts.c.id)
        .select_from(
            _parts.join(_loan_parts, _loan_parts.c.part_id == _parts.c.id).join(
                _loans, _loans.c.id == _loan_parts.c.loan_id
            )
        )
        .where(_parts.c.kit_id.is_(None), _loans.c.kit_id.in_(kit_ids))
    )
    either = union(inside, swapped).subquery()
    number = func.row_number().over(partition_by=either.c.kit_id, order_by=either.c.part_id).label("number")
    return select(either.c.kit_id, either.c.part_id, number).subquery()
