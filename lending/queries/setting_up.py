"""How far a library is set up: whether anybody works there, and what there is already."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.kits import Kit, KitType
from lending.models.people import Patron, Staff

_staff = table_of(Staff)


_THERE = select(
    exists(select(Branch.id)).label("branch"),
    exists(select(KitType.id)).label("kit_type"),
    exists(select(Kit.id)).label("kit"),
    exists(select(Cohort.id)).label("cohort"),
    exists(select(Patron.id)).label("patron"),
)


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a library has at least one of."""

    branch: bool
    kit_type: bool
    kit: bool
    cohort: bool
    patron: bool


def anybody_works_here(session: Session) -> bool:
    """Whether there is an account of staff, be it closed."""
    return session.connection().scalar(select(_staff.c.id).limit(1)) is not None


def set_up(session: Session) -> SetUp:
    """What there is, in one statement."""
    row = session.execute(_THERE).one()
    return SetUp(**{name: bool(row._mapping[name]) for name in SetUp.__slots__})


def first_session(session: Session) -> str | None:
    """The code of the session that was planned first, if there is one."""
    return session.scalars(select(Cohort.code).order_by(Cohort.id).limit(1)).first()
