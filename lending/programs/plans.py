"""What a change makes of a cohort's plan: dates that follow each other, workshops that move along, pools that hold.

Nothing is written here. Whoever changes the first day moves the whole session: what is not given follows by as many
days, workshops at their own wall clock. Source: RULES 4; issue "Kits follow cohorts", Build 1 and 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.redating import Changed, Ground, Moved, Stays, Thing, Why
from lending.circulation.reservations import left_in_pool
from lending.domain.calendars import Calendar, check_days
from lending.domain.registration import plain_text
from lending.domain.states import EnrolmentState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, Enrolment, Program, Workshop
from lending.models.kits import KitType
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.cohorts import TEXTS, CohortTexts, refuse_wrong, text_values, wrong_dates, zone_of
from lending.programs.enrolment import free_seats, waiting_list
from lending.programs.pools import (
    CohortPool,
    PoolPlan,
    are_wrong,
    branches_of,
    exceeds_stock,
    kit_types_of,
    kits_left,
    pools_of,
)
from lending.programs.timetable import closed_days, return_by_of, shifted

DATES = ("starts_on", "ends_on", "return_by", "pickup_from")


@dataclass(frozen=True, slots=True)
class CohortChange:
    """What of a cohort changes; ``None`` leaves it.

    ``starts_on`` moves the whole session: dates that are not given follow by as many days. ``pools`` are the numbers of
    the pools that are named, no kits for one that is no longer wanted; the others stay.
    """

    name: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    return_by: date | None = None
    pickup_from: date | None = None
    capacity: int | None = None
    pools: Sequence[PoolPlan] = ()
    languages: str | None = None
    partners: str | None = None
    captains: str | None = None
    materials: str | None = None
    first_day_mandatory: bool | None = None


@dataclass(frozen=True, slots=True)
class MeetingMove:
    """A workshop that is held at another time."""

    workshop: Workshop
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class NewPlan:
    """A cohort's plan after a change. ``values`` are of its row, ``pools`` kits by stock, both where they change."""

    return_by: date
    pickup_from: date
    values: Mapping[str, object]
    pools: Mapping[int, int]
    meetings: Sequence[MeetingMove]
    changed: tuple[Changed, ...]
    workshops_moved: tuple[Moved, ...]
    workshops_stay: tuple[Stays, ...]
    closed_on: tuple[date, ...]
    counts: Mapping[str, int]

    @property
    def moves_dates(self) -> bool:
        """Whether people have to be told: a date of the session or of a workshop is another one."""
        return bool(self.meetings) or any(name in self.values for name in DATES)


def new_plan(session: Session, held: Cohort, change: CohortChange, ground: Ground, *, at: datetime) -> NewPlan:
    """What ``change`` makes of the plan of ``held``. Raises ``Refused`` with all that is against it."""
    check_days(**{field: getattr(change, field) for field in DATES})
    pools = pools_of(session, held.id)
    names = branches_of(session, change.pools)
    calendars = [ground.calendar(id_) for id_ in sorted({pool.branch_id for pool in pools} | names.keys())]
    zone = zone_of(session, held.id)
    later = 0 if change.starts_on is None else (change.starts_on - held.starts_on).days
    workshops = session.scalars(select(Workshop).where(Workshop.cohort_id == held.id).order_by(Workshop.n)).all()
    meetings = _later(workshops, later, zone, at=at)
    new_days = _days(workshops, meetings, zone)
    dates = _dates(held, change, calendars, _days(workshops, (), zone), new_days)
    texts = _texts(held, change)
    name = held.name if change.name is None else change.name
    to_come = [workshop for workshop in workshops if workshop.starts_at > at]
    days_to_come = list(zip(to_come, _days(to_come, meetings, zone), strict=True))
    moves = any(dates[day] != getattr(held, day) for day in ("starts_on", "ends_on"))
    program_ends_on = session.scalars(select(Program.ends_on).where(Program.id == held.program_id)).one()
    wrong = {
        **wrong_dates(**dates, program_ends_on=program_ends_on if moves else None),
        "capacity": change.capacity is not None and change.capacity < 1,
        "pools": are_wrong(change.pools),
    }
    refuse_wrong(name, texts, wrong)
    capacity = held.capacity if change.capacity is None else change.capacity
    stocks = _stocks(session, change.pools)
    new_kits = {pool.stock_id: pool.kits for pool in pools} | {stocks[_key(plan)]: plan.kits for plan in change.pools}
    free = free_seats(session, held) + capacity - held.capacity
    today = at.astimezone(ZoneInfo(zone)).date()
    against = [
        *_against_dates(held, dates["return_by"], today),
        *(_against_workshops(days_to_come, dates) if moves else ()),
        *_against_seats(held, capacity, free),
        *_against_pools(session, held, dates, pools, change.pools, names, stocks, at=at),
    ]
    if against:
        raise Refused(*against)
    said = {"name": plain_text(name, 120), **dates, "capacity": capacity, **text_values(texts)}
    values = {field: value for field, value in said.items() if getattr(held, field) != value}
    return NewPlan(
        return_by=dates["return_by"],
        pickup_from=dates["pickup_from"],
        values=values,
        pools={stock: kits for stock, kits in new_kits.items() if kits != _kits_now(pools, stock)},
        meetings=meetings,
        changed=tuple(_changed(held, values, pools, change.pools, names)),
        workshops_moved=tuple(_workshop_line(move, zone) for move in meetings),
        workshops_stay=tuple(_stays(workshop, zone) for workshop in workshops if later and workshop.starts_at <= at),
        closed_on=closed_days(calendars, new_days),
        counts=_moving_up(session, held, pools, new_kits, free, at=at),
    )


