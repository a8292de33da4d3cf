"""Programmes and cohorts as they are planned, with their seats and kits counted: for pages and for other programs.

No person is named here, so all staff see every cohort; a programme lead sees their own programmes'.
Source: INTERFACES, "GET /programs, GET /cohorts".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout_statements import unreceived
from lending.domain.actors import Actor
from lending.domain.permissions import Role
from lending.domain.public_survey import Audience
from lending.domain.states import HOLDS_A_SEAT, PROMISED_RESERVATIONS, EnrolmentState, ReservationState
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program, Workshop, WorkshopMode
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.pools import OUT_OF_SERVICE


@unique
class Phase(StrEnum):
    """When a cohort is held, seen from a day. Cancelled ones are past."""

    CURRENT = "current"
    COMING = "coming"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class ProgramShown:
    """A programme. ``seat_offer_hours`` is ``None`` where a freed seat is given at once."""

    code: str
    name: str
    description: str
    agreement_code: str | None
    eligibility: Mapping[str, Any]
    ends_on: date | None
    last_borrow_on: date | None
    seat_offer_hours: int | None
    audience: Audience


@dataclass(frozen=True, slots=True)
class PoolShown:
    """A pool: kits allotted, promised, waited for, and out with the cohort. ``branch`` and ``kit_type`` are codes."""

    branch: str
    branch_name: str
    kit_type: str
    kits: int
    promised: int
    waiting: int
    out: int


@dataclass(frozen=True, slots=True)
class WorkshopShown:
    """A workshop of a cohort; ``branch`` is the code of where people meet, if they do."""

    id: str
    n: int
    title: str
    starts_at: datetime
    ends_at: datetime
    mode: WorkshopMode
    branch: str | None


@dataclass(frozen=True, slots=True)
class CohortShown:
    """A cohort. ``seats`` are taken or offered, ``waiting`` people are on the waiting list. ``zone`` is its clock."""

    code: str
    program: str
    program_name: str
    name: str
    status: CohortStatus
    starts_on: date
    ends_on: date
    return_by: date
    pickup_from: date
    capacity: int
    seats: int
    waiting: int
    languages: str
    partners: str
    captains: str
    materials: str
    first_day_mandatory: bool
    zone: str
    pools: tuple[PoolShown, ...]
    workshops: tuple[WorkshopShown, ...]

    @property
    def kits(self) -> int:
        """The kits of all its pools."""
        return sum(pool.kits for pool in self.pools)

    @property
    def kits_out(self) -> int:
        """Those of them that are out."""
        return sum(pool.out for pool in self.pools)


@dataclass(frozen=True, slots=True)
class CohortPage:
    """Cohorts in order; ``after`` continues behind the last one, ``None`` at the end."""

    cohorts: tuple[CohortShown, ...]
    after: str | None


def programs(session: Session, *, by: Actor) -> list[ProgramShown]:
    """The programmes that ``by`` may see, by code."""
    chosen = select(Program).where(_visible(Program.id, by)).order_by(Program.code)
    return [_program(row) for row in session.scalars(chosen)]


def program(session: Session, code: str, *, by: Actor) -> ProgramShown:
    """The programme with this code; ``Refused`` (``NOT_FOUND``) for one that ``by`` may not see."""
    row = session.scalars(select(Program).where(Program.code == code, _visible(Program.id, by))).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _program(row)


def cohorts(
    session: Session,
    *,
    by: Actor,
    on: date,
    program: str | None = None,
    phase: Phase | None = None,
    after: str | None = None,
    limit: int = 50,
) -> CohortPage:
    """A page of the cohorts that ``by`` may see, by code. ``phase`` is seen from the day ``on``."""
    chosen = _COHORTS.where(_visible(Cohort.program_id, by))
    if program is not None:
        chosen = chosen.where(Program.code == program)
    if phase is not None:
        chosen = chosen.where(_in_phase(phase, on))
    if after is not None:
        chosen = chosen.where(Cohort.code > after)
    rows = session.execute(chosen.order_by(Cohort.code).limit(limit + 1)).all()
    found = _shown(session, rows[:limit])
    return CohortPage(tuple(found), found[-1].code if len(rows) > limit else None)


def cohorts_by_date(session: Session, *, by: Actor, on: date, phase: Phase, limit: int = 50) -> list[CohortShown]:
    """The cohorts of one phase, the next to begin first; those that are past the latest first. No single workshops."""
    order = Cohort.starts_on.desc() if phase is Phase.PAST else Cohort.starts_on
    chosen = _COHORTS.where(_visible(Cohort.program_id, by), _in_phase(phase, on), Cohort.is_single.is_(False))
    return _shown(session, session.execute(chosen.order_by(order, Cohort.id).limit(limit)).all())


def cohort(session: Session, code: str, *, by: Actor) -> CohortShown:
    """The cohort with this code; ``Refused`` (``NOT_FOUND``) for one that ``by`` may not see."""
    rows = session.execute(_COHORTS.where(Cohort.code == code, _visible(Cohort.program_id, by))).all()
    if not rows:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(session, rows)[0]


def kit_types_at(session: Session, cohort_id: int, branch: str) -> list[str]:
    """The codes of the kit types that a cohort has kits of at a branch (its code)."""
    chosen = (
        select(KitType.code)
        .join(Stock, Stock.kit_type_id == KitType.id)
        .join(Pool, Pool.stock_id == Stock.id)
        .join(Branch, Branch.id == Stock.branch_id)
        .where(Pool.cohort_id == cohort_id, Branch.code == branch)
    )
    return list(session.scalars(chosen.order_by(Pool.id)))


def workshop(session: Session, public_id: str, *, by: Actor) -> WorkshopShown:
    """One workshop; ``Refused`` (``NOT_FOUND``) for one whose cohort ``by`` may not see."""
    chosen = _WORKSHOPS.join(Cohort, Cohort.id == Workshop.cohort_id)
    row = session.execute(chosen.where(Workshop.public_id == public_id, _visible(Cohort.program_id, by))).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return WorkshopShown(*row[1:])


_COHORTS = select(Cohort, Program.code.label("program"), Program.name.label("program_name")).join(
    Program, Program.id == Cohort.program_id
)
_WORKSHOPS = (
    select(
        Workshop.cohort_id,
        Workshop.public_id,
        Workshop.n,
        Workshop.title,
        Workshop.starts_at,
        Workshop.ends_at,
        Workshop.mode,
        Branch.code,
    )
    .outerjoin(Branch, Branch.id == Workshop.branch_id)
    .order_by(Workshop.cohort_id, Workshop.n)
)


def _counted(chosen: ColumnElement[bool]) -> Any:
    return (
        select(func.count())
        .select_from(Reservation)
        .where(Reservation.pool_id == Pool.id, chosen)
        .correlate(Pool)
        .scalar_subquery()
    )


_out = (
    select(func.count())
    .select_from(Loan)
    .join(Kit, Kit.id == Loan.kit_id)
    .where(Loan.cohort_id == Pool.cohort_id, Kit.stock_id == Pool.stock_id, unreceived)
    .correlate(Pool)
    .scalar_subquery()
)
_POOLS = (
    select(
        Pool.cohort_id,
        Branch.zone,
        Branch.code,
        Branch.name,
        KitType.code,
        Pool.kits,
        _counted(Reservation.state.in_(PROMISED_RESERVATIONS)),
        _counted(Reservation.state == ReservationState.WAITING),
        _out,
    )
    .join(Stock, Stock.id == Pool.stock_id)
    .join(Branch, Branch.id == Stock.branch_id)
    .join(KitType, KitType.id == Stock.kit_type_id)
    .order_by(Pool.cohort_id, Branch.name, KitType.code)
)
_SEATS = select(Enrolment.cohort_id, Enrolment.state, func.count()).group_by(Enrolment.cohort_id, Enrolment.state)


def _shown(session: Session, rows: Sequence[Any]) -> list[CohortShown]:
    """Cohorts with their pools, workshops and seats, by four more statements however many they are."""
    ids = [row.Cohort.id for row in rows]
    pools: dict[int, list[PoolShown]] = {id_: [] for id_ in ids}
    zones: dict[int, str] = {}
    for row in session.execute(_POOLS.where(Pool.cohort_id.in_(ids))):
        pools[row[0]].append(PoolShown(*row[2:]))
        zones.setdefault(row[0], row[1])
    meetings: dict[int, list[WorkshopShown]] = {id_: [] for id_ in ids}
    for row in session.execute(_WORKSHOPS.where(Workshop.cohort_id.in_(ids))):
        meetings[row[0]].append(WorkshopShown(*row[1:]))
    seats = {(row[0], row[1]): row[2] for row in session.execute(_SEATS.where(Enrolment.cohort_id.in_(ids)))}
    anywhere = session.scalars(select(Branch.zone).order_by(Branch.id).limit(1)).first() or "UTC"
    return [
        CohortShown(
            program=row.program,
            program_name=row.program_name,
            seats=sum(seats.get((row.Cohort.id, state), 0) for state in HOLDS_A_SEAT),
            waiting=seats.get((row.Cohort.id, EnrolmentState.WAITING), 0),
            zone=zones.get(row.Cohort.id, anywhere),
            pools=tuple(pools[row.Cohort.id]),
            workshops=tuple(meetings[row.Cohort.id]),
            **{name: getattr(row.Cohort, name) for name in _OWN},
        )
        for row in rows
    ]


_OWN = (
    "code",
    "name",
    "status",
    "starts_on",
    "ends_on",
    "return_by",
    "pickup_from",
    "capacity",
    "languages",
    "partners",
    "captains",
    "materials",
    "first_day_mandatory",
)


def _program(row: Program) -> ProgramShown:
    return ProgramShown(**{name: getattr(row, name) for name in ProgramShown.__slots__})


def _in_phase(phase: Phase, on: date) -> ColumnElement[bool]:
    is_planned = Cohort.status == CohortStatus.PLANNED
    if phase is Phase.PAST:
        return ~and_(is_planned, Cohort.return_by >= on)
    begun = Cohort.pickup_from <= on if phase is Phase.CURRENT else Cohort.pickup_from > on
    return and_(is_planned, Cohort.return_by >= on, begun)


def _visible(column: InstrumentedAttribute[int], by: Actor) -> ColumnElement[bool]:
    return column.in_(sorted(by.program_ids)) if by.role is Role.PROGRAM else true()


def closed_workshops(session: Session, code: str) -> frozenset[str]:
    """The workshops (public ids) of a cohort on whose day a branch that lends its kits, or has them, is closed."""
    held = select(Workshop).join(Cohort, Cohort.id == Workshop.cohort_id).where(Cohort.code == code)
    workshops = session.scalars(held).all()
    lends = (
        select(Stock.branch_id)
        .join(Pool, Pool.stock_id == Stock.id)
        .join(Cohort, Cohort.id == Pool.cohort_id)
        .where(Cohort.code == code)
    )
    lending = set(session.scalars(lends))
    places = lending | {workshop.branch_id for workshop in workshops if workshop.branch_id is not None}
    if not workshops:
        return frozenset()
    since = min(workshop.starts_at.date() for workshop in workshops) - timedelta(days=1)
    calendars = {id_: branch_calendar(session, id_, since=since) for id_ in sorted(places)}
    return frozenset(
        workshop.public_id
        for workshop in workshops
        if not all(
            calendars[id_].is_open_on(calendars[id_].local_date(workshop.starts_at))
            for id_ in lending | ({workshop.branch_id} if workshop.branch_id is not None else set())
        )
    )


@dataclass(frozen=True, slots=True)
class StockShown:
    """Kits of one type that belong to a branch, those that are lost, missing or withdrawn left out."""

    branch_id: int
    branch: str
    branch_name: str
    kit_type: str
    kit_type_name: str
    kits: int


def stocks(session: Session) -> list[StockShown]:
    """Every branch's kits by type, to plan with: by the name of the branch."""
    in_service = (
        select(func.count())
        .where(Kit.stock_id == Stock.id, Kit.state.not_in(OUT_OF_SERVICE))
        .correlate(Stock)
        .scalar_subquery()
    )
    chosen = (
        select(Branch.id, Branch.code, Branch.name, KitType.code, KitType.name, in_service)
        .join(Stock, Stock.branch_id == Branch.id)
        .join(KitType, KitType.id == Stock.kit_type_id)
        .order_by(Branch.name, KitType.name)
    )
    return [StockShown(*row) for row in session.execute(chosen)]
