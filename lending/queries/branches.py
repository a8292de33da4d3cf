"""Branches and kit types, as lists to choose from and as the API shows them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lending.domain.calendars import WeeklyHours
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.branches import Branch, Station
from lending.models.kits import KitType
from lending.queries.kit_types import PartOfType, parts_of_types
from lending.queries.scope import Branches, within

_branches = table_of(Branch)
_ID = select(_branches.c.id).where(_branches.c.code == bindparam("code"))


@dataclass(frozen=True, slots=True)
class BranchShown:
    """A branch. ``branch_id`` stays on the server; addresses and the API show ``code``."""

    branch_id: int
    code: str
    name: str
    address: str
    phone: str
    zone: str
    hours: WeeklyHours
    floats: bool


@dataclass(frozen=True, slots=True)
class KitTypeShown:
    """A kind of kit, with what it should hold in the order of inspection. The price is in whole cents."""

    code: str
    name: str
    description: str
    whole_price_cents: int
    cohort_only: bool
    parts: tuple[PartOfType, ...]


def branches(session: Session, branch_ids: Branches = None) -> list[BranchShown]:
    """The branches of a reader (all, unless told otherwise), by name."""
    chosen = select(Branch).where(within(Branch.id, branch_ids)).order_by(Branch.name)
    return [_branch(row) for row in session.scalars(chosen)]


def branch(session: Session, code: str) -> BranchShown | None:
    """The branch with this code, in either case; ``None`` when there is none."""
    row = session.scalars(select(Branch).where(Branch.code == code.strip().upper())).one_or_none()
    return None if row is None else _branch(row)


def branch_id(session: Session, code: str) -> int | None:
    """The id of the branch with this code, in either case; ``None`` when there is none."""
    found: int | None = session.connection().scalar(_ID, {"code": code.strip().upper()})
    return found


def station_id(session: Session, name: str, *, branch_id: int) -> int:
    """The row of a branch's station of this name. Raises ``Refused`` (``NOT_FOUND``) when there is none."""
    found = session.scalar(select(Station.id).where(Station.branch_id == branch_id, Station.name == name))
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def kit_types(session: Session) -> list[KitTypeShown]:
    """Every kit type with its parts, by name."""
    parts = parts_of_types(session)
    return [
        KitTypeShown(
            code=row.code,
            name=row.name,
            description=row.description,
            whole_price_cents=row.whole_price_cents,
            cohort_only=row.cohort_only,
            parts=tuple(parts[row.id]),
        )
        for row in session.scalars(select(KitType).order_by(KitType.name, KitType.id))
    ]


def _branch(row: Branch) -> BranchShown:
    return BranchShown(
        branch_id=row.id,
        code=row.code,
        name=row.name,
        address=row.address,
        phone=row.phone,
        zone=row.zone,
        hours=row.hours,
        floats=row.floats,
    )
