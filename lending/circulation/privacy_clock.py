"""The privacy clock: so many days after a thing is over, nobody can say any more whose it was.

Each step finds rows whose time has come, at most ``BATCH`` of them, and cuts them in one short act; a second run finds
nothing left to do. The journal keeps how many rows of which kind, and never whose. Statistics lose nothing: counts and
tokens were written with the acts. Patrons who keep their history are left alone, and so is whatever is not over: a kit
that is out, a part or a bill that is open, a kit that was given up and may still come back.
Source: RULES 8, "Two clocks" (A); ``domain/retention.py`` for every column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lending.circulation import cutting, forgetting
from lending.circulation.cutting import keeps_history
from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.sealed_names import NameSeal
from lending.domain.states import (
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    ChargeState,
    LoanState,
)
from lending.models.base import Base, constants, table_of
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Enrolment, Workshop
from lending.models.loans import Loan
from lending.models.notices import Notice, NoticeState
from lending.models.policies import AgreementAcceptance
from lending.models.reservations import Reservation
from lending.models.tasks import Task

BATCH: Final = 200
"""Rows cut in one act at most, so that no desk waits long for its turn to write."""

OVER: Final = (LoanState.CLOSED, LoanState.UNDONE)
_OPEN_CHARGES: Final = (ChargeState.OWED, ChargeState.REFUND_DUE)

_acceptances, _notices, _tasks = table_of(AgreementAcceptance), table_of(Notice), table_of(Task)


@dataclass(frozen=True, slots=True)
class Hour:
    """When the clock strikes: what was over before ``before`` is cut. ``today`` is the library's day."""

    at: datetime
    before: datetime
    today: date
    seal: NameSeal


def strike(session: Session, step: str, hour: Hour, *, by: Actor, limit: int = BATCH) -> int:
    """Do one step of the clock (a name of ``ALL_STEPS``) for at most ``limit`` rows; how many. Repeat while it is all.

    Raises ``Refused``: ``NOT_PERMITTED``.
    """
    by.permit(Act.ADMINISTER)
    if step in STEPS:
        done = STEPS[step](session, hour, limit)
    else:
        done = forgetting.STEPS[step](session, forgetting.Limits(hour.at, hour.before, hour.today, limit))
    if done:
        record(session, "cut_links", at=hour.at, by=by, detail={"what": step, "rows": done})
    return done


def hour_at(at: datetime, *, cut_after_days: int, today: date, seal: NameSeal) -> Hour:
    """The clock's hour at an instant, ``cut_after_days`` days after the last things it cuts were over."""
    return Hour(at, at - timedelta(days=cut_after_days), today, seal)


def _loans(session: Session, hour: Hour, limit: int) -> int:
    open_bill = exists().where(
        Charge.loan_id == Loan.id,
        or_(Charge.state.in_(_OPEN_CHARGES), Charge.ended_at > hour.before),
    )
    chosen = (
        select(Loan.id)
        .where(Loan.patron_id.is_not(None), Loan.state.in_(constants(OVER)), ~keeps_history(Loan.patron_id), ~open_bill)
        .where(func.coalesce(Loan.settled_at, Loan.recorded_at) <= hour.before)
        .order_by(Loan.id)
    )
    ids = _held(session, Loan, chosen, limit)
    cutting.cut_loans(session, ids, hour.seal, at=hour.at)
    return len(ids)


def _enrolments(session: Session, hour: Hour, limit: int) -> int:
    chosen = (
        select(Enrolment.id)
        .where(Enrolment.patron_id.is_not(None), Enrolment.state.not_in(LIVE_ENROLMENTS))
        .where(Enrolment.ended_at <= hour.before, ~keeps_history(Enrolment.patron_id))
        .where(~exists().where(Loan.patron_id == Enrolment.patron_id, Loan.cohort_id == Enrolment.cohort_id))
        .order_by(Enrolment.id)
    )
    ids = _held(session, Enrolment, chosen, limit)
    cutting.cut_enrolments(session, ids)
    return len(ids)


