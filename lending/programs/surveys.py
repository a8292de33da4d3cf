"""Surveys of a workshop, or of a session at its end: a link, and anonymous answers that hang on nothing but it.

An answer is on no journal and has no key of the library's kind, because both keep the instant. A second tap is the same
answer by its mark, which the page drew by chance. Whom the link was sent is kept with the notice, and never meets the
answers. Source: RULES 7, "Surveys, anonymous, five-point scale"; SCREENS, "Survey without sign-in, 6 questions".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.journal import record, record_unchanged
from lending.domain import surveys as rules
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.base import new_public_id, table_of
from lending.models.cohorts import Cohort, CohortStatus, Workshop
from lending.models.outcomes import Survey, SurveyAnswer
from lending.programs.cohorts import zone_of
from lending.programs.workshops import permit_attendance

_surveys, _answers = table_of(Survey), table_of(SurveyAnswer)


@dataclass(frozen=True, slots=True)
class About:
    """What a survey is about: a session, and of it one workshop or, without, all of it; and how long it lasts."""

    cohort: Cohort
    workshop: Workshop | None
    starts_at: datetime
    ends_at: datetime


def open_survey(
    session: Session, *, workshop: str | None = None, cohort: str | None = None, at: datetime, by: Actor
) -> str:
    """Make the survey of a workshop (its public id) or of a session (its code), and give the public id of its link.

    One there is already is the same. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    held, found = _named(session, workshop, cohort)
    permit_attendance(session, held, by, None if found is None else found.branch_id)
    chosen = select(Survey).where(_of(held, found))
    survey = session.scalars(chosen).one_or_none()
    if survey is not None:
        record_unchanged(session, "open_survey", at=at, by=by)
        return survey.public_id
    public_id = survey_of(session, cohort_id=held.id, workshop_id=None if found is None else found.id)
    record(session, "open_survey", at=at, by=by, cohort_id=held.id, detail={"survey": public_id, "workshop": workshop})
    return public_id


def survey_of(session: Session, *, cohort_id: int, workshop_id: int | None = None) -> str:
    """The public id of the survey of a workshop or, without one, of a whole session; made where there is none.

    Part of another act; two at once make one.
    """
    connection = session.connection()
    whose = {"workshop_id": workshop_id} if workshop_id is not None else {"cohort_id": cohort_id}
    made = _insert(session, _surveys).values(public_id=new_public_id(), **whose)
    connection.execute(made.on_conflict_do_nothing())
    column = _surveys.c.workshop_id if workshop_id is not None else _surveys.c.cohort_id
    found = connection.execute(select(_surveys.c.public_id).where(column == next(iter(whose.values()))))
    return str(found.scalar_one())


def answer_survey(
    session: Session, *, survey: str, mark: str, given: Mapping[str, object], at: datetime, by: Actor
) -> None:
    """Take one answer to a survey (its public id); the same ``mark`` again is the same answer, and changes nothing.

    ``given`` are ratings by ``STATEMENTS`` and texts by ``QUESTIONS``. Nothing of ``at`` or ``by`` is kept. Raises
    ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED`` for whoever is signed in, ``SURVEY_CLOSED``, ``VALUE_WRONG``, and
    ``VALUE_MISSING`` where nothing was answered.
    """
    by.permit_newcomer()
    found = session.scalars(select(Survey).where(Survey.public_id == survey)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    about = about_of(session, found)
    answered = select(func.count()).where(SurveyAnswer.survey_id == found.id)
    if not takes_answers(about, at) or session.scalars(answered).one() >= rules.MOST_ANSWERS:
        raise Refused.because(Reason.SURVEY_CLOSED)
    try:
        values: dict[str, object] = {**rules.read_ratings(given), **rules.read_words(given)}
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="answer") from None
    if all(value is None for value in values.values()):
        raise Refused.because(Reason.VALUE_MISSING, field="answer")
    row = {"mark": hashlib.sha256(mark.encode()).hexdigest(), "survey_id": found.id, **values}
    session.connection().execute(_insert(session, _answers).values(row).on_conflict_do_nothing())


def takes_answers(about: About, at: datetime) -> bool:
    """Whether a survey is open at ``at``: what it is about takes place, has begun, and is not long over."""
    return about.cohort.status is CohortStatus.PLANNED and rules.is_open(about.starts_at, about.ends_at, at)


def about_of(session: Session, survey: Survey) -> About:
    """What a survey is about. A session's is open from its first day on, and its last day ends at midnight."""
    if survey.workshop_id is not None:
        workshop = session.get_one(Workshop, survey.workshop_id)
        return About(session.get_one(Cohort, workshop.cohort_id), workshop, workshop.starts_at, workshop.ends_at)
    cohort = session.get_one(Cohort, survey.cohort_id)
    zone = ZoneInfo(zone_of(session, cohort.id))
    starts_at = datetime.combine(cohort.starts_on, time(), zone)
    ends_at = datetime.combine(cohort.ends_on + timedelta(days=1), time(), zone)
    return About(cohort, None, starts_at, ends_at)


def _named(session: Session, workshop: str | None, cohort: str | None) -> tuple[Cohort, Workshop | None]:
    if workshop is not None:
        found = session.scalars(select(Workshop).where(Workshop.public_id == workshop)).one_or_none()
        if found is None:
            raise Refused.because(Reason.NOT_FOUND)
        return session.get_one(Cohort, found.cohort_id), found
    held = session.scalars(select(Cohort).where(Cohort.code == cohort)).one_or_none()
    if held is None:
        raise Refused.because(Reason.NOT_FOUND)
    return held, None


def _of(held: Cohort, found: Workshop | None) -> ColumnElement[bool]:
    return Survey.cohort_id == held.id if found is None else Survey.workshop_id == found.id


def _insert(session: Session, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insertion that may find its row there already, in the words of the database at hand."""
    return (sqlite.insert if session.connection().dialect.name == "sqlite" else postgresql.insert)(table)
