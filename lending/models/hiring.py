"""Hiring events: planned, counted on the day in few keys, and corrected afterwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId


class HiringEvent(Base):
    """One recruitment event of a branch. A figure that nobody counted is empty, which is never 0.

    ``offers`` are offers and not people: one person may leave with two; ``people_offered`` are the people. ``place`` is
    where it is held, empty for the branch itself.
    """

    __tablename__ = "hiring_events"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="in_order"),
        CheckConstraint(
            "registered >= 0 AND attended >= 0 AND employers >= 0 AND interviews >= 0 AND offers >= 0"
            " AND people_offered >= 0 AND hires >= 0",
            name="figures",
        ),
        CheckConstraint("people_offered <= offers", name="people_offered"),
        Index("ix_hiring_events_branch_id_starts_at", "branch_id", "starts_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    program_id: Mapped[int | None] = mapped_column(ForeignKey("programs.id"), index=True)
    name: Mapped[str] = mapped_column(String(160))
    place: Mapped[str] = mapped_column(String(160), default="")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    registered: Mapped[int | None]
    attended: Mapped[int | None]
    employers: Mapped[int | None]
    interviews: Mapped[int | None]
    offers: Mapped[int | None]
    people_offered: Mapped[int | None]
    hires: Mapped[int | None]
    cancelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
