"""Return: one scan receives a kit, and the overdue clock stops.

Source: RULES 5. A returned kit goes to inspection, never straight back to the shelf. Received at another branch it is
in transit to its owner, or stays where that branch's kits float. A lost kit that comes back has its charge cancelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session

from lending.circulation.calendars import calendar_of
from lending.circulation.checkout_facts import LOOKS
from lending.circulation.counts import counted
from lending.circulation.journal import entry
from lending.circulation.lost import came_back, end_claim
from lending.circulation.reservations import serve_stock
from lending.circulation.stocks import stock_of
from lending.circulation.suspension import stop_chasing
from lending.circulation.together import together, write_together
from lending.domain.actors import Actor
from lending.domain.counting import Counter, returned
from lending.domain.due_dates import received_at_for_book_drop
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.domain.states import KIT_MOVES, LOAN_MOVES, KitVerb, LoanState, LoanVerb, ReservationState, after
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, constant, table_of
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType
from lending.models.loans import ClaimEnd, Loan
from lending.models.notices import Notice, NoticeState
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.models.stock import Stock

_kits, _kit_types, _stocks, _branches = table_of(Kit), table_of(KitType), table_of(Stock), table_of(Branch)
_loans, _patrons, _notices = table_of(Loan), table_of(Patron), table_of(Notice)
_reservations = table_of(Reservation)
_owner = _branches.alias("owner")

_LOCK_KIT = (
    select(
        _kits.c.id,
        _kits.c.barcode,
        _kits.c.state,
        _kits.c.stock_id,
        _kits.c.branch_id,
        _kits.c.in_transit_to_id,
        _kits.c.kit_type_id,
        _kit_types.c.code.label("kit_type"),
        _stocks.c.branch_id.label("owner_id"),
        _owner.c.name.label("owner"),
        _branches.c.zone,
        _branches.c.hours,
        _branches.c.floats,
        _branches.c.name.label("branch"),
    )
    .select_from(
        _kits.join(_stocks, _stocks.c.id == _kits.c.stock_id)
        .join(_kit_types, _kit_types.c.id == _kits.c.kit_type_id)
        .join(_owner, _owner.c.id == _stocks.c.branch_id)
        .join(_branches, _branches.c.id == bindparam("branch_id"))
    )
    .where(_kits.c.barcode == bindparam("kit"))
    .with_for_update(of=[_stocks, _kits], key_share=True)
)
_LOCK_LOAN = (
    select(
        _loans.c.id,
        _loans.c.public_id,
        _loans.c.state,
        _loans.c.patron_id,
        _loans.c.cohort_id,
        _loans.c.checked_out_at,
        _loans.c.due_at,
        _loans.c.term,
        _loans.c.claimed_at,
        _loans.c.branch_id.label("lent_at"),
        _patrons.c.public_id.label("patron"),
        _patrons.c.name.label("patron_name"),
        exists()
        .where(
            _reservations.c.stock_id == _kits.c.stock_id,
            _reservations.c.state == constant(ReservationState.WAITING),
        )
        .correlate(_kits)
        .label("waited_for"),
    )
    # Whose record was erased after the kit was given up brings it back all the same.
    .outerjoin(_patrons, _patrons.c.id == _loans.c.patron_id)
    .join(_kits, _kits.c.id == _loans.c.kit_id)
    .where(
        _kits.c.barcode == bindparam("kit"),
        _loans.c.received_at.is_(None),
        _loans.c.state != constant(LoanState.UNDONE),
    )
    .with_for_update(of=_loans, key_share=True)
)
"""The loan of a kit, which is locked with its stock: nobody can join a queue of that stock any more."""

_RECEIVE_KIT = (
    update(_kits)
    .where(_kits.c.id == bindparam("kit_id_"), _kits.c.state == bindparam("old"))
    .values(
        state=bindparam("new"),
        branch_id=bindparam("to_branch_id"),
        in_transit_to_id=bindparam("to_owner_id"),
        sent_at=bindparam("sent"),
        stock_id=bindparam("to_stock_id"),
        turnaround_since=bindparam("since"),
        round=_kits.c.round + 1,
        place=None,
    )
    .returning(_kits.c.id)
)
_RECEIVE_LOAN = (
    update(_loans)
    .where(_loans.c.id == bindparam("loan_id_"), _loans.c.state == bindparam("old"))
    .values(
        state=bindparam("new"),
        received_at=bindparam("received"),
        received_recorded_at=bindparam("recorded"),
        received_door=bindparam("door_"),
        received_branch_id=bindparam("at_branch_id"),
        received_by_id=bindparam("by_staff_id"),
        book_drop=bindparam("from_drop"),
    )
    .returning(_loans.c.id)
)
_CANCEL_NOTICES = (
    update(_notices)
    .where(
        _notices.c.loan_id == bindparam("loan_id_"),
        _notices.c.state == constant(NoticeState.PENDING),
        _notices.c.step != "receipt",
    )
    .values(state=NoticeState.CANCELLED)
)


@unique
class Next(StrEnum):
    """Where a returned kit goes from the counter."""

    INSPECTION = "inspection"
    TRANSIT = "transit"


@unique
class Receipt(StrEnum):
    """How a kit came in; a book drop is read later than it was used, so its return is dated back.

    A kit that its patron claimed to have returned and that the library found is dated back to the claim.
    """

    COUNTER = "counter"
    BOOK_DROP = "book_drop"
    FOUND_BY_LIBRARY = "found_by_library"


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back: what the desk says. ``days_late`` is 0 when it came before closing on its due date.

    ``backdated``: somebody said that it came earlier. ``was_claimed``: the patron had said that it was returned.
    """

    loan: str
    kit: str
    kit_type: str
    patron: str
    patron_name: str
    received_at: datetime
    book_drop: bool
    next: Next
    owner: str
    was_lost: bool
    was_claimed: bool
    backdated: bool
    days_late: int


