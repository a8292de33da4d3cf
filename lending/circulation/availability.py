"""What of a stock is free for people without a promise, from the rows that the stock's lock protects.

The rule is ``domain/availability.py``; this gathers its facts with three statements. Call it with the stock locked.
Source: RULES 4, "Stock".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.orm import Session

from lending.domain.availability import ChangePoint, Need, StockFacts, free_on, open_loan_ceiling, timeline
from lending.domain.calendars import Calendar
from lending.domain.states import PROMISED_RESERVATIONS, KitState, LoanState
from lending.models.base import table_of
from lending.models.cohorts import Cohort, CohortStatus, Pool
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.reservations import Reservation

_kits, _loans, _pools, _cohorts, _reservations = (
    table_of(Kit),
    table_of(Loan),
    table_of(Pool),
    table_of(Cohort),
    table_of(Reservation),
)
_STOCK_ID = bindparam("stock_id", type_=_kits.c.id.type)

IN_SERVICE = frozenset({KitState.AVAILABLE, KitState.ON_SHELF})
COMING_BACK = frozenset({KitState.TO_INSPECT, KitState.TURNAROUND})

_KITS = (
    select(_kits.c.state, _loans.c.due_at, func.count().label("kits"))
    .select_from(
        _kits.outerjoin(
            _loans,
            and_(_loans.c.kit_id == _kits.c.id, _loans.c.received_at.is_(None), _loans.c.state != LoanState.UNDONE),
        )
    )
    .where(
        _kits.c.stock_id == _STOCK_ID,
        _kits.c.state.in_(IN_SERVICE | COMING_BACK | {KitState.ON_LOAN}),
        _kits.c.in_transit_to_id.is_(None),
    )
    .group_by(_kits.c.state, _loans.c.due_at)
)
_collected = (
    select(func.count())
    .select_from(_loans.join(_kits, _kits.c.id == _loans.c.kit_id))
    .where(
        _loans.c.cohort_id == _pools.c.cohort_id,
        _loans.c.exchange_of_id.is_(None),  # a kit handed out for a faulty one is not collected again
        _kits.c.stock_id == _pools.c.stock_id,
        _loans.c.state != LoanState.UNDONE,
    )
    .correlate(_pools)
    .scalar_subquery()
)
_promised = (
    select(func.count())
    .where(_reservations.c.pool_id == _pools.c.id, _reservations.c.state.in_(PROMISED_RESERVATIONS))
    .correlate(_pools)
    .scalar_subquery()
)
_POOLS = (
    select(
        _cohorts.c.pickup_from,
        _cohorts.c.return_by,
        _pools.c.kits,
        _collected.label("collected"),
        _promised.label("promised"),
    )
    .join(_cohorts, _cohorts.c.id == _pools.c.cohort_id)
    .where(
        _pools.c.stock_id == _STOCK_ID,
        _cohorts.c.status == CohortStatus.PLANNED,
        _cohorts.c.return_by >= bindparam("today"),
    )
)
_OPEN_PROMISES = select(func.count()).where(
    _reservations.c.stock_id == _STOCK_ID,
    _reservations.c.cohort_id.is_(None),
    _reservations.c.state.in_(PROMISED_RESERVATIONS),
)


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many kits of a stock nobody was promised, from today on."""

    points: list[ChangePoint]
    calendar: Calendar
    today: date
    turnaround_open_days: int

    def free(self, until: date | None = None) -> int:
        """The free kits at the worst moment from today until ``until``; today's without one."""
        later = [point.free for point in self.points if self.today < point.on <= (until or self.today)]
        return min([free_on(self.points, self.today), *later])

    def ceiling(self, days: int) -> date | None:
        """The last day an open loan of ``days`` may be due before a promise needs its kit; ``None``: no ceiling."""
        until = self.today + timedelta(days=days)
        return open_loan_ceiling(self.points, self.calendar, self.today, until, self.turnaround_open_days)


def outlook(
    session: Session,
    stock_id: int,
    *,
    calendar: Calendar,
    at: datetime,
    turnaround_open_days: int,
    overdue_hold_days: int,
    renewing: datetime | None = None,
) -> Outlook:
    """The outlook of a stock that is locked.

    ``renewing`` is when a loan of this stock is due that would go on: its own kit is not in its way.
    """
    connection = session.connection()
    today = calendar.local_date(at)
    in_service = 0
    out: dict[date, int] = {}
    for row in connection.execute(_KITS, {"stock_id": stock_id}):
        in_service += row.kits
        if row.state not in IN_SERVICE:
            # What is being inspected or turned around is as good as due today.
            due_on = today if row.due_at is None else calendar.local_date(row.due_at)
            out[due_on] = out.get(due_on, 0) + row.kits
    if renewing is not None:
        due_on = calendar.local_date(renewing)
        out[due_on] = max(out.get(due_on, 0) - 1, 0)
    needs = [
        Need(max(row.kits - row.collected, row.promised), row.pickup_from, row.return_by)
        for row in connection.execute(_POOLS, {"stock_id": stock_id, "today": today})
    ]
    promised = connection.execute(_OPEN_PROMISES, {"stock_id": stock_id}).scalar_one()
    facts = StockFacts(
        today=today,
        in_service=in_service,
        out=out,
        needs=tuple(need for need in (*needs, Need(promised, today)) if need.kits),
        turnaround_open_days=turnaround_open_days,
        overdue_days=overdue_hold_days,
    )
    return Outlook(timeline(facts, calendar), calendar, today, turnaround_open_days)
