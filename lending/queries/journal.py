"""What the journal says of one act, for the answer to a request that comes a second time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.models.journal import JournalEntry


def detail_of(session: Session, act: str, verb: str) -> Mapping[str, Any] | None:
    """The detail of the act's first row of this verb; ``None`` when the act wrote none, because it changed nothing."""
    chosen = select(JournalEntry.detail).where(JournalEntry.act == act, JournalEntry.verb == verb)
    return session.scalars(chosen.order_by(JournalEntry.id).limit(1)).one_or_none()
