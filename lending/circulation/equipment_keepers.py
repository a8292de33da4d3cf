"""The employee who answers for ECF equipment that stays in a building. Source: 47 CFR 54.1715; RULES 8."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_named
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Reason, Refused
from lending.models.branches import Branch

LONGEST = 160


def name_keeper(session: Session, *, branch: str, name: str, at: datetime, by: Actor) -> None:
    """Say who answers for the equipment of a branch (its code), or with an empty name that nobody does.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, ``VALUE_WRONG``.
    """
    by.permit(Act.ADMINISTER)
    row = lock_named(session, select(Branch).where(Branch.code == branch))
    try:
        row.equipment_keeper = plain_text(name, LONGEST)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="name") from None
    record(session, "name_equipment_keeper", at=at, by=by, branch_id=row.id)
