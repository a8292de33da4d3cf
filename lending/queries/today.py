"""What waits at a reader's branches this morning: each number and the rows that it counts, by one condition.

A number and its list can never differ, because both are made of the same ``select``. Only what is open is looked at, so
that the past costs nothing (BATTERY P7). Source: SCREENS, "Today (pick up, due, overdue, inspect, free)".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum, unique
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.circulation.shelf import TO_PULL, to_pull
from lending.domain.states import KitState, LoanState, ReservationState
from lending.models.base import constant
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.models.tasks import Task, TaskKind
from lending.programs.pools import OUT_OF_SERVICE
from lending.queries.kits import kit_list


@unique
class Wait(StrEnum):
    """What somebody has to see to."""

    PICK_UP = "pick-up"
    DUE = "due"
    OVERDUE = "overdue"
    INSPECT = "inspect"
    PULL = "pull"
    QUEUED = "queued"
    TASKS = "tasks"


@dataclass(frozen=True, slots=True)
class Place:
    """A branch that is looked at, with the clock by which its day begins and ends."""

    branch_id: int
    code: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Today:
    """How many of each wait; ``closing`` ready ones go back by tomorrow's end, ``oldest_due`` is overdue the longest.

    ``inspect_since`` is since when the first kit waits for its inspection.
    """

    waits: Mapping[Wait, int]
    closing: int
    oldest_due: datetime | None
    inspect_since: datetime | None
    free: int
    in_service: int


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that waits: of a kit (its code) or, on the shelf, a slip's ``code``; ``at`` is when it was or is due.

    No row names a patron.
    """

    branch: str
    kit: str | None = None
    kit_type: str | None = None
    session: str | None = None
    code: str | None = None
    at: datetime | None = None
    zone: str = "UTC"
    task: TaskKind | None = None


OF_PROGRAMS = frozenset({Wait.PICK_UP, Wait.DUE, Wait.OVERDUE, Wait.PULL, Wait.QUEUED})
"""What may be of one program; an inspection and a task are of a kit, which belongs to none."""


def today(
    session: Session, places: Collection[Place], *, branch: str | None, at: datetime, program_id: int | None = None
) -> Today:
    """What waits at ``places``; ``branch`` is the code of the one, where there is only one. Nine statements.

    Of one program, ``OF_PROGRAMS`` alone tell something of it.
    """
    ids = sorted(place.branch_id for place in places)
    found = {wait: session.execute(_of(_counting(wait, places, at), wait, program_id)).one() for wait in Wait}
    owned = (
        select(func.count())
        .select_from(Kit)
        .join(Stock, Stock.id == Kit.stock_id)
        .where(Stock.branch_id.in_(ids), Kit.state.not_in(OUT_OF_SERVICE))
    )
    return Today(
        waits={wait: row.n for wait, row in found.items()},
        closing=found[Wait.PICK_UP].closing or 0,
        oldest_due=found[Wait.OVERDUE].first,
        inspect_since=found[Wait.INSPECT].first,
        free=kit_list(session, branch_ids=ids, branch=branch, state=KitState.AVAILABLE, limit=0).total,
        in_service=session.scalars(owned).one(),
    )


def rows(
    session: Session,
    wait: Wait,
    places: Collection[Place],
    *,
    at: datetime,
    program_id: int | None = None,
    limit: int = 1000,
) -> list[Row]:
    """The rows that a number counts, the most urgent first; ``limit`` at most."""
    columns = _COLUMNS[wait]
    whole = _of(_CHOSEN[wait](places, at), wait, program_id)
    chosen = whole.with_only_columns(*columns.values()).order_by(*_ORDER[wait]).limit(limit)
    return [Row(**dict(zip(columns, row, strict=True))) for row in session.execute(chosen)]


def _of(chosen: Select[Any], wait: Wait, program_id: int | None) -> Select[Any]:
    of_one = program_id is not None and wait in OF_PROGRAMS
    return chosen.where(Cohort.program_id == program_id) if of_one else chosen


def _counting(wait: Wait, places: Collection[Place], at: datetime) -> Select[Any]:
    """How many, and of the loans or kits the earliest instant."""
    closing = case((_by_end_of_day(places, at, Reservation.ready_until, days=1), 1))
    more: Mapping[Wait, tuple[Any, ...]] = {
        Wait.PICK_UP: (func.count(closing).label("closing"),),
        Wait.OVERDUE: (func.min(Loan.due_at).label("first"),),
        Wait.INSPECT: (func.min(Kit.turnaround_since).label("first"),),
    }
    return _CHOSEN[wait](places, at).with_only_columns(func.count().label("n"), *more.get(wait, ()))


def _ready(places: Collection[Place], at: datetime) -> Select[Any]:
    return (
        _reservations(_ids(places))
        .join(Kit, Kit.id == Reservation.kit_id)
        .where(Reservation.state == ReservationState.READY)
    )


def _to_pull(places: Collection[Place], at: datetime) -> Select[Any]:
    days: defaultdict[date, list[int]] = defaultdict(list)
    for place in places:
        days[_day(place.zone, at)].append(place.branch_id)
    asked = [and_(Reservation.pickup_branch_id.in_(ids), to_pull(day)) for day, ids in days.items()]
    return _reservations(_ids(places)).where(Reservation.state.in_(TO_PULL), or_(false(), *asked))


