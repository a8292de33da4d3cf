"""Inquiries tallied at a desk or by a counsellor: how many, of what, never of whom."""

from __future__ import annotations

from datetime import date
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, enum_column


@unique
class InquiryChannel(StrEnum):
    """How somebody asked. Unsaid is not known, which is neither of the others."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    UNSAID = "unsaid"


class InquiryTally(Base):
    """How many inquiries one staff member tallied on a local day at a branch, of one topic and by one channel.

    ``topic`` is the code of one of the library's topics; one that was given up keeps its tallies.
    """

    __tablename__ = "inquiry_tallies"
    __table_args__ = (
        CheckConstraint("n >= 0", name="n"),
        Index("ix_inquiry_tallies_branch_id_day", "branch_id", "day"),
    )

    day: Mapped[date] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"), primary_key=True, autoincrement=False)
    topic: Mapped[str] = mapped_column(String(32), primary_key=True)
    channel: Mapped[InquiryChannel] = enum_column(InquiryChannel, primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True, autoincrement=False)
    n: Mapped[int]
