"""The journal: what was done, append-only, sealed into a chain; and the keys that make acts idempotent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lending.domain.actors import Door
from lending.domain.permissions import Role
from lending.models.base import Base, Id, enum_column


class JournalEntry(Base):
    """One thing that was done. The database itself refuses UPDATE and DELETE.

    ``at`` is when it happened, ``recorded_at`` when it was written down. A patron is named by pseudonym only, on a row
    about their record (``circulation/journal.OF_A_RECORD``) and never beside a kit or a session. ``detail`` never holds
    a name, a card number, an address or any free text about a patron.
    """

    __tablename__ = "journal"
    __table_args__ = (
        Index("ix_journal_act", "act"),
        Index("ix_journal_station_id", "station_id", "id"),
        Index("ix_journal_kit_id", "kit_id", "id"),
        Index("ix_journal_loan_id", "loan_id"),
        Index("ix_journal_patron", "patron"),
        Index("ix_journal_branch_id_recorded_at", "branch_id", "recorded_at"),
        Index("ix_journal_branch_id_verb_at", "branch_id", "verb", "at"),
    )

    id: Mapped[Id]
    act: Mapped[str] = mapped_column(String(16))
    verb: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    door: Mapped[Door] = enum_column(Door)
    role: Mapped[Role] = enum_column(Role)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("stations.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    kit_id: Mapped[int | None] = mapped_column(ForeignKey("kits.id"))
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"))
    patron: Mapped[str | None] = mapped_column(String(16))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)


class JournalSeal(Base):
    """The hash of one journal row chained to the seal before it, in the order sealed. Insert only."""

    __tablename__ = "journal_seals"

    id: Mapped[Id]
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]


class IdempotencyKey(Base):
    """A claimed key: which act it became, and a digest of the body it came with. Kept 30 days."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("actor", "key"), Index("ix_idempotency_keys_claimed_at", "claimed_at"))

    id: Mapped[Id]
    actor: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(80))
    digest: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(16))
    claimed_at: Mapped[datetime]
