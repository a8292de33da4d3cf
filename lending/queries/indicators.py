"""The funder's list: households served, kits assembled and lent, check-outs by month and library, events, and holds.

The list is LA County's own. Each number has its definition beside it; one that nobody knows is ``None``, never 0.
Source: RULES 7, "The funder's list"; INTERFACES, "GET /reports/indicators".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lending.domain.counting import Counter
from lending.domain.indicators import Indicator
from lending.domain.periods import Period
from lending.domain.states import LoanState
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.stock import Stock
from lending.queries.counts import By, Circulated, circulated, total
from lending.queries.program_sessions import Workshops, workshops_of
from lending.queries.scope import Branches, within
from lending.queries.stock_days import stock_figures


@dataclass(frozen=True, slots=True)
class Indicators:
    """The list for a period. ``by_month`` and ``by_branch`` split the check-outs; their sums are the same number.

    ``held_on`` is the day of the last two, ``None`` where no day of the period was counted yet. ``uncounted``: of how
    many workshops nobody knows the attendance.
    """

    period: Period
    numbers: Mapping[Indicator, int | None]
    by_month: tuple[Circulated, ...]
    by_branch: tuple[Circulated, ...]
    workshops: Workshops
    held_on: date | None

    @property
    def uncounted(self) -> int:
        """Workshops that are in no sum of attendance."""
        return self.workshops.uncounted


def indicators(
    session: Session,
    scope: Branches,
    period: Period,
    *,
    zone: str,
    at: datetime,
    led: Collection[int] = (),
    kit_type_id: int | None = None,
    program_id: int | None = None,
    kinds: Collection[int] | None = None,
) -> Indicators:
    """The funder's list of a period: of the branches in ``scope``, and on line of the programmes ``led``.

    ``zone`` is the library's own. ``kinds``: the kit types (ids) whose kits are told of; ``None`` for all. The number
    of statements is the same whatever the size.
    """
    of_kinds = kinds if kit_type_id is None else [kit_type_id]
    chosen = {"kit_type_id": kit_type_id, "program_id": program_id}
    whole = total(session, scope, period, **chosen)
    by_branch = circulated(session, scope, period, (By.BRANCH,), **chosen)
    held = stock_figures(session, scope, period, kit_type_ids=of_kinds).latest
    workshops = workshops_of(session, scope, period, zone=zone, at=at, led=led, program_id=program_id)
    assembled, distributed = _kits(session, scope, period, of_kinds, zone)
    numbers = {
        Indicator.HOUSEHOLDS: whole.served.households,
        Indicator.ASSEMBLED: assembled,
        Indicator.DISTRIBUTED: distributed,
        Indicator.CHECK_OUTS: whole.n(Counter.CHECK_OUT),
        Indicator.LOCATIONS: sum(row.n(Counter.CHECK_OUT) > 0 for row in by_branch),
        Indicator.EVENTS: len(workshops.sessions),
        Indicator.REGISTERED: workshops.registered,
        Indicator.ATTENDED: workshops.attended,
        Indicator.REACH: workshops.reach,
        Indicator.READY: None if held is None else held.ready,
        Indicator.QUEUED: None if held is None else held.waiting,
    }
    return Indicators(
        period=period,
        numbers=numbers,
        by_month=tuple(circulated(session, scope, period, (By.MONTH,), **chosen)),
        by_branch=tuple(by_branch),
        workshops=workshops,
        held_on=None if held is None else held.day,
    )


def _kits(
    session: Session, scope: Branches, period: Period, kinds: Collection[int] | None, zone: str
) -> tuple[int, int]:
    """How many kits of the branches there were by the end of the period, and how many of them had been lent by then."""
    end = datetime.combine(period.last + timedelta(days=1), time(), ZoneInfo(zone))
    lent = exists().where(Loan.kit_id == Kit.id, Loan.checked_out_at < end, Loan.state != LoanState.UNDONE)
    chosen = (
        select(func.count(), func.count().filter(lent))
        .select_from(Kit)
        .join(Stock, Stock.id == Kit.stock_id)
        .where(Kit.created_at < end, within(Stock.branch_id, scope))
    )
    if kinds is not None:
        chosen = chosen.where(Kit.kit_type_id.in_(sorted(kinds)))
    assembled, distributed = session.execute(chosen).one()
    return assembled, distributed
