"""Leaving a cohort: the seat and the kit promise go to the next at once, and a kit that is out is due sooner.

Nobody's date moves without a notice, and never into the past. Source: RULES 4, "Withdraw or dropped"; case 11 of
RULES 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout_statements import unreceived
from lending.circulation.journal import record
from lending.circulation.loans import add_term, record_on_kit, tell_borrower
from lending.circulation.locks import lock_kit, lock_patron, lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.reservations import cancel_reservation, live_reservation, promise_next
from lending.domain.actors import Actor
from lending.domain.due_dates import Due, DueRule, shortened_due
from lending.domain.permissions import Act
from lending.domain.states import LIVE_ENROLMENTS, EnrolmentState, EnrolmentVerb, LoanState
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, Enrolment
from lending.models.loans import Loan, TermKind
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.programs.cohorts import permit_for_program
from lending.programs.enrolment import HOLDS_A_SEAT, lock_cohort

SHORTENED_NOTICE = "shortened"
"""The step of the notice that a kit is due earlier, because its borrower left the cohort."""


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left a cohort. ``due_at`` is when their kit is due now, ``None`` when none is out.

    ``seated`` and ``promised`` are the enrolments and reservations (public ids) that moved up.
    """

    enrolment: str
    state: EnrolmentState
    due_at: datetime | None
    seated: tuple[str, ...]
    promised: tuple[str, ...]


def withdraw(session: Session, *, enrolment: str, reason: str = "", at: datetime, by: Actor) -> Left:
    """End somebody's seat (the public id of the enrolment) and promise, and pass both on to the next at once.

    A kit they have out is due in the policy's notice period instead of when the cohort's are, never later and never in
    the past, and they are told. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``WRONG_STATE`` for one that has
    ended already.
    """
    found = session.execute(
        select(Enrolment.id, Enrolment.cohort_id, Enrolment.patron_id, Enrolment.pickup_branch_id).where(
            Enrolment.public_id == enrolment
        )
    ).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    held = lock_cohort(session, found.cohort_id)
    permit_for_program(by, Act.ENROL, held.program_id, found.pickup_branch_id)
    if found.patron_id is not None:
        lock_patron(session, found.patron_id)
    pools = _pools_that_move(session, held, found.patron_id)
    lock_stocks(session, pools.values())
    loan = None if found.patron_id is None else _lock_loan_of(session, held.id, found.patron_id)
    reservation = None
    if found.patron_id is not None:
        reservation = live_reservation(session, patron_id=found.patron_id, cohort_id=held.id)
    row = session.scalars(
        select(Enrolment)
        .where(Enrolment.id == found.id)
        .with_for_update(of=Enrolment, key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    if row.state not in LIVE_ENROLMENTS:
        raise Refused.because(Reason.WRONG_STATE, state=row.state.value)
    before = row.state
    row.move(EnrolmentVerb.WITHDRAW)
    row.ended_at, row.ended_reason = at, reason.strip()[:240] or None
    pseudonym = session.scalar(select(Patron.pseudonym).where(Patron.id == found.patron_id))
    record(
        session,
        "withdraw",
        at=at,
        by=by,
        branch_id=row.pickup_branch_id,
        cohort_id=held.id,
        patron=pseudonym,
        detail={"enrolment": row.public_id, "from": before.value},
    )
    if reservation is not None:
        cancel_reservation(session, reservation, reason="withdrawn", at=at, by=by)
    due_at = None if loan is None else shorten(session, loan, at=at, by=by).at
    seated = _seat_next(session, held, at=at, by=by)
    promised = [next_ for pool_id in pools for next_ in promise_next(session, pool_id, at=at, by=by)]
    return Left(
        enrolment=row.public_id,
        state=row.state,
        due_at=due_at,
        seated=tuple(next_.public_id for next_ in seated),
        promised=tuple(next_.public_id for next_ in promised),
    )


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


def _pools_that_move(session: Session, cohort: Cohort, patron_id: int | None) -> dict[int, int]:
    """Pools (to their stocks) of the kit that becomes free and of whoever may get a seat now."""
    waiting = (
        select(Enrolment.patron_id)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.WAITING)
        .order_by(Enrolment.id)
        .limit(1)
    )
    patrons = [patron_id, *session.scalars(waiting)]
    pools = select(Reservation.pool_id, Reservation.stock_id).where(
        Reservation.cohort_id == cohort.id,
        Reservation.patron_id.in_(patrons),
        Reservation.pool_id.is_not(None),
    )
    rows = session.execute(pools.order_by(Reservation.pool_id))
    return {row.pool_id: row.stock_id for row in rows if row.pool_id is not None}


def _lock_loan_of(session: Session, cohort_id: int, patron_id: int) -> Loan | None:
    """Lock the kit and the loan that a patron has out with a cohort. A claimed or lost one is not theirs to hasten."""
    theirs = select(Loan).where(
        Loan.patron_id == patron_id, Loan.cohort_id == cohort_id, Loan.state == LoanState.OUT, unreceived
    )
    found = session.scalars(theirs.order_by(Loan.id)).first()
    if found is None:
        return None
    lock_kit(session, found.kit_id)
    return session.scalars(
        theirs.where(Loan.id == found.id)
        .with_for_update(of=Loan, key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _seat_next(session: Session, cohort: Cohort, *, at: datetime, by: Actor) -> list[Enrolment]:
    """Give the seat that became free to whoever waits longest."""
    taken = select(func.count()).where(Enrolment.cohort_id == cohort.id, Enrolment.state.in_(HOLDS_A_SEAT))
    if session.scalars(taken).one() >= cohort.capacity:
        return []
    waiting = (
        select(Enrolment)
        .where(Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.WAITING)
        .order_by(Enrolment.id)
        .limit(1)
        .with_for_update(of=Enrolment, key_share=True)
        .execution_options(populate_existing=True)
    )
    seated = list(session.scalars(waiting))
    for enrolment in seated:
        enrolment.move(EnrolmentVerb.SEAT)
        enrolment.seated_at = at
        record(
            session,
            "seat",
            at=at,
            by=by,
            branch_id=enrolment.pickup_branch_id,
            cohort_id=cohort.id,
            patron=session.scalar(select(Patron.pseudonym).where(Patron.id == enrolment.patron_id)),
            detail={"enrolment": enrolment.public_id},
        )
    return seated
