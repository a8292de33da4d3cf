"""The hold shelf: one scan binds a free kit to whoever is first, and what nobody collects passes on.

A promise is of a kind of kit until a kit is pulled for it. Pulled, the kit lies on the shelf under a code, and its
patron is told once the pull can no longer be taken back. What is not collected in time ends the promise, never the
seat; the kit stays on the shelf until it is scanned for the next, or back to the free ones. Source: RULES 4, "Pick-up";
case 15 of RULES 10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar, local_day
from lending.circulation.counts import count_duration
from lending.circulation.exchange import kit_facts
from lending.circulation.loans import record_on_kit
from lending.circulation.locks import keep_calendar, lock_kit, lock_kit_and_stock, lock_kits, lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.reservations import (
    EXPIRED_NOTICE,
    PROMISED_NOTICE,
    READY_NOTICE,
    record_reservation,
    serve_stock,
    subject_of,
    tell_holder,
)
from lending.circulation.telling import UNDO_WINDOW, untell
from lending.domain.actors import Actor
from lending.domain.checkout import kit_blocks
from lending.domain.permissions import Act
from lending.domain.redating import shelf_until
from lending.domain.states import LIVE_RESERVATIONS, KitState, KitVerb, ReservationState, ReservationVerb
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort
from lending.models.counts import Measure
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.models.reservations import Reservation

PULL_DAYS = 7
"""How many days before a cohort's kits may be picked up they are put on the shelf."""

TO_PULL = frozenset({ReservationState.PROMISED, ReservationState.PULLING})


@dataclass(frozen=True, slots=True)
class Captured:
    """A kit lies on the shelf for a reservation (public id), under its code. ``cohort`` is the name of its session."""

    kit: str
    reservation: str
    pickup_code: str
    cohort: str | None
    ready_until: datetime


@dataclass(frozen=True, slots=True)
class PutBack:
    """A kit went from the shelf back to the free ones."""

    kit: str


def to_pull(today: date) -> ColumnElement[bool]:
    """The reservations, joined with their cohorts, for which a kit is to be pulled on ``today``."""
    return and_(
        Reservation.state.in_(TO_PULL),
        Reservation.kit_id.is_(None),
        or_(Cohort.id.is_(None), Cohort.pickup_from <= today + timedelta(days=PULL_DAYS)),
    )


def pulled_first(today: date) -> tuple[Any, ...]:
    """Their order: whoever may collect sooner; of those who may today, sessions by their window, then open ones."""
    wanted_on = case((Cohort.pickup_from > today, Cohort.pickup_from), else_=today)
    return wanted_on, Reservation.cohort_id.is_(None), Cohort.pickup_from, Reservation.id


