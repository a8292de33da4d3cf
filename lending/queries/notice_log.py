"""The log of notices: what was sent, what waits and what failed, the newest first.

Source: SCREENS, "jobs and notices log that turns red when a run is late".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.models.notices import Carrier, Channel, Notice, NoticeState
from lending.models.people import Patron

STUCK_AFTER = timedelta(hours=1)
"""A notice that has waited this long for its carrier stands still."""

FAILED_LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NoticeLogged:
    """One notice on its way. ``patron`` is a public id; it and the name are ``None`` once the link is cut."""

    id: int
    notice: str
    step: str
    channel: Channel
    state: NoticeState
    carrier: Carrier | None
    problem: str | None
    tries: int
    due_at: datetime
    sent_at: datetime | None
    patron: str | None
    patron_name: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """How many notices stand still for want of a carrier, and how many failed in the last day."""

    stuck: int
    failed: int


def notice_log(
    session: Session,
    *,
    state: NoticeState | None = None,
    channel: Channel | None = None,
    step: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[NoticeLogged]:
    """The newest notices that fit, or those ``before`` one of them (its id)."""
    chosen = (
        select(
            Notice.id,
            Notice.public_id.label("notice"),
            *(Notice.step, Notice.channel, Notice.state, Notice.carrier, Notice.problem, Notice.tries),
            *(Notice.due_at, Notice.sent_at),
            Patron.public_id.label("patron"),
            Patron.name.label("patron_name"),
        )
        .outerjoin(Patron, Patron.id == Notice.patron_id)
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    for column, value in ((Notice.state, state), (Notice.channel, channel), (Notice.step, step)):
        if value is not None:
            chosen = chosen.where(column == value)
    if before is not None:
        chosen = chosen.where(Notice.id < before)
    return [NoticeLogged(**row._mapping) for row in session.execute(chosen)]


def health(session: Session, *, at: datetime) -> Health:
    """Whether notices leave the house. Letters wait for people, and so never stand still."""
    stuck = select(func.count()).where(
        Notice.state == NoticeState.PENDING, Notice.due_at < at - STUCK_AFTER, Notice.channel != Channel.LETTER
    )
    failed = select(func.count()).where(Notice.state == NoticeState.FAILED, Notice.due_at >= at - FAILED_LATELY)
    return Health(session.scalars(stuck).one(), session.scalars(failed).one())
