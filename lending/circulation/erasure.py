"""A patron's record is erased: nothing names them any more, and everything else goes on as it was.

Refused while something is open between them and the library. What federal money paid for is sealed first; loans, seats
and attendances stay for counting; the journal keeps the pseudonym. What waits for them ends, and is passed on.
Source: RULES 8, "Patron export and erasure"; the permission sheet, "erase a patron".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lending.circulation import cutting
from lending.circulation.forgetting import empty_record
from lending.circulation.journal import record
from lending.circulation.locks import lock_stocks
from lending.circulation.patrons import find_patron, lock_households
from lending.circulation.reservations import cancel_reservation, serve_stock
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.sealed_names import NameSeal
from lending.domain.states import (
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    ChargeState,
    EnrolmentVerb,
    LoanState,
)
from lending.errors import Block, Reason, Refused
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Cohort, Enrolment
from lending.models.in_library import KitUse
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.notices import Notice, NoticeState
from lending.models.outcomes import Captain
from lending.models.people import Patron, PatronStatus
from lending.models.policies import AgreementAcceptance
from lending.models.referrals import Referral
from lending.models.reservations import Reservation
from lending.models.tasks import Task

ERASED = "erased"
"""Why what waited for somebody ended, and what came of the tasks about them."""

_OUT = (LoanState.OUT, LoanState.CLAIMED)
_UNSETTLED = (LoanState.RECEIVED, LoanState.INCOMPLETE)


@dataclass(frozen=True, slots=True)
class Erased:
    """A record that was erased (its public id): how many rows of the ledger keep the name, sealed."""

    patron: str
    sealed: int


def erase(session: Session, *, patron: str, seal: NameSeal, at: datetime, by: Actor) -> Erased:
    """Erase the record of a patron (the public id), and those that were merged into it.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND``, or all of ``KIT_STILL_OUT``, ``LOAN_NOT_SETTLED``,
    ``BILL_OPEN`` and ``REFUND_OPEN``.
    """
    by.permit(Act.MERGE_PATRONS)
    row, stock_ids = _lock(session, find_patron(session, patron))
    blocks = list(against_erasure(session, row.id))
    if blocks:
        raise Refused(*blocks)
    _end_what_waits(session, row.id, at=at, by=by)
    for stock_id in stock_ids:
        serve_stock(session, stock_id, at=at, by=by)
    session.flush()  # what ended is cut next, by statements
    sealed = _cut(session, row.id, seal, at=at, by=by)
    record(session, "erase_patron", at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym)
    for merged in session.scalars(select(Patron).where(Patron.merged_into_id == row.id)):
        empty_record(session, merged)
    empty_record(session, row)
    return Erased(row.public_id, sealed)


def against_erasure(session: Session, patron_id: int) -> Iterator[Block]:
    """What is open between a patron and the library. A kit that was given up and paid for is not."""
    loans = session.execute(
        select(Loan.state, Kit.barcode).join(Kit, Kit.id == Loan.kit_id).where(Loan.patron_id == patron_id)
    ).all()
    in_use = select(Kit.barcode).join(KitUse, KitUse.kit_id == Kit.id)
    in_hand = session.scalars(in_use.where(KitUse.patron_id == patron_id, KitUse.ended_at.is_(None))).all()
    out = [*(kit for state, kit in loans if state in _OUT), *in_hand]
    unsettled = [kit for state, kit in loans if state in _UNSETTLED]
    for reason, kits in ((Reason.KIT_STILL_OUT, out), (Reason.LOAN_NOT_SETTLED, unsettled)):
        if kits:
            yield Block(reason, {"codes": kits})
    charges = session.execute(select(Charge.state, Charge.amount_cents).where(Charge.patron_id == patron_id)).all()
    for reason, charge in ((Reason.BILL_OPEN, ChargeState.OWED), (Reason.REFUND_OPEN, ChargeState.REFUND_DUE)):
        cents = sum(amount for state, amount in charges if state is charge)
        if cents:
            yield Block(reason, {"cents": cents})


def _lock(session: Session, found: Patron) -> tuple[Patron, Sequence[int]]:
    """Lock a patron with the sessions and stocks in which something waits for them; ``NOT_FOUND`` if merged since."""
    seats = select(Enrolment.cohort_id).where(Enrolment.patron_id == found.id, Enrolment.state.in_(LIVE_ENROLMENTS))
    cohorts = select(Cohort.id).where(Cohort.id.in_(seats)).order_by(Cohort.id)
    session.execute(cohorts.with_for_update(of=Cohort, key_share=True)).all()
    lock_households(session, found.household_id)
    records = select(Patron).where((Patron.id == found.id) | (Patron.merged_into_id == found.id)).order_by(Patron.id)
    locked = session.scalars(records.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    row = next(one for one in locked if one.id == found.id)
    if row.status is not PatronStatus.ACTIVE:
        raise Refused.because(Reason.NOT_FOUND)
    promised = select(Reservation.stock_id).where(
        Reservation.patron_id == row.id, Reservation.state.in_(LIVE_RESERVATIONS)
    )
    stock_ids = sorted(set(session.scalars(promised)))
    lock_stocks(session, stock_ids)
    loans = select(Loan.id).where(Loan.patron_id == row.id).order_by(Loan.id)
    session.execute(loans.with_for_update(key_share=True)).all()
    return row, stock_ids


def _end_what_waits(session: Session, patron_id: int, *, at: datetime, by: Actor) -> None:
    """End promises and seats. A freed seat is given on by the sweep ``offers``, as after a merge."""
    promises = (
        select(Reservation)
        .where(Reservation.patron_id == patron_id, Reservation.state.in_(LIVE_RESERVATIONS))
        .order_by(Reservation.id)
    )
    for promise in session.scalars(promises.with_for_update(key_share=True)).all():
        cancel_reservation(session, promise, reason=ERASED, at=at, by=by)
    seats = (
        select(Enrolment)
        .where(Enrolment.patron_id == patron_id, Enrolment.state.in_(LIVE_ENROLMENTS))
        .order_by(Enrolment.id)
    )
    for seat in session.scalars(seats.with_for_update(key_share=True)).all():
        seat.move(EnrolmentVerb.WITHDRAW)
        seat.ended_at = at
    waiting = (NoticeState.PENDING, NoticeState.SENDING)
    session.execute(
        update(Notice)
        .where(Notice.patron_id == patron_id, Notice.state.in_(waiting))
        .values(state=NoticeState.CANCELLED)
    )
    session.execute(
        update(Task)
        .where(Task.patron_id == patron_id, Task.closed_at.is_(None))
        .values(closed_at=at, closed_by_id=by.staff_id)
    )


def _cut(session: Session, patron_id: int, seal: NameSeal, *, at: datetime, by: Actor) -> int:
    """Cut everything that names a patron, whatever they chose; how many rows the ledger keeps of it."""
    loans = session.scalars(select(Loan.id).where(Loan.patron_id == patron_id)).all()
    sealed = cutting.cut_loans(session, loans, seal, at=at)
    cutting.cut_enrolments(session, session.scalars(select(Enrolment.id).where(Enrolment.patron_id == patron_id)).all())
    cutting.cut_reservations(
        session, session.scalars(select(Reservation.id).where(Reservation.patron_id == patron_id)).all()
    )
    cutting.cut_tasks(session, cutting.names(Task, patron_id))
    cutting.cut_notices(session, cutting.names(Notice, patron_id))
    cutting.cut_signatures(session, cutting.names(AgreementAcceptance, patron_id))
    for kind, values in (
        (Attendance, {}),
        (Charge, {"ended_reason": None}),
        (KitUse, {}),
        (Referral, {}),
        (Captain, {"name": None}),
    ):
        cutting.empty(session, kind, cutting.names(kind, patron_id), patron_id=None, **values)
    return sealed
