"""Reserving a cohort's kit: by enrolling, or by queueing again with a seat whose promise was not collected in time.

Who queues again stands at the end of the pool's queue, like whoever comes new. Source: RULES 4, "the patron may queue
again".
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.locks import find_card, lock_patron, lock_stocks
from lending.circulation.reservations import (
    live_reservation,
    place_in_queue,
    record_reservation,
    reserve_from_pool,
    serve_stock,
)
from lending.circulation.reserving import Reserved, as_it_stands, card_blocks
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import LIVE_ENROLMENTS
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Enrolment
from lending.models.reservations import Reservation
from lending.programs.closing import against_kits
from lending.programs.cohorts import permit_for_program
from lending.programs.enrolment import (
    against_a_kit,
    enrol,
    live_enrolment,
    lock_cohort,
    lock_enrolments,
    permit_enrolling,
    permit_on_own_enrolment,
    pool_at,
    refresh_enrolment,
)


def reserve_in_cohort(
    session: Session, *, patron: str, cohort: str, kit_type: str, pickup_branch_id: int, at: datetime, by: Actor
) -> Reserved:
    """Reserve a cohort's kit for ``patron`` (the card number): enrol them with one, or queue again for who is enrolled.

    Raises ``Refused`` as ``enrol`` and ``requeue`` do.
    """
    cohort_id = permit_enrolling(session, cohort=cohort, pickup_branch_id=pickup_branch_id, by=by)
    seat = live_enrolment(session, cohort_id, find_card(session, patron))
    if seat is not None:
        return requeue(
            session, enrolment=seat.public_id, kit_type=kit_type, pickup_branch_id=pickup_branch_id, at=at, by=by
        )
    new = enrol(
        session, patron=patron, cohort=cohort, pickup_branch_id=pickup_branch_id, kit_type=kit_type, at=at, by=by
    )
    chosen = select(Reservation).join(Enrolment, Enrolment.id == Reservation.enrolment_id)
    return as_it_stands(session, session.scalars(chosen.where(Enrolment.public_id == new.enrolment)).one())


def requeue(
    session: Session,
    *,
    enrolment: str,
    kit_type: str | None = None,
    pickup_branch_id: int | None = None,
    at: datetime,
    by: Actor,
) -> Reserved:
    """Put somebody (the public id of the enrolment) into the queue for a kit again, at a branch or where they were.

    ``kit_type`` (its code) is needed only where the cohort has several at that branch. Raises ``Refused``:
    ``NOT_FOUND``, ``NOT_PERMITTED``, ``WRONG_STATE`` for a seat that has ended, ``NO_SUCH_POOL``, and all of
    ``CARD_BLOCKED``, ``CARD_EXPIRED``, ``COHORT_CANCELLED``, ``COHORT_OVER``, ``NO_MORE_KITS``, and
    ``ALREADY_RESERVED`` or ``HAS_A_KIT`` that apply.
    """
    found = permit_on_own_enrolment(session, enrolment, by)  # a seat is not taken over from another branch
    if pickup_branch_id is not None:
        by_program = session.get_one(Cohort, found.cohort_id).program_id
        permit_for_program(by, Act.ENROL, by_program, pickup_branch_id, patron_id=found.patron_id)
    held = lock_cohort(session, found.cohort_id)
    refresh_enrolment(session, found, held, by)
    branch_id = pickup_branch_id or found.pickup_branch_id
    if found.patron_id is None or found.state not in LIVE_ENROLMENTS:
        raise Refused.because(Reason.WRONG_STATE, state=found.state.value)
    person = lock_patron(session, found.patron_id)
    pool = pool_at(session, held.id, branch_id, kit_type)
    lock_stocks(session, [pool.stock_id])
    today = branch_calendar(session, branch_id, since=at.date()).local_date(at)
    against = list(card_blocks(person, today))
    if held.status is CohortStatus.CANCELLED:
        against.append(Block(Reason.COHORT_CANCELLED, {"cohort": held.name}))
    elif held.ends_on < today:
        against.append(Block(Reason.COHORT_OVER, {"cohort": held.name}))
    else:
        against += against_kits(session, held, branch_id=branch_id, at=at)
    if live_reservation(session, patron_id=person.id, cohort_id=held.id) is not None:
        against.append(Block(Reason.ALREADY_RESERVED, {}))
    else:
        against.extend(against_a_kit(session, held.id, person.id))
    if against:
        raise Refused(*against)
    [seat] = lock_enrolments(session, [found.id])
    seat.wants_kit, seat.pickup_branch_id = True, branch_id
    reservation = reserve_from_pool(session, pool=pool, enrolment=seat, at=at)
    detail = {"enrolment": seat.public_id, "position": place_in_queue(session, reservation)}
    record_reservation(session, "reserve", reservation, at=at, by=by, detail=detail)
    serve_stock(session, pool.stock_id, at=at, by=by)
    return as_it_stands(session, reservation)
