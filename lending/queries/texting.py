"""Whoever sends a text message to the library: their language, and the telephone of the library that answers them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.models.branches import Branch
from lending.models.people import Patron, PatronStatus


@dataclass(frozen=True, slots=True)
class Texter:
    """How to answer. ``language`` is ``None`` for a number that no patron has; ``phone`` where no branch has any."""

    language: str | None
    phone: str | None


def texter(session: Session, phone: str) -> Texter:
    """Who texts from a number (E.164): the first patron who has it, with the telephone of their home branch."""
    row = session.execute(
        select(Patron.language, Branch.phone)
        .join(Branch, Branch.id == Patron.home_branch_id)
        .where(Patron.phone == phone, Patron.status == PatronStatus.ACTIVE)
        .order_by(Patron.id)
        .limit(1)
    ).one_or_none()
    number = row.phone if row is not None else None
    if not number:
        number = session.scalars(select(Branch.phone).where(Branch.phone != "").order_by(Branch.code).limit(1)).first()
    return Texter(None if row is None else row.language, number or None)
