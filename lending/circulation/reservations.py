"""Reservations: the promise of a kit from a cohort's pool, and the queue of those who wait for one.

A promise is of a kit type at a branch; which kit fills it is found when it is pulled. A queue is by order of
acknowledgement, the reservation's ``id``. What is freed goes to the next at once, so that no kit of a pool is free
while anyone of its cohort waits. Source: RULES 4.

Whatever calls these holds the cohort and the pool's stock, and so counts what nobody else can change.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.states import (
    LIVE_RESERVATIONS,
    PROMISED_RESERVATIONS,
    EnrolmentState,
    ReservationState,
    ReservationVerb,
)
from lending.models.base import PUBLIC_ID_ALPHABET
from lending.models.cohorts import Enrolment, Pool
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.reservations import Reservation

_CODE_LENGTH = 4


@dataclass(frozen=True, slots=True)
class PoolFound:
    """A cohort's pool of one kit type at one branch."""

    pool_id: int
    stock_id: int
    kit_type_id: int
    kits: int


def pickup_code() -> str:
    """What a wrap slip shows instead of a surname."""
    return "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _ in range(_CODE_LENGTH)).upper()


def left_in_pool(session: Session, pool_id: int) -> int:
    """How many kits of a pool are neither promised nor out with its cohort; below 0 when the pool was made smaller."""
    promised = (
        select(func.count())
        .where(Reservation.pool_id == Pool.id, Reservation.state.in_(PROMISED_RESERVATIONS))
        .correlate(Pool)
        .scalar_subquery()
    )
    out = (
        select(func.count())
        .select_from(Loan)
        .join(Kit, Kit.id == Loan.kit_id)
        .where(Loan.cohort_id == Pool.cohort_id, Kit.stock_id == Pool.stock_id, unreceived)
        .correlate(Pool)
        .scalar_subquery()
    )
    return session.scalars(select(Pool.kits - promised - out).where(Pool.id == pool_id)).one()


def place_in_queue(session: Session, reservation: Reservation) -> int | None:
    """The reservation's place among those of its pool that wait, 1 for the next; ``None`` when it does not wait."""
    if reservation.state is not ReservationState.WAITING:
        return None
    return session.scalars(
        select(func.count()).where(
            Reservation.pool_id == reservation.pool_id,
            Reservation.state == ReservationState.WAITING,
            Reservation.id <= reservation.id,
        )
    ).one()


def reserve_from_pool(session: Session, *, pool: PoolFound, enrolment: Enrolment, at: datetime) -> Reservation:
    """Put the person of ``enrolment`` into a pool's queue. ``promise_next`` then promises what there is."""
    reservation = Reservation(
        patron_id=enrolment.patron_id,
        kit_type_id=pool.kit_type_id,
        stock_id=pool.stock_id,
        pickup_branch_id=enrolment.pickup_branch_id,
        cohort_id=enrolment.cohort_id,
        pool_id=pool.pool_id,
        enrolment_id=enrolment.id,
        _state=ReservationState.WAITING,
        pickup_code=pickup_code(),
        queued_at=at,
    )
    session.add(reservation)
    session.flush()  # its id is its place in the queue
    return reservation


def promise_next(session: Session, pool_id: int, *, at: datetime, by: Actor) -> list[Reservation]:
    """Promise what is left in a pool to those who wait longest; gives the reservations that were promised.

    Someone who waits for a seat keeps the place and is passed over: a kit is no use to them yet.
    """
    left = left_in_pool(session, pool_id)
    if left < 1:
        return []
    queue = (
        select(Reservation)
        .outerjoin(Enrolment, Enrolment.id == Reservation.enrolment_id)
        .where(
            Reservation.pool_id == pool_id,
            Reservation.state == ReservationState.WAITING,
            or_(Enrolment.id.is_(None), Enrolment.state == EnrolmentState.ENROLLED),
        )
        .order_by(Reservation.id)
        .limit(left)
        .with_for_update(of=Reservation, key_share=True)
        .execution_options(populate_existing=True)
    )
    promised = list(session.scalars(queue))
    for reservation in promised:
        reservation.move(ReservationVerb.PROMISE)
        reservation.promised_at = at
        _record(session, "promise", reservation, at=at, by=by)
    return promised


def live_reservation(session: Session, *, patron_id: int, cohort_id: int) -> Reservation | None:
    """Lock the reservation that a patron has in a cohort, if one is live. The stock is locked before."""
    chosen = select(Reservation).where(
        Reservation.patron_id == patron_id,
        Reservation.cohort_id == cohort_id,
        Reservation.state.in_(LIVE_RESERVATIONS),
    )
    return session.scalars(
        chosen.with_for_update(of=Reservation, key_share=True).execution_options(populate_existing=True)
    ).one_or_none()


def cancel_reservation(session: Session, reservation: Reservation, *, reason: str, at: datetime, by: Actor) -> None:
    """End a reservation, which is locked. A kit that lay on the shelf for it stays there until it is put back.

    The caller passes its promise on (``promise_next``).
    """
    before = reservation.state
    reservation.move(ReservationVerb.CANCEL)
    reservation.ended_at = at
    reservation.ended_reason = reason
    _record(session, "cancel_reservation", reservation, at=at, by=by, before=before)


def _record(
    session: Session,
    verb: str,
    reservation: Reservation,
    *,
    at: datetime,
    by: Actor,
    before: ReservationState = ReservationState.WAITING,
) -> None:
    record(
        session,
        verb,
        at=at,
        by=by,
        branch_id=reservation.pickup_branch_id,
        kit_id=reservation.kit_id,
        cohort_id=reservation.cohort_id,
        patron=session.scalar(select(Patron.pseudonym).where(Patron.id == reservation.patron_id)),
        detail={
            "reservation": reservation.public_id,
            "from": before.value,
            "to": reservation.state.value,
            "pool_id": reservation.pool_id,
        },
    )
