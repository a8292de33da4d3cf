"""A session's funnel: how many had a seat, picked a kit up, came to the workshops, and brought the kit back on time.

Made from the rows of the sessions asked for, a few hundred each, and from nothing that the privacy clock cuts: a seat
stays when its holder's name has gone. Whoever went over to another session is counted there. Source: RULES 7.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Final

from sqlalchemy import Subquery, and_, case, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from lending.domain.periods import Period
from lending.domain.states import EnrolmentState, LoanState, ReservationState
from lending.models.cohorts import Attendance, Cohort, CohortStatus, Enrolment, Workshop
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from lending.queries.scope import Branches, within

OFTEN: Final = 2 / 3
"""The share of a session's workshops, rounded up, that counts as having attended: 4 of 6."""


@dataclass(frozen=True, slots=True)
class Funnel:
    """One session (code, name, days) and how many people came how far.

    ``enrolled`` had a seat; ``picked_up`` a kit; ``attended`` came to ``enough`` of its ``workshops`` or more, ``None``
    where nobody signed in by name (devices alone were counted, or nobody, and who came how often is not known) and
    while nobody can have come so often, because fewer were held; ``on_time`` brought every kit they had back before
    closing on its due date. ``answered`` is for the surveys to say.
    """

    cohort: str
    name: str
    starts_on: date
    ends_on: date
    capacity: int
    enrolled: int
    picked_up: int
    attended: int | None
    enough: int
    workshops: int
    on_time: int
    answered: int | None = None


def funnels(
    session: Session,
    scope: Branches,
    period: Period,
    *,
    at: datetime,
    program_id: int | None = None,
    answered: Mapping[int, int] | None = None,
) -> list[Funnel]:
    """The sessions that were held, in part at least, in a period, the earliest first. Six statements.

    A single workshop has no seats and is none of them. Of a reader with some branches alone, those are counted who pick
    up there. ``answered``: how many answered the survey at the end, by the session's id.
    """
    held = select(Cohort).where(
        Cohort.status == CohortStatus.PLANNED,
        Cohort.is_single.is_(False),
        Cohort.starts_on <= period.last,
        Cohort.ends_on >= period.first,
    )
    if program_id is not None:
        held = held.where(Cohort.program_id == program_id)
    cohorts = session.scalars(held.order_by(Cohort.starts_on, Cohort.code)).all()
    return _funnels(session, scope, cohorts, answered or {}, at)


def funnel(session: Session, scope: Branches, cohort_id: int, *, at: datetime, answered: int | None = None) -> Funnel:
    """One session's (its id)."""
    cohort = session.get_one(Cohort, cohort_id)
    return _funnels(session, scope, [cohort], {} if answered is None else {cohort_id: answered}, at)[0]


def _funnels(
    session: Session, scope: Branches, cohorts: Collection[Cohort], answered: Mapping[int, int], at: datetime
) -> list[Funnel]:
    ids = [cohort.id for cohort in cohorts]
    if not ids:
        return []
    enrolled = _enrolled(session, scope, ids)
    workshops = _workshops(session, ids, at)
    attended, told = _attended(session, scope, ids), _told_by_name(session, ids)
    lent = _lent(session, scope, ids)
    shown = []
    for cohort in cohorts:
        planned, held = workshops.get(cohort.id, (0, 0))
        enough = ceil(planned * OFTEN)
        picked_up, on_time = lent.get(cohort.id, (0, 0))
        came = sum(people for often, people in attended.get(cohort.id, {}).items() if often >= max(enough, 1))
        shown.append(
            Funnel(
                cohort=cohort.code,
                name=cohort.name,
                starts_on=cohort.starts_on,
                ends_on=cohort.ends_on,
                capacity=cohort.capacity,
                enrolled=enrolled.get(cohort.id, 0),
                picked_up=picked_up,
                attended=came if cohort.id in told and held >= enough else None,
                enough=enough,
                workshops=planned,
                on_time=on_time,
                answered=answered.get(cohort.id),
            )
        )
    return shown


HAD_A_SEAT = and_(Enrolment.seated_at.is_not(None), Enrolment.state != EnrolmentState.TRANSFERRED)
"""Whom a session counts: also who left it, and not who moved to another one and counts there."""


def _enrolled(session: Session, scope: Branches, ids: Collection[int]) -> dict[int, int]:
    chosen = (
        select(Enrolment.cohort_id, func.count())
        .where(Enrolment.cohort_id.in_(ids), HAD_A_SEAT, within(Enrolment.pickup_branch_id, scope))
        .group_by(Enrolment.cohort_id)
    )
    return dict(session.execute(chosen).all())