def return_kit(
    session: Session,
    *,
    kit: str,
    branch_id: int,
    at: datetime,
    by: Actor,
    received_at: datetime | None = None,
    receipt: Receipt = Receipt.COUNTER,
) -> Returned:
    """Receive ``kit`` (its code) at a branch.

    ``received_at`` dates the return back, never before the check-out nor into the future; from the book drop the
    kit counts as received at the last closing. Raises ``Refused``: ``KIT_UNKNOWN``, or ``NOT_ON_LOAN`` with its state;
    ``WRONG_STATE`` for one ``FOUND_BY_LIBRARY`` that nobody claimed to have returned.
    """
    by.permit(Act.CIRCULATE, branch_id)
    locked, loan = _lock(session, kit, branch_id)
    if loan is None:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit, state=locked.state.value)
    if (locked.state, KitVerb.RETURN) not in KIT_MOVES:
        # A kit written off while it was out: it has to be taken back into service first, by who may.
        raise Refused.because(Reason.WRONG_STATE, kit=kit, state=locked.state.value)
    received = _received_at(session, locked, loan, branch_id, received_at, receipt, at)
    goes, to_owner_id, stock_id = _destination(session, locked, branch_id)
    was_lost = loan.state is LoanState.LOST
    zone = ZoneInfo(locked.zone)
    due_on, received_on = loan.due_at.astimezone(zone).date(), received.astimezone(zone).date()
    days_late = max((received_on - due_on).days, 1) if received > loan.due_at else 0
    fee = came_back(session, loan_id=loan.id, kit_id=locked.id, at=at, by=by) if was_lost else None
    if loan.state is LoanState.CLAIMED:
        found = receipt is Receipt.FOUND_BY_LIBRARY
        end = ClaimEnd.FOUND_BY_LIBRARY if found else ClaimEnd.RETURNED_BY_PATRON
        end_claim(session, loan.id, end, at=at, by=by)
    stopped, counters = None, returned(late=days_late > 0, was_lost=was_lost)
    if at > loan.due_at:
        where = branch_id if to_owner_id is None else to_owner_id
        stopped = stop_chasing(
            session, loan_id=loan.id, kit_id=locked.id, branch_id=where, outcome="returned", at=at, by=by
        )
    with together(session) as connection:
        moved = connection.execute(
            _RECEIVE_KIT,
            {
                "kit_id_": locked.id,
                "old": locked.state,
                "new": after(KIT_MOVES, locked.state, KitVerb.RETURN),
                "to_branch_id": branch_id,
                "to_owner_id": to_owner_id,
                "sent": None if to_owner_id is None else at,
                "to_stock_id": stock_id,
                "since": received,
            },
        )
        settled = connection.execute(
            _RECEIVE_LOAN,
            {
                "loan_id_": loan.id,
                "old": loan.state,
                "new": after(LOAN_MOVES, loan.state, LoanVerb.RETURN),
                "received": received,
                "recorded": at,
                "door_": by.door,
                "at_branch_id": branch_id,
                "by_staff_id": by.staff_id,
                "from_drop": receipt is Receipt.BOOK_DROP,
            },
        )
        connection.execute(_CANCEL_NOTICES, {"loan_id_": loan.id})
        write_together(
            session,
            entry(
                "return",
                at=at,
                by=by,
                happened_at=received,
                branch_id=branch_id,
                kit_id=locked.id,
                loan_id=loan.id,
                cohort_id=loan.cohort_id,
                detail={
                    "kit_from": locked.state.value,
                    "loan_from": loan.state.value,
                    "branch_from": locked.branch_id,
                    "stock_from": locked.stock_id,
                    "book_drop": receipt is Receipt.BOOK_DROP,
                    "next": goes.value,
                    "owner": locked.owner_id,
                    "days_late": days_late,
                    "lent_at": loan.lent_at,
                    "called": stopped is not None and stopped.call,
                    "lines": [] if stopped is None else list(stopped.lines),
                    "fee_id": fee,
                },
            ),
            counted(
                session,
                *((each, loan.lent_at if each is Counter.FOUND_AGAIN else branch_id) for each in counters),
                day=received_on,
                kit_type_id=locked.kit_type_id,
                cohort_id=loan.cohort_id,
            ),
        )
    if moved.one_or_none() is None or settled.one_or_none() is None:
        raise Refused.because(Reason.CHANGED_SINCE)
    # An early return fills the pool again; an open one frees nothing before inspection.
    if loan.cohort_id is not None and loan.waited_for:
        serve_stock(session, locked.stock_id, at=at, by=by)
    return Returned(
        loan=loan.public_id,
        kit=locked.barcode,
        kit_type=locked.kit_type,
        patron=loan.patron or "",
        patron_name=short_name(loan.patron_name or ""),
        received_at=received,
        book_drop=receipt is Receipt.BOOK_DROP,
        next=goes,
        owner=locked.owner,
        was_lost=was_lost,
        was_claimed=loan.state is LoanState.CLAIMED,
        backdated=received < at,
        days_late=days_late,
    )


