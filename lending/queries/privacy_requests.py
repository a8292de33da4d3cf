"""What patrons asked about their own data, and nobody has answered yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.models.tasks import Task, TaskKind


def asked_at(session: Session, patron_id: int) -> datetime | None:
    """When a patron asked that their record be erased; ``None`` where no request waits."""
    chosen = select(Task.opened_at).where(
        Task.patron_id == patron_id, Task.kind == TaskKind.PRIVACY_REQUEST, Task.closed_at.is_(None)
    )
    return session.scalars(chosen.order_by(Task.id).limit(1)).first()
