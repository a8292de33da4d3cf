"""Leaving a cohort: the seat and the kit promise go to the next at once, and a kit that is out is due sooner.

People withdraw, or are dropped by staff; who misses a mandatory first day without an excuse loses the seat. Nobody's
date moves without a notice, and never into the past: missing workshops never silently makes anyone overdue.
Source: RULES 4, "Withdraw or dropped", "Mandatory first day"; case 11 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout_statements import unreceived
from lending.circulation.journal import record_unchanged
from lending.circulation.loans import add_term, record_on_kit, tell_borrower
from lending.circulation.locks import keep_calendar, lock_kit, lock_kits, lock_patrons, lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.reservations import cancel_reservation
from lending.circulation.telling import tell, untell
from lending.domain.actors import Actor
from lending.domain.due_dates import Due, DueRule, shortened_due
from lending.domain.permissions import Act
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS, EnrolmentState, EnrolmentVerb, LoanState
from lending.errors import Reason, Refused
from lending.models.cohorts import Attendance, Cohort, Enrolment, Workshop
from lending.models.loans import Loan, TermKind
from lending.models.reservations import Reservation
from lending.programs.cohorts import permit_for_program
from lending.programs.enrolment import (
    cohort_id_of,
    lock_cohort,
    lock_enrolments,
    permit_on_enrolment,
    permit_on_own_enrolment,
    record_seat,
    refresh_enrolment,
)
from lending.programs.offers import SEAT_OFFERED, PassedOn, pass_on, pools_that_move, subject_of

SHORTENED_NOTICE = "shortened"
"""The step of the notice that a kit is due earlier, because its borrower left the cohort."""

SEAT_ENDED = "seat_ended"
"""The step of the notice that the library ended somebody's seat, whose subject is the enrolment."""

