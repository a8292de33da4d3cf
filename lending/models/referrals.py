"""Referrals: somebody was sent on to another service, with written consent, and what came of it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class ReferralOutcome(StrEnum):
    """What came of a referral. Unknown: it was asked, and nobody can say; none yet is no row of this."""

    ENROLLED = "enrolled"
    PLACED = "placed"
    DID_NOT_GO = "did_not_go"
    UNKNOWN = "unknown"


@unique
class OutcomeSource(StrEnum):
    """Who says so: the person themselves, or the service they were sent to."""

    SELF_REPORTED = "self_reported"
    CONFIRMED = "confirmed"


class Referral(Base):
    """One referral. It holds no name and no free text: ``sent_to`` and ``reason`` are codes of the library's lists.

    ``patron_id`` is empty for somebody without a card, and is cut by the privacy clock and when consent is withdrawn;
    the row stays for counting. ``consented_on`` is the day of the written consent, which stays with the paper.
    """

    __tablename__ = "referrals"
    __table_args__ = (
        CheckConstraint("(outcome IS NULL) = (outcome_source IS NULL)", name="outcome_has_source"),
        CheckConstraint("(outcome IS NULL) = (outcome_on IS NULL)", name="outcome_has_day"),
        Index("ix_referrals_branch_id_referred_on", "branch_id", "referred_on"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    referred_on: Mapped[date]
    sent_to: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(32))
    consented_on: Mapped[date]
    consent_withdrawn_at: Mapped[datetime | None]
    outcome: Mapped[ReferralOutcome | None] = enum_column(ReferralOutcome)
    outcome_source: Mapped[OutcomeSource | None] = enum_column(OutcomeSource)
    outcome_on: Mapped[date | None]
    made_at: Mapped[datetime]
