"""Surveys as people answer them, and what their answers come to; nothing tells one answer from another.

How many agree is told of five answers or more; what people wrote is read by staff alone, of five answers or more, in an
order that says nothing. Source: RULES 7, "Report % agree of answers, with n"; RULES 8.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.periods import Period
from lending.domain.permissions import Role
from lending.domain.small_cells import SMALLEST_SHOWN
from lending.domain.surveys import AGREES, STATEMENTS, Agreement
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Pool, Program, Workshop
from lending.models.outcomes import Survey, SurveyAnswer
from lending.models.stock import Stock
from lending.programs.surveys import about_of, takes_answers
from lending.queries.scope import Branches, within

WORDS_SHOWN = 200
"""Answers in people's own words on one page."""


@dataclass(frozen=True, slots=True)
class SurveyAsked:
    """A survey as its page asks it. ``workshop`` is ``None`` for the survey of a whole session."""

    survey: str
    session: str
    workshop: str | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class SurveyResults:
    """What answers come to. ``surveys`` are those that anybody answered; ``statements`` by the names of the domain."""

    surveys: int
    answers: int
    statements: Mapping[str, Agreement]

    @property
    def is_shown(self) -> bool:
        """Whether so many answered that the results tell of nobody."""
        return self.answers >= SMALLEST_SHOWN


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """What somebody wrote: what helped, and what could be better."""

    helped: str | None
    better: str | None


def survey_asked(session: Session, survey: str, *, at: datetime) -> SurveyAsked | None:
    """The survey with this public id; ``None`` where there is none."""
    found = session.scalars(select(Survey).where(Survey.public_id == survey)).one_or_none()
    if found is None:
        return None
    about = about_of(session, found)
    title = None if about.workshop is None or about.cohort.is_single else about.workshop.title
    return SurveyAsked(survey, about.cohort.name, title, takes_answers(about, at))


def survey_results(session: Session, scope: Branches, period: Period, *, program: str | None = None) -> SurveyResults:
    """What was answered about workshops held, and sessions that ended, on a day of ``period``.

    ``scope``: held at these libraries, or of sessions whose kits they lend; ``program`` (its code) takes one alone.
    """
    return _results(session, SurveyAnswer.survey_id.in_(_in(session, scope, period, program)))


def results_of(session: Session, survey: str, *, by: Actor) -> SurveyResults:
    """What one survey (its public id) was answered; ``NOT_FOUND`` also where the reader may not look."""
    found = session.scalars(select(Survey).where(Survey.public_id == survey)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    cohort = about_of(session, found).cohort
    if by.role is Role.PROGRAM and cohort.program_id not in by.program_ids:
        raise Refused.because(Reason.NOT_FOUND)
    return _results(session, SurveyAnswer.survey_id == found.id)


def open_answers(
    session: Session, scope: Branches, period: Period, *, program: str | None = None, limit: int = WORDS_SHOWN
) -> list[OpenAnswer]:
    """What people wrote about the workshops and sessions of ``survey_results``, for staff; nothing of too few."""
    ids = _in(session, scope, period, program)
    if session.scalars(select(func.count()).where(SurveyAnswer.survey_id.in_(ids))).one() < SMALLEST_SHOWN:
        return []
    chosen = select(SurveyAnswer.helped, SurveyAnswer.better).where(
        SurveyAnswer.survey_id.in_(ids), or_(SurveyAnswer.helped.is_not(None), SurveyAnswer.better.is_not(None))
    )
    # By the mark, which chance drew: neither who came first nor who rated how can be told from it.
    return [OpenAnswer(*row) for row in session.execute(chosen.order_by(SurveyAnswer.mark).limit(limit))]


def answered(session: Session, cohort_ids: Collection[int]) -> Mapping[int, int]:
    """How many answered the survey at the end of each session, by the session's key: the last step of its funnel."""
    counted = (
        select(Survey.cohort_id, func.count().label("n"))
        .join(SurveyAnswer, SurveyAnswer.survey_id == Survey.id)
        .where(Survey.cohort_id.in_(sorted(cohort_ids)))
        .group_by(Survey.cohort_id)
    )
    found = {row.cohort_id: row.n for row in session.execute(counted)}
    return {id_: found.get(id_, 0) for id_ in cohort_ids}


def _results(session: Session, which: ColumnElement[bool]) -> SurveyResults:
    columns: list[ColumnElement[Any]] = []
    for name in STATEMENTS:
        rating = getattr(SurveyAnswer, name)
        columns += [func.count(rating), func.count().filter(rating >= AGREES)]
    counted = select(func.count(SurveyAnswer.survey_id.distinct()), func.count(), *columns)
    surveys, answers, *rest = session.execute(counted.where(which)).one()
    found = {name: Agreement(*rest[2 * n : 2 * n + 2]) for n, name in enumerate(STATEMENTS)}
    return SurveyResults(surveys, answers, found)


def _in(session: Session, scope: Branches, period: Period, program: str | None) -> list[int]:
    """The keys of the surveys about what was held, or ended, on a local day of ``period``."""
    lends = exists().where(Pool.cohort_id == Cohort.id, Stock.id == Pool.stock_id, within(Stock.branch_id, scope))
    anywhere = select(Branch.zone).order_by(Branch.id).limit(1).scalar_subquery()
    since = datetime.combine(period.first - timedelta(days=1), time(), UTC)
    until = datetime.combine(period.last + timedelta(days=2), time(), UTC)
    of_workshops = (
        select(Survey.id, Workshop.starts_at, func.coalesce(Branch.zone, anywhere, "UTC").label("zone"))
        .join(Workshop, Workshop.id == Survey.workshop_id)
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .outerjoin(Branch, Branch.id == Workshop.branch_id)
        .where(Workshop.starts_at >= since, Workshop.starts_at < until)
    )
    of_sessions = (
        select(Survey.id)
        .join(Cohort, Cohort.id == Survey.cohort_id)
        .where(Cohort.ends_on.between(period.first, period.last))
    )
    if scope is not None:
        of_workshops = of_workshops.where(or_(within(Workshop.branch_id, scope), lends))
        of_sessions = of_sessions.where(lends)
    held = [
        row.id
        for row in session.execute(_of_program(of_workshops, program))
        if period.first <= row.starts_at.astimezone(ZoneInfo(row.zone)).date() <= period.last
    ]
    return [*held, *session.scalars(_of_program(of_sessions, program))]


def _of_program(chosen: Any, program: str | None) -> Any:
    if program is None:
        return chosen
    return chosen.join(Program, Program.id == Cohort.program_id).where(Program.code == program)
