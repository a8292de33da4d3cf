"""Kinds of kit as administrators see them: with photos, the statement to sign, and how many kits there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.domain.states import KitState
from lending.models.kits import Kit, KitType, KitTypePart
from lending.models.policies import Agreement


@dataclass(frozen=True, slots=True)
class PartOfType:
    """A part that kits of a type should hold. The price is for one, in whole cents; ``photo`` a picture's public id."""

    name: str
    quantity: int
    returnable: bool
    price_cents: int
    bills_alone: bool
    photo: str | None


@dataclass(frozen=True, slots=True)
class TypeToChange:
    """A kind of kit with everything an administrator may change. ``kits`` are in service."""

    code: str
    name: str
    description: str
    whole_price_cents: int
    cohort_only: bool
    statement: str | None
    photo: str | None
    kits: int
    parts: tuple[PartOfType, ...]


def types_to_change(session: Session, code: str | None = None) -> list[TypeToChange]:
    """Every kind of kit by name, or the one with this code."""
    chosen = select(KitType).order_by(KitType.name, KitType.id)
    if code is not None:
        chosen = chosen.where(KitType.code == code)
    rows = session.scalars(chosen).all()
    ids = [row.id for row in rows]
    parts = parts_of_types(session, ids)
    counted = select(Kit.kit_type_id, func.count()).where(Kit.kit_type_id.in_(ids), Kit._state != KitState.WITHDRAWN)
    kits = {row[0]: int(row[1]) for row in session.execute(counted.group_by(Kit.kit_type_id))}
    return [
        TypeToChange(
            code=row.code,
            name=row.name,
            description=row.description,
            whole_price_cents=row.whole_price_cents,
            cohort_only=row.cohort_only,
            statement=row.statement,
            photo=row.photo,
            kits=kits.get(row.id, 0),
            parts=tuple(parts[row.id]),
        )
        for row in rows
    ]


def agreement_codes(session: Session) -> list[str]:
    """The codes of all agreements that were published."""
    return list(session.scalars(select(Agreement.code).distinct().order_by(Agreement.code)))


def parts_of_types(session: Session, ids: Collection[int] | None = None) -> defaultdict[int, list[PartOfType]]:
    """The parts of kit types, of all or of these (their ids), each type's in the order of inspection."""
    chosen = select(KitTypePart).order_by(KitTypePart.position)
    if ids is not None:
        chosen = chosen.where(KitTypePart.kit_type_id.in_(ids))
    found: defaultdict[int, list[PartOfType]] = defaultdict(list)
    for part in session.scalars(chosen):
        found[part.kit_type_id].append(
            PartOfType(part.name, part.quantity, part.returnable, part.price_cents, part.bills_alone, part.photo)
        )
    return found
