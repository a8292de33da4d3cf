"""The outbox: a notice to one person, written with the act that causes it and sent after the commit.

As the patron asked to be told, if that can reach them; else by e-mail, else by text if they agreed to that, else by
letter. Who registered for one workshop is told by e-mail or text, or not at all. One notice per subject, step and
channel. Source: RULES 6, "Channels per patron".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, select, text, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.models.base import AnyRow, constant, new_public_id, table_of
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.people import Patron

UNDO_WINDOW = timedelta(minutes=10)
"""How long a station may take back its last act. What only that act brought about is told when it is over."""

_notices, _patrons = table_of(Notice), table_of(Patron)
CONTACT = (
    _patrons.c.email,
    _patrons.c.email_refused_at,
    _patrons.c.phone,
    _patrons.c.text_consent_at,
    _patrons.c.notice_channel,
)
"""What says how a patron is reached."""
_CONTACT = select(*CONTACT).where(_patrons.c.id == bindparam("patron_id"))
_AGAIN = text("notices.state = 'cancelled'")


def or_told_again(insert: Any) -> Any:
    """The statement, so that a notice that is there already stays as it is, unless it was cancelled.

    One notice per subject, step and channel; one that was cancelled is told after all when its cause is back.
    """
    anew = {"state": NoticeState.PENDING, "due_at": insert.excluded.due_at, "made_at": insert.excluded.made_at}
    return insert.on_conflict_do_update(index_elements=["subject", "step", "channel"], set_=anew, where=_AGAIN)


_TELL = {
    "sqlite": or_told_again(sqlite.insert(_notices)),
    "postgresql": or_told_again(postgresql.insert(_notices)),
}


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
    patron = session.connection().execute(_CONTACT, {"patron_id": patron_id}).one_or_none()
    if patron is not None:
        notice = new_notice(step, patron, subject=subject, patron_id=patron_id, loan_id=loan_id, at=at, due_at=due_at)
        put_in_outbox(session, [notice])


def new_notice(
    step: str,
    patron: AnyRow,
    *,
    subject: str,
    patron_id: int | None,
    at: datetime,
    due_at: datetime | None = None,
    loan_id: int | None = None,
    term: int | None = None,
    registration_id: int | None = None,
) -> dict[str, Any]:
    """The values of one notice, by the channel that reaches ``patron``, a row with the columns ``CONTACT``."""
    return {
        "public_id": new_public_id(),
        "subject": subject,
        "step": step,
        "channel": channel_of(patron),
        "patron_id": patron_id,
        "registration_id": registration_id,
        "loan_id": loan_id,
        "term": term,
        "state": NoticeState.PENDING,
        "due_at": at if due_at is None else due_at,
        "made_at": at,
        "tries": 0,
    }


def put_in_outbox(session: Session, notices: Sequence[Mapping[str, Any]]) -> None:
    """Write notices made by ``new_notice``; one that is there already stays as it is, unless it was cancelled."""
    connection = session.connection()
    connection.execute(_TELL[connection.dialect.name], notices)


def channel_of(patron: AnyRow) -> Channel:
    """How to reach a patron: as they asked, where that can be; else by what reaches them first.

    A letter reaches everybody who gave an address, and waits for staff where nobody did.
    """
    ways = reaching(patron)
    if patron.notice_channel in ways or patron.notice_channel is Channel.LETTER:
        asked: Channel = patron.notice_channel
        return asked
    return ways[0] if ways else Channel.LETTER


def reaching(person: AnyRow) -> list[Channel]:
    """The channels that reach somebody (a row with the columns ``CONTACT``), but for a letter; what is first, first."""
    return [
        channel
        for channel, can in (
            (Channel.EMAIL, person.email is not None and person.email_refused_at is None),
            (Channel.TEXT, person.phone is not None and person.text_consent_at is not None),
            (Channel.CALL, person.phone is not None and person.notice_channel is Channel.CALL),
        )
        if can
    ]


def untell_all(session: Session, *, subject: str) -> None:
    """Cancel every notice about ``subject`` that waits to be sent."""
    session.connection().execute(
        update(_notices)
        .where(_notices.c.subject == subject, _notices.c.state == NoticeState.PENDING)
        .values(state=NoticeState.CANCELLED)
    )


def _channel() -> ColumnElement[Channel]:
    by_mail = _patrons.c.email.is_not(None) & _patrons.c.email_refused_at.is_(None)
    by_text = _patrons.c.phone.is_not(None) & _patrons.c.text_consent_at.is_not(None)
    asked = _patrons.c.notice_channel
    return case(
        (asked == constant(Channel.LETTER), constant(Channel.LETTER)),
        ((asked == constant(Channel.CALL)) & _patrons.c.phone.is_not(None), constant(Channel.CALL)),
        ((asked == constant(Channel.TEXT)) & by_text, constant(Channel.TEXT)),
        (by_mail, constant(Channel.EMAIL)),
        (by_text, constant(Channel.TEXT)),
        else_=constant(Channel.LETTER),
    )


CHANNEL = type_coerce(_channel(), _notices.c.channel.type)
"""What ``channel_of`` says, as an expression over the patron's row."""


def untell(session: Session, step: str, *, subject: str) -> None:
    """Cancel a notice about ``subject`` that waits to be sent."""
    session.connection().execute(
        update(_notices)
        .where(_notices.c.subject == subject, _notices.c.step == step, _notices.c.state == NoticeState.PENDING)
        .values(state=NoticeState.CANCELLED)
    )