def _workshops(session: Session, ids: Collection[int], at: datetime) -> dict[int, tuple[int, int]]:
    """How many workshops each session has, and how many of them have begun."""
    begun = func.count().filter(Workshop.starts_at <= at)
    chosen = select(Workshop.cohort_id, func.count(), begun).where(Workshop.cohort_id.in_(ids))
    return {row[0]: (row[1], row[2]) for row in session.execute(chosen.group_by(Workshop.cohort_id))}


def _attended(session: Session, scope: Branches, ids: Collection[int]) -> dict[int, dict[int, int]]:
    """How many people came how often, by session."""
    each = (
        select(Enrolment.cohort_id, func.count().label("often"))
        .select_from(Attendance)
        .join(Workshop, Workshop.id == Attendance.workshop_id)
        .join(Enrolment, and_(Enrolment.id == Attendance.enrolment_id, Enrolment.cohort_id == Workshop.cohort_id))
        .where(Workshop.cohort_id.in_(ids), HAD_A_SEAT, within(Enrolment.pickup_branch_id, scope))
        .group_by(Enrolment.cohort_id, Enrolment.id)
        .subquery()
    )
    found: dict[int, dict[int, int]] = {}
    counted = select(each.c.cohort_id, each.c.often, func.count()).group_by(each.c.cohort_id, each.c.often)
    for cohort_id, often, people in session.execute(counted):
        found.setdefault(cohort_id, {})[often] = people
    return found


def _told_by_name(session: Session, ids: Collection[int]) -> frozenset[int]:
    """The sessions of which it is known who came: somebody signed in to one of their workshops."""
    chosen = (
        select(Workshop.cohort_id)
        .join(Attendance, Attendance.workshop_id == Workshop.id)
        .where(Workshop.cohort_id.in_(ids), Attendance.enrolment_id.is_not(None))
        .distinct()
    )
    return frozenset(session.scalars(chosen))


def _first_loans(ids: Collection[int]) -> Subquery:
    """Of each loan that an exchange began, the loan with which the first kit was handed out, however many followed."""
    before = aliased(Loan)
    began = select(Loan.id, Loan.exchange_of_id.label("first")).where(
        Loan.cohort_id.in_(ids), Loan.exchange_of_id.is_not(None)
    )
    chain = began.cte("exchanged", recursive=True)
    further = (
        select(chain.c.id, before.exchange_of_id)
        .join(before, before.id == chain.c.first)
        .where(before.exchange_of_id.is_not(None))
    )
    every = chain.union_all(further)
    return select(every.c.id, func.min(every.c.first).label("first")).group_by(every.c.id).subquery()


def _lent(session: Session, scope: Branches, ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many people had a kit, and how many of them brought all they had back on time, by session.

    A kit that was exchanged and the one handed out for it are one person's. One that rolled over into the next session
    was picked up for the first one too: its loan has gone on, and the promise that it fulfilled still says so.
    """
    late = case((or_(Loan.received_at.is_(None), Loan.received_at > Loan.due_at), 1), else_=0).label("late")
    firsts = _first_loans(ids)
    person = func.coalesce(Reservation.enrolment_id, -func.coalesce(firsts.c.first, Loan.id)).label("person")
    # The sum keeps SQLite from beginning with all loans of the branch: there are a million, and few went on.
    lent = Loan.state != LoanState.UNDONE, within(Loan.branch_id + 0, scope)
    here = (
        select(Loan.cohort_id, person, late)
        .outerjoin(Reservation, Reservation.id == Loan.reservation_id)
        .outerjoin(firsts, firsts.c.id == Loan.id)
        .where(Loan.cohort_id.in_(ids), *lent)
    )
    went_on = (
        select(Enrolment.cohort_id, Enrolment.id.label("person"), late)
        .join(Reservation, Reservation.enrolment_id == Enrolment.id)
        .join(Loan, and_(Loan.kit_id == Reservation.kit_id, Loan.checked_out_at == Reservation.ended_at))
        .where(Enrolment.cohort_id.in_(ids), Enrolment.state != EnrolmentState.TRANSFERRED)
        .where(Reservation.state == ReservationState.PICKED_UP, Loan.cohort_id != Enrolment.cohort_id, *lent)
    )
    loans = union_all(here, went_on).subquery()
    each = (
        select(loans.c.cohort_id, func.sum(loans.c.late).label("late"))
        .group_by(loans.c.cohort_id, loans.c.person)
        .subquery()
    )
    on_time = func.sum(case((each.c.late == 0, 1), else_=0))
    counted = select(each.c.cohort_id, func.count(), on_time).group_by(each.c.cohort_id)
    return {cohort_id: (people, int(in_time)) for cohort_id, people, in_time in session.execute(counted)}
