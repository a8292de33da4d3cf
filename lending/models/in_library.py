"""Kits in use without a loan: in the building until closing, or at a workshop or hiring event."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class UseEnd(StrEnum):
    """How a use ended."""

    RETURNED = "returned"
    UNDONE = "undone"
    MISSING = "missing"


class KitUse(Base):
    """One use of a kit in the library or at an event: not a loan, and never a check-out in the counts.

    ``patron_id`` is empty where nobody asked for a card, and is cut by the privacy clock. Whether a use is late is
    derived from ``due_at``, never stored.
    """

    __tablename__ = "kit_uses"
    __table_args__ = (
        Index(
            "uq_kit_uses_open_kit_id",
            "kit_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_kit_uses_branch_id_began_at", "branch_id", "began_at"),
        CheckConstraint('(ended_at IS NULL) = ("end" IS NULL)', name="ended"),
        CheckConstraint("ended_at >= began_at", name="in_order"),
        CheckConstraint("workshop_id IS NULL OR hiring_event_id IS NULL", name="one_event"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kit_id: Mapped[int] = mapped_column(ForeignKey("kits.id"), index=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    workshop_id: Mapped[int | None] = mapped_column(ForeignKey("workshops.id"), index=True)
    hiring_event_id: Mapped[int | None] = mapped_column(ForeignKey("hiring_events.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    began_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end: Mapped[UseEnd | None] = enum_column(UseEnd)
