"""The outbox of notices, written with the act that causes them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class Channel(StrEnum):
    """How a notice reaches whom it is for."""

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


@unique
class Carrier(StrEnum):
    """What took a notice out of the house."""

    SMTP = "smtp"
    GATEWAY = "gateway"
    PRINTED = "printed"
    CALLED = "called"
    LOG = "log"
    """Nobody: the library has no mail server or text gateway yet, and the log of notices says so."""


class Notice(Base):
    """One notice to one person: one row per subject (a loan's term, a reservation, ...), step and channel.

    It is for a patron or for somebody who registered for one workshop; for nobody any more once the link is cut.

    It holds no text: the words are made from the rows at the moment of sending, in the patron's language. It is sent
    not before ``due_at``, which each failed try moves on; ``problem`` is a word for why the last one failed, never an
    address. ``claimed_at``: a process is sending it.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("subject", "step", "channel"),
        CheckConstraint("patron_id IS NULL OR registration_id IS NULL", name="one_addressee"),
        Index("ix_notices_state_due_at", "state", "due_at"),
        Index("ix_notices_loan_id", "loan_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    subject: Mapped[str] = mapped_column(String(60))
    step: Mapped[str] = mapped_column(String(40))
    channel: Mapped[Channel] = enum_column(Channel)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"))
    term: Mapped[int | None]
    state: Mapped[NoticeState] = enum_column(NoticeState, default=NoticeState.PENDING)
    due_at: Mapped[datetime]
    made_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    carrier: Mapped[Carrier | None] = enum_column(Carrier)
    problem: Mapped[str | None] = mapped_column(String(80))


class NoticeText(Base):
    """The library's own words for a notice in one language, instead of those that come with the product."""

    __tablename__ = "notice_texts"
    __table_args__ = (UniqueConstraint("step", "channel", "language"),)

    id: Mapped[Id]
    step: Mapped[str] = mapped_column(String(40))
    channel: Mapped[Channel] = enum_column(Channel)
    language: Mapped[str] = mapped_column(String(12))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
