"""Reserving a kit for no cohort, and cancelling any reservation: for people at the desk and on the telephone, and by
patrons for themselves.

Source: RULES 4, "Staff enrol and reserve for people"; RULES 2 for what stands against a patron.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.codes import refusing_twins
from lending.circulation.locks import holder_of, lock_kit, lock_patron, lock_reservation, lock_stocks, look_up_card
from lending.circulation.provisional import against_another_request
from lending.circulation.reservations import (
    RESERVED_NOTICE,
    WAITING_NOTICE,
    cancel_reservation,
    pickup_code,
    place_in_queue,
    record_reservation,
    serve_stock,
    tell_holder,
)
from lending.circulation.stocks import stock_of
from lending.domain.actors import Actor
from lending.domain.cards import against_card
from lending.domain.permissions import Act
from lending.domain.states import LIVE_RESERVATIONS, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.kits import KitType
from lending.models.people import Patron, PatronStatus
from lending.models.reservations import Reservation


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reservation (its public id) as it stands. ``position`` is 1 for the next, ``None`` for one that does not wait.

    ``ready_until`` is how long its kit stays on the hold shelf, ``None`` before it lies there.
    """

    reservation: str
    state: ReservationState
    position: int | None
    ready_until: datetime | None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A reservation was cancelled; ``promised`` are those (public ids) that its kit went to."""

    reservation: str
    state: ReservationState
    promised: tuple[str, ...]


def reserve(
    session: Session, *, patron: str, kit_type: str, pickup_branch_id: int, at: datetime, by: Actor
) -> Reserved:
    """Reserve a kit of ``kit_type`` (its code) for ``patron`` (the card number), for no cohort, at a branch.

    It is promised at once if one is free that nobody waits for, else it has its place in the queue. Raises ``Refused``:
    ``NOT_PERMITTED``, ``NOT_FOUND``, ``CARD_UNKNOWN``, ``CARD_REPLACED``, and all of ``CARD_BLOCKED``,
    ``CARD_EXPIRED``, ``KIT_TYPE_NEEDS_COHORT``, ``ALREADY_RESERVED`` and ``ONE_UNTIL_VERIFIED`` at once.
    """
    card = look_up_card(session, patron)
    by.permit_for_patron(Act.RESERVE, None if card is None else card.patron_id, pickup_branch_id)
    wanted = session.scalars(select(KitType).where(KitType.code == kit_type)).one_or_none()
    if wanted is None or session.get(Branch, pickup_branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    person = lock_patron(session, holder_of(card))
    stock_id = stock_of(session, branch_id=pickup_branch_id, kit_type_id=wanted.id)
    lock_stocks(session, [stock_id])
    today = branch_calendar(session, pickup_branch_id, since=at.date()).local_date(at)
    against = [*card_blocks(person, today), *_against(session, person, wanted)]
    if against:
        raise Refused(*against)
    reservation = Reservation(
        patron_id=person.id,
        kit_type_id=wanted.id,
        stock_id=stock_id,
        pickup_branch_id=pickup_branch_id,
        _state=ReservationState.WAITING,
        pickup_code=pickup_code(),
        queued_at=at,
    )
    session.add(reservation)
    with refusing_twins(Reason.ALREADY_RESERVED):
        session.flush()  # its id is its place in the queue; a twin made at another branch is refused by name
    detail = {"position": place_in_queue(session, reservation)}
    record_reservation(session, "reserve", reservation, at=at, by=by, detail=detail)
    serve_stock(session, stock_id, at=at, by=by)
    step = WAITING_NOTICE if reservation.state is ReservationState.WAITING else RESERVED_NOTICE
    tell_holder(session, step, reservation, at=at)
    return as_it_stands(session, reservation)


def cancel(session: Session, *, reservation: str, reason: str, at: datetime, by: Actor) -> Cancelled:
    """End a live reservation (its public id), for a cohort or open; its promise goes to the next at once.

    A kit that lay on the hold shelf for it stays there until it is put back or bound to the next. For a programme lead
    what a session promised belongs to its programme, as the roster does. Raises ``Refused``: ``NOT_FOUND``,
    ``NOT_PERMITTED``, ``WRONG_STATE`` for one that has ended.
    """
    found = session.scalars(select(Reservation).where(Reservation.public_id == reservation)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    _permit(session, found, by)
    if found.patron_id is not None:
        lock_patron(session, found.patron_id)
    lock_stocks(session, [found.stock_id])
    if found.kit_id is not None:
        lock_kit(session, found.kit_id)
    row = lock_reservation(session, found.id)
    if row.state not in LIVE_RESERVATIONS:
        raise Refused.because(Reason.WRONG_STATE, state=row.state.value)
    cancel_reservation(session, row, reason=reason.strip()[:240] or "cancelled", at=at, by=by)
    promised = serve_stock(session, row.stock_id, at=at, by=by)
    return Cancelled(row.public_id, row.state, tuple(next_.public_id for next_ in promised))


def _permit(session: Session, found: Reservation, by: Actor) -> None:
    if found.cohort_id is None:
        by.permit_for_patron(Act.RESERVE, found.patron_id, found.pickup_branch_id)
    else:
        program_id = session.scalars(select(Cohort.program_id).where(Cohort.id == found.cohort_id)).one()
        by.permit_for_program(Act.ENROL, program_id, found.pickup_branch_id, patron_id=found.patron_id)


def card_blocks(person: Patron, today: date) -> Iterable[Block]:
    """What stands against giving a place or a promise to a patron, who is locked. The record may be merged by now."""
    if person.status is not PatronStatus.ACTIVE:
        raise Refused.because(Reason.CARD_UNKNOWN)
    yield from (Block(*found) for found in against_card(person.blocked_reason, person.expires_on, today))


def _against(session: Session, person: Patron, wanted: KitType) -> Iterable[Block]:
    if person.provisional_since is not None:
        yield from against_another_request(session, person.id)
    if wanted.cohort_only:
        yield Block(Reason.KIT_TYPE_NEEDS_COHORT, {})
    twin = select(Reservation.id).where(
        Reservation.patron_id == person.id,
        Reservation.kit_type_id == wanted.id,
        Reservation.cohort_id.is_(None),
        Reservation.state.in_(LIVE_RESERVATIONS),
    )
    if session.scalars(twin).first() is not None:
        yield Block(Reason.ALREADY_RESERVED, {})


def as_it_stands(session: Session, reservation: Reservation) -> Reserved:
    """What is true of a reservation now."""
    until = reservation.ready_until if reservation.state is ReservationState.READY else None
    return Reserved(reservation.public_id, reservation.state, place_in_queue(session, reservation), until)
