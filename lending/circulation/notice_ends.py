"""How a notice ends that is not sent: cancelled when what it says is no longer so, superseded when a later step came.

Asked once more when it is about to leave. Source: RULES 6 ("Re-checked at the moment of sending"; "after an outage only
the latest step is sent, the rest recorded as superseded"); BATTERY R13, R15.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from lending.circulation.addressees import REGISTERED_CANCELLED, REGISTERED_TOMORROW
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import (
    PROMISED_RESERVATIONS,
    ChargeState,
    EnrolmentState,
    LoanState,
    ReservationState,
)
from lending.models.base import table_of
from lending.models.charges import Charge, ChargeKind
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Workshop
from lending.models.ladders import StepTaken
from lending.models.loans import Loan
from lending.models.notices import Notice, NoticeState
from lending.models.outcomes import Registration
from lending.models.people import PinCode
from lending.models.reservations import Reservation

_notices, _taken = table_of(Notice), table_of(StepTaken)
_later = _notices.alias("later")
_is_step = exists().where(
    _taken.c.loan_id == _notices.c.loan_id, _taken.c.term == _notices.c.term, _taken.c.step == _notices.c.step
)
_is_overtaken = _is_step & exists().where(
    _later.c.loan_id == _notices.c.loan_id,
    _later.c.term == _notices.c.term,
    _later.c.step != _notices.c.step,
    _later.c.made_at > _notices.c.made_at,
    _later.c.state.in_((NoticeState.PENDING, NoticeState.SENDING, NoticeState.SENT)),
)
"""Whether it is a step of a ladder, and the loan took a later one by the same due date, of which the patron is told."""
_OVERTAKEN = select(_notices.c.id).where(_notices.c.id == bindparam("this"), _is_overtaken)

_RESERVED = {
    "ready": frozenset({ReservationState.READY}),
    "promised": PROMISED_RESERVATIONS,
    "reserved": PROMISED_RESERVATIONS,
    "waiting": frozenset({ReservationState.WAITING}),
}
"""A notice about a reservation holds while that is in one of these states; others hold whatever became of it."""

_SEATED = {
    "enrolled": frozenset({EnrolmentState.ENROLLED}),
    "enrolled_with_kit": frozenset({EnrolmentState.ENROLLED}),
    "enrolled_without_kit": frozenset({EnrolmentState.ENROLLED}),
    "waitlisted": frozenset({EnrolmentState.WAITING}),
    "seat_offered": frozenset({EnrolmentState.OFFERED}),
    "seat_given": frozenset({EnrolmentState.ENROLLED}),
}
"""The same of a notice about a seat."""


_SOON = timedelta(days=2)
"""A workshop of tomorrow begins before that is over."""


def end_overtaken(session: Session, *, at: datetime, by: Actor) -> int:
    """Supersede all that waited so long that a later step came, as while a mail server was away; how many."""
    by.permit(Act.ADMINISTER)
    waiting = (_notices.c.state == NoticeState.PENDING, _notices.c.due_at <= at)
    return (
        session.connection()
        .execute(update(_notices).where(*waiting, _is_overtaken).values(state=NoticeState.SUPERSEDED))
        .rowcount
    )


def ends_now(session: Session, notice: Notice, *, at: datetime) -> NoticeState | None:
    """How a notice ends that is not to be sent any more; ``None`` for one that is. Its row is locked: whatever takes it
    back from now on comes later.
    """
    if not _holds(session, notice, at):
        return NoticeState.CANCELLED
    if notice.term is not None and session.scalar(_OVERTAKEN, {"this": notice.id}) is not None:
        return NoticeState.SUPERSEDED
    return None


def _holds(session: Session, notice: Notice, at: datetime) -> bool:
    """Whether what the notice says is still so."""
    if notice.registration_id is not None:
        return _of_this_workshop(session, notice, at)
    if notice.patron_id is None:
        return False
    kind, _, name = notice.subject.partition(":")
    if notice.step == "receipt":
        return True
    if kind == "loan" and notice.term is not None:
        return _of_this_term(session, notice)
    if kind == "loan":
        wanted = LoanState.INCOMPLETE if notice.step == "part_missing" else LoanState.OUT
        return session.scalar(select(Loan.state).where(Loan.id == notice.loan_id)) is wanted
    if kind == "reservation" and notice.step in _RESERVED:
        state = session.scalar(select(Reservation.state).where(Reservation.public_id == name.partition(":")[0]))
        return state in _RESERVED[notice.step]
    if kind == "enrolment" and notice.step in _SEATED:
        seat = session.scalar(select(Enrolment.state).where(Enrolment.public_id == name.partition(":")[0]))
        return seat in _SEATED[notice.step]
    if kind == "workshop":
        seat = session.scalar(select(Enrolment.state).where(Enrolment.public_id == name.partition(":")[2]))
        return seat is EnrolmentState.ENROLLED
    return kind != "pin" or _opens_something(session, notice, at)


def _of_this_workshop(session: Session, notice: Notice, at: datetime) -> bool:
    """Whether somebody is registered still, for a workshop that is not over and stands as the notice says."""
    row = session.execute(
        select(Workshop.starts_at, Workshop.ends_at, Cohort.status)
        .join(Registration, Registration.workshop_id == Workshop.id)
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .where(Registration.id == notice.registration_id, Registration.cancelled_at.is_(None))
    ).one_or_none()
    if row is None or row.ends_at <= at:
        return False
    if notice.step == REGISTERED_TOMORROW and not at < row.starts_at < at + _SOON:
        return False
    return (row.status is CohortStatus.CANCELLED) is (notice.step == REGISTERED_CANCELLED)


def _opens_something(session: Session, notice: Notice, at: datetime) -> bool:
    """Whether the code for a new PIN that was made with the notice is still good: neither old, nor used, nor the one
    before another.
    """
    code = (PinCode.patron_id == notice.patron_id) & (PinCode.made_at == notice.made_at)
    is_good = PinCode.used_at.is_(None) & (PinCode.ends_at > at)
    return session.scalars(select(PinCode.id).where(code, is_good)).first() is not None


def _of_this_term(session: Session, notice: Notice) -> bool:
    """Whether a due date still stands and the kit is still away; of one that was given up, whether it is owed for."""
    loan = session.execute(
        select(Loan.state, Loan.term, Loan.received_at).where(Loan.id == notice.loan_id)
    ).one_or_none()
    if loan is None or loan.received_at is not None or loan.term != notice.term:
        return False
    if loan.state is LoanState.OUT:
        return True
    owed = select(Charge.id).where(
        Charge.loan_id == notice.loan_id, Charge.kind == ChargeKind.WHOLE_KIT, Charge.state == ChargeState.OWED
    )
    return loan.state is LoanState.LOST and session.scalars(owed).first() is not None
