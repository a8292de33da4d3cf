"""Policies as data, and the agreements that patrons sign."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, enum_column


@unique
class AgreementRule(StrEnum):
    """How often a patron signs."""

    NONE = "none"
    ONCE = "once"
    PER_COHORT = "per_cohort"
    PER_LOAN = "per_loan"


class Policy(Base):
    """How kits of a type (or of every type) are lent at a branch (or at every branch).

    A policy is never changed: a new row with a later ``valid_from`` takes its place, and a loan's term names the
    one that applied. The most specific row wins: type and branch, then type, then branch, then neither.
    Days are calendar days unless named open days; money is whole cents; a ``None`` limit is off.
    """

    __tablename__ = "policies"
    __table_args__ = (
        Index("ix_policies_kit_type_id_branch_id", "kit_type_id", "branch_id", "valid_from"),
        CheckConstraint("loan_days > 0", name="loan_days"),
        CheckConstraint("kit_limit > 0", name="kit_limit"),
    )

    id: Mapped[Id]
    kit_type_id: Mapped[int | None] = mapped_column(ForeignKey("kit_types.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    valid_from: Mapped[datetime]
    loan_days: Mapped[int] = mapped_column(default=42)
    renewals: Mapped[int] = mapped_column(default=3)
    kit_limit: Mapped[int] = mapped_column(default=1)
    household_limit: Mapped[int | None]
    cool_down_hours: Mapped[int] = mapped_column(default=0)
    owes_limit_cents: Mapped[int] = mapped_column(default=2000)
    adult_age: Mapped[int] = mapped_column(default=18)
    agreement: Mapped[AgreementRule] = enum_column(AgreementRule, default=AgreementRule.ONCE)
    shelf_open_days: Mapped[int] = mapped_column(default=7)
    missing_part_days: Mapped[int] = mapped_column(default=7)
    not_billed_hours: Mapped[int] = mapped_column(default=48)
    notice_days: Mapped[int] = mapped_column(default=7)
    quarantine_hours: Mapped[int] = mapped_column(default=0)
    turnaround_open_days: Mapped[int] = mapped_column(default=2)
    overdue_hold_days: Mapped[int] = mapped_column(default=14)
    needs_wipe: Mapped[bool] = mapped_column(default=True)
    needs_charge: Mapped[bool] = mapped_column(default=True)
    needs_restock: Mapped[bool] = mapped_column(default=True)
    auto_renews: Mapped[bool] = mapped_column(default=False, server_default=false())
    reactivation_fee_cents: Mapped[int] = mapped_column(default=0, server_default="0")


class Agreement(Base):
    """One version of the borrowing agreement in one language. The version somebody signed is kept for good."""

    __tablename__ = "agreements"
    __table_args__ = (UniqueConstraint("code", "version", "language"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    language: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(160))
    body: Mapped[str] = mapped_column(Text)
    published_on: Mapped[date]


@unique
class Signing(StrEnum):
    """How an agreement was signed."""

    AT_DESK = "at_desk"
    ON_PAPER = "on_paper"
    ONLINE = "online"


class AgreementAcceptance(Base):
    """That a patron signed an agreement: which version, when, how, and before whom.

    ``patron_id`` and ``typed_name`` are cut by the privacy clock; that somebody signed this text stays.
    """

    __tablename__ = "agreement_acceptances"
    __table_args__ = (Index("ix_agreement_acceptances_patron_id", "patron_id", "accepted_at"),)

    id: Mapped[Id]
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"))
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"))
    accepted_at: Mapped[datetime]
    how: Mapped[Signing] = enum_column(Signing)
    typed_name: Mapped[str | None] = mapped_column(String(160))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
