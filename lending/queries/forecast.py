"""What a session will be short of on its first pick-up day, branch by branch, and the transfers that would help.

Kits expected free are those of the stock's outlook (``circulation/availability.py``) without the session's own
allotment: in service, or due back and turned around by then, less what other sessions and open promises need; those on
their way to the branch are expected too. Source: RULES 4, "Shortage forecast".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from lending.circulation.availability import PoolNeed, cohort_needs
from lending.domain.actors import Actor
from lending.domain.availability import free_on
from lending.domain.forecast import BranchNeed, Transfer, suggested
from lending.domain.permissions import Act, Role
from lending.domain.states import KitState, ReservationState
from lending.domain.stocktake import STANDS
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Pool, Program
from lending.models.kits import Kit, KitType
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.cohorts import today_everywhere
from lending.queries.availability import StockAvailability, availability
from lending.queries.scope import branches_of, within

COMES_IN_USE = STANDS - {KitState.INCOMPLETE, KitState.REPAIR}
"""A kit on its way in one of these states is lent soon after it has arrived."""


@dataclass(frozen=True, slots=True)
class BranchForecast:
    """One branch and kit type (codes) on the session's first pick-up day. ``set_aside`` is the session's allotment."""

    branch: str
    branch_name: str
    kit_type: str
    set_aside: int
    expected: int
    promised: int
    waiting: int
    gap: int
    surplus: int


@dataclass(frozen=True, slots=True)
class CohortForecast:
    """A session's forecast. ``on`` is the day it is for: ``pickup_from``, the first pick-up day, or today after it."""

    cohort: str
    name: str
    pickup_from: date
    on: date
    branches: tuple[BranchForecast, ...]
    transfers: tuple[Transfer, ...]

    @property
    def gap(self) -> int:
        """How many kits are missing in all."""
        return sum(row.gap for row in self.branches)


def cohort_forecast(session: Session, cohort: str, *, at: datetime, by: Actor) -> CohortForecast:
    """The forecast of a session (its code): branches with an allotment, and those that could give.

    A programme lead sees all branches of their own programmes, others what concerns their branches. Raises ``Refused``:
    ``NOT_FOUND`` also where the reader may not look, ``COHORT_OVER``.
    """
    row = session.scalars(select(Cohort).where(Cohort.code == cohort)).one_or_none()
    if row is None or not _may_see(by, row.program_id):
        raise Refused.because(Reason.NOT_FOUND)
    if row.status is CohortStatus.CANCELLED or row.return_by < today_everywhere(session, at):
        raise Refused.because(Reason.COHORT_OVER, cohort=row.name)
    return _forecast(session, row, _as_things_stand(session, at=at, by=by), at=at)


def program_forecast(session: Session, program: str, *, at: datetime, by: Actor) -> list[CohortForecast]:
    """The forecasts of a programme's sessions that are not over, the first to begin first. ``NOT_FOUND`` as above."""
    found = session.scalars(select(Program).where(Program.code == program)).one_or_none()
    if found is None or not _may_see(by, found.id):
        raise Refused.because(Reason.NOT_FOUND)
    coming = _coming_cohorts(session, at).where(Cohort.program_id == found.id)
    now = _as_things_stand(session, at=at, by=by)
    return [_forecast(session, row, now, at=at) for row in session.scalars(coming)]


def coming_forecasts(session: Session, *, at: datetime, by: Actor) -> list[CohortForecast]:
    """The forecasts of all sessions that are not over and that the reader may look at."""
    rows = session.scalars(_coming_cohorts(session, at))
    now = _as_things_stand(session, at=at, by=by)
    return [_forecast(session, row, now, at=at) for row in rows if _may_see(by, row.program_id)]


