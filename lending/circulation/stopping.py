"""Text messages that somebody wants no more: honoured at once, for every patron with that number.

And for whoever registered for a workshop with it. What waited to be texted is told by another channel. Nobody's word on
a telephone brings the messages back: a patron agrees to them at the library.
Source: RULES 6, "consent with time and wording; STOP ... is honoured at once".
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_patron
from lending.circulation.notices import tell_otherwise
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.models.cohorts import Workshop
from lending.models.notices import Channel, Notice, NoticeState
from lending.models.outcomes import Registration
from lending.models.people import Patron, PatronStatus


def stop_texts(session: Session, *, phone: str, at: datetime, by: Actor) -> int:
    """Send no more texts to a number (E.164); how many patrons have it, and registrations that agreed to texts."""
    by.permit(Act.ADMINISTER)
    having = select(Patron.id).where(Patron.phone == phone, Patron.status == PatronStatus.ACTIVE).order_by(Patron.id)
    stopped = 0
    for patron_id in session.scalars(having).all():
        patron = lock_patron(session, patron_id)
        if patron.phone != phone:
            continue  # it was changed a moment ago
        patron.text_consent_at = patron.text_consent_wording = None
        patron.text_stopped_at = at
        session.flush()  # which channel is left is read by a statement
        _tell_otherwise(session, Notice.patron_id == patron_id, at)
        record(session, "stop_texts", at=at, by=by, branch_id=patron.home_branch_id, patron=patron.pseudonym)
        stopped += 1
    return stopped + _stop_registered(session, phone, at=at, by=by)


def _stop_registered(session: Session, phone: str, *, at: datetime, by: Actor) -> int:
    agreed = (
        select(Registration)
        .where(Registration.phone == phone, Registration.text_consent_at.is_not(None))
        .order_by(Registration.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    rows = session.scalars(agreed).all()
    for row in rows:
        row.text_consent_at = row.text_consent_wording = None
        session.flush()  # which channel is left is read by a statement
        _tell_otherwise(session, Notice.registration_id == row.id, at)
        held_at = session.scalars(select(Workshop.branch_id).where(Workshop.id == row.workshop_id)).one()
        record(session, "stop_texts", at=at, by=by, branch_id=held_at, detail={"registration": row.public_id})
    return len(rows)


def _tell_otherwise(session: Session, whose: ColumnElement[bool], at: datetime) -> None:
    waiting = (
        select(Notice)
        .where(whose, Notice.channel == Channel.TEXT, Notice.state == NoticeState.PENDING)
        .order_by(Notice.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    for notice in session.scalars(waiting).all():
        tell_otherwise(session, notice, at=at)
