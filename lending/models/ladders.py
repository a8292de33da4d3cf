"""Ladders: what happens to a loan as its due date comes and goes, as data, and which steps each loan has taken.

Source: RULES 6, "Ladder".
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id


class LadderStep(Base):
    """One step of the ladder of a kit type, or of every type that has no ladder of its own.

    ``days`` are counted from the due day, negative before it. ``code`` names the step for good: a step that was moved
    to another day is still the one that a loan has taken. Where no row is kept, the ladder is
    ``domain.ladders.DEFAULT``.
    """

    __tablename__ = "ladder_steps"
    __table_args__ = (
        UniqueConstraint("kit_type_id", "code"),
        Index(
            "uq_ladder_steps_general_code",
            "code",
            unique=True,
            sqlite_where=text("kit_type_id IS NULL"),
            postgresql_where=text("kit_type_id IS NULL"),
        ),
    )

    id: Mapped[Id]
    kit_type_id: Mapped[int | None] = mapped_column(ForeignKey("kit_types.id"))
    code: Mapped[str] = mapped_column(String(40))
    days: Mapped[int]
    notifies: Mapped[bool] = mapped_column(default=True)
    suspends_lines: Mapped[bool] = mapped_column(default=False)
    calls: Mapped[bool] = mapped_column(default=False)
    gives_up: Mapped[bool] = mapped_column(default=False)
    """The kit is assumed lost, and billed once."""


class StepTaken(Base):
    """That a loan has taken a step of its ladder in one of its terms: no sweep takes it again.

    ``superseded``: a later step was due at the same time, as after an outage, and was taken instead.
    """

    __tablename__ = "ladder_steps_taken"

    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), primary_key=True)
    term: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
    superseded: Mapped[bool] = mapped_column(default=False)