def _queued(places: Collection[Place], at: datetime) -> Select[Any]:
    return _reservations(_ids(places)).where(Reservation.state == ReservationState.WAITING)


def _reservations(ids: Collection[int]) -> Select[Any]:
    """Reservations for pick-up at these branches; by way of their stocks, for which there is an index by state."""
    return (
        select(Reservation.id)
        .select_from(Reservation)
        .join(Stock, Stock.id == Reservation.stock_id)
        .join(KitType, KitType.id == Reservation.kit_type_id)
        .join(Branch, Branch.id == Reservation.pickup_branch_id)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
        .where(Reservation.pickup_branch_id.in_(ids), Stock.branch_id.in_(ids))
    )


_LENT_BY = Loan.branch_id + 0
"""The branch of an open loan. By its index on branches SQLite would go through all that a branch ever lent."""


def _out(places: Collection[Place]) -> Select[Any]:
    return (
        select(Loan.id)
        .select_from(Loan)
        .join(Kit, Kit.id == Loan.kit_id)
        .join(KitType, KitType.id == Loan.kit_type_id)
        .join(Branch, Branch.id == Loan.branch_id)
        .outerjoin(Cohort, Cohort.id == Loan.cohort_id)
        .where(
            _LENT_BY.in_(_ids(places)),
            unreceived,
            Loan.state == constant(LoanState.OUT),
        )
    )


def _due(places: Collection[Place], at: datetime) -> Select[Any]:
    return _out(places).where(Loan.due_at >= at, _by_end_of_day(places, at, Loan.due_at, of=_LENT_BY))


def _overdue(places: Collection[Place], at: datetime) -> Select[Any]:
    return _out(places).where(Loan.due_at < at)


def _to_inspect(places: Collection[Place], at: datetime) -> Select[Any]:
    return (
        select(Kit.id)
        .select_from(Kit)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .join(Branch, Branch.id == Kit.branch_id)
        .where(Kit.branch_id.in_(_ids(places)), Kit.state == KitState.TO_INSPECT, Kit.in_transit_to_id.is_(None))
    )


def _tasks(places: Collection[Place], at: datetime) -> Select[Any]:
    return (
        select(Task.id)
        .select_from(Task)
        .join(Branch, Branch.id == Task.branch_id)
        .outerjoin(Kit, Kit.id == Task.kit_id)
        .outerjoin(KitType, KitType.id == Kit.kit_type_id)
        .where(Task.branch_id.in_(_ids(places)), Task.closed_at.is_(None))
    )


_OF_KIT: Mapping[str, Any] = {"branch": Branch.name, "kit": Kit.barcode, "kit_type": KitType.name, "zone": Branch.zone}
_OF_PROMISE: Mapping[str, Any] = {
    "branch": Branch.name,
    "kit_type": KitType.name,
    "zone": Branch.zone,
    "session": Cohort.name,
    "code": Reservation.pickup_code,
}
_CHOSEN = {
    Wait.PICK_UP: _ready,
    Wait.DUE: _due,
    Wait.OVERDUE: _overdue,
    Wait.INSPECT: _to_inspect,
    Wait.PULL: _to_pull,
    Wait.QUEUED: _queued,
    Wait.TASKS: _tasks,
}
_COLUMNS: Mapping[Wait, Mapping[str, Any]] = {
    Wait.PICK_UP: {**_OF_PROMISE, "kit": Kit.barcode, "at": Reservation.ready_until},
    Wait.DUE: {**_OF_KIT, "session": Cohort.name, "at": Loan.due_at},
    Wait.OVERDUE: {**_OF_KIT, "session": Cohort.name, "at": Loan.due_at},
    Wait.INSPECT: {**_OF_KIT, "at": Kit.turnaround_since},
    Wait.PULL: {**_OF_PROMISE, "at": Reservation.queued_at},
    Wait.QUEUED: {**_OF_PROMISE, "at": Reservation.queued_at},
    Wait.TASKS: {**_OF_KIT, "task": Task.kind, "at": Task.opened_at},
}
_ORDER: Mapping[Wait, tuple[Any, ...]] = {
    Wait.PICK_UP: (Reservation.ready_until, Reservation.id),
    Wait.DUE: (Loan.due_at, Loan.id),
    Wait.OVERDUE: (Loan.due_at, Loan.id),
    Wait.INSPECT: (Kit.turnaround_since.is_(None), Kit.turnaround_since, Kit.id),
    Wait.PULL: (Cohort.pickup_from.is_(None), Cohort.pickup_from, Reservation.id),
    Wait.QUEUED: (Reservation.queued_at, Reservation.id),
    Wait.TASKS: (Task.id,),
}


def _ids(places: Collection[Place]) -> list[int]:
    return sorted(place.branch_id for place in places)


def _day(zone: str, at: datetime) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _by_end_of_day(
    places: Collection[Place], at: datetime, instant: Any, *, of: Any = Reservation.pickup_branch_id, days: int = 0
) -> ColumnElement[bool]:
    """Whether an instant comes before the end of the branch's own day, or of one some days later."""
    zones: defaultdict[str, list[int]] = defaultdict(list)
    for place in places:
        zones[place.zone].append(place.branch_id)
    ends = [
        and_(of.in_(ids), instant < datetime.combine(_day(zone, at) + timedelta(days + 1), time(), ZoneInfo(zone)))
        for zone, ids in zones.items()
    ]
    return or_(false(), *ends)
