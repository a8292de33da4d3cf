"""How many kits are free for people without a session, branch by branch, today and on the days to come.

The rule is that of a check-out (``circulation/availability.py``), asked for every stock at once. Source: RULES 4,
"Stock".
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from lending.circulation.availability import StockRules, outlooks
from lending.circulation.policies import applicable_policy_id, policies
from lending.domain.availability import ChangePoint
from lending.domain.calendars import Calendar, Closure, WeeklyHours, parse_hours
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.branches import Closure as ClosureRow
from lending.models.kits import KitType
from lending.models.stock import Stock
from lending.queries.scope import Branches, within

_stocks, _branches, _closures = table_of(Stock), table_of(Branch), table_of(ClosureRow)
_kit_types = table_of(KitType)

_STOCKS = (
    select(
        _stocks.c.id,
        _stocks.c.branch_id,
        _branches.c.code.label("branch"),
        _branches.c.zone,
        _branches.c.hours,
        _kit_types.c.code.label("kit_type"),
        policies.c.turnaround_open_days,
        policies.c.overdue_hold_days,
    )
    .join(_branches, _branches.c.id == _stocks.c.branch_id)
    .join(_kit_types, _kit_types.c.id == _stocks.c.kit_type_id)
    .join(
        policies,
        policies.c.id
        == applicable_policy_id(
            _stocks.c.kit_type_id, _stocks.c.branch_id, bindparam("at", type_=policies.c.valid_from.type)
        ),
    )
    .order_by(_branches.c.name, _kit_types.c.code)
)


@dataclass(frozen=True, slots=True)
class StockAvailability:
    """The kits of one type at one branch (codes). ``points`` are the days on which the number of free ones changes.

    ``free`` counts today's; below 0 that many are missing.
    """

    branch: str
    kit_type: str
    free: int
    points: tuple[ChangePoint, ...]


def availability(
    session: Session, *, branch_ids: Branches, until: date | None = None, at: datetime
) -> list[StockAvailability]:
    """Every stock of the reader's branches, by branch name and kit type; five statements, however many there are.

    ``until`` is the last day of interest, without one there is no end.
    """
    rows = session.execute(_STOCKS.where(within(_stocks.c.branch_id, branch_ids)), {"at": at}).all()
    calendars = _calendars({(row.branch_id, row.zone, row.hours) for row in rows}, session, at)
    rules = {
        row.id: StockRules(calendars[row.branch_id], row.turnaround_open_days, row.overdue_hold_days) for row in rows
    }
    found = outlooks(session, rules, at=at)
    return [
        StockAvailability(
            branch=row.branch,
            kit_type=row.kit_type,
            free=found[row.id].free(),
            points=tuple(point for point in found[row.id].points if until is None or point.on <= until),
        )
        for row in rows
    ]


def _calendars(branches: set[tuple[int, str, WeeklyHours]], session: Session, at: datetime) -> dict[int, Calendar]:
    """The calendar of every branch, with the closures that are not over, in the order entered."""
    since = at.date() - timedelta(days=1)
    chosen = select(_closures).where(_closures.c.ends_on >= since).order_by(_closures.c.id)
    rows = session.execute(chosen).all()
    by_branch: dict[int | None, list[tuple[int, Closure]]] = defaultdict(list)
    for row in rows:
        closure = Closure(row.starts_on, row.ends_on, row.reason, parse_hours(row.hours))
        by_branch[row.branch_id].append((row.id, closure))
    calendars = {}
    for branch_id, zone, hours in branches:
        own = sorted([*by_branch[None], *by_branch[branch_id]], key=lambda entered: entered[0])
        calendars[branch_id] = Calendar(zone, hours, tuple(closure for _, closure in own))
    return calendars
