"""Roll-ups: what managers read, written in the same transaction as the act."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base


class DailyCount(Base):
    """How often something happened on a local day at a branch, for a kit type and cohort (0: no cohort).

    Rebuildable from the journal. Locked last of all rows.
    """

    __tablename__ = "daily_counts"
    __table_args__ = (Index("ix_daily_counts_branch_id_day", "branch_id", "day"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(primary_key=True)
    kit_type_id: Mapped[int] = mapped_column(primary_key=True)
    cohort_id: Mapped[int] = mapped_column(primary_key=True, default=0)
    counter: Mapped[str] = mapped_column(String(24), primary_key=True)
    n: Mapped[int]
