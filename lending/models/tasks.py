"""Tasks: what needs a person, by branch and age."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lending.models.base import Base, Id, PublicId, enum_column


@unique
class TaskKind(StrEnum):
    """What kind of work waits."""

    REORDER_PART = "reorder_part"
    REPAIR = "repair"
    SUSPEND_LINE = "suspend_line"
    RESTORE_LINE = "restore_line"
    REFUND = "refund"
    CALL = "call"
    CLAIM = "claim"
    BOUNCE = "bounce"
    PRIVACY_REQUEST = "privacy_request"
    PROBLEM = "problem"


class Task(Base):
    """Work for a person at a branch. Closed by an act that is on the journal; one open task per subject and kind.

    ``tries`` counts what was tried in vain, such as calls that nobody answered; ``due_at``: not to be tried before.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "uq_tasks_open_kind_subject",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_tasks_branch_id_closed_at", "branch_id", "closed_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[TaskKind] = enum_column(TaskKind)
    subject: Mapped[str] = mapped_column(String(60))
    branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    kit_id: Mapped[int | None] = mapped_column(ForeignKey("kits.id"), index=True)
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loans.id"), index=True)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"), index=True)
    what: Mapped[str] = mapped_column(String(240))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[str | None] = mapped_column(String(240))
    tries: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[datetime | None]
