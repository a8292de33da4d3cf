"""Reservations: the promise of a kit, and the queues of those who wait for one.

A promise is of a kit type at a branch; which kit fills it is found when it is pulled. A queue is by order of
acknowledgement, the reservation's ``id``: one for each pool of a cohort, and one for the open reservations of a stock.
What is freed goes to the next at once, so that no kit is free while anyone waits for it. Source: RULES 4.

Whoever promises, or frees what may be promised, holds the stock, and so counts what nobody else can change.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.availability import outlook
from lending.circulation.calendars import branch_calendar, local_day
from lending.circulation.counts import count_act
from lending.circulation.journal import record
from lending.circulation.locks import lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.pool_book import LEFT, set_aside_by
from lending.circulation.telling import UNDO_WINDOW, tell, untell, untell_all
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.domain.counting import GOES_ON
from lending.domain.permissions import Act
from lending.domain.states import (
    LIVE_RESERVATIONS,
    EnrolmentState,
    ReservationState,
    ReservationVerb,
)
from lending.models.base import PUBLIC_ID_ALPHABET, constant, table_of
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.journal import JournalEntry
from lending.models.reservations import Reservation
from lending.models.stock import Stock

RESERVED_NOTICE, WAITING_NOTICE = "reserved", "waiting"
PROMISED_NOTICE, READY_NOTICE, EXPIRED_NOTICE = "promised", "ready", "shelf_expired"
"""The steps of the notices about a reservation, whose subject is ``subject_of``."""

_CODE_LENGTH = 4
_reservations, _pools = table_of(Reservation), table_of(Pool)


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


LEFT_IN_POOL = select(LEFT).where(_pools.c.id == bindparam("pool_id", type_=_pools.c.id.type))
"""What ``left_in_pool`` counts, of a ``pool_id`` and the day of ``set_aside_by``. Built once: every enrolment asks."""


def left_in_pool(session: Session, pool_id: int, *, at: datetime) -> int:
    """How many kits of a pool are neither promised nor out, by its book; below 0 when the pool was made smaller."""
    session.flush()  # a plain statement does not see what the session still holds
    left: int = session.scalars(LEFT_IN_POOL, {"pool_id": pool_id, "set_aside_by": set_aside_by(at)}).one()
    return left


def place_in_queue(session: Session, reservation: Reservation) -> int | None:
    """The reservation's place among those that wait for the same, 1 for the next; ``None`` when it does not wait.

    Those of a pool wait for that pool, open ones for their stock.
    """
    if reservation.state is not ReservationState.WAITING:
        return None
    same = Reservation.pool_id == reservation.pool_id
    if reservation.pool_id is None:
        same = and_(Reservation.stock_id == reservation.stock_id, Reservation.cohort_id.is_(None))
    return session.scalars(
        select(func.count()).where(
            same, Reservation.state == ReservationState.WAITING, Reservation.id <= reservation.id
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


def collected_from_pool(
    session: Session, *, pool: Pool, kit_type_id: int, enrolment: Enrolment, kit_id: int, at: datetime
) -> Reservation:
    """A promise of ``pool`` that is kept already, by the kit in the hands of somebody who comes from another cohort."""
    reservation = Reservation(
        patron_id=enrolment.patron_id,
        kit_type_id=kit_type_id,
        stock_id=pool.stock_id,
        pickup_branch_id=enrolment.pickup_branch_id,
        cohort_id=enrolment.cohort_id,
        pool_id=pool.id,
        enrolment_id=enrolment.id,
        _state=ReservationState.PICKED_UP,
        kit_id=kit_id,
        pickup_code=pickup_code(),
        queued_at=at,
        promised_at=at,
        ended_at=at,
    )
    session.add(reservation)
    session.flush()  # the loan names it
    return reservation


_QUEUES = (
    select(_reservations.c.pool_id)
    .where(
        _reservations.c.stock_id == bindparam("stock_id", type_=_reservations.c.id.type),
        _reservations.c.state == constant(ReservationState.WAITING),
    )
    .distinct()
)
"""The pools of a stock that somebody waits for, ``NULL`` for its open queue. Asked at every return, so built once."""


def serve_stock(session: Session, stock_id: int, *, at: datetime, by: Actor) -> list[Reservation]:
    """Promise what is free of a stock, which is locked, to those who wait longest; gives what was promised.

    Each pool's queue first, from its allotment, unless its cohort is over or its programme lends no more; then the open
    queue. Part of every act that
    frees a kit of the stock or a promise of it: one statement where nobody waits.
    """
    queues = set(session.scalars(_QUEUES, {"stock_id": stock_id}))
    if not queues:
        return []
    stock = session.get_one(Stock, stock_id)
    calendar = branch_calendar(session, stock.branch_id, since=at.date() - timedelta(days=1))
    running = (
        select(Pool.id)
        .join(Cohort, Cohort.id == Pool.cohort_id)
        .join(Program, Program.id == Cohort.program_id)
        .where(
            Pool.id.in_(sorted(pool_id for pool_id in queues if pool_id is not None)),
            Cohort.status == CohortStatus.PLANNED,
            Cohort.ends_on >= calendar.local_date(at),
            or_(Program.last_borrow_on.is_(None), Program.last_borrow_on >= calendar.local_date(at)),
        )
        .order_by(Pool.id)
    )
    pools = session.scalars(running).all()
    promised = [next_ for pool_id in pools for next_ in promise_next(session, pool_id, at=at, by=by)]
    if None in queues:
        promised += _promise_openly(session, stock, calendar, at=at, by=by)
    return promised


def waited_for(session: Session) -> list[int]:
    """The stocks that somebody waits for."""
    waiting = select(Reservation.stock_id).where(Reservation.state == ReservationState.WAITING).distinct()
    return sorted(session.scalars(waiting))


def serve_waiting(session: Session, stock_id: int, *, at: datetime, by: Actor) -> int:
    """Serve a stock with what became free by the day alone, as when a cohort is over; how many were promised a kit.

    For the sweep.
    """
    by.permit(Act.ADMINISTER)
    lock_stocks(session, [stock_id])
    return len(serve_stock(session, stock_id, at=at, by=by))


def _promise_openly(
    session: Session, stock: Stock, calendar: Calendar, *, at: datetime, by: Actor
) -> list[Reservation]:
    """Promise what nobody else needs while it may lie on the shelf: a promise that a cohort breaks is none."""
    policy = policy_for(session, kit_type_id=stock.kit_type_id, branch_id=stock.branch_id, at=at)
    session.flush()  # the outlook counts with plain statements, which do not see what the session still holds
    ahead = outlook(
        session,
        stock.id,
        calendar=calendar,
        at=at,
        turnaround_open_days=policy.turnaround_open_days,
        overdue_hold_days=policy.overdue_hold_days,
    )
    free = ahead.free(until=calendar.add_open_days(ahead.today, policy.shelf_open_days))
    waiting = select(Reservation).where(
        Reservation.stock_id == stock.id,
        Reservation.cohort_id.is_(None),
        Reservation.state == ReservationState.WAITING,
    )
    return _promise(session, waiting, free, at=at, by=by)


def promise_next(session: Session, pool_id: int, *, at: datetime, by: Actor) -> list[Reservation]:
    """Promise what is left in a pool to those who wait longest; gives the reservations that were promised.

    Someone who waits for a seat keeps the place and is passed over: a kit is no use to them yet.
    """
    waiting = (
        select(Reservation)
        .outerjoin(Enrolment, Enrolment.id == Reservation.enrolment_id)
        .where(
            Reservation.pool_id == pool_id,
            Reservation.state == ReservationState.WAITING,
            or_(Enrolment.id.is_(None), Enrolment.state == EnrolmentState.ENROLLED),
        )
    )
    return _promise(session, waiting, left_in_pool(session, pool_id, at=at), at=at, by=by)


def _promise(
    session: Session, waiting: Select[Reservation], left: int, *, at: datetime, by: Actor
) -> list[Reservation]:
    """Promise ``left`` kits to the first who wait; whoever was not told when they asked is told now."""
    if left < 1:
        return []
    chosen = waiting.order_by(Reservation.id).limit(left).with_for_update(of=Reservation, key_share=True)
    promised = list(session.scalars(chosen.execution_options(populate_existing=True)))
    for reservation in promised:
        reservation.move(ReservationVerb.PROMISE)
        reservation.promised_at = at
        record_reservation(session, "promise", reservation, at=at, by=by)
        if reservation.queued_at < at:
            tell_holder(session, PROMISED_NOTICE, reservation, at=at, due_at=at + UNDO_WINDOW)
    return promised


def take_promises_back(session: Session, act: str, *, at: datetime, by: Actor) -> None:
    """Take back what an act promised, because the act is taken back; a kit that was pulled meanwhile stays promised.

    Whoever was promised waits again at the place they had. The stock is locked.
    """
    rows = session.scalars(select(JournalEntry).where(JournalEntry.act == act, JournalEntry.verb == "promise"))
    names = [str(row.detail["reservation"]) for row in rows]
    if not names:
        return
    chosen = select(Reservation).where(
        Reservation.public_id.in_(names), Reservation.state == ReservationState.PROMISED, Reservation.kit_id.is_(None)
    )
    locked = chosen.order_by(Reservation.id).with_for_update(key_share=True)
    for reservation in session.scalars(locked.execution_options(populate_existing=True)):
        reservation.move(ReservationVerb.UNPROMISE)
        reservation.promised_at = None
        untell(session, PROMISED_NOTICE, subject=subject_of(reservation))
        before = ReservationState.PROMISED
        record_reservation(session, "unpromise", reservation, at=at, by=by, before=before)


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

    What was still to be sent about it is not sent. The caller passes its promise on (``serve_stock``).
    """
    before = reservation.state
    reservation.move(ReservationVerb.CANCEL)
    reservation.ended_at = at
    reservation.ended_reason = reason
    untell_all(session, subject=subject_of(reservation))
    detail = {"kit_type_id": reservation.kit_type_id, "goes_on": reason in GOES_ON}
    record_reservation(session, "cancel_reservation", reservation, at=at, by=by, before=before, detail=detail)
    count_act(
        session,
        "cancel_reservation",
        {**detail, "from": before.value},
        day=local_day(session, reservation.pickup_branch_id, at),
        branch_id=reservation.pickup_branch_id,
        kit_type_id=reservation.kit_type_id,
        cohort_id=reservation.cohort_id,
    )


def subject_of(reservation: Reservation) -> str:
    """What the notices about a reservation hang on."""
    return f"reservation:{reservation.public_id}"


def tell_holder(
    session: Session, step: str, reservation: Reservation, *, at: datetime, due_at: datetime | None = None
) -> None:
    """Put a notice about a reservation into the outbox, to be sent at ``due_at`` or, without it, at once."""
    subject = subject_of(reservation)
    tell(session, step, subject=subject, patron_id=reservation.patron_id, at=at, due_at=due_at)


def record_reservation(
    session: Session,
    verb: str,
    reservation: Reservation,
    *,
    at: datetime,
    by: Actor,
    before: ReservationState = ReservationState.WAITING,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write what became of a reservation to the journal; it was ``before``. Part of another act."""
    record(
        session,
        verb,
        at=at,
        by=by,
        branch_id=reservation.pickup_branch_id,
        kit_id=reservation.kit_id,
        cohort_id=reservation.cohort_id,
        detail={
            "reservation": reservation.public_id,
            "from": before.value,
            "to": reservation.state.value,
            "pool_id": reservation.pool_id,
            **(detail or {}),
        },
    )
