"""Who gets last week's figures by mail, and of what: managers of their libraries, leads of their programs.

Source: SCREENS, "Monday e-mail"; the permission sheet, "see counts and reports".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.permissions import GRANTS, Act, Role
from lending.models.people import Staff, StaffBranch, StaffProgram
from lending.queries.scope import Branches


@dataclass(frozen=True, slots=True)
class WeeklyReader:
    """Somebody who reads the weekly figures. ``branch_ids`` is their scope; ``program_ids`` are a lead's alone."""

    staff: str
    email: str
    language: str
    branch_ids: Branches
    program_ids: tuple[int, ...] | None


def weekly_readers(session: Session) -> list[WeeklyReader]:
    """Everybody who may see counts, has an address and wants the mail, in the order in which they were added."""
    roles = GRANTS[Act.SEE_COUNTS][0]
    chosen = select(Staff).where(
        Staff.active, Staff.weekly_mail, Staff.email.is_not(None), Staff.role.in_(sorted(roles))
    )
    people = session.scalars(chosen.order_by(Staff.id)).all()
    branches = _grouped(session.execute(select(StaffBranch.staff_id, StaffBranch.branch_id)))
    programs = _grouped(session.execute(select(StaffProgram.staff_id, StaffProgram.program_id)))
    return [
        WeeklyReader(
            staff=person.public_id,
            email=person.email or "",
            language=person.language,
            branch_ids=None if person.role is Role.ADMIN else branches.get(person.id, []),
            program_ids=tuple(programs.get(person.id, [])) if person.role is Role.PROGRAM else None,
        )
        for person in people
    ]


def wants_weekly_mail(session: Session, staff_id: int) -> bool:
    """Whether an account gets the mail, should it have an address."""
    return bool(session.scalar(select(Staff.weekly_mail).where(Staff.id == staff_id)))


def _grouped(rows: Iterable[Any]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for staff_id, value in rows:
        found.setdefault(staff_id, []).append(value)
    return found
