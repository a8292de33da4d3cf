"""The hold shelf of a branch: what is to be pulled and from where, what is ready, and what has to go back.

Codes and kits, and of the patron the short name that staff may see. Source: SCREENS, "Shelf and pull list".
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from lending.circulation.shelf import pulled_first, to_pull
from lending.domain.names import short_name
from lending.domain.states import LIVE_RESERVATIONS, KitState, ReservationState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.kits import Kit, KitType
from lending.models.people import Patron
from lending.models.reservations import Reservation


@dataclass(frozen=True, slots=True)
class ToPull:
    """A reservation (public id) that waits for its kit, and a free ``kit`` that would do, with where it stands.

    ``kit`` is ``None`` where no more are free. ``on_shelf``: it lies on the shelf already, left by somebody else.
    ``pickup_from`` is the first day on which a session's kits may be collected.
    """

    reservation: str
    pickup_code: str
    kit_type: str
    cohort: str | None
    pickup_from: date | None
    kit: str | None
    place: str | None
    on_shelf: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A kit on the shelf that its patron (public id, short name) may collect."""

    reservation: str
    pickup_code: str
    kit: str
    kit_type: str
    cohort: str | None
    ready_until: datetime
    patron: str | None
    patron_name: str


@dataclass(frozen=True, slots=True)
class ToPutBack:
    """A kit on the shelf that nobody may collect any more; it lay there under this code, which has ``ended`` so."""

    kit: str
    kit_type: str
    pickup_code: str | None
    ended: ReservationState | None


@dataclass(frozen=True, slots=True)
class Slip:
    """What is wrapped around a kit: a code and no name."""

    reservation: str
    pickup_code: str
    kit: str
    kit_type: str
    cohort: str | None
    branch_id: int
    branch: str
    ready_until: datetime
    zone: str


_holding = aliased(Reservation)
_bound = exists().where(_holding.kit_id == Kit.id, _holding.state.in_(LIVE_RESERVATIONS)).correlate(Kit)


def pull_list(session: Session, *, branch_id: int, today: date) -> tuple[ToPull, ...]:
    """What is to be pulled at a branch on its local day, by place; what there is no free kit for comes last.

    Whoever is first gets a kit first; any kit of the type would do as well.
    """
    wanted = (
        select(
            Reservation.public_id,
            Reservation.pickup_code,
            Reservation.stock_id,
            KitType.name.label("kit_type"),
            Cohort.name.label("cohort"),
            Cohort.pickup_from,
        )
        .join(KitType, KitType.id == Reservation.kit_type_id)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
        .where(Reservation.pickup_branch_id == branch_id, to_pull(today))
        .order_by(*pulled_first(today))
    )
    free: defaultdict[int, deque[AnyRow]] = defaultdict(deque)
    for kit in session.execute(_free_kits(branch_id)):
        free[kit.stock_id].append(kit)
    rows = []
    for row in session.execute(wanted):
        one: AnyRow | None = free[row.stock_id].popleft() if free[row.stock_id] else None
        rows.append(
            ToPull(
                row.public_id,
                row.pickup_code,
                row.kit_type,
                row.cohort,
                row.pickup_from,
                None if one is None else one.barcode,
                None if one is None else one.place,
                one is not None and one.state is KitState.ON_SHELF,
            )
        )
    return tuple(sorted(rows, key=_where_it_stands))


def _where_it_stands(row: ToPull) -> tuple[bool, bool, bool, str, str]:
    return row.kit is None, not row.on_shelf, row.place is None, row.place or "", row.kit or ""


def ready(session: Session, *, branch_id: int) -> tuple[Ready, ...]:
    """What may be collected at a branch, by its code."""
    chosen: Any = (
        select(
            Reservation.public_id.label("reservation"),
            Reservation.pickup_code,
            Kit.barcode.label("kit"),
            KitType.name.label("kit_type"),
            Cohort.name.label("cohort"),
            Reservation.ready_until,
            Patron.public_id.label("patron"),
            Patron.name.label("patron_name"),
        )
        .join(Kit, Kit.id == Reservation.kit_id)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
        .outerjoin(Patron, Patron.id == Reservation.patron_id)
        .where(Reservation.pickup_branch_id == branch_id, Reservation.state == ReservationState.READY)
        .order_by(Reservation.pickup_code, Reservation.id)
    )
    return tuple(
        Ready(**{**row._mapping, "patron_name": short_name(row.patron_name or "")}) for row in session.execute(chosen)
    )


def to_put_back(session: Session, *, branch_id: int) -> tuple[ToPutBack, ...]:
    """What lies on the shelf of a branch for nobody, by kit."""
    last = select(func.max(_holding.id)).where(_holding.kit_id == Kit.id).correlate(Kit).scalar_subquery()
    chosen: Any = (
        select(Kit.barcode, KitType.name, Reservation.pickup_code, Reservation.state)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .outerjoin(Reservation, Reservation.id == last)
        .where(Kit.branch_id == branch_id, Kit.state == KitState.ON_SHELF, ~_bound)
        .order_by(Kit.barcode)
    )
    return tuple(ToPutBack(*row) for row in session.execute(chosen))


def slip(session: Session, reservation: str) -> Slip:
    """What is wrapped around the kit of a reservation (public id); ``NOT_FOUND`` for one without a kit on the shelf."""
    chosen: Any = (
        select(
            Reservation.public_id,
            Reservation.pickup_code,
            Kit.barcode,
            KitType.name.label("kit_type"),
            Cohort.name.label("cohort"),
            Branch.id.label("branch_id"),
            Branch.name.label("branch"),
            Reservation.ready_until,
            Branch.zone,
        )
        .join(Kit, Kit.id == Reservation.kit_id)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .join(Branch, Branch.id == Reservation.pickup_branch_id)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
        .where(Reservation.public_id == reservation, Reservation.state == ReservationState.READY)
    )
    row = session.execute(chosen).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return Slip(*row)


def _free_kits(branch_id: int) -> Any:
    """Kits that may be pulled here: those left on the shelf first, then by place."""
    free: Any = (
        select(Kit.stock_id, Kit.barcode, Kit.place, Kit.state)
        .where(
            Kit.branch_id == branch_id,
            Kit.in_transit_to_id.is_(None),
            or_(Kit.state == KitState.AVAILABLE, and_(Kit.state == KitState.ON_SHELF, ~_bound)),
        )
        .order_by(Kit.state == KitState.AVAILABLE, Kit.place.is_(None), Kit.place, Kit.barcode)
    )
    return free


def ready_for(session: Session, kit: str) -> tuple[str, str] | None:
    """The reservation (public id) for which a kit (its barcode) lies on the shelf, and the code on its slip."""
    chosen = (
        select(Reservation.public_id, Reservation.pickup_code)
        .join(Kit, Kit.id == Reservation.kit_id)
        .where(Kit.barcode == kit, Reservation.state == ReservationState.READY)
    )
    row = session.execute(chosen).first()
    return None if row is None else (row.public_id, row.pickup_code)