def _coming_cohorts(session: Session, at: datetime) -> Select[Cohort]:
    return (
        select(Cohort)
        .where(Cohort.status == CohortStatus.PLANNED, Cohort.return_by >= today_everywhere(session, at))
        .order_by(Cohort.starts_on, Cohort.id)
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a session asks of one stock."""

    set_aside: int
    need: PoolNeed
    waiting: int


_NOTHING = _Asked(0, PoolNeed(0, 0), 0)


@dataclass(frozen=True, slots=True)
class _Now:
    """What is the same for every session: all stocks, the kits on their way, and the branches that are shown."""

    stocks: Sequence[StockAvailability]
    on_their_way: Mapping[tuple[str, str], int]
    names: Mapping[str, str]


def _as_things_stand(session: Session, *, at: datetime, by: Actor) -> _Now:
    stocks = availability(session, branch_ids=None, at=at)
    names = {row.code: row.name for row in session.execute(_names(by))}
    return _Now(stocks, _on_their_way(session), names)


def _forecast(session: Session, cohort: Cohort, now: _Now, *, at: datetime) -> CohortForecast:
    asked, names = _asked(session, cohort, at), now.names
    types = {kit_type for _, kit_type in asked}
    on, needs = cohort.pickup_from, {}
    for stock in now.stocks:
        key = stock.branch, stock.kit_type
        if stock.kit_type in types:
            on = max(on, stock.points[0].on)
            coming = now.on_their_way.get(key, 0)
            needs[key] = _need(stock, asked.get(key, _NOTHING), coming, on, cohort.return_by)
    transfers = [move for move in suggested(needs.values()) if {move.from_branch, move.to_branch} & names.keys()]
    givers = {(move.from_branch, move.kit_type) for move in transfers}
    shown = tuple(
        BranchForecast(
            branch=need.branch,
            branch_name=names[need.branch],
            kit_type=need.kit_type,
            set_aside=asked.get(key, _NOTHING).set_aside,
            expected=need.expected,
            promised=need.promised,
            waiting=need.waiting,
            gap=need.gap,
            surplus=need.surplus,
        )
        for key, need in needs.items()
        if need.branch in names and (key in asked or key in givers)
    )
    return CohortForecast(cohort.code, cohort.name, cohort.pickup_from, on, shown, tuple(transfers))


def _need(stock: StockAvailability, asked: _Asked, coming: int, on: date, until: date) -> BranchNeed:
    """A stock without the session's own allotment, on the day and on the worst day after it until the last."""
    own = asked.need.needed + coming
    expected = free_on(stock.points, on)
    lowest = min([expected, *(point.free for point in stock.points if on < point.on <= until)])
    return BranchNeed(
        stock.branch,
        stock.kit_type,
        expected=expected + own,
        lowest=lowest + own,
        promised=asked.need.promised,
        waiting=asked.waiting,
    )


def _asked(session: Session, cohort: Cohort, at: datetime) -> dict[tuple[str, str], _Asked]:
    """What a session asks of each stock, by the codes of branch and kit type."""
    needs = cohort_needs(session, cohort.id, today=today_everywhere(session, at), at=at)
    waiting = (
        select(func.count())
        .where(Reservation.pool_id == Pool.id, Reservation.state == ReservationState.WAITING)
        .correlate(Pool)
        .scalar_subquery()
    )
    pools = (
        select(Branch.code, KitType.code, Pool.kits, Pool.stock_id, waiting)
        .join(Stock, Stock.id == Pool.stock_id)
        .join(Branch, Branch.id == Stock.branch_id)
        .join(KitType, KitType.id == Stock.kit_type_id)
        .where(Pool.cohort_id == cohort.id)
    )
    return {
        (branch, kit_type): _Asked(kits, needs.get(stock_id, PoolNeed(0, 0)), queue)
        for branch, kit_type, kits, stock_id, queue in session.execute(pools)
    }


def _on_their_way(session: Session) -> dict[tuple[str, str], int]:
    """Kits on their way to the branch that they belong to."""
    rows = session.execute(
        select(Branch.code, KitType.code, func.count())
        .select_from(Kit)
        .join(Stock, Stock.id == Kit.stock_id)
        .join(Branch, Branch.id == Stock.branch_id)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .where(Kit.in_transit_to_id == Stock.branch_id, Kit.state.in_(COMES_IN_USE))
        .group_by(Branch.code, KitType.code)
    )
    return {(branch, kit_type): kits for branch, kit_type, kits in rows}


def _may_see(by: Actor, program_id: int) -> bool:
    """A lead for their own programmes; whoever may transfer kits for theirs."""
    if by.role is Role.PROGRAM:
        return program_id in by.program_ids
    return by.everywhere or any(by.may(Act.TRANSFER_KIT, branch_id) for branch_id in by.branch_ids)


def _names(by: Actor) -> Select[str, str]:
    """The branches whose rows are shown, by code: all to a lead, who plans for all."""
    chosen = select(Branch.code, Branch.name)
    return chosen if by.role is Role.PROGRAM else chosen.where(within(Branch.id, branches_of(by)))