def _attendances(session: Session, hour: Hour, limit: int) -> int:
    """Of those who came without a seat; the others go with theirs."""
    seat = exists().where(Enrolment.patron_id == Attendance.patron_id, Enrolment.cohort_id == Workshop.cohort_id)
    chosen = (
        select(Attendance.id)
        .join(Workshop, Workshop.id == Attendance.workshop_id)
        .where(Attendance.patron_id.is_not(None), Workshop.ends_at <= hour.before, ~seat)
        .where(~keeps_history(Attendance.patron_id))
        .order_by(Attendance.id)
    )
    ids = _held(session, Attendance, chosen, limit)
    return cutting.empty(session, Attendance, table_of(Attendance).c.id.in_(ids), patron_id=None)


def _reservations(session: Session, hour: Hour, limit: int) -> int:
    chosen = (
        select(Reservation.id)
        .where(Reservation.patron_id.is_not(None), Reservation.state.not_in(LIVE_RESERVATIONS))
        .where(Reservation.ended_at <= hour.before, ~keeps_history(Reservation.patron_id))
        .where(~exists().where(Loan.reservation_id == Reservation.id, Loan.patron_id.is_not(None)))
        .order_by(Reservation.id)
    )
    ids = _held(session, Reservation, chosen, limit)
    cutting.cut_reservations(session, ids)
    return len(ids)


def _notices_left(session: Session, hour: Hour, limit: int) -> int:
    open_states = (NoticeState.PENDING, NoticeState.SENDING)
    chosen = (
        select(Notice.id)
        .where(Notice.patron_id.is_not(None), Notice.state.not_in(open_states), Notice.made_at <= hour.before)
        .where(~keeps_history(Notice.patron_id))
        .where(~exists().where(Loan.id == Notice.loan_id, Loan.patron_id.is_not(None)))
        .order_by(Notice.id)
    )
    ids = _held(session, Notice, chosen, limit)
    cutting.cut_notices(session, _notices.c.id.in_(ids))
    return len(ids)


def _tasks_left(session: Session, hour: Hour, limit: int) -> int:
    chosen = (
        select(Task.id)
        .where(Task.patron_id.is_not(None), Task.closed_at <= hour.before, ~keeps_history(Task.patron_id))
        .where(~exists().where(Loan.id == Task.loan_id, Loan.patron_id.is_not(None)))
        .order_by(Task.id)
    )
    ids = _held(session, Task, chosen, limit)
    cutting.cut_tasks(session, _tasks.c.id.in_(ids))
    return len(ids)


def _signatures(session: Session, hour: Hour, limit: int) -> int:
    """Of those who have nothing under way: while somebody borrows or waits, what they signed holds."""
    chosen = (
        select(AgreementAcceptance.id)
        .where(AgreementAcceptance.patron_id.is_not(None), AgreementAcceptance.accepted_at <= hour.before)
        .where(~keeps_history(AgreementAcceptance.patron_id), ~_is_busy(AgreementAcceptance.patron_id))
        .order_by(AgreementAcceptance.id)
    )
    ids = _held(session, AgreementAcceptance, chosen, limit)
    cutting.cut_signatures(session, _acceptances.c.id.in_(ids))
    return len(ids)


def _is_busy(patron_id: InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Whether something of a patron names them still: a loan, a promise, or a seat."""
    loan, promise, seat = aliased(Loan), aliased(Reservation), aliased(Enrolment)
    return or_(
        exists().where(loan.patron_id == patron_id),
        exists().where(promise.patron_id == patron_id, promise.state.in_(LIVE_RESERVATIONS)),
        exists().where(seat.patron_id == patron_id, seat.state.in_(LIVE_ENROLMENTS)),
    )


def _held(session: Session, kind: type[Base], chosen: Select[int], limit: int) -> list[int]:
    """The keys of what was chosen, locked; what another act holds is passed over, and found by the next run."""
    locked = chosen.limit(limit).with_for_update(of=kind, key_share=True, skip_locked=True)
    return list(session.scalars(locked))


STEPS: Final[Mapping[str, Callable[[Session, Hour, int], int]]] = {
    "loans": _loans,
    "enrolments": _enrolments,
    "attendances": _attendances,
    "reservations": _reservations,
    "tasks": _tasks_left,
    "notices": _notices_left,
    "signatures": _signatures,
}
ALL_STEPS: Final = (*STEPS, *forgetting.STEPS)
"""Every step in its order: what hangs on a loan goes with the loan, and what is left follows."""
