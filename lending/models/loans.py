"""Loans, the terms that set their due dates, and the parts that went out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lending.domain.actors import Door
from lending.domain.states import LOAN_MOVES, LoanState, LoanVerb, after
from lending.models.base import Base, Id, PublicId, enum_column


@unique
class ClaimEnd(StrEnum):
    """How the claim that a kit was returned ended. Source: RULES 6, "Claims returned"."""

    FOUND_BY_LIBRARY = "found_by_library"
    RETURNED_BY_PATRON = "returned_by_patron"
    LOST = "lost"


_NAMED_OVER = "patron_id IS NOT NULL AND state IN ('closed', 'undone')"
_UNRECEIVED = "received_at IS NULL AND state <> 'undone'"


class Loan(Base):
    """A kit out with a patron.

    ``due_at`` repeats the current term's (``term``), so that what is overdue is found by one index; overdue itself is
    never stored. A received loan may be unsettled: a part or a bill is apart from it. ``patron_id`` is cut by the
    privacy clock; ``cohort_id`` stays for counting. ``exchange_of_id``: the loan whose terms this one took over.
    """

    __tablename__ = "loans"
    __table_args__ = (
        Index(
            "uq_loans_unreceived_kit_id",
            "kit_id",
            unique=True,
            sqlite_where=text(_UNRECEIVED),
            postgresql_where=text(_UNRECEIVED),
        ),
        Index(
            "ix_loans_unreceived_due_at",
            "due_at",
            sqlite_where=text(_UNRECEIVED),
            postgresql_where=text(_UNRECEIVED),
        ),
        Index(
            "ix_loans_live_patron_id",
            "patron_id",
            sqlite_where=text("state NOT IN ('closed', 'undone')"),
            postgresql_where=text("state NOT IN ('closed', 'undone')"),
        ),
        Index("ix_loans_patron_id_received_at", "patron_id", "received_at"),
        Index("ix_loans_kit_id_checked_out_at", "kit_id", "checked_out_at"),
        Index("ix_loans_branch_id_checked_out_at", "branch_id", "checked_out_at"),
        Index("ix_loans_cohort_id", "cohort_id"),
        Index("ix_loans_named_over", "id", sqlite_where=text(_NAMED_OVER), postgresql_where=text(_NAMED_OVER)),
        CheckConstraint("received_at >= checked_out_at", name="received_after_check_out"),
        CheckConstraint(
            "(received_at IS NULL) = (state IN ('out', 'claimed', 'lost', 'undone'))", name="received_matches_state"
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kit_id: Mapped[int] = mapped_column(ForeignKey("kits.id"))
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_types.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"))
    reservation_id: Mapped[int | None] = mapped_column(ForeignKey("reservations.id"))
    exchange_of_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("stations.id"))
    checked_out_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    collected_by: Mapped[str | None] = mapped_column(String(160))
    checked_out_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    door: Mapped[Door] = enum_column(Door)
    _state: Mapped[LoanState] = enum_column(LoanState, "state")
    term: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[datetime]
    renewals: Mapped[int] = mapped_column(default=0)
    override: Mapped[dict[str, Any] | None]
    received_at: Mapped[datetime | None]
    received_recorded_at: Mapped[datetime | None]
    received_door: Mapped[Door | None] = enum_column(Door)
    received_branch_id: Mapped[int | None] = mapped_column(ForeignKey("branches.id"))
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    book_drop: Mapped[bool] = mapped_column(default=False)
    incomplete_until: Mapped[datetime | None]
    lost_at: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    claim_end: Mapped[ClaimEnd | None] = enum_column(ClaimEnd)
    settled_at: Mapped[datetime | None]

    terms: Mapped[list[LoanTerm]] = relationship(back_populates="loan", lazy="raise", order_by="LoanTerm.n")
    parts: Mapped[list[LoanPart]] = relationship(back_populates="loan", lazy="raise", order_by="LoanPart.id")

    @hybrid_property
    def state(self) -> LoanState:
        """What the loan still waits for."""
        return self._state

    def move(self, verb: LoanVerb) -> None:
        """Go where ``LOAN_MOVES`` leads; ``NoSuchMove`` when the table does not have it."""
        self._state = after(LOAN_MOVES, self._state, verb)


@unique
class TermKind(StrEnum):
    """What gave a loan a new due date."""

    CHECK_OUT = "check_out"
    STAFF_RENEWAL = "staff_renewal"
    PATRON_RENEWAL = "patron_renewal"
    AUTO_RENEWAL = "auto_renewal"
    BY_HAND = "by_hand"
    EXCHANGE = "exchange"
    COHORT_MOVED = "cohort_moved"
    TRANSFER = "transfer"
    ROLLED_OVER = "rolled_over"
    SHORTENED = "shortened"
    CLOSURE = "closure"
    UNDONE = "undone"


class LoanTerm(Base):
    """One due date of a loan: the policy, the rule and the reason that made it. Notices hang on a term."""

    __tablename__ = "loan_terms"

    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TermKind] = enum_column(TermKind)
    due_at: Mapped[datetime]
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"))
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("policies.id"))
    rule: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(240))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime]

    loan: Mapped[Loan] = relationship(back_populates="terms")


@unique
class LoanPartState(StrEnum):
    """What became of a part that went out."""

    OUT = "out"
    GIVEN = "given"
    """A consumable: the patron keeps it."""
    HERE = "here"
    MISSING = "missing"
    DAMAGED = "damaged"
    SWAPPED = "swapped"
    """Taken back and replaced by another while the loan went on."""


class LoanPart(Base):
    """A part as it went out: inspection, billing and the ECF record use this, never today's kit list.

    ``reported_missing_at``: the patron said it was not in the bag, soon enough not to be billed.
    ``settled_at``: a missing or damaged part was brought back, billed, or let go.
    """

    __tablename__ = "loan_parts"
    __table_args__ = (UniqueConstraint("loan_id", "part_id"),)

    id: Mapped[Id]
    loan_id: Mapped[int] = mapped_column(ForeignKey("loans.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int]
    returnable: Mapped[bool]
    bills_alone: Mapped[bool]
    price_cents: Mapped[int]
    manufacturer: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(80))
    serial: Mapped[str | None] = mapped_column(String(80))
    fund: Mapped[str | None] = mapped_column(String(60))
    state: Mapped[LoanPartState] = enum_column(LoanPartState)
    note: Mapped[str | None] = mapped_column(String(240))
    reported_missing_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]

    loan: Mapped[Loan] = relationship(back_populates="parts")
