"""Undo: a station takes back its own last act within ten minutes, as if it had not happened.

Source: RULES 5, the permission sheet ("own station"). Nothing is deleted: the loan stays as ``undone``, the journal
gets a row of its own, the counts go backwards. What somebody else has built upon since is not undone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.charges import add_charge, withdraw_charges
from lending.circulation.counts import count_act
from lending.circulation.in_library import AT_EVENT, ENDED, IN_LIBRARY, undo_end_of_use, undo_use
from lending.circulation.inspection_undo import undo_inspection
from lending.circulation.journal import record
from lending.circulation.loans import cancel_notices, record_on_kit
from lending.circulation.locks import lock_kits, lock_loan, lock_patron, lock_reservation, lock_stocks
from lending.circulation.reservations import left_in_pool, record_reservation, serve_stock, take_promises_back
from lending.circulation.served import take_back
from lending.circulation.shelf import undo_capture
from lending.circulation.suspension import Stopped, chase_again
from lending.circulation.telling import UNDO_WINDOW
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import (
    LIVE_RESERVATIONS,
    PROMISED_RESERVATIONS,
    ChargeState,
    KitState,
    KitVerb,
    LoanState,
    LoanVerb,
    NoSuchMove,
    ReservationState,
    ReservationVerb,
)
from lending.errors import Reason, Refused
from lending.models.branches import Station
from lending.models.charges import Charge, ChargeKind
from lending.models.cohorts import Cohort
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.reservations import Reservation

WITHIN = UNDO_WINDOW


@dataclass(frozen=True, slots=True)
class Undone:
    """Which act was taken back, on which kit, and the loan it belonged to.

    ``faulty`` is the kit that an exchange had taken in. A kit that came back was ``lost`` before, and is again;
    ``charged``: with its charge.
    """

    verb: str
    kit: str
    loan: str
    faulty: str | None = None
    lost: bool = False
    charged: bool = False


def undo(session: Session, *, at: datetime, by: Actor) -> Undone:
    """Take back the last act on a kit that ``by``'s station did.

    Raises ``Refused``: ``NOTHING_TO_UNDO`` (also when the last act cannot be undone or was an undo),
    ``TOO_LATE_TO_UNDO`` after ten minutes, ``CHANGED_SINCE`` when the kit or loan has moved on.
    """
    if by.station_id is None:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    # Not for its key: a check-out at this station names it in the loan while it holds the stock that this waits for.
    station = session.get_one(Station, by.station_id, with_for_update={"key_share": True})
    by.permit(Act.UNDO, station.branch_id)
    last = session.scalars(
        select(JournalEntry)
        .where(
            JournalEntry.station_id == station.id,
            JournalEntry.kit_id.is_not(None),
            JournalEntry.verb != "free",  # it follows from the act before it, and goes with it
        )
        .order_by(JournalEntry.id.desc())
        .limit(1)
    ).first()
    if last is None or last.verb not in _UNDOERS:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    if at - last.recorded_at > WITHIN:
        raise Refused.because(Reason.TOO_LATE_TO_UNDO)
    try:
        return _UNDOERS[last.verb](session, last, at, by)
    except NoSuchMove as moved_on:
        raise Refused.because(Reason.CHANGED_SINCE) from moved_on


_FROM_RESERVATION: Mapping[str, ReservationVerb] = {
    ReservationState.WAITING: ReservationVerb.UNDO_PICK_UP_OF_WAITING,
    ReservationState.PROMISED: ReservationVerb.UNDO_PICK_UP,
    ReservationState.PULLING: ReservationVerb.UNDO_PICK_UP,
    ReservationState.IN_TRANSIT: ReservationVerb.UNDO_PICK_UP,
    ReservationState.READY: ReservationVerb.UNDO_PICK_UP_FROM_SHELF,
}


def _undo_check_out(session: Session, entry: JournalEntry, at: datetime, by: Actor) -> Undone:
    """The kit is free or on the shelf again, the promise stands as before, the loan remains as undone."""
    kit, loan = _locked(session, entry)
    if loan.term != 1:
        raise Refused.because(Reason.CHANGED_SINCE)
    from_shelf = entry.detail["from"] == KitState.ON_SHELF
    kit.move(KitVerb.UNDO_CHECK_OUT_FROM_SHELF if from_shelf else KitVerb.UNDO_CHECK_OUT)
    loan.move(LoanVerb.UNDO)
    if loan.reservation_id is not None:
        reservation = lock_reservation(session, loan.reservation_id)
        _promise_again(session, entry, reservation, kit, at=at, by=by)
    cancel_notices(session, loan)
    cancel_notices(session, loan, step="receipt")
    done = _done(session, entry, kit, loan, at, by)
    _serve_nobody(session, entry, loan)
    serve_stock(session, kit.stock_id, at=at, by=by)
    return done


def _serve_nobody(session: Session, entry: JournalEntry, loan: Loan) -> None:
    """Whom a check-out served, it did not serve after all."""
    assert entry.branch_id is not None  # noqa: S101 - acts on kits are always journalled with their branch
    program = select(Cohort.program_id).where(Cohort.id == loan.cohort_id)
    take_back(
        session,
        loan.patron_id,
        day=local_day(session, entry.branch_id, entry.at),
        branch_id=entry.branch_id,
        kit_type_id=loan.kit_type_id,
        program_id=session.scalar(program),
    )


def _promise_again(
    session: Session, entry: JournalEntry, reservation: Reservation, kit: Kit, *, at: datetime, by: Actor
) -> None:
    """Give the reservation that a check-out fulfilled back as it was, with the kit that lay on the shelf for it.

    Where that kit is not there any more it is promised; where the promise went to the next meanwhile, it waits.
    """
    was = ReservationState(entry.detail["reservation"])
    aside = _put_aside(session, entry, reservation, kit)
    if was is ReservationState.READY and aside is None:
        was = ReservationState.PROMISED
    reservation.move(_FROM_RESERVATION[was])
    reservation.ended_at = None
    if aside is not None and was is ReservationState.READY:
        reservation.kit_id = aside.id
    else:
        reservation.kit_id = reservation.ready_at = reservation.ready_until = None
    has_promise = was in PROMISED_RESERVATIONS and aside is None
    if has_promise and reservation.pool_id is not None and left_in_pool(session, reservation.pool_id, at=at) < 0:
        reservation.move(ReservationVerb.UNPROMISE)
        reservation.promised_at = None
        record_reservation(session, "unpromise", reservation, at=at, by=by, before=was)


def _put_aside(session: Session, entry: JournalEntry, reservation: Reservation, kit: Kit) -> Kit | None:
    """The kit that lay on the hold shelf for a reservation before the check-out of ``kit``, if it lies there still."""
    other = entry.detail.get("left_on_shelf")
    if other is None:
        return kit if kit.state is KitState.ON_SHELF else None
    aside = session.scalars(select(Kit).where(Kit.barcode == other)).one()
    bound = select(Reservation.id).where(Reservation.kit_id == aside.id, Reservation.state.in_(LIVE_RESERVATIONS))
    is_there = aside.state is KitState.ON_SHELF and aside.branch_id == reservation.pickup_branch_id
    return aside if is_there and session.scalars(bound).first() is None else None


def _undo_return(session: Session, entry: JournalEntry, at: datetime, by: Actor) -> Undone:
    """The kit is with the patron again, or lost again with its charge, where it was and due when it was."""
    kit, loan = _locked(session, entry)
    was_lost = entry.detail["loan_from"] == LoanState.LOST
    if entry.detail["loan_from"] == LoanState.CLAIMED:
        # The claim was answered by this return; it is asked anew rather than guessed back.
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    kit.move(KitVerb.UNDO_RETURN_OF_LOST if was_lost else KitVerb.UNDO_RETURN)
    loan.move(LoanVerb.UNDO_RETURN_OF_LOST if was_lost else LoanVerb.UNDO_RETURN)
    _as_before_it_came_in(entry, kit, loan)
    charged = was_lost and _charge_again(session, entry, loan, at, by)
    stopped = Stopped(bool(entry.detail.get("called")), tuple(entry.detail.get("lines", ())))
    chase_again(
        session,
        stopped,
        loan_id=loan.id,
        kit_id=kit.id,
        branch_id=kit.branch_id,
        stopped_at=entry.recorded_at,
        at=at,
        by=by,
    )
    take_promises_back(session, entry.act, at=at, by=by)
    return _done(session, entry, kit, loan, at, by, lost=was_lost, charged=charged)


def _as_before_it_came_in(entry: JournalEntry, kit: Kit, loan: Loan) -> None:
    """Put a kit where the act that received it had found it, and forget that its loan was received."""
    kit.branch_id, kit.stock_id = entry.detail["branch_from"], entry.detail["stock_from"]
    kit.in_transit_to_id = kit.sent_at = kit.turnaround_since = None
    loan.received_at = loan.received_recorded_at = loan.received_door = None
    loan.received_branch_id = loan.received_by_id = None
    loan.book_drop = False


def _undo_exchange(session: Session, entry: JournalEntry, at: datetime, by: Actor) -> Undone:
    """The faulty kit is with the patron again, on its own loan; the other one is free."""
    of_this_act = select(JournalEntry).where(JournalEntry.act == entry.act, JournalEntry.verb == "exchange_in")
    came_in = session.scalars(of_this_act).one()
    old, new = (session.get_one(Loan, went.loan_id) for went in (came_in, entry))
    faulty, fresh = (session.get_one(Kit, went.kit_id) for went in (came_in, entry))
    if new.patron_id is not None:
        lock_patron(session, new.patron_id)
    lock_stocks(session, {faulty.stock_id, came_in.detail["stock_from"], fresh.stock_id})
    lock_kits(session, [faulty.id, fresh.id])
    for loan in (old, new):
        lock_loan(session, loan.id)
    if new.term != 1:
        raise Refused.because(Reason.CHANGED_SINCE)
    fresh.move(KitVerb.UNDO_CHECK_OUT)
    new.move(LoanVerb.UNDO)
    cancel_notices(session, new)
    faulty.move(KitVerb.UNDO_RETURN)
    old.move(LoanVerb.UNDO_RETURN)
    _as_before_it_came_in(came_in, faulty, old)
    detail = {"undone": came_in.id}
    record_on_kit(
        session, "undo_exchange_in", kit=faulty, loan=old, branch_id=entry.branch_id, at=at, by=by, detail=detail
    )
    done = _done(session, entry, fresh, new, at, by, faulty=faulty.barcode)
    serve_stock(session, fresh.stock_id, at=at, by=by)
    return done


def _undo_inspection(session: Session, entry: JournalEntry, at: datetime, by: Actor) -> Undone:
    """The kit waits for inspection again, and its parts, loan and charges are as they were."""
    kit, loan = undo_inspection(session, entry, at=at, by=by)
    return Undone(entry.verb, kit.barcode, "" if loan is None else loan.public_id)


def _undo_capture(session: Session, entry: JournalEntry, at: datetime, by: Actor) -> Undone:
    """The kit is free again, and its patron, who was not told yet, still promised one."""
    return Undone(entry.verb, undo_capture(session, entry, at=at, by=by).barcode, "")


def _undo_use(session: Session, entry: JournalEntry, at: datetime, by: Actor) -> Undone:
    """The kit that was to be used in the library or at an event is free again."""
    return Undone(entry.verb, undo_use(session, entry, at=at, by=by), "")


def _undo_end_of_use(session: Session, entry: JournalEntry, at: datetime, by: Actor) -> Undone:
    """The kit is in use again."""
    return Undone(entry.verb, undo_end_of_use(session, entry, at=at, by=by), "")


def _charge_again(session: Session, entry: JournalEntry, loan: Loan, at: datetime, by: Actor) -> bool:
    """The charge that the return took away stands again, as a new row; one already paid is a person's matter.

    What the return charged for new lines falls away. Whether there is such a charge.
    """
    if entry.detail.get("fee_id") is not None:
        withdraw_charges(session, loan, [entry.detail["fee_id"]], at=at, by=by)
    gone = session.scalars(
        select(Charge).where(
            Charge.loan_id == loan.id, Charge.kind == ChargeKind.WHOLE_KIT, Charge.ended_at == entry.recorded_at
        )
    ).one_or_none()
    if gone is None:
        return False
    if gone.state is not ChargeState.CANCELLED:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    add_charge(session, ChargeKind.WHOLE_KIT, gone.amount_cents, loan=loan, at=at)
    return True


def _locked(session: Session, entry: JournalEntry) -> tuple[Kit, Loan]:
    """The kit and loan of the act, locked with what stands before them in the lock order."""
    found = session.get_one(Loan, entry.loan_id)
    if found.patron_id is not None:
        lock_patron(session, found.patron_id)
    kit = session.get_one(Kit, entry.kit_id)
    others = session.scalars(select(Kit).where(Kit.barcode == entry.detail.get("left_on_shelf"))).all()
    promised = select(Reservation.stock_id).where(Reservation.id == found.reservation_id)
    stocks = {kit.stock_id, entry.detail.get("stock_from", kit.stock_id), *(other.stock_id for other in others)}
    lock_stocks(session, stocks | set(session.scalars(promised)))
    kits = lock_kits(session, [kit.id, *(other.id for other in others)])
    return kits[kit.id], lock_loan(session, found.id)


def _done(session: Session, entry: JournalEntry, kit: Kit, loan: Loan, at: datetime, by: Actor, **more: Any) -> Undone:
    """Journal and count what was taken back; ``more`` is what else is told of it, at once and in the log."""
    assert entry.branch_id is not None  # noqa: S101 - acts on kits are always journalled with their branch
    record(
        session,
        f"undo_{entry.verb}",
        at=at,
        by=by,
        branch_id=entry.branch_id,
        kit_id=kit.id,
        loan_id=loan.id,
        cohort_id=loan.cohort_id,
        detail={"undone": entry.id, **more},
    )
    count_act(
        session,
        entry.verb,
        entry.detail,
        day=local_day(session, entry.branch_id, entry.at),
        branch_id=entry.branch_id,
        kit_type_id=kit.kit_type_id,
        cohort_id=entry.cohort_id,
        undone=True,
    )
    return Undone(entry.verb, kit.barcode, loan.public_id, **more)


_UNDOERS: Mapping[str, Callable[[Session, JournalEntry, datetime, Actor], Undone]] = {
    "check_out": _undo_check_out,
    "return": _undo_return,
    "exchange": _undo_exchange,
    "inspect": _undo_inspection,
    "capture": _undo_capture,
    IN_LIBRARY: _undo_use,
    AT_EVENT: _undo_use,
    ENDED: _undo_end_of_use,
}
