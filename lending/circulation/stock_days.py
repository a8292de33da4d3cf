"""The kits of a branch at the end of each day: in service, out, free, and waited for.

Counted when a local day is over, once, and written to the journal as it was counted; a day that was missed is counted
later, as the kits stood when it ended. A kit belongs to the branch of its stock, wherever it is.
Source: RULES 7 (utilisation; "ready on the shelf versus waiting in the queue").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, exists, func, insert, or_, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.checkout_statements import unreceived
from lending.circulation.journal import record
from lending.circulation.recounting import STOCK_COUNTED
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import KitState, LoanState
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.counts import StockDay
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from lending.models.stock import Stock

MADE_UP_FOR: Final = timedelta(days=60)
"""How far back days are made up for, when nobody ran the jobs; earlier ones stay unknown."""

FIGURES: Final = ("in_service", "out", "overdue", "turnaround", "ready", "free", "waiting")
"""The figures of a day, in the order in which the journal keeps them."""

_NOT_IN_SERVICE = frozenset({KitState.LOST, KitState.MISSING, KitState.WITHDRAWN})
_FIGURE_OF: Mapping[KitState, str] = {
    KitState.ON_LOAN: "out",
    KitState.IN_USE: "out",
    KitState.ON_SHELF: "ready",
    KitState.AVAILABLE: "free",
    KitState.TO_INSPECT: "turnaround",
    KitState.TURNAROUND: "turnaround",
    KitState.INCOMPLETE: "turnaround",
    KitState.REPAIR: "turnaround",
}
_SAID_IN = ("kit_from", "from")
_BEFORE: Mapping[str, KitState] = {
    "exchange": KitState.AVAILABLE,
    "free": KitState.TURNAROUND,
    "put_back": KitState.ON_SHELF,
    "finish_repair": KitState.REPAIR,
    "declare_lost": KitState.ON_LOAN,
    "assume_lost": KitState.ON_LOAN,
    "declare_missing": KitState.AVAILABLE,
    "find_kit": KitState.MISSING,
    "withdraw_kit": KitState.AVAILABLE,
    "reinstate_kit": KitState.WITHDRAWN,
    "undo_check_out": KitState.ON_LOAN,
    "undo_exchange": KitState.ON_LOAN,
    "undo_return": KitState.TO_INSPECT,
    "undo_inspect": KitState.TURNAROUND,
    "undo_capture": KitState.ON_SHELF,
    "in_library": KitState.AVAILABLE,
    "event_use": KitState.AVAILABLE,
    "end_use": KitState.IN_USE,
    "undo_in_library": KitState.IN_USE,
    "undo_event_use": KitState.IN_USE,
    "undo_end_use": KitState.TO_INSPECT,
}
"""What a kit was before an act whose row on the journal does not say so (``_SAID_IN``)."""

_TOLD = ("check_out", "return", "exchange_in", "capture", "inspect", *_BEFORE)


@dataclass(frozen=True, slots=True)
class DayOver:
    """A local day of a branch (its id) that is over and was not counted yet."""

    branch_id: int
    day: date


def days_over(session: Session, *, at: datetime) -> list[DayOver]:
    """The days that are to be counted at ``at``, the earliest of each branch first; of a new branch yesterday alone."""
    last = select(StockDay.branch_id, func.max(StockDay.day).label("day")).group_by(StockDay.branch_id).subquery()
    has_kits = exists().where(Kit.stock_id == Stock.id, Stock.branch_id == Branch.id, Kit.created_at < at)
    chosen = select(Branch.id, Branch.zone, last.c.day).outerjoin(last, last.c.branch_id == Branch.id).where(has_kits)
    found = []
    for branch_id, zone, counted in session.execute(chosen.order_by(Branch.id)):
        yesterday = at.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
        day = yesterday if counted is None else max(counted + timedelta(days=1), yesterday - MADE_UP_FOR)
        while day <= yesterday:
            found.append(DayOver(branch_id, day))
            day += timedelta(days=1)
    return found


def count_stock(session: Session, over: DayOver, *, at: datetime, by: Actor) -> bool:
    """Count the kits of a branch at the end of a day that is over; whether that was still to be done.

    For the sweep. Of two that run at once, one counts: the branch is locked.
    """
    by.permit(Act.ADMINISTER)
    branch = session.get_one(Branch, over.branch_id, with_for_update={"key_share": True}, populate_existing=True)
    counted = exists().where(StockDay.branch_id == branch.id, StockDay.day == over.day)
    if session.scalar(select(counted)) or local_day(session, branch.id, at) <= over.day:
        return False
    until = datetime.combine(over.day + timedelta(days=1), time(), ZoneInfo(branch.zone))
    figures = stock_at(session, branch.id, until=until)
    if not figures:
        return False
    session.execute(
        insert(table_of(StockDay)),
        [
            {"day": over.day, "branch_id": branch.id, "kit_type_id": type_id, **figures[type_id]}
            for type_id in sorted(figures)
        ],
    )
    kits = [[type_id, *(figures[type_id][name] for name in FIGURES)] for type_id in sorted(figures)]
    detail = {"day": over.day.isoformat(), "kits": kits}
    record(session, STOCK_COUNTED, at=at, by=by, branch_id=branch.id, detail=detail)
    return True


def stock_at(session: Session, branch_id: int, *, until: datetime) -> dict[int, dict[str, int]]:
    """``FIGURES`` of a branch's kits as they stood at an instant of the past, by kit type (its id).

    What was recorded since is reckoned back by the journal. A kit on its way between branches counts with those in
    turnaround, one in use in the library with those that are out. Kit types of which the branch has no kit, and for
    which nobody waits, are left out.
    """
    later = _recorded_since(session, until)
    figures: dict[int, dict[str, int]] = {}
    out: dict[int, int] = {}
    for kit_id, type_id, now, to_id in session.execute(_KITS, {"branch_id": branch_id, "until": until}):
        state, _ = later.get(kit_id, (now, None))
        if state in _NOT_IN_SERVICE:
            continue
        of_type = figures.setdefault(type_id, dict.fromkeys(FIGURES, 0))
        of_type["in_service"] += 1
        on_the_way = to_id is not None and state is KitState.AVAILABLE
        of_type["turnaround" if on_the_way else _FIGURE_OF[state]] += 1
        if state is KitState.ON_LOAN:
            out[kit_id] = type_id
    for kit_id in _overdue(session, branch_id, out, later, until):
        figures[out[kit_id]]["overdue"] += 1
    for type_id, waiting in _waiting(session, branch_id, until):
        figures.setdefault(type_id, dict.fromkeys(FIGURES, 0))["waiting"] = waiting
    return figures


_Later = Mapping[int, tuple[KitState, int | None]]
"""By kit, what it was before the first act on it that was recorded later, and the loan that this was about."""


_UNTIL, _AT_BRANCH = bindparam("until", type_=Loan.due_at.type), Stock.branch_id == bindparam("branch_id")

_KITS = (
    select(Kit.id, Kit.kit_type_id, Kit.state, Kit.in_transit_to_id)
    .join(Stock, Stock.id == Kit.stock_id)
    .where(_AT_BRANCH, Kit.created_at < _UNTIL)
)
_SINCE = (
    select(JournalEntry.kit_id, JournalEntry.verb, JournalEntry.detail, JournalEntry.loan_id)
    .where(
        JournalEntry.branch_id.in_(select(Branch.id)),  # so that the index on branch and time is of use
        JournalEntry.recorded_at >= _UNTIL,
        JournalEntry.kit_id.is_not(None),
        JournalEntry.verb.in_(_TOLD),
    )
    .order_by(JournalEntry.id)
)
_LATE = select(Loan.kit_id).where(Loan.due_at < _UNTIL)
# Two statements: in one, SQLite would look for both among all that the kits were ever lent for.
_STILL_OUT = (
    _LATE.join(Kit, Kit.id == Loan.kit_id)
    .join(Stock, Stock.id == Kit.stock_id)
    .where(_AT_BRANCH, unreceived, Loan.state == LoanState.OUT)
)
_OUT_THEN = _LATE.where(Loan.id.in_(bindparam("since", expanding=True)))
_WAITED = (
    select(Reservation.kit_type_id, func.count())
    .join(Stock, Stock.id == Reservation.stock_id)
    .where(
        _AT_BRANCH,
        Reservation.queued_at < _UNTIL,
        or_(Reservation.promised_at.is_(None), Reservation.promised_at >= _UNTIL),
        or_(Reservation.ended_at.is_(None), Reservation.ended_at >= _UNTIL),
    )
    .group_by(Reservation.kit_type_id)
    .order_by(Reservation.kit_type_id)
)
"""Built once: a night reads each of them for every branch."""


def _recorded_since(session: Session, until: datetime) -> _Later:
    found: dict[int, tuple[KitState, int | None]] = {}
    for kit_id, verb, detail, loan_id in session.execute(_SINCE, {"until": until}):
        if kit_id not in found:
            found[kit_id] = (_before(verb, detail), loan_id)
    return found


def _before(verb: str, detail: Mapping[str, Any]) -> KitState:
    said = next((detail[name] for name in _SAID_IN if name in detail and verb not in _BEFORE), None)
    return _BEFORE[verb] if said is None else KitState(said)


def _overdue(session: Session, branch_id: int, out: Mapping[int, int], later: _Later, until: datetime) -> set[int]:
    """The kits of those that were out whose loans were due before; of one that came back since, its loan then."""
    since = [loan_id for kit_id, (_, loan_id) in later.items() if kit_id in out and loan_id is not None]
    still_out = session.scalars(_STILL_OUT, {"branch_id": branch_id, "until": until})
    out_then = session.scalars(_OUT_THEN, {"until": until, "since": since})
    return {*still_out, *out_then} & out.keys()


def _waiting(session: Session, branch_id: int, until: datetime) -> list[tuple[int, int]]:
    """How many people waited without a promise, by kit type."""
    found = session.execute(_WAITED, {"branch_id": branch_id, "until": until})
    return [(type_id, waiting) for type_id, waiting in found]