def stocks_of(session: Session, cohort_id: int, plans: Sequence[PoolPlan]) -> set[int]:
    """The stocks whose pools a change may touch: all those of the cohort, and those it names."""
    return {pool.stock_id for pool in pools_of(session, cohort_id)} | {
        stock_id for stock_id in _stocks(session, plans).values() if stock_id
    }


def _later(workshops: Sequence[Workshop], days: int, zone: str, *, at: datetime) -> list[MeetingMove]:
    """The workshops that are still to come, so many days later at their own wall clock."""
    return [
        MeetingMove(held, shifted(held.starts_at, days, zone), shifted(held.ends_at, days, zone))
        for held in workshops
        if days and held.starts_at > at
    ]


def _dates(
    held: Cohort,
    change: CohortChange,
    calendars: Sequence[Calendar],
    old_days: Sequence[date],
    new_days: Sequence[date],
) -> dict[str, date]:
    """The dates after a change, with the days on which workshops were and will be held.

    Where nobody gives the day on which kits come back and nobody had set one, it is worked out anew.
    """
    starts_on = change.starts_on or held.starts_on
    later = starts_on - held.starts_on
    ends_on = change.ends_on or held.ends_on + later
    found = {"starts_on": starts_on, "ends_on": ends_on, "pickup_from": change.pickup_from or held.pickup_from + later}
    if change.return_by is not None:
        return_by = change.return_by
    elif ends_on == held.ends_on and not later:
        return_by = held.return_by
    elif held.return_by != return_by_of(calendars, held.ends_on, max(old_days, default=None)):
        return_by = max(ends_on, ends_on + (held.return_by - held.ends_on))
    else:
        return_by = return_by_of(calendars, ends_on, max(new_days, default=None))
    return {**found, "return_by": return_by}


def _days(workshops: Sequence[Workshop], moves: Sequence[MeetingMove], zone: str) -> list[date]:
    new = {move.workshop.id: move.starts_at for move in moves}
    return [new.get(held.id, held.starts_at).astimezone(ZoneInfo(zone)).date() for held in workshops]


def _texts(held: Cohort, change: CohortChange) -> CohortTexts:
    given = {name: getattr(change, name) for name in (*TEXTS, "first_day_mandatory")}
    return CohortTexts(**{name: getattr(held, name) if value is None else value for name, value in given.items()})


def _stocks(session: Session, plans: Sequence[PoolPlan]) -> dict[tuple[int, str], int]:
    """The stocks that plans name; 0 for one that does not exist yet, which has no kits to allot."""
    types = kit_types_of(session, plans)
    chosen = select(Stock.branch_id, KitType.code, Stock.id).join(KitType, KitType.id == Stock.kit_type_id)
    known = {(row.branch_id, row.code): row.id for row in session.execute(chosen.where(KitType.code.in_(types)))}
    return {_key(plan): known.get(_key(plan), 0) for plan in plans}


def _key(plan: PoolPlan) -> tuple[int, str]:
    return plan.branch_id, plan.kit_type


def _kits_now(pools: Sequence[CohortPool], stock_id: int) -> int:
    return next((pool.kits for pool in pools if pool.stock_id == stock_id), 0)


def _against_dates(held: Cohort, return_by: date, today: date) -> Iterator[Block]:
    if return_by != held.return_by and return_by < today:
        yield Block(Reason.DATE_IN_THE_PAST, {"on": return_by})


