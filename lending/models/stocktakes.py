"""Stocktakes: one branch, or one place in it, and the kits that were seen there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId


class Stocktake(Base):
    """A count of what stands at a branch, open until ``ended_at``. A ``place`` narrows it to one shelf or cart."""

    __tablename__ = "stocktakes"
    __table_args__ = (
        Index(
            "uq_stocktakes_open_branch_id_place",
            "branch_id",
            "place",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    place: Mapped[str] = mapped_column(String(60), default="")
    began_at: Mapped[datetime]
    began_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]


class StocktakeKit(Base):
    """A kit that a stocktake expects, saw, or both. Seen and not expected, it stood where it should not."""

    __tablename__ = "stocktake_kits"

    stocktake_id: Mapped[int] = mapped_column(ForeignKey("stocktakes.id"), primary_key=True)
    kit_id: Mapped[int] = mapped_column(ForeignKey("kits.id"), primary_key=True, index=True)
    expected: Mapped[bool]
    seen_at: Mapped[datetime | None]