def capture(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> Captured:
    """Put a free ``kit`` (its code) on the shelf of a branch for whoever is first, and tell them in ten minutes.

    One that was left on the shelf is bound anew. Raises ``Refused``: ``NOT_PERMITTED``, ``KIT_UNKNOWN``, every reason
    that lies in the kit, ``NOBODY_WAITS``, or ``NO_OPEN_DAY`` when the branch stays closed.
    """
    row = _free_kit(session, kit, branch_id, by)
    captured = _capture(session, row, branch_id, at=at, by=by)
    if captured is None:
        raise Refused.because(Reason.NOBODY_WAITS, kit=row.barcode)
    return captured


def shelve(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> Captured | PutBack:
    """One scan at the shelf: ``put_back`` for a ``kit`` (its code) that was left there, else ``capture``.

    Raises ``Refused`` as they do.
    """
    left = session.scalars(select(Kit.state).where(Kit.barcode == kit)).one_or_none() is KitState.ON_SHELF
    return (put_back if left else capture)(session, kit=kit, branch_id=branch_id, at=at, by=by)


def put_back(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> Captured | PutBack:
    """Bind a ``kit`` (its code) whose promise has ended to whoever is next, or take it off the shelf.

    Raises ``Refused`` as ``capture`` does; ``WRONG_STATE`` for a kit that is not on the shelf, and
    ``PROMISED_TO_ANOTHER`` while somebody may still collect it.
    """
    row = _free_kit(session, kit, branch_id, by)
    if row.state is not KitState.ON_SHELF:
        raise Refused.because(Reason.WRONG_STATE, kit=row.barcode, state=row.state.value)
    captured = _capture(session, row, branch_id, at=at, by=by)
    if captured is not None:
        return captured
    row.move(KitVerb.PUT_BACK)
    record_on_kit(session, "put_back", kit=row, at=at, by=by, detail={"kit_to": row.state.value})
    serve_stock(session, row.stock_id, at=at, by=by)
    return PutBack(row.barcode)


def expire_shelf(session: Session, *, at: datetime, by: Actor, limit: int = 100) -> int:
    """End the promises that were not collected in time, tell their patrons, and promise what that frees; how many.

    The seat in a cohort stays. ``limit`` at most, the longest waiting first. A second run does nothing.
    """
    by.permit(Act.ADMINISTER)
    over = select(Reservation.id, Reservation.stock_id, Reservation.kit_id).where(
        Reservation.state == ReservationState.READY, Reservation.ready_until <= at
    )
    found = session.execute(over.order_by(Reservation.ready_until, Reservation.id).limit(limit)).all()
    stock_ids = sorted({row.stock_id for row in found})
    lock_stocks(session, stock_ids)
    lock_kits(session, [row.kit_id for row in found if row.kit_id is not None])
    chosen = select(Reservation).where(
        Reservation.id.in_([row.id for row in found]),
        Reservation.state == ReservationState.READY,
        Reservation.ready_until <= at,
    )
    locked = chosen.order_by(Reservation.id).with_for_update(key_share=True)
    expired = session.scalars(locked.execution_options(populate_existing=True)).all()
    for reservation in expired:
        reservation.move(ReservationVerb.EXPIRE)
        reservation.ended_at, reservation.ended_reason = at, "not_collected"
        untell(session, READY_NOTICE, subject=subject_of(reservation))
        before = ReservationState.READY
        record_reservation(session, "expire_reservation", reservation, at=at, by=by, before=before)
        tell_holder(session, EXPIRED_NOTICE, reservation, at=at)
    for stock_id in stock_ids:
        serve_stock(session, stock_id, at=at, by=by)
    return len(expired)


def undo_capture(session: Session, entry: JournalEntry, *, at: datetime, by: Actor) -> Kit:
    """Take back the pull that ``entry`` tells of; nobody was told yet. Part of ``undo.py``, which decides when.

    Raises ``Refused`` (``CHANGED_SINCE``) when the kit or the reservation has moved on.
    """
    found = session.get_one(Kit, entry.kit_id)
    lock_stocks(session, [found.stock_id])
    kit = lock_kit(session, found.id)
    chosen = select(Reservation).where(
        Reservation.public_id == entry.detail["reservation"],
        Reservation.kit_id == kit.id,
        Reservation.state == ReservationState.READY,
    )
    reservation = session.scalars(
        chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if reservation is None or kit.state is not KitState.ON_SHELF:
        raise Refused.because(Reason.CHANGED_SINCE)
    reservation.move(ReservationVerb.UNDO_READY)
    untell(session, READY_NOTICE, subject=subject_of(reservation))
    record_reservation(
        session,
        "undo_capture",
        reservation,
        at=at,
        by=by,
        before=ReservationState.READY,
        detail={"undone": entry.id},
    )
    day = local_day(session, reservation.pickup_branch_id, entry.at)
    _count_wait(session, reservation, entry.detail["seconds"], day=day, n=-1)
    reservation.kit_id = reservation.ready_at = reservation.ready_until = None
    if entry.detail["kit_from"] == KitState.AVAILABLE:
        kit.move(KitVerb.PUT_BACK)
        kit.place = entry.detail["place"]
    return kit


def _count_wait(session: Session, reservation: Reservation, seconds: int, *, day: date, n: int = 1) -> None:
    """Count how long a reservation waited for its kit, or take that back."""
    count_duration(
        session,
        Measure.HOLD_WAIT,
        seconds,
        day=day,
        branch_id=reservation.pickup_branch_id,
        kit_type_id=reservation.kit_type_id,
        n=n,
    )


def _free_kit(session: Session, code: str, branch_id: int, by: Actor) -> Kit:
    """Lock a kit that is free here, or was left on the shelf; refuse any other for all its reasons."""
    by.permit(Act.CIRCULATE, branch_id)
    keep_calendar(session, branch_id)
    kit = lock_kit_and_stock(session, code)
    bound = select(Reservation.id).where(Reservation.kit_id == kit.id, Reservation.state.in_(LIVE_RESERVATIONS))
    facts = kit_facts(session, kit, branch_id)
    against = kit_blocks(replace(facts, promised_to_another=session.scalars(bound).first() is not None))
    if against:
        raise Refused(*against)
    return kit


def _capture(session: Session, kit: Kit, branch_id: int, *, at: datetime, by: Actor) -> Captured | None:
    """Bind a kit, which is locked, to the first reservation that waits for one; ``None`` when none does."""
    calendar = branch_calendar(session, branch_id, since=at.date() - timedelta(days=1))
    today = calendar.local_date(at)
    chosen = (
        select(Reservation, Cohort)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
        .where(Reservation.stock_id == kit.stock_id, Reservation.pickup_branch_id == branch_id, to_pull(today))
        .order_by(*pulled_first(today))
        .limit(1)
    )
    row = session.execute(
        chosen.with_for_update(of=Reservation, key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    reservation: Reservation = row.Reservation
    cohort: Cohort | None = row.Cohort
    policy = policy_for(session, kit_type_id=kit.kit_type_id, branch_id=branch_id, at=at)
    pickup_from = None if cohort is None else cohort.pickup_from
    until = shelf_until(calendar, policy.shelf_open_days, ready_at=at + UNDO_WINDOW, pickup_from=pickup_from)
    if until is None:
        raise Refused.because(Reason.NO_OPEN_DAY)
    before, detail = reservation.state, dict[str, object](kit_from=kit.state.value, place=kit.place)
    if kit.state is KitState.AVAILABLE:
        kit.move(KitVerb.CAPTURE)
    kit.place = None
    reservation.move(ReservationVerb.MAKE_READY)
    reservation.kit_id, reservation.ready_at, reservation.ready_until = kit.id, at, until
    waited = int((at - reservation.queued_at).total_seconds())
    detail |= {"ready_until": until.isoformat(), "pickup_code": reservation.pickup_code, "seconds": waited}
    record_reservation(session, "capture", reservation, at=at, by=by, before=before, detail=detail)
    untell(session, PROMISED_NOTICE, subject=subject_of(reservation))
    tell_holder(session, READY_NOTICE, reservation, at=at, due_at=at + UNDO_WINDOW)
    _count_wait(session, reservation, waited, day=today)
    name = None if cohort is None else cohort.name
    return Captured(kit.barcode, reservation.public_id, reservation.pickup_code, name, until)
