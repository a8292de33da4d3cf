"""What is known of queues: who waited how long in the last year, and when the kits that are out are due back.

The rule that makes a range of days of it is ``domain/waiting.py``. An open queue is that of its stock. The queue of a
session is too short to say anything by itself, so all queues of its programme for that kind of kit speak for it. At
most two statements are sent, however many reservations are asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from lending.domain.states import LoanState, ReservationState
from lending.domain.waiting import (
    HISTORY,
    TURNAROUND,
    DayRange,
    Due,
    Held,
    Mark,
    Wait,
    by_coming_to_it,
    by_kits_to_come,
    expected,
    places_held,
    without_a_kit_for_ever,
)
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Pool
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanTerm
from lending.models.reservations import Reservation

_reservations, _branches, _cohorts, _pools = table_of(Reservation), table_of(Branch), table_of(Cohort), table_of(Pool)
_loans, _terms, _kits = table_of(Loan), table_of(LoanTerm), table_of(Kit)
_asked = _reservations.alias("asked")
_asked_for, _of_programme = _cohorts.alias("asked_for"), _cohorts.alias("of_programme")

_waited_until = func.coalesce(_reservations.c.promised_at, _reservations.c.ended_at)


class _Queue(NamedTuple):
    """A queue, by its pool or, for open reservations, its stock. Those alike speak for each other."""

    stock_id: int | None
    pool_id: int | None


class _Alike(NamedTuple):
    stock_id: int | None
    program_id: int | None
    kit_type_id: int


@dataclass(slots=True)
class _Known:
    """The waits of queues that are alike, and who is asked about in them."""

    waits: dict[_Queue, list[Wait]]
    asked: list[AnyRow]


def waiting_range(session: Session, reservations: Collection[str], *, at: datetime) -> dict[str, DayRange | None]:
    """Between which days each of ``reservations`` (public ids) may be promised a kit, in local days of its branch.

    ``None`` for one that does not wait, where too little is known, and where the session would be over by then. Only
    what was known at ``at`` is looked at, so that the past can be asked what it would have said.
    """
    found: dict[str, DayRange | None] = dict.fromkeys(reservations)
    if not found:
        return found
    groups: dict[_Alike, _Known] = defaultdict(lambda: _Known(defaultdict(list), []))
    for row in session.connection().execute(_waits(found, since=at - HISTORY)):
        group = groups[_alike(row)]
        group.waits[_queue(row)].append(_wait(row))
        if row.public_id in found and row.queued_at <= at and (row.until is None or row.until > at):
            group.asked.append(row)
    stock_ids = {alike.stock_id for alike, known in groups.items() if known.asked and alike.stock_id is not None}
    dues = _dues(session, stock_ids, at=at) if stock_ids else {}
    for alike, known in groups.items():
        held = {queue: places_held(waits, at=at) for queue, waits in known.waits.items()}
        everybody = [one for all_held in held.values() for one in all_held]
        mark: Mark = by_coming_to_it
        if alike.stock_id is not None:
            mark = by_kits_to_come(dues.get(alike.stock_id, ()))
        else:
            everybody = without_a_kit_for_ever(everybody, at=at)
        for row in known.asked:
            now = _place_now(held[_queue(row)], row.id)
            others = (one for one in everybody if one.number != row.id)
            days = expected(others, now, mark=mark, at=at, zone=row.zone)
            if days is not None and (row.ends_on is None or days.last <= row.ends_on):
                found[row.public_id] = days
    return found


def _waits(asked: Collection[str], *, since: datetime) -> Select[AnyRow]:
    """Whoever waited since an instant in the queues of those asked about, or in queues that are alike.

    Who was promised a kit at once has waited for nothing and is left out.
    """
    theirs = select(_asked).where(_asked.c.public_id.in_(asked)).subquery()
    stocks = select(theirs.c.stock_id).where(theirs.c.cohort_id.is_(None))
    cohorts = (
        select(_of_programme.c.id)
        .join(_asked_for, _asked_for.c.program_id == _of_programme.c.program_id)
        .join(theirs, theirs.c.cohort_id == _asked_for.c.id)
    )
    kinds = select(theirs.c.kit_type_id).where(theirs.c.cohort_id.is_not(None))
    of = _reservations.c
    return (
        select(*(of[name] for name in ("id", "public_id", "stock_id", "pool_id", "cohort_id", "kit_type_id")))
        .add_columns(of.state, of.queued_at, of.promised_at, _waited_until.label("until"))
        .add_columns(_cohorts.c.program_id, _cohorts.c.ends_on, _branches.c.zone)
        .join(_branches, _branches.c.id == of.pickup_branch_id)
        .outerjoin(_cohorts, _cohorts.c.id == of.cohort_id)
        .where(
            or_(_waited_until.is_(None), and_(_waited_until > of.queued_at, _waited_until >= since)),
            or_(
                and_(of.cohort_id.is_(None), of.stock_id.in_(stocks)),
                and_(of.cohort_id.in_(cohorts), of.kit_type_id.in_(kinds)),
            ),
        )
    )


def _dues(session: Session, stock_ids: Iterable[int], *, at: datetime) -> dict[int, list[Due]]:
    """Every due date that was known in the last year of the kits of these stocks."""
    dues: dict[int, list[Due]] = defaultdict(list)
    chosen = (
        select(_kits.c.stock_id, _kits.c.id, _terms.c.made_at, _terms.c.due_at, _loans.c.received_at)
        .join(_loans, _loans.c.id == _terms.c.loan_id)
        .join(_kits, _kits.c.id == _loans.c.kit_id)
        .where(
            _kits.c.stock_id.in_(sorted(stock_ids)),
            _loans.c.state != LoanState.UNDONE,
            or_(_loans.c.received_at.is_(None), _loans.c.received_at >= at - HISTORY - TURNAROUND),
        )
        .order_by(_terms.c.loan_id, _terms.c.n)
    )
    for stock_id, *due in session.connection().execute(chosen):
        dues[stock_id].append(Due(*due))
    return dues


def _place_now(held: Iterable[Held], number: int) -> Held:
    """The last place that somebody came to."""
    return [one for one in held if one.number == number][-1]


def _queue(row: AnyRow) -> _Queue:
    return _Queue(None, row.pool_id) if row.cohort_id is not None else _Queue(row.stock_id, None)


def _alike(row: AnyRow) -> _Alike:
    stock_id = row.stock_id if row.cohort_id is None else None
    return _Alike(stock_id, row.program_id, row.kit_type_id)


def _wait(row: AnyRow) -> Wait:
    """Who picked a kit up without a promise before was served all the same."""
    served = row.promised_at is not None or row.state is ReservationState.PICKED_UP
    return Wait(row.id, row.queued_at, row.until, served)
