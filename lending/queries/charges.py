"""One charge as other programs see it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.states import ChargeState
from lending.errors import Reason, Refused
from lending.models.charges import Charge, ChargeKind


@dataclass(frozen=True, slots=True)
class ChargeShown:
    """What is or was owed, in whole cents."""

    id: str
    kind: ChargeKind
    amount_cents: int
    state: ChargeState


def charge(session: Session, public_id: str) -> ChargeShown:
    """The charge with this id, for the answer of an act on it. ``NOT_FOUND`` when there is none."""
    row = session.scalars(select(Charge).where(Charge.public_id == public_id)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return ChargeShown(row.public_id, row.kind, row.amount_cents, row.state)
