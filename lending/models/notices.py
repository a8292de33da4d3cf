"""The outbox of notices, written with the act that causes them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class Channel(StrEnum):
    """How a notice reaches a patron."""

    EMAIL = "email"
    TEXT = "text"
    LETTER = "letter"
    CALL = "call"


@unique
class NoticeState(StrEnum):
    """Where a notice is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class Notice(Base):
    """One notice to one patron: one row per subject (a loan's term, a reservation, ...), step and channel.

    It holds no text: the words are made from the rows at the moment of sending, in the patron's language.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("subject", "step", "channel"),
        Index("ix_notices_state_due_at", "state", "due_at"),
        Index("ix_notices_loan_id", "loan_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    subject: Mapped[str] = mapped_column(String(60))
    step: Mapped[str] = mapped_column(String(40))
    channel: Mapped[Channel] = enum_column(Channel)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"))
    term: Mapped[int | None]
    state: Mapped[NoticeState] = enum_column(NoticeState, default=NoticeState.PENDING)
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
