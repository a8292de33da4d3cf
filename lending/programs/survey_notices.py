"""The word that carries the link of a workshop's survey: to everybody who attended with a card, on the morning after.

Whom it was sent is kept with the notice; who answered is kept nowhere, so nobody is asked a second time. At the end
of a session the link comes with the thanks for taking part (``completion.COMPLETED``). Who came without a card finds it
on the sheet in the room. Source: RULES 6, "survey"; RULES 7, "Surveys".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import exists, literal, select
from sqlalchemy.orm import Session

from lending.circulation.telling import CONTACT, new_notice, put_in_outbox
from lending.domain.actors import Actor
from lending.domain.ladders import MORNING
from lending.domain.permissions import Act
from lending.models.branches import Branch
from lending.models.cohorts import Attendance, Cohort, CohortStatus, Workshop
from lending.models.notices import Notice
from lending.models.outcomes import Survey
from lending.models.people import Patron, PatronStatus
from lending.programs.surveys import survey_of

WORKSHOP_SURVEY: Final = "workshop_survey"
"""The step of the notice, whose subject is the survey and who is asked."""

ASKED_FOR: Final = timedelta(days=3)
"""How long after a workshop people are asked: a list of participants may come in late, and then it is too late."""


def tell_of_surveys(session: Session, *, at: datetime, by: Actor) -> int:
    """Put the link of yesterday's surveys into the outbox of whoever attended; how many people it is for, once each."""
    by.permit(Act.ADMINISTER)
    _make_surveys(session, at)
    subject = literal("survey:") + Survey.public_id + literal(":") + Patron.public_id
    said = exists().where(Notice.subject == subject, Notice.step == WORKSHOP_SURVEY)
    chosen = (
        select(Workshop.ends_at, Branch.zone, Patron.id.label("patron_id"), subject.label("subject"), *CONTACT)
        .join(Survey, Survey.workshop_id == Workshop.id)
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .join(Attendance, Attendance.workshop_id == Workshop.id)
        .join(Patron, Patron.id == Attendance.patron_id)
        .join(Branch, Branch.id == Patron.home_branch_id)
        .where(
            Workshop.ends_at > at - ASKED_FOR,
            Workshop.ends_at <= at,
            Cohort.status == CohortStatus.PLANNED,
            Patron.status == PatronStatus.ACTIVE,
            ~said,
        )
        .order_by(Workshop.id, Attendance.id)
    )
    told = [
        new_notice(WORKSHOP_SURVEY, row, subject=row.subject, patron_id=row.patron_id, at=at)
        for row in session.execute(chosen)
        if _is_morning_after(row.ends_at, at, ZoneInfo(row.zone))
    ]
    if told:
        put_in_outbox(session, told)
    return len(told)


def _make_surveys(session: Session, at: datetime) -> None:
    """Make the survey of each workshop that somebody attended and that has none."""
    attended = exists().where(Attendance.workshop_id == Workshop.id, Attendance.patron_id.is_not(None))
    without = (
        select(Workshop.id, Workshop.cohort_id)
        .outerjoin(Survey, Survey.workshop_id == Workshop.id)
        .where(Workshop.ends_at > at - ASKED_FOR, Workshop.ends_at <= at, Survey.id.is_(None), attended)
        .order_by(Workshop.id)
    )
    for row in session.execute(without).all():
        survey_of(session, cohort_id=row.cohort_id, workshop_id=row.id)


def _is_morning_after(ended_at: datetime, at: datetime, zone: ZoneInfo) -> bool:
    """Whether a workshop ended on a day before ``at``, once the quiet of the night is over."""
    now = at.astimezone(zone)
    return now.time() >= MORNING and ended_at.astimezone(zone).date() < now.date()
