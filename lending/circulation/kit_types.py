"""Changing a kind of kit: what its kits should hold from now on, and what that means for those there are.

A kit keeps what it holds, and a loan what it went out with and each part's price of that day; a part that kits hold, or
held, stays on the list. What a change comes to can be looked at before. Source: RULES 1 and 5; the permission sheet,
"kit types".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.kits import ExpectedPart, check_statement, checked_type
from lending.circulation.pictures import replace_picture
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.pictures import Drawn
from lending.domain.states import KitState
from lending.errors import Block, Reason, Refused
from lending.models.kits import Kit, KitType, KitTypePart, Part
from lending.models.loans import Loan


@dataclass(frozen=True, slots=True)
class PlannedPart(ExpectedPart):
    """An expected part as it is to be; ``was`` is what it is called so far, ``None`` for one that is new."""

    was: str | None = None


@dataclass(frozen=True, slots=True)
class KitTypePlan:
    """What a kind of kit is to be: see ``models.kits.KitType``. The parts stand in the order of inspection."""

    name: str
    whole_price_cents: int
    parts: Sequence[PlannedPart]
    description: str = ""
    cohort_only: bool = False
    statement: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that changes: ``part`` is its part's name so far, or the new one's; empty for the whole kind."""

    field: str
    was: str
    becomes: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class KitTypeChange:
    """What a change comes to. ``kits`` are in service, ``out`` of them with patrons."""

    code: str
    lines: tuple[Line, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    kits: int
    out: int

    @property
    def digest(self) -> str:
        """The same for the same change: what a preview hands to the act, so that nothing else is confirmed."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


def preview_kit_type(session: Session, *, code: str, plan: KitTypePlan, by: Actor) -> KitTypeChange:
    """What ``change_kit_type`` would change now, and nothing is. Raises ``Refused`` as that does."""
    by.permit(Act.ADMINISTER)
    row = session.scalars(select(KitType).where(KitType.code == code)).one_or_none()
    return _work_out(session, row, plan)


def change_kit_type(
    session: Session, *, code: str, plan: KitTypePlan, seen: str | None = None, at: datetime, by: Actor
) -> KitTypeChange:
    """Change a kind of kit. ``seen`` is the digest of the preview that was confirmed.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``VALUE_MISSING`` and ``VALUE_WRONG`` by field,
    ``PART_IN_KITS`` for parts that cannot be taken off the list, ``PREVIEW_OUTDATED``.
    """
    by.permit(Act.ADMINISTER)
    chosen = select(KitType).where(KitType.code == code).with_for_update(key_share=True)
    row = session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()
    change = _work_out(session, row, plan)
    if seen is not None and seen != change.digest:
        raise Refused.because(Reason.PREVIEW_OUTDATED)
    assert row is not None  # noqa: S101 - the working out refuses a kind that is not there
    row.name, row.description = plan.name.strip(), plan.description.strip()
    row.whole_price_cents, row.cohort_only = plan.whole_price_cents, plan.cohort_only
    row.statement = plan.statement or None
    _write_parts(session, row, plan)
    detail = {"kit_type_id": row.id, "lines": [asdict(line) for line in change.lines]}
    detail |= {"added": change.added, "removed": change.removed}
    record(session, "change_kit_type", at=at, by=by, detail=detail)
    return change


def show_photo(
    session: Session,
    *,
    code: str,
    part: str | None = None,
    drawn: Drawn | None = None,
    remove: bool = False,
    at: datetime,
    by: Actor,
) -> None:
    """Give a kind of kit, or one of its parts by its name, another photo, or none. Raises ``NOT_FOUND``."""
    by.permit(Act.ADMINISTER)
    chosen = select(KitType).where(KitType.code == code).with_for_update(key_share=True)
    row: KitType | KitTypePart | None = session.scalars(chosen).one_or_none()
    if row is not None and part is not None:
        of_part = select(KitTypePart).where(KitTypePart.kit_type_id == row.id, KitTypePart.name == part)
        row = session.scalars(of_part).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    row.photo = replace_picture(session, before=row.photo, drawn=drawn, remove=remove, at=at, by=by)


def _work_out(session: Session, row: KitType | None, plan: KitTypePlan) -> KitTypeChange:
    """The computing step: reads alone, so that a preview can take it as well as the act."""
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    checked_type(row.code, plan.name, plan.description, plan.whole_price_cents, plan.parts)
    check_statement(session, plan.statement)
    kept = {part.was: part for part in plan.parts if part.was is not None}
    there = {kind.name: kind for kind in _parts(session, row.id)}
    if not kept.keys() <= there.keys() or len(kept) < sum(part.was is not None for part in plan.parts):
        raise Refused.because(Reason.CHANGED_SINCE)
    removed = tuple(name for name in there if name not in kept)
    _refuse_in_kits(session, [there[name] for name in removed])
    in_service = Kit.kit_type_id == row.id, Kit._state != KitState.WITHDRAWN
    return KitTypeChange(
        code=row.code,
        lines=tuple(_lines(row, plan, there)),
        added=tuple(part.name.strip() for part in plan.parts if part.was is None),
        removed=removed,
        kits=session.scalar(select(func.count()).select_from(Kit).where(*in_service)) or 0,
        out=session.scalar(select(func.count()).select_from(Loan).where(Loan.kit_type_id == row.id, unreceived)) or 0,
    )


def _lines(row: KitType, plan: KitTypePlan, there: dict[str, KitTypePart]) -> list[Line]:
    found = [
        Line(name, str(getattr(row, name) or ""), str(getattr(plan, name) or ""))
        for name in ("name", "description", "whole_price_cents", "cohort_only", "statement")
        if (getattr(row, name) or "") != (getattr(plan, name) or "")
    ]
    for part in plan.parts:
        if part.was is not None:
            found += [
                Line(name, str(getattr(there[part.was], name)), str(getattr(part, name)), part.was)
                for name in ("name", "quantity", "returnable", "price_cents", "bills_alone")
                if getattr(there[part.was], name) != getattr(part, name)
            ]
    order = [part.was for part in plan.parts if part.was is not None]
    if order != [name for name in there if name in order]:
        found.append(Line("order", "", ", ".join(part.name for part in plan.parts)))
    return found


def _write_parts(session: Session, row: KitType, plan: KitTypePlan) -> None:
    there = {kind.name: kind for kind in _parts(session, row.id)}
    kept = {part.was for part in plan.parts}
    for name, kind in there.items():
        if name not in kept:
            session.delete(kind)
        elif any(part.was == name != part.name for part in plan.parts):
            kind.name = f"~{kind.id}"  # two parts may change names with each other
    session.flush()  # before the new names, which the database wants to be one of a kind at every moment
    for position, part in enumerate(plan.parts, start=1):
        values = asdict(part) | {"position": position, "name": part.name.strip()}
        del values["was"], values["photo"]
        if part.was is None:
            session.add(KitTypePart(kit_type_id=row.id, **values))
        else:
            for name, value in values.items():
                setattr(there[part.was], name, value)
    with refusing_twins(Reason.VALUE_WRONG, field="parts"):
        session.flush()  # a part of that name that was added a moment ago is refused here


def _refuse_in_kits(session: Session, kinds: Sequence[KitTypePart]) -> None:
    used = select(Part.kind_id).where(Part.kind_id.in_([kind.id for kind in kinds])).distinct()
    held = set(session.scalars(used)) if kinds else set()
    against = [Block(Reason.PART_IN_KITS, {"part": kind.name}) for kind in kinds if kind.id in held]
    if against:
        raise Refused(*against)


def _parts(session: Session, kit_type_id: int) -> list[KitTypePart]:
    chosen = select(KitTypePart).where(KitTypePart.kit_type_id == kit_type_id).order_by(KitTypePart.position)
    return list(session.scalars(chosen.execution_options(populate_existing=True)))
