"""One charge as other programs see it, and all of a patron's as a statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.domain.states import ChargeState
from lending.errors import Reason, Refused
from lending.models.charges import Charge, ChargeKind
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanPart
from lending.models.people import Patron


@dataclass(frozen=True, slots=True)
class ChargeShown:
    """What is or was owed, in whole cents."""

    id: str
    kind: ChargeKind
    amount_cents: int
    state: ChargeState


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One charge (its public id) on a statement, in whole cents: for what, when, and how and when it ended."""

    charge: str
    kit: str
    part: str | None
    kind: ChargeKind
    amount_cents: int
    state: ChargeState
    made_at: datetime
    ended_at: datetime | None
    ended_reason: str | None


def statement(session: Session, patron: str) -> list[StatementLine]:
    """Every charge of a patron (the public id), the oldest first."""
    chosen = (
        select(
            Charge.public_id.label("charge"),
            Kit.barcode.label("kit"),
            LoanPart.name.label("part"),
            Charge.kind,
            Charge.amount_cents,
            Charge.state,
            Charge.made_at,
            Charge.ended_at,
            Charge.ended_reason,
        )
        .join(Patron, Patron.id == Charge.patron_id)
        .join(Loan, Loan.id == Charge.loan_id)
        .join(Kit, Kit.id == Loan.kit_id)
        .outerjoin(LoanPart, LoanPart.id == Charge.loan_part_id)
        .where(Patron.public_id == patron)
        .order_by(Charge.id)
    )
    return [StatementLine(**row._mapping) for row in session.execute(chosen)]


def claims(session: Session, patron: str) -> int:
    """How often a patron (the public id) said that a kit was returned which the library had not received."""
    chosen = select(func.count(Loan.id)).join(Patron, Patron.id == Loan.patron_id)
    return session.scalars(chosen.where(Patron.public_id == patron, Loan.claimed_at.is_not(None))).one()


def charge(session: Session, public_id: str) -> ChargeShown:
    """The charge with this id, for the answer of an act on it. ``NOT_FOUND`` when there is none."""
    row = session.scalars(select(Charge).where(Charge.public_id == public_id)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return ChargeShown(row.public_id, row.kind, row.amount_cents, row.state)