NO_SHOW_REASON = "not at the first workshop"
"""Why a seat ended where the first day is mandatory."""


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left a cohort. ``due_at`` is when their kit is due now, ``None`` when none is out.

    ``seated`` and ``offered`` are the enrolments, ``promised`` the reservations (public ids) that moved up.
    """

    enrolment: str
    state: EnrolmentState
    due_at: datetime | None
    seated: tuple[str, ...]
    promised: tuple[str, ...]
    offered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """The enrolments (public ids) that lost their seat for missing the first day, and who moved up."""

    enrolments: tuple[str, ...]
    moved_up: PassedOn


def withdraw(session: Session, *, enrolment: str, reason: str = "", at: datetime, by: Actor) -> Left:
    """End somebody's seat (the public id of the enrolment) and promise, and pass both on to the next at once.

    A kit they have out is due in the policy's notice period instead of when the cohort's are, never later and never in
    the past, and they are told. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``WRONG_STATE`` for one that has
    ended already.
    """
    found = permit_on_own_enrolment(session, enrolment, by)
    return _leave_alone(session, found, EnrolmentVerb.WITHDRAW, LIVE_ENROLMENTS, reason, at=at, by=by)


def drop(session: Session, *, enrolment: str, reason: str, at: datetime, by: Actor) -> Left:
    """End the seat of somebody who stays away, as ``withdraw`` does for who says so; staff give the reason.

    Raises ``Refused``: ``REASON_NEEDED``, ``NOT_FOUND``, ``NOT_PERMITTED``, ``WRONG_STATE`` for who has no seat.
    """
    if not reason.strip():
        raise Refused.because(Reason.REASON_NEEDED)
    found, seated = permit_on_enrolment(session, enrolment, by), frozenset({EnrolmentState.ENROLLED})
    return _leave_alone(session, found, EnrolmentVerb.DROP, seated, reason, at=at, by=by)


def excuse(session: Session, *, enrolment: str, at: datetime, by: Actor) -> None:
    """Note that somebody (the public id of the enrolment) is excused from the mandatory first day.

    The journal keeps it, without the reason: that is nobody's but theirs. Raises ``Refused``: ``NOT_FOUND``,
    ``NOT_PERMITTED``, ``WRONG_STATE`` for who has no seat.
    """
    found = permit_on_enrolment(session, enrolment, by)
    refresh_enrolment(session, found, lock_cohort(session, found.cohort_id), by)
    [row] = lock_enrolments(session, [found.id])
    if row.state is not EnrolmentState.ENROLLED:
        raise Refused.because(Reason.WRONG_STATE, state=row.state.value)
    row.excused_at = row.excused_at or at
    record_seat(session, "excuse", row, at=at, by=by)


def release_no_shows(session: Session, *, cohort: str, at: datetime, by: Actor) -> Released:
    """Free the seats of those who missed the mandatory first workshop of a cohort (its code) without an excuse.

    Who got the seat later was not expected there; a cohort without a mandatory first day releases nobody. Raises
    ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``ATTENDANCE_NOT_TAKEN`` while nobody is known to have been there.
    """
    cohort_id = cohort_id_of(session, cohort)
    permit_for_program(by, Act.ENROL, session.get_one(Cohort, cohort_id).program_id)
    keep_calendar(session, None)
    held = lock_cohort(session, cohort_id)
    absent = []
    if held.first_day_mandatory:
        _lock_first_workshop(session, held)
        absent = no_shows(session, held, at=at)
    if not absent:
        record_unchanged(session, "release_no_shows", at=at, by=by)
        return Released((), PassedOn())
    left, moved_up = _leave(session, held, absent, EnrolmentVerb.DROP, NO_SHOW_REASON, at=at, by=by)
    return Released(tuple(row.public_id for row, _ in left), moved_up)


def no_shows(session: Session, held: Cohort, *, at: datetime) -> list[Enrolment]:
    """Who had a seat before the first workshop of a cohort and neither was there nor is excused.

    Raises ``Refused`` (``ATTENDANCE_NOT_TAKEN``) while that workshop is not over or nobody is known to have been there.
    """
    first = session.scalars(select(Workshop).where(Workshop.cohort_id == held.id, Workshop.n == 1)).one_or_none()
    if first is None or first.ends_at > at or not _attendances(session, first):
        raise Refused.because(Reason.ATTENDANCE_NOT_TAKEN, cohort=held.name)
    was_there = exists().where(Attendance.workshop_id == first.id, Attendance.patron_id == Enrolment.patron_id)
    absent = select(Enrolment).where(
        Enrolment.cohort_id == held.id,
        Enrolment.state == EnrolmentState.ENROLLED,
        Enrolment.seated_at < first.starts_at,
        Enrolment.excused_at.is_(None),
        ~was_there,
    )
    return list(session.scalars(absent.order_by(Enrolment.id)))


def shorten(session: Session, loan: Loan, *, at: datetime, by: Actor) -> Due:
    """Make an open loan, which is locked, due in the notice period if that is earlier, as a new term, and say so.

    Part of another act. Gives the due date that holds now.
    """
    calendar = branch_calendar(session, loan.branch_id, since=loan.checked_out_at.date() - timedelta(days=1))
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    current = Due(loan.due_at, calendar.local_date(loan.due_at), DueRule.COHORT_RETURN_BY)
    due = shortened_due(calendar, current, policy.notice_days, at=at)
    if due is current:
        return due
    before = loan.due_at
    add_term(session, loan, TermKind.SHORTENED, due, at=at, by=by, policy_id=policy.id)
    tell_borrower(session, SHORTENED_NOTICE, loan=loan, at=at)
    record_on_kit(
        session,
        "shorten",
        kit=lock_kit(session, loan.kit_id),
        loan=loan,
        branch_id=loan.branch_id,
        at=at,
        by=by,
        detail={"term": loan.term, "due_from": before.isoformat(), "due_at": due.at.isoformat()},
    )
    return due


def lock_promises_of(session: Session, cohort_id: int, patron_ids: Collection[int]) -> dict[int, Reservation]:
    """Lock the reservations that people have in a cohort, in the order of their ids; gives them by patron.

    The stocks are locked before.
    """
    chosen = select(Reservation).where(
        Reservation.patron_id.in_(patron_ids),
        Reservation.cohort_id == cohort_id,
        Reservation.state.in_(LIVE_RESERVATIONS),
    )
    locked = chosen.order_by(Reservation.id).with_for_update(of=Reservation, key_share=True)
    found = session.scalars(locked.execution_options(populate_existing=True))
    return {row.patron_id: row for row in found if row.patron_id is not None}


def lock_loans_of(session: Session, cohort_id: int, patron_ids: Collection[int]) -> dict[int, Loan]:
    """Lock the kits and the loans that people have out with a cohort; gives them by patron.

    A claimed or lost one is not theirs to hasten.
    """
    theirs = select(Loan).where(
        Loan.patron_id.in_(patron_ids), Loan.cohort_id == cohort_id, Loan.state == LoanState.OUT, unreceived
    )
    lock_kits(session, [loan.kit_id for loan in session.scalars(theirs)])
    locked = theirs.order_by(Loan.id).with_for_update(of=Loan, key_share=True)
    found = session.scalars(locked.execution_options(populate_existing=True))
    return {loan.patron_id: loan for loan in found if loan.patron_id is not None}


def _leave_alone(
    session: Session,
    found: Enrolment,
    verb: EnrolmentVerb,
    allowed: Collection[EnrolmentState],
    reason: str,
    *,
    at: datetime,
    by: Actor,
) -> Left:
    """One person leaves, if their seat (``found``, unlocked and permitted) is in one of the ``allowed`` states."""
    keep_calendar(session, None)
    held = lock_cohort(session, found.cohort_id)
    refresh_enrolment(session, found, held, by)
    if found.state not in allowed:
        raise Refused.because(Reason.WRONG_STATE, state=found.state.value)
    [(row, due_at)], up = _leave(session, held, [found], verb, reason, at=at, by=by)
    return Left(row.public_id, row.state, due_at, up.seated, up.promised, up.offered)


def _leave(
    session: Session,
    held: Cohort,
    leaving: Sequence[Enrolment],
    verb: EnrolmentVerb,
    reason: str,
    *,
    at: datetime,
    by: Actor,
) -> tuple[list[tuple[Enrolment, datetime | None]], PassedOn]:
    """End seats of a cohort, which is locked, with the promises and loans that hang on them, and pass on what is freed.

    Gives each enrolment with when its kit is due now.
    """
    patron_ids = [row.patron_id for row in leaving if row.patron_id is not None]
    lock_patrons(session, patron_ids)
    pools = pools_that_move(session, held, leaving)
    lock_stocks(session, pools.values())
    loans = lock_loans_of(session, held.id, patron_ids)
    promises = lock_promises_of(session, held.id, patron_ids)
    left: list[tuple[Enrolment, datetime | None]] = []
    for row in lock_enrolments(session, [row.id for row in leaving]):
        before, patron_id = row.state, row.patron_id or 0
        row.move(verb)
        row.ended_at, row.ended_reason = at, reason.strip()[:240] or None
        untell(session, SEAT_OFFERED, subject=subject_of(row))
        record_seat(session, verb.value, row, at=at, by=by, **{"from": before.value})
        if verb is EnrolmentVerb.DROP:  # who withdraws knows
            tell(session, SEAT_ENDED, subject=subject_of(row), patron_id=row.patron_id, at=at)
        if patron_id in promises:
            cancel_reservation(session, promises[patron_id], reason=row.state.value, at=at, by=by)
        due_at = shorten(session, loans[patron_id], at=at, by=by).at if patron_id in loans else None
        left.append((row, due_at))
    session.flush()  # seats and kits are counted next
    return left, pass_on(session, held, pools, at=at, by=by)


def _lock_first_workshop(session: Session, held: Cohort) -> None:
    """Let nobody sign in to the first workshop of a cohort, which is locked, while it is asked who was not there."""
    chosen = select(Workshop.id).where(Workshop.cohort_id == held.id, Workshop.n == 1)
    session.execute(chosen.with_for_update(key_share=True)).all()


def _attendances(session: Session, workshop: Workshop) -> int:
    return session.scalars(select(func.count()).where(Attendance.workshop_id == workshop.id)).one()
