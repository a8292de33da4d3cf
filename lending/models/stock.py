"""Stock: one row per branch and kit type, locked before anything of it is promised or lent."""

from __future__ import annotations

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id


class Stock(Base):
    """All kits of one type that belong to one branch. What is free is derived; this row is the lock."""

    __tablename__ = "stocks"
    __table_args__ = (UniqueConstraint("branch_id", "kit_type_id"),)

    id: Mapped[Id]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_types.id"), index=True)
