"""What of a stock is free for people without a promise, from the rows that the stock's lock protects.

The rule is ``domain/availability.py``; this gathers its facts with three statements. Call it with the stock locked.
Source: RULES 4, "Stock".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, bindparam, cast, func, null, or_, select, union_all
from sqlalchemy.orm import Session

from lending.circulation.pool_book import BACK, OUT, PROMISED, set_aside_by
from lending.domain.availability import ChangePoint, Need, StockFacts, free_on, open_loan_ceiling, timeline
from lending.domain.calendars import Calendar
from lending.domain.states import PROMISED_RESERVATIONS, KitState, LoanState
from lending.models.base import AnyRow, constant, table_of
from lending.models.cohorts import Cohort, CohortStatus, Pool, Program
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.reservations import Reservation

_kits, _loans, _pools, _cohorts, _programs, _reservations = (
    table_of(Kit),
    table_of(Loan),
    table_of(Pool),
    table_of(Cohort),
    table_of(Program),
    table_of(Reservation),
)
_STOCK_ID = bindparam("stock_id", type_=_kits.c.id.type)
_STOCK_IDS = bindparam("stock_ids", type_=_kits.c.id.type, expanding=True)

IN_SERVICE = frozenset({KitState.AVAILABLE, KitState.ON_SHELF})
COMING_BACK = frozenset({KitState.TO_INSPECT, KitState.TURNAROUND})
AWAY = frozenset({KitState.ON_LOAN, KitState.IN_USE})
"""Until its loan is due; a kit in use in the library is as good as due today."""


def _kits_of(chosen: ColumnElement[bool]) -> Select[Any]:
    """Kits by stock, state and due date, so that a stock of thousands is a few rows."""
    columns = (_kits.c.stock_id, _kits.c.state, _loans.c.due_at)
    is_out = and_(_loans.c.kit_id == _kits.c.id, _loans.c.received_at.is_(None), _loans.c.state != LoanState.UNDONE)
    return (
        select(*columns, func.count().label("kits"))
        .select_from(_kits.outerjoin(_loans, is_out))
        .where(
            chosen,
            _kits.c.state.in_(IN_SERVICE | COMING_BACK | AWAY),
            _kits.c.in_transit_to_id.is_(None),
        )
        .group_by(*columns)
    )


def _pools_of(chosen: ColumnElement[bool]) -> Select[Any]:
    """What cohorts that are not over were allotted, by the books of their pools.

    After its programme's last-borrow date a pool hands nothing out: its kits are set aside for nobody.
    """
    today = bindparam("today", type_=_cohorts.c.return_by.type)
    return (
        select(
            _pools.c.stock_id,
            _cohorts.c.pickup_from,
            _cohorts.c.return_by,
            _pools.c.kits,
            OUT.label("out"),
            PROMISED.label("promised"),
            BACK.label("back"),
        )
        .join(_cohorts, _cohorts.c.id == _pools.c.cohort_id)
        .join(_programs, _programs.c.id == _cohorts.c.program_id)
        .where(
            chosen,
            _cohorts.c.status == CohortStatus.PLANNED,
            _cohorts.c.return_by >= today,
            or_(_programs.c.last_borrow_on.is_(None), _programs.c.last_borrow_on >= today),
        )
    )


def _open_promises_of(chosen: ColumnElement[bool]) -> Select[Any]:
    """Open promises by stock."""
    return (
        select(_reservations.c.stock_id, func.count().label("kits"))
        .where(chosen, _reservations.c.cohort_id.is_(None), _reservations.c.state.in_(PROMISED_RESERVATIONS))
        .group_by(_reservations.c.stock_id)
    )


_KITS = _kits_of(_kits.c.stock_id == _STOCK_ID)
_POOLS = _pools_of(_pools.c.stock_id == _STOCK_ID)
_open = _open_promises_of(_reservations.c.stock_id == _STOCK_ID).subquery("open_promises")
_NO_DAY, _NONE = cast(null(), _cohorts.c.pickup_from.type), constant(0)
_NEEDS: CompoundSelect[Any] = union_all(
    _POOLS, select(_open.c.stock_id, _NO_DAY, _NO_DAY, _open.c.kits, _NONE, _NONE, _NONE)
)
"""Of one stock both in one statement, for a check-out asks: open promises are the row that begins on no day."""
_COHORT_POOLS = _pools_of(_pools.c.cohort_id == bindparam("cohort_id", type_=_pools.c.cohort_id.type))
_MANY_KITS = _kits_of(_kits.c.stock_id.in_(_STOCK_IDS))
_MANY_POOLS = _pools_of(_pools.c.stock_id.in_(_STOCK_IDS))
_MANY_OPEN_PROMISES = _open_promises_of(_reservations.c.stock_id.in_(_STOCK_IDS))


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

    def without_a_promise(self) -> Outlook:
        """The same for somebody whose own open promise is counted in it: their kit is not in their way."""
        return replace(self, points=[point._replace(free=point.free + 1) for point in self.points])

    def ceiling(self, days: int) -> date | None:
        """The last day an open loan of ``days`` may be due before a promise needs its kit; ``None``: no ceiling."""
        until = self.today + timedelta(days=days)
        return open_loan_ceiling(self.points, self.calendar, self.today, until, self.turnaround_open_days)


@dataclass(frozen=True, slots=True)
class StockRules:
    """What a stock's availability is worked out with: its branch's calendar, and days of its policy."""

    calendar: Calendar
    turnaround_open_days: int
    overdue_hold_days: int


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
    rules = StockRules(calendar, turnaround_open_days, overdue_hold_days)
    connection, today = session.connection(), calendar.local_date(at)
    kits = connection.execute(_KITS, {"stock_id": stock_id})
    asked = {"stock_id": stock_id, "today": today, "set_aside_by": set_aside_by(at)}
    needs = connection.execute(_NEEDS, asked).all()
    pools = [row for row in needs if row.pickup_from is not None]
    promises = [row for row in needs if row.pickup_from is None]
    return _outlook(rules, today, kits, pools, promises, renewing=renewing)


def outlooks(session: Session, stocks: Mapping[int, StockRules], *, at: datetime) -> dict[int, Outlook]:
    """The outlooks of many stocks (by their ids) as things stand. Nothing is locked, so nothing is promised on them.

    Three statements, however many stocks there are.
    """
    connection = session.connection()
    today = {stock_id: rules.calendar.local_date(at) for stock_id, rules in stocks.items()}
    first = min(today.values(), default=at.date())
    asked = {"stock_ids": sorted(stocks), "today": first, "set_aside_by": set_aside_by(at)}
    kits, pools, promises = (
        _by_stock(connection.execute(chosen, asked)) for chosen in (_MANY_KITS, _MANY_POOLS, _MANY_OPEN_PROMISES)
    )
    return {
        stock_id: _outlook(
            rules,
            today[stock_id],
            kits.get(stock_id, ()),
            (row for row in pools.get(stock_id, ()) if row.return_by >= today[stock_id]),
            promises.get(stock_id, ()),
        )
        for stock_id, rules in stocks.items()
    }


@dataclass(frozen=True, slots=True)
class PoolNeed:
    """What a cohort was allotted of a stock: ``needed`` is what outlooks keep for it, ``promised`` is not collected."""

    needed: int
    promised: int


def cohort_needs(session: Session, cohort_id: int, *, today: date, at: datetime) -> dict[int, PoolNeed]:
    """What outlooks keep of each stock (by its id) for a cohort that is not over."""
    asked = {"cohort_id": cohort_id, "today": today, "set_aside_by": set_aside_by(at)}
    rows = session.connection().execute(_COHORT_POOLS, asked)
    return {row.stock_id: PoolNeed(_needed(row), row.promised) for row in rows}


def _needed(pool: AnyRow) -> int:
    """What a cohort has still to hand out; promises beyond its allotment are kept too."""
    return int(max(pool.kits - pool.out, pool.promised))


def _filled_later(pool: AnyRow, coming_back: int) -> int:
    """How much of what a cohort has still to hand out is a kit that is being turned around, and promised to nobody.

    It is busy already, so no other kit is kept for it until it is free again.
    """
    return int(max(min(_needed(pool) - pool.promised, pool.back, coming_back), 0))


def _outlook(
    rules: StockRules,
    today: date,
    kits: Iterable[AnyRow],
    pools: Iterable[AnyRow],
    promises: Iterable[AnyRow],
    *,
    renewing: datetime | None = None,
) -> Outlook:
    calendar = rules.calendar
    in_service = coming_back = 0
    out: dict[date, int] = {}
    for row in kits:
        in_service += row.kits
        if row.state not in IN_SERVICE:
            # What is being inspected or turned around is as good as due today.
            due_on = today if row.due_at is None else calendar.local_date(row.due_at)
            coming_back += row.kits if row.state in COMING_BACK else 0
            out[due_on] = out.get(due_on, 0) + row.kits
    if renewing is not None:
        due_on = calendar.local_date(renewing)
        out[due_on] = max(out.get(due_on, 0) - 1, 0)
    turned_around = calendar.add_open_days(today, rules.turnaround_open_days)
    back_on = None if turned_around is None else turned_around + timedelta(days=1)
    needs: list[Need] = []
    for row in pools:
        later = 0 if back_on is None else _filled_later(row, coming_back)
        coming_back -= later
        needs.append(Need(_needed(row) - later, row.pickup_from, row.return_by))
        if back_on is not None and back_on <= row.return_by:
            needs.append(Need(later, max(row.pickup_from, back_on), row.return_by))
    promised = Need(sum(row.kits for row in promises), today)
    facts = StockFacts(
        today=today,
        in_service=in_service,
        out=out,
        needs=tuple(need for need in (*needs, promised) if need.kits),
        turnaround_open_days=rules.turnaround_open_days,
        overdue_days=rules.overdue_hold_days,
    )
    return Outlook(timeline(facts, calendar), calendar, today, rules.turnaround_open_days)


def _by_stock(rows: Iterable[AnyRow]) -> dict[int, list[AnyRow]]:
    found: dict[int, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(row.stock_id, []).append(row)
    return found
