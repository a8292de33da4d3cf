"""The word about tomorrow's workshop, to everybody with a seat or registered for it, on the morning of the day before.

Source: RULES 6, "workshop tomorrow (.ics)".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, literal, select
from sqlalchemy.orm import Session

from lending.circulation.addressees import PLACE, REACHED, REGISTERED_TOMORROW, tell_registered
from lending.circulation.telling import CONTACT, new_notice, put_in_outbox
from lending.domain.actors import Actor
from lending.domain.ladders import MORNING
from lending.domain.permissions import Act
from lending.domain.states import EnrolmentState
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Workshop
from lending.models.notices import Notice
from lending.models.outcomes import Registration
from lending.models.people import Patron

WORKSHOP_TOMORROW = "workshop_tomorrow"
"""The step of the notice, whose subject is the workshop and the seat."""

_SUBJECT = literal("workshop:") + Workshop.public_id + literal(":") + Enrolment.public_id


def tell_of_tomorrow(session: Session, *, at: datetime, by: Actor) -> int:
    """Put the word about every workshop of tomorrow into the outbox; how many people it is for.

    Each of them is told once, also who enrols on that very day. One that moves afterwards has a notice of its own.
    """
    by.permit(Act.ADMINISTER)
    said = exists().where(Notice.subject == _SUBJECT, Notice.step == WORKSHOP_TOMORROW)
    chosen = (
        select(Workshop.starts_at, Branch.zone, Enrolment.patron_id, _SUBJECT.label("subject"), *CONTACT)
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .join(Branch, Branch.id == Enrolment.pickup_branch_id)
        .join(Patron, Patron.id == Enrolment.patron_id)
        .where(
            *_is_soon(at),
            Enrolment.state == EnrolmentState.ENROLLED,
            ~said,
        )
        .order_by(Workshop.id, Enrolment.id)
    )
    told = [
        new_notice(WORKSHOP_TOMORROW, row, subject=row.subject, patron_id=row.patron_id, at=at)
        for row in session.execute(chosen)
        if _is_tomorrow(row.starts_at, at, ZoneInfo(row.zone))
    ]
    if told:
        put_in_outbox(session, told)
    return len(told) + _tell_registered(session, at)


def _tell_registered(session: Session, at: datetime) -> int:
    """The same to whoever registered for the workshop alone, on the clock of where it is held."""
    said = exists().where(Notice.registration_id == Registration.id, Notice.step == REGISTERED_TOMORROW)
    chosen = (
        select(Workshop.starts_at, Branch.zone, Registration.id, Registration.public_id, *REACHED)
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .join(Registration, Registration.workshop_id == Workshop.id)
        .join(Branch, Branch.id == PLACE)
        .where(*_is_soon(at), Registration.cancelled_at.is_(None), ~said)
        .order_by(Workshop.id, Registration.id)
    )
    rows = [row for row in session.execute(chosen) if _is_tomorrow(row.starts_at, at, ZoneInfo(row.zone))]
    return tell_registered(session, REGISTERED_TOMORROW, rows, at=at)


def _is_soon(at: datetime) -> tuple[ColumnElement[bool], ...]:
    held = Cohort.status == CohortStatus.PLANNED
    return Workshop.starts_at > at, Workshop.starts_at < at + timedelta(days=2), held


def _is_tomorrow(starts_at: datetime, at: datetime, zone: ZoneInfo) -> bool:
    """Whether a workshop begins on the day after ``at``, once the quiet of the night is over."""
    now = at.astimezone(zone)
    return now.time() >= MORNING and starts_at.astimezone(zone).date() == now.date() + timedelta(days=1)
