"""The outbox: a notice to one patron, written with the act that causes it and sent after the commit.

By e-mail, else by text if the patron agreed to that, else by letter. One notice per subject, step and channel.
Source: RULES 6, "Channels per patron".
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.models.base import new_public_id, table_of
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.people import Patron

UNDO_WINDOW = timedelta(minutes=10)
"""How long a station may take back its last act. What only that act brought about is told when it is over."""

_notices = table_of(Notice)
_sqlite, _postgresql = sqlite.insert(_notices), postgresql.insert(_notices)
_AGAIN = text("notices.state = 'cancelled'")
_TELL = {
    "sqlite": _sqlite.on_conflict_do_update(
        index_elements=["subject", "step", "channel"],
        set_={"state": NoticeState.PENDING, "due_at": _sqlite.excluded.due_at, "made_at": _sqlite.excluded.made_at},
        where=_AGAIN,
    ),
    "postgresql": _postgresql.on_conflict_do_update(
        index_elements=["subject", "step", "channel"],
        set_={
            "state": NoticeState.PENDING,
            "due_at": _postgresql.excluded.due_at,
            "made_at": _postgresql.excluded.made_at,
        },
        where=_AGAIN,
    ),
}
"""One notice per subject, step and channel; one that was cancelled is told after all when its cause is back."""


def tell(
    session: Session,
    step: str,
    *,
    subject: str,
    patron_id: int | None,
    at: datetime,
    due_at: datetime | None = None,
    loan_id: int | None = None,
) -> None:
    """Put a notice about ``subject`` into the outbox, to be sent at ``due_at`` or, without it, at once.

    Nobody is told where the patron's link was cut.
    """
    patron = session.execute(
        select(Patron.email, Patron.phone, Patron.text_consent_at).where(Patron.id == patron_id)
    ).one_or_none()
    if patron is None:
        return
    if patron.email is not None:
        channel = Channel.EMAIL
    elif patron.phone is not None and patron.text_consent_at is not None:
        channel = Channel.TEXT
    else:
        channel = Channel.LETTER
    connection = session.connection()
    connection.execute(
        _TELL[connection.dialect.name],
        {
            "public_id": new_public_id(),
            "subject": subject,
            "step": step,
            "channel": channel,
            "patron_id": patron_id,
            "loan_id": loan_id,
            "state": NoticeState.PENDING,
            "due_at": at if due_at is None else due_at,
            "made_at": at,
            "tries": 0,
        },
    )


def untell(session: Session, step: str, *, subject: str) -> None:
    """Cancel a notice about ``subject`` that waits to be sent."""
    session.connection().execute(
        update(_notices)
        .where(_notices.c.subject == subject, _notices.c.step == step, _notices.c.state == NoticeState.PENDING)
        .values(state=NoticeState.CANCELLED)
    )