def _lock(session: Session, kit: str, branch_id: int) -> tuple[AnyRow, AnyRow | None]:
    """Lock a kit and, before it, the stock it belongs to; then the loan that it is out on, if it is.

    A second look finds a kit that was just given to another stock.
    """
    for _ in range(LOOKS):
        with together(session) as connection:
            kits = connection.execute(_LOCK_KIT, {"kit": kit, "branch_id": branch_id})
            loans = connection.execute(_LOCK_LOAN, {"kit": kit})
        locked = kits.one_or_none()
        if locked is not None:
            return locked, loans.one_or_none()
    raise Refused.because(Reason.KIT_UNKNOWN, kit=kit)


def _received_at(
    session: Session,
    kit: AnyRow,
    loan: AnyRow,
    branch_id: int,
    received_at: datetime | None,
    receipt: Receipt,
    at: datetime,
) -> datetime:
    if received_at is not None:
        if received_at > at:
            raise Refused.because(Reason.DATE_IN_THE_FUTURE, at=received_at)
        if received_at < loan.checked_out_at:
            raise Refused.because(Reason.BEFORE_CHECK_OUT, at=loan.checked_out_at)
        return received_at
    if receipt is Receipt.FOUND_BY_LIBRARY:
        if loan.state is not LoanState.CLAIMED or loan.claimed_at is None:
            raise Refused.because(Reason.WRONG_STATE, kit=kit.barcode, state=loan.state.value)
        claimed_at: datetime = loan.claimed_at
        return claimed_at
    if receipt is Receipt.COUNTER:
        return at
    since = loan.checked_out_at.date() - timedelta(days=1)
    calendar = calendar_of(session, branch_id, kit.zone, kit.hours, since=since)
    return received_at_for_book_drop(calendar, at=at, checked_out_at=loan.checked_out_at)


def _destination(session: Session, kit: AnyRow, branch_id: int) -> tuple[Next, int | None, int]:
    """Where a kit goes that was received at a branch, as its locked row says."""
    return destination(
        session,
        branch_id=branch_id,
        floats=kit.floats,
        owner_id=kit.owner_id,
        stock_id=kit.stock_id,
        kit_type_id=kit.kit_type_id,
    )


def destination(
    session: Session, *, branch_id: int, floats: bool, owner_id: int, stock_id: int, kit_type_id: int
) -> tuple[Next, int | None, int]:
    """To inspection here; or in transit to the owner; or, where kits float, here for good. Gives also the branch that
    it travels to, if it does, and the stock that it belongs to from now on.
    """
    if branch_id == owner_id:
        return Next.INSPECTION, None, stock_id
    if floats:
        return Next.INSPECTION, None, stock_of(session, branch_id=branch_id, kit_type_id=kit_type_id)
    return Next.TRANSIT, owner_id, stock_id