def _against_workshops(to_come: Iterable[tuple[Workshop, date]], dates: Mapping[str, date]) -> Iterator[Block]:
    for workshop, on in to_come:
        if not dates["starts_on"] <= on <= dates["ends_on"]:
            yield Block(Reason.WORKSHOP_OUTSIDE_SESSION, {"workshop": workshop.title, "on": on})


def _against_seats(held: Cohort, capacity: int, free: int) -> Iterator[Block]:
    if capacity < held.capacity and free < 0:
        yield Block(Reason.CAPACITY_BELOW_SEATS, {"out": capacity - free})


def _against_pools(
    session: Session,
    held: Cohort,
    dates: Mapping[str, date],
    pools: Sequence[CohortPool],
    plans: Sequence[PoolPlan],
    names: Mapping[int, str],
    stocks: Mapping[tuple[int, str], int],
    *,
    at: datetime,
) -> Iterator[Block]:
    """A pool smaller than what is promised or out of it, and one for which the stock has too few on some day.

    A shortage that was there before, because kits were lost, refuses nothing that leaves it as it is.
    """
    now = {(pool.branch_id, pool.kit_type): pool for pool in pools}
    wanted = {key: PoolPlan(*key, pool.kits) for key, pool in now.items()} | {_key(plan): plan for plan in plans}
    for key, plan in sorted(wanted.items()):
        pool = now.get(key)
        branch = names.get(plan.branch_id) or (pool.branch_name if pool else "")
        taken = 0 if pool is None else pool.kits - left_in_pool(session, pool.pool_id, at=at)
        if pool is not None and plan.kits < min(pool.kits, taken):
            yield Block(
                Reason.POOL_BELOW_PROMISES,
                {"branch": branch, "kit_type": plan.kit_type, "kits": plan.kits, "out": taken},
            )
        stock_id = pool.stock_id if pool else stocks[key]
        left = kits_left(session, stock_id, dates["pickup_from"], dates["return_by"], but=held.id)
        left_before = kits_left(session, stock_id, held.pickup_from, held.return_by, but=held.id)
        short_before = max(0, (pool.kits if pool else 0) - left_before)
        if plan.kits - left > short_before:
            yield exceeds_stock(plan, branch, left)


def _changed(
    held: Cohort,
    values: Mapping[str, object],
    pools: Sequence[CohortPool],
    plans: Sequence[PoolPlan],
    branches: Mapping[int, str],
) -> Iterator[Changed]:
    for field, value in values.items():
        yield Changed(field, _text(getattr(held, field)), _text(value))
    now = {(pool.branch_id, pool.kit_type): pool for pool in pools}
    for plan in plans:
        pool = now.get(_key(plan))
        was = 0 if pool is None else pool.kits
        if was != plan.kits:
            which = f"{branches[plan.branch_id]}, {plan.kit_type}"
            yield Changed("pools", f"{which}: {was}", f"{which}: {plan.kits}")


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _workshop_line(move: MeetingMove, zone: str) -> Moved:
    held = move.workshop
    return Moved(Thing.WORKSHOP, held.public_id, held.title, "", zone, held.starts_at, move.starts_at, Why.COHORT_MOVED)


def _stays(held: Workshop, zone: str) -> Stays:
    return Stays(Thing.WORKSHOP, held.public_id, held.title, "", zone, held.starts_at, Why.HELD_ALREADY)


def _moving_up(
    session: Session,
    held: Cohort,
    pools: Sequence[CohortPool],
    new_kits: Mapping[int, int],
    free: int,
    *,
    at: datetime,
) -> dict[str, int]:
    """How many of the waiting list get or are offered a seat, and how many of the queues a kit."""
    following = waiting_list(session, held.id, free)
    at_once = session.scalars(select(Program.seat_offer_hours).where(Program.id == held.program_id)).one() is None
    seated = [row.id for row in following] if at_once else []
    kits = 0
    for pool in pools:
        left = left_in_pool(session, pool.pool_id, at=at) + new_kits[pool.stock_id] - pool.kits
        waiting = (
            select(func.count())
            .select_from(Reservation)
            .outerjoin(Enrolment, Enrolment.id == Reservation.enrolment_id)
            .where(
                Reservation.pool_id == pool.pool_id,
                Reservation.state == ReservationState.WAITING,
                or_(Enrolment.id.is_(None), Enrolment.state == EnrolmentState.ENROLLED, Enrolment.id.in_(seated)),
            )
        )
        kits += max(0, min(left, session.scalars(waiting).one()))
    return {"seats": len(following), "kits": kits}
