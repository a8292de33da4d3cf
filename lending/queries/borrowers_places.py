"""What one patron waits for or was promised, as they see it themselves: their reservations, and where they pick up.

Asked for by the patron's own id alone; seats in sessions are ``queries/enrolments.standings``. Source: SCREENS, "My
place in the queue"; RULES 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.domain.calendars import Calendar
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS, EnrolmentState, ReservationState
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Enrolment, Pool
from lending.models.kits import Kit, KitType
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.queries.positions import POSITION

_reservations, _kit_types, _branches = table_of(Reservation), table_of(KitType), table_of(Branch)
_cohorts, _enrolments, _pools, _stocks = table_of(Cohort), table_of(Enrolment), table_of(Pool), table_of(Stock)
_kits = table_of(Kit)
_ahead = _reservations.alias("ahead")


@dataclass(frozen=True, slots=True)
class MyReservation:
    """A live reservation of the patron who asks, by its public id. ``position`` is 1 for the next, ``None`` if it
    does not wait. ``enrolment`` (public id) and ``cohort`` (name) are those of a session's kit; ``zone`` the branch's.
    """

    reservation: str
    enrolment: str | None
    state: ReservationState
    kit_type: str
    cohort: str | None
    position: int | None
    code: str
    queued_at: datetime
    pickup_from: date | None
    ready_at: datetime | None
    ready_until: datetime | None
    branch_id: int
    branch_code: str
    branch: str
    branch_phone: str
    branch_address: str
    zone: str


@dataclass(frozen=True, slots=True)
class MySeat:
    """A seat of the patron who asks, or a place on a waiting list, by the enrolment's public id."""

    enrolment: str
    cohort: str
    state: EnrolmentState
    offered_until: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another library where the same could be picked up: its code and name, and how many people wait there."""

    branch_id: int
    code: str
    name: str
    waiting: int


_RESERVATIONS = select(
    _reservations.c.public_id.label("reservation"),
    _enrolments.c.public_id.label("enrolment"),
    _reservations.c.state,
    _kit_types.c.name.label("kit_type"),
    _cohorts.c.name.label("cohort"),
    POSITION,
    _reservations.c.pickup_code.label("code"),
    _reservations.c.queued_at,
    _cohorts.c.pickup_from,
    _reservations.c.ready_at,
    case((_reservations.c.state == ReservationState.READY, _reservations.c.ready_until)).label("ready_until"),
    _branches.c.id.label("branch_id"),
    _branches.c.code.label("branch_code"),
    _branches.c.name.label("branch"),
    _branches.c.phone.label("branch_phone"),
    _branches.c.address.label("branch_address"),
    _branches.c.zone,
).select_from(
    _reservations.join(_kit_types, _kit_types.c.id == _reservations.c.kit_type_id)
    .join(_branches, _branches.c.id == _reservations.c.pickup_branch_id)
    .outerjoin(_cohorts, _cohorts.c.id == _reservations.c.cohort_id)
    .outerjoin(_enrolments, _enrolments.c.id == _reservations.c.enrolment_id)
)


def my_reservations(session: Session, patron_id: int) -> list[MyReservation]:
    """The live reservations of a patron, the oldest first."""
    return _shown(session, patron_id, _reservations.c.state.in_(LIVE_RESERVATIONS))


def my_reservation(session: Session, patron_id: int, reservation: str) -> MyReservation | None:
    """The live reservation with this public id; ``None`` where there is none or it is not this patron's."""
    chosen = and_(_reservations.c.public_id == reservation, _reservations.c.state.in_(LIVE_RESERVATIONS))
    return next(iter(_shown(session, patron_id, chosen)), None)


def my_seat(session: Session, patron_id: int, enrolment: str) -> MySeat | None:
    """The live seat with this public id; ``None`` where there is none or it is not this patron's."""
    row = session.execute(
        select(Enrolment.public_id, Cohort.name, Enrolment.state, Enrolment.offered_until, Branch.zone)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(Branch, Branch.id == Enrolment.pickup_branch_id)
        .where(
            Enrolment.public_id == enrolment,
            Enrolment.patron_id == patron_id,
            Enrolment.state.in_(LIVE_ENROLMENTS),
        )
    ).one_or_none()
    return None if row is None else MySeat(*row)


def elsewhere(session: Session, reservation: MyReservation) -> list[Elsewhere]:
    """The other libraries that have kits of the same type, or for a session a pool of it, by name."""
    waiting = (
        select(func.count())
        .where(
            _ahead.c.stock_id == _stocks.c.id,
            _ahead.c.state == ReservationState.WAITING,
            _ahead.c.cohort_id.is_not_distinct_from(_reservations.c.cohort_id),
        )
        .correlate(_stocks, _reservations)
        .scalar_subquery()
    )
    has_kits = select(_kits.c.id).where(_kits.c.stock_id == _stocks.c.id).correlate(_stocks).exists()
    lends = or_(
        and_(_reservations.c.cohort_id.is_(None), has_kits),
        select(_pools.c.id)
        .where(_pools.c.stock_id == _stocks.c.id, _pools.c.cohort_id == _reservations.c.cohort_id)
        .correlate(_stocks, _reservations)
        .exists(),
    )
    chosen = (
        select(_branches.c.id, _branches.c.code, _branches.c.name, waiting)
        .select_from(
            _reservations.join(_stocks, _stocks.c.kit_type_id == _reservations.c.kit_type_id).join(
                _branches, _branches.c.id == _stocks.c.branch_id
            )
        )
        .where(
            _reservations.c.public_id == reservation.reservation,
            _stocks.c.branch_id != _reservations.c.pickup_branch_id,
            lends,
        )
        .order_by(_branches.c.name)
    )
    return [Elsewhere(*row) for row in session.connection().execute(chosen)]


def calendars(session: Session, reservations: list[MyReservation], *, since: date) -> dict[int, Calendar]:
    """The calendar of each branch at which a kit may be picked up."""
    return {id_: branch_calendar(session, id_, since=since) for id_ in sorted({one.branch_id for one in reservations})}


def _shown(session: Session, patron_id: int, chosen: ColumnElement[bool]) -> list[MyReservation]:
    rows = session.connection().execute(
        _RESERVATIONS.where(_reservations.c.patron_id == patron_id, chosen).order_by(_reservations.c.id)
    )
    return [_mine(row) for row in rows]


def _mine(row: AnyRow) -> MyReservation:
    values: dict[str, Any] = dict(row._mapping)
    return MyReservation(**values)
