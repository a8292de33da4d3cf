"""What the library keeps because it must: the sealed ledger of ECF equipment, who opened it, and requests for records.

Source: RULES 8, "Two clocks" (B) and "Requests are logged and routed"; 47 CFR 54.1715; California Gov. Code 7927.105.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class LedgerKind(StrEnum):
    """What federal money paid for."""

    DEVICE = "device"
    SERVICE = "service"


@unique
class LedgerEnd(StrEnum):
    """What was notified of a device instead of its return."""

    MISSING = "missing"
    LOST = "lost"
    DAMAGED = "damaged"


class LedgerEntry(Base):
    """That somebody had a device, or the service of a line, that ECF money paid for: from when to when.

    Written when the privacy clock or an erasure cuts the loan's link. ``sealed_name`` is the borrower's full name,
    which only the key outside the database opens (``key_mark`` says which key). ``make``, ``model`` and ``serial`` are
    those of the loan's own list; of a service the carrier, the plan and the SIM. Kept ten years from the last date of
    the device (``domain/ledger.py``).
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index(
            "uq_ledger_entries_device",
            "loan_part_id",
            unique=True,
            sqlite_where=text("kind = 'device'"),
            postgresql_where=text("kind = 'device'"),
        ),
        Index("uq_ledger_entries_service", "loan_part_id", "line_id", unique=True),
        Index("ix_ledger_entries_part_id", "part_id"),
        Index("ix_ledger_entries_keep_until", "keep_until"),
    )

    id: Mapped[Id]
    kind: Mapped[LedgerKind] = enum_column(LedgerKind)
    loan_part_id: Mapped[int] = mapped_column(ForeignKey("loan_parts.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("lines.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    part_type: Mapped[str] = mapped_column(String(80))
    make: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(80))
    serial: Mapped[str | None] = mapped_column(String(80))
    download_mbps: Mapped[int | None]
    upload_mbps: Mapped[int | None]
    data_cap_gb: Mapped[int | None]
    out_on: Mapped[date]
    in_on: Mapped[date | None]
    notified_as: Mapped[LedgerEnd | None] = enum_column(LedgerEnd)
    notified_on: Mapped[date | None]
    sealed_name: Mapped[bytes] = mapped_column(LargeBinary())
    key_mark: Mapped[str] = mapped_column(String(16))
    sealed_at: Mapped[datetime]
    keep_until: Mapped[date]


class LedgerOpening(Base):
    """That an administrator asked to open the sealed ledger, for what, and who else approved it.

    Without another one it opens a day after every administrator was told (``told_at``); ``closed_at``: taken back.
    """

    __tablename__ = "ledger_openings"
    __table_args__ = (CheckConstraint("approved_by_id <> asked_by_id", name="two_people"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    reason: Mapped[str] = mapped_column(String(500))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    told_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


@unique
class RequestFrom(StrEnum):
    """Who asks for records."""

    POLICE = "police"
    COURT = "court"
    PRESS = "press"
    PATRON = "patron"
    """About themselves."""
    FAMILY = "family"
    OTHER = "other"


@unique
class RequestAbout(StrEnum):
    """What they ask for."""

    WHO_HAD_A_KIT = "who_had_a_kit"
    WHAT_SOMEBODY_BORROWED = "what_somebody_borrowed"
    WHO_ATTENDED = "who_attended"
    CONTACT = "contact"
    STATISTICS = "statistics"
    OTHER = "other"


@unique
class Authority(StrEnum):
    """What they showed."""

    NONE = "none"
    SUBPOENA = "subpoena"
    COURT_ORDER = "court_order"
    """Of the superior court."""
    PATRONS_WRITING = "patrons_writing"
    """The patron authorised them in writing."""
    OWN_RECORD = "own_record"


@unique
class RequestDecision(StrEnum):
    """What the library decided."""

    REFUSED = "refused"
    STATISTICS_GIVEN = "statistics_given"
    DISCLOSED = "disclosed"
    WITHDRAWN = "withdrawn"


class RecordsRequest(Base):
    """That somebody asked for records of patrons, what was said, and what the library decided.

    ``asker`` and ``note`` may name people and stay inside the library; an export has neither. Retention: the privacy
    clock empties both two years after the decision; the row stays.
    """

    __tablename__ = "records_requests"
    __table_args__ = (
        CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided"),
        CheckConstraint(
            "decision <> 'disclosed' OR authority IN ('court_order', 'patrons_writing', 'own_record')",
            name="authority_shown",
        ),
        Index("ix_records_requests_branch_id_asked_at", "branch_id", "asked_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    asked_at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[RequestFrom] = enum_column(RequestFrom)
    about: Mapped[RequestAbout] = enum_column(RequestAbout)
    authority: Mapped[Authority] = enum_column(Authority, default=Authority.NONE)
    asker: Mapped[str | None] = mapped_column(String(160))
    note: Mapped[str | None] = mapped_column(String(500))
    routed_to: Mapped[str | None] = mapped_column(String(160))
    decision: Mapped[RequestDecision | None] = enum_column(RequestDecision)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
