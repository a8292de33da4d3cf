"""The last-borrow date of a programme: after it nobody waits for a kit that cannot be lent any more.

Whoever waited, or was promised a kit and did not collect it, is told and keeps the seat; what lay on the hold shelf is
put back. Source: RULES 4, "Programme end date: caps open loans, last-borrow date, closes the queue kindly".
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.locks import lock_kits, lock_stocks
from lending.circulation.reservations import cancel_reservation, serve_stock, tell_holder
from lending.domain.actors import Actor
from lending.domain.enrolment import against_kit
from lending.domain.permissions import Act
from lending.domain.states import LIVE_RESERVATIONS
from lending.errors import Block
from lending.models.cohorts import Cohort, Program
from lending.models.reservations import Reservation
from lending.programs.cohorts import today_everywhere

NO_MORE_KITS = "no_more_kits"
"""The step of the notice that no kit can be had any more."""

CLOSED_REASON = "last borrow date"
"""Why a promise, or a place in a queue, ended with the programme's lending."""


def against_kits(session: Session, held: Cohort, *, branch_id: int, at: datetime) -> list[Block]:
    """Why nobody may wait for a kit of a cohort any more at a branch; nothing while its programme lends."""
    last = session.scalars(select(Program.last_borrow_on).where(Program.id == held.program_id)).one()
    today = branch_calendar(session, branch_id, since=at.date()).local_date(at)
    return list(against_kit(held.name, held.pickup_from, last, today))


def close_queues(session: Session, *, at: datetime, by: Actor, limit: int) -> int:
    """End the reservations whose programme lends no more at any branch, at most ``limit``; gives how many.

    The seat stays. What that leaves of a stock goes to those who wait for no cohort. A second run does nothing.
    """
    by.permit(Act.ADMINISTER)
    over = (
        select(Reservation.id, Reservation.stock_id, Reservation.kit_id)
        .join(Cohort, Cohort.id == Reservation.cohort_id)
        .join(Program, Program.id == Cohort.program_id)
        .where(Reservation.state.in_(LIVE_RESERVATIONS), _lends_no_more(session, at))
    )
    found = session.execute(over.order_by(Reservation.id).limit(limit)).all()
    stock_ids = sorted({row.stock_id for row in found})
    lock_stocks(session, stock_ids)
    lock_kits(session, [row.kit_id for row in found if row.kit_id is not None])
    chosen = select(Reservation).where(
        Reservation.id.in_([row.id for row in found]), Reservation.state.in_(LIVE_RESERVATIONS)
    )
    locked = chosen.order_by(Reservation.id).with_for_update(of=Reservation, key_share=True)
    ended = session.scalars(locked.execution_options(populate_existing=True)).all()
    for reservation in ended:
        cancel_reservation(session, reservation, reason=CLOSED_REASON, at=at, by=by)
        tell_holder(session, NO_MORE_KITS, reservation, at=at)
    session.flush()  # what is left of a stock is counted next
    for stock_id in stock_ids:
        serve_stock(session, stock_id, at=at, by=by)
    return len(ended)


def _lends_no_more(session: Session, at: datetime) -> ColumnElement[bool]:
    return or_(Program.last_borrow_on < today_everywhere(session, at), Program.last_borrow_on < Cohort.pickup_from)
