"""The workshops that were held in a period and the recordings that were posted in it, for reports.

A workshop counts from its beginning on, on the local day of where it is held, and on line of the library's own zone.
One on line belongs to the whole system and to its programme, never to a branch, so that no sum of branches counts it
twice. Source: RULES 7, "Workshops".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from lending.domain.attendance import WorkshopTold, count
from lending.domain.periods import Period
from lending.domain.public_survey import Format, Held
from lending.domain.states import EnrolmentState
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Program, RecordedViews, Workshop, WorkshopMode
from lending.queries.scope import Branches
from lending.queries.workshops import told_of

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProgramSession:
    """One workshop that was held: its day, whose it is (codes; no ``branch`` on line), and what is known of it."""

    workshop: str
    title: str
    cohort: str
    program: str
    branch: str | None
    on: date
    held: Held


@dataclass(frozen=True, slots=True)
class Workshops:
    """What the workshops of a period come to. ``None`` is not known, which is never 0.

    ``registered``: people with a seat in their sessions, each session once, with whoever registered for one workshop
    alone and those that other programs registered. ``views`` are all views of recordings on days of the period,
    ``survey_views`` those within 30 days of the postings of the period. ``reach``: live attendance and all ``views``.
    ``posted`` are the workshops whose recording was posted in the period, whenever they were held.
    """

    sessions: tuple[ProgramSession, ...]
    posted: tuple[ProgramSession, ...]
    registered: int
    attended: int | None
    onsite: int | None
    virtual: int | None
    uncounted: int
    views: int | None
    survey_views: int | None

    @property
    def reach(self) -> int | None:
        """Live attendance and all views of recordings; never called attendance."""
        known = [n for n in (self.attended, self.views) if n is not None]
        return sum(known) if known else None


def workshops_of(
    session: Session,
    scope: Branches,
    period: Period,
    *,
    zone: str,
    at: datetime,
    led: Collection[int] = (),
    program_id: int | None = None,
) -> Workshops:
    """The workshops of a period. Twelve statements at most, whatever the size.

    ``scope``: the reader's branches; ``led``: the programmes that they lead, whose workshops they see wherever they are
    held. ``zone`` is the library's own.
    """
    chosen = _chosen(scope, led, program_id)
    rows = [
        (row, on)
        for row in session.execute(chosen.where(_about(Workshop.starts_at, period), Workshop.starts_at <= at))
        if (on := _local_day(row, zone)) in period
    ]
    told = told_of(session, [row.Workshop for row, _ in rows])
    sessions = tuple(_session(row, on, told) for row, on in rows)
    posted = _posted(session, chosen, period, zone)
    counted, shown = (count([one.held.told for one in each]) for each in (sessions, posted))
    return Workshops(
        sessions=sessions,
        posted=posted,
        registered=_registered(session, [row.Workshop for row, _ in rows], told),
        attended=counted.attended,
        onsite=counted.onsite,
        virtual=counted.virtual,
        uncounted=counted.uncounted,
        views=_views(session, chosen, period),
        survey_views=shown.survey_views,
    )


def _chosen(scope: Branches, led: Collection[int], program_id: int | None) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Workshop,
            Cohort.code.label("cohort"),
            Program.code.label("program"),
            Program.audience,
            Branch.code.label("branch"),
            Branch.zone,
        )
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .join(Program, Program.id == Cohort.program_id)
        .outerjoin(Branch, Branch.id == Workshop.branch_id)
        .where(Cohort.status == CohortStatus.PLANNED, _seen(scope, led))
        .where(true() if program_id is None else Program.id == program_id)
        .order_by(Workshop.starts_at, Workshop.id)
    )


def _seen(scope: Branches, led: Collection[int]) -> ColumnElement[bool]:
    if scope is None:
        return true()
    return or_(Workshop.branch_id.in_(sorted(scope)), Program.id.in_(sorted(led)))


def _about(column: InstrumentedAttribute[datetime], period: Period) -> ColumnElement[bool]:
    """Within the period in some zone; the day itself is worked out where the workshop is held."""
    first, last = (datetime.combine(day, time(), UTC) for day in (period.first - _A_DAY, period.last + 2 * _A_DAY))
    return column.between(first, last)


def _format(workshop: Workshop) -> Format:
    """A hybrid one is in person. In person without a branch of its own is elsewhere."""
    if workshop.mode is WorkshopMode.VIRTUAL:
        return Format.VIRTUAL
    return Format.OFFSITE if workshop.branch_id is None else Format.ONSITE


def _session(row: Row[*tuple[Any, ...]], on: date, told: Mapping[int, WorkshopTold]) -> ProgramSession:
    return ProgramSession(
        workshop=row.Workshop.public_id,
        title=row.Workshop.title,
        cohort=row.cohort,
        program=row.program,
        branch=row.branch,
        on=on,
        held=Held(row.audience, _format(row.Workshop), told[row.Workshop.id]),
    )


def _local_day(row: Row[*tuple[Any, ...]], zone: str) -> date:
    """The day on which a workshop began, where it was held."""
    starts_at: datetime = row.Workshop.starts_at
    return starts_at.astimezone(ZoneInfo(row.zone or zone)).date()


def _posted(
    session: Session, chosen: Select[*tuple[Any, ...]], period: Period, zone: str
) -> tuple[ProgramSession, ...]:
    """Each workshop whose recording was posted in the period, whenever it was held."""
    rows = session.execute(chosen.where(Workshop.posted_on.between(period.first, period.last))).all()
    told = told_of(session, [row.Workshop for row in rows])
    return tuple(_session(row, _local_day(row, zone), told) for row in rows)


def _views(session: Session, chosen: Select[*tuple[Any, ...]], period: Period) -> int | None:
    """All views on days of the period; ``None`` where nobody looked any up."""
    workshops = chosen.with_only_columns(Workshop.id).order_by(None)
    n, views = session.execute(
        select(func.count(), func.sum(RecordedViews.views)).where(
            RecordedViews.day.between(period.first, period.last), RecordedViews.workshop_id.in_(workshops)
        )
    ).one()
    return int(views) if n else None


def _registered(session: Session, held: Sequence[Workshop], told: Mapping[int, WorkshopTold]) -> int:
    if not held:
        return 0
    cohorts, ids = {workshop.cohort_id for workshop in held}, [workshop.id for workshop in held]
    first = (
        select(func.min(Workshop.starts_at)).where(Workshop.cohort_id == Enrolment.cohort_id).correlate(Enrolment)
    ).scalar_subquery()
    seats = select(func.count()).where(
        Enrolment.cohort_id.in_(cohorts),
        Enrolment.seated_at.is_not(None),
        Enrolment.state != EnrolmentState.TRANSFERRED,
        or_(Enrolment.ended_at.is_(None), Enrolment.ended_at > first),
    )
    return count([told[id_] for id_ in ids], seats=session.scalars(seats).one()).registered
