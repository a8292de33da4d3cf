"""Charges: what a patron owes for a part or a kit, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from lending.domain.states import CHARGE_MOVES, ChargeState, ChargeVerb, after
from lending.models.base import Base, Id, PublicId, enum_column


@unique
class ChargeKind(StrEnum):
    """What is charged for."""

    MISSING_PART = "missing_part"
    DAMAGE = "damage"
    WHOLE_KIT = "whole_kit"
    REACTIVATION = "reactivation"


class Charge(Base):
    """An amount in whole cents that a loan caused. At most one live charge per loan part, and one per lost kit."""

    __tablename__ = "charges"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        Index(
            "ix_charges_owed_patron_id",
            "patron_id",
            sqlite_where=text("state = 'owed'"),
            postgresql_where=text("state = 'owed'"),
        ),
        Index(
            "uq_charges_live_loan_part_id",
            "loan_part_id",
            unique=True,
            sqlite_where=text("loan_part_id IS NOT NULL AND state IN ('owed', 'paid')"),
            postgresql_where=text("loan_part_id IS NOT NULL AND state IN ('owed', 'paid')"),
        ),
        Index(
            "uq_charges_live_whole_kit_loan_id",
            "loan_id",
            unique=True,
            sqlite_where=text("kind = 'whole_kit' AND state IN ('owed', 'paid')"),
            postgresql_where=text("kind = 'whole_kit' AND state IN ('owed', 'paid')"),
        ),
        Index("ix_charges_loan_id", "loan_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"))
    loan_part_id: Mapped[int | None] = mapped_column(ForeignKey("loan_parts.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), index=True)
    kind: Mapped[ChargeKind] = enum_column(ChargeKind)
    amount_cents: Mapped[int]
    _state: Mapped[ChargeState] = enum_column(ChargeState, "state", default=ChargeState.OWED)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(240))

    @hybrid_property
    def state(self) -> ChargeState:
        """What became of the charge."""
        return self._state

    def move(self, verb: ChargeVerb) -> None:
        """Go where ``CHARGE_MOVES`` leads; ``NoSuchMove`` when the table does not have it."""
        self._state = after(CHARGE_MOVES, self._state, verb)
