"""Enrolment: a seat in a cohort and the promise of a kit are two things, and both pass on when someone leaves.

A seat is given while the cohort has one, else a place on its waiting list; a kit is promised while the pool at the
chosen branch has one for somebody with a seat, else a place in that pool's queue. First come, first served, by
acknowledged order. Source: RULES 4; case 11 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout import BORROWING_AGREEMENT
from lending.circulation.checkout_statements import SIGN
from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.locks import lock_patron, lock_stocks
from lending.circulation.reservations import (
    PoolFound,
    place_in_queue,
    promise_next,
    reserve_from_pool,
)
from lending.domain.actors import Actor
from lending.domain.eligibility import Applicant, checks
from lending.domain.permissions import Act
from lending.domain.states import (
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    EnrolmentState,
    ReservationState,
)
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.kits import KitType
from lending.models.people import Card, Patron
from lending.models.policies import Signing
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.cohorts import permit_for_program

HOLDS_A_SEAT = frozenset({EnrolmentState.OFFERED, EnrolmentState.ENROLLED, EnrolmentState.COMPLETED})
"""A seat that was offered is kept until it is taken or lapses."""


@unique
class Kit(StrEnum):
    """How the kit of an enrolment stands, in the words of the API."""

    PROMISED = "promised"
    WAITING = "waiting"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolment as it stands: what the desk says.

    Positions are 1 for the next and ``None`` for those who do not wait. ``card_expires_first``: the card ends before
    the kits come back, which shortens nothing but is worth saying.
    """

    enrolment: str
    cohort: str
    seat: EnrolmentState
    seat_position: int | None
    kit: Kit
    kit_position: int | None
    card_expires_first: bool


def enrol(
    session: Session,
    *,
    patron: str,
    cohort: str,
    pickup_branch_id: int,
    wants_kit: bool = True,
    kit_type: str | None = None,
    signed: Signing | None = None,
    answers: Mapping[str, bool] | None = None,
    at: datetime,
    by: Actor,
) -> Enrolled:
    """Enrol ``patron`` (the card number) in ``cohort`` (its code), to pick up a kit at a branch if one is wanted.

    ``kit_type`` is needed only where the cohort has several at that branch; ``signed``: the agreement was seen signed;
    ``answers`` are those to the programme's questions, by their codes, and are not kept.
    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``CARD_UNKNOWN``, ``CARD_REPLACED``, ``NO_SUCH_POOL``, or all
    of ``CARD_BLOCKED``, ``CARD_EXPIRED``, ``COHORT_CANCELLED``, ``COHORT_OVER``, ``ALREADY_ENROLLED`` and
    ``NOT_ELIGIBLE`` that apply.
    """
    cohort_id = cohort_id_of(session, cohort)
    patron_id = _patron_id(session, patron)
    held = lock_cohort(session, cohort_id)
    permit_for_program(by, Act.ENROL, held.program_id, pickup_branch_id)
    person = lock_patron(session, patron_id)
    against = list(against_enrolling(session, held, person, branch_id=pickup_branch_id, answers=answers or {}, at=at))
    if against:
        raise Refused(*against)
    pool = pool_at(session, cohort_id, pickup_branch_id, kit_type) if wants_kit else None
    if pool is not None:
        lock_stocks(session, [pool.stock_id])
    enrolment = take_seat(session, held, person, branch_id=pickup_branch_id, wants_kit=wants_kit, at=at)
    if signed is not None:
        _sign(session, held, person, signed, at=at, by=by)
    record_seat(session, "enrol", enrolment, at=at, by=by, pool_id=None if pool is None else pool.pool_id)
    if pool is not None:
        reserve_from_pool(session, pool=pool, enrolment=enrolment, at=at)
        promise_next(session, pool.pool_id, at=at, by=by)
    return enrolment_as_it_stands(session, enrolment.public_id)


def against_enrolling(
    session: Session, held: Cohort, person: Patron, *, branch_id: int, answers: Mapping[str, bool], at: datetime
) -> Iterator[Block]:
    """Every reason for which ``person`` cannot be given a place in a cohort, with pick-up at a branch."""
    today = branch_calendar(session, branch_id, since=at.date()).local_date(at)
    if person.blocked_reason is not None:
        yield Block(Reason.CARD_BLOCKED, {"note": person.blocked_reason.rstrip(" .")})
    if person.expires_on is not None and person.expires_on < today:
        yield Block(Reason.CARD_EXPIRED, {"on": person.expires_on})
    if held.status is CohortStatus.CANCELLED:
        yield Block(Reason.COHORT_CANCELLED, {"cohort": held.name})
    elif held.ends_on < today:
        yield Block(Reason.COHORT_OVER, {"cohort": held.name})
    if live_enrolment(session, held.id, person.id) is not None:
        yield Block(Reason.ALREADY_ENROLLED, {"cohort": held.name})
    rules = session.scalars(select(Program.eligibility).where(Program.id == held.program_id)).one()
    applicant = Applicant(
        today=today,
        birth_date=person.birth_date,
        postal_code=person.postal_code,
        has_address=person.street is not None,
        completed=_completed(session, person.id) if rules.get("after_program") else frozenset(),
        answers=answers,
    )
    yield from checks(rules, applicant)


def take_seat(
    session: Session, held: Cohort, person: Patron, *, branch_id: int, wants_kit: bool, at: datetime
) -> Enrolment:
    """Give ``person`` a seat in a cohort while it has one, else a place on its waiting list. Cohort and patron are
    locked. Part of another act.
    """
    seated = seats_left(session, held) > 0
    enrolment = Enrolment(
        cohort_id=held.id,
        patron_id=person.id,
        pickup_branch_id=branch_id,
        wants_kit=wants_kit,
        _state=EnrolmentState.ENROLLED if seated else EnrolmentState.WAITING,
        created_at=at,
        seated_at=at if seated else None,
    )
    session.add(enrolment)
    with refusing_twins(Reason.ALREADY_ENROLLED, cohort=held.name):
        session.flush()  # its id is its place on the waiting list, and the reservation hangs on it
    return enrolment


def record_seat(
    session: Session, verb: str, enrolment: Enrolment, *, at: datetime, by: Actor, **detail: object
) -> None:
    """Write what became of somebody's seat to the journal. Part of another act."""
    record(
        session,
        verb,
        at=at,
        by=by,
        branch_id=enrolment.pickup_branch_id,
        cohort_id=enrolment.cohort_id,
        patron=session.scalar(select(Patron.pseudonym).where(Patron.id == enrolment.patron_id)),
        detail={"enrolment": enrolment.public_id, "seat": enrolment.state.value, **detail},
    )


def _sign(session: Session, held: Cohort, person: Patron, signed: Signing, *, at: datetime, by: Actor) -> None:
    code = session.scalars(select(Program.agreement_code).where(Program.id == held.program_id)).one()
    session.connection().execute(
        SIGN,
        {
            "patron_id": person.id,
            "agreement_code": code or BORROWING_AGREEMENT,
            "language": person.language,
            "cohort_id": held.id,
            "loan_id": None,
            "accepted_at": at,
            "how": signed,
            "typed_name": None,
            "staff_id": by.staff_id,
        },
    )


def enrolment_as_it_stands(session: Session, enrolment: str) -> Enrolled:
    """What is true of an enrolment (its public id) now; ``NOT_FOUND`` when there is none."""
    row = session.execute(
        select(Enrolment, Cohort.code, Cohort.return_by, Patron.expires_on)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .outerjoin(Patron, Patron.id == Enrolment.patron_id)
        .where(Enrolment.public_id == enrolment)
    ).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    seat: Enrolment = row.Enrolment
    reservation = session.scalars(
        select(Reservation).where(Reservation.enrolment_id == seat.id, Reservation.state.in_(LIVE_RESERVATIONS))
    ).one_or_none()
    kit = Kit.NONE
    if reservation is not None:
        kit = Kit.WAITING if reservation.state is ReservationState.WAITING else Kit.PROMISED
    return Enrolled(
        enrolment=seat.public_id,
        cohort=row.code,
        seat=seat.state,
        seat_position=_place_on_list(session, seat),
        kit=kit,
        kit_position=None if reservation is None else place_in_queue(session, reservation),
        card_expires_first=row.expires_on is not None and row.expires_on < row.return_by,
    )


def cohort_id_of(session: Session, code: str) -> int:
    """The id of a cohort by its code; ``NOT_FOUND`` when there is none."""
    found = session.scalars(select(Cohort.id).where(Cohort.code == code)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def lock_cohort(session: Session, cohort_id: int) -> Cohort:
    """Lock a cohort, whose seats and pools are counted next. Part of another act."""
    return lock_cohorts(session, [cohort_id])[cohort_id]


def lock_cohorts(session: Session, cohort_ids: Collection[int]) -> dict[int, Cohort]:
    """Lock cohorts, in the order of their ids."""
    chosen = select(Cohort).where(Cohort.id.in_(sorted(set(cohort_ids)))).order_by(Cohort.id)
    found = session.scalars(chosen.with_for_update(key_share=True).execution_options(populate_existing=True))
    return {cohort.id: cohort for cohort in found}


def lock_enrolments(session: Session, enrolment_ids: Collection[int]) -> list[Enrolment]:
    """Lock enrolments, in the order of their ids. Their cohort is locked before: nothing else moves a seat."""
    chosen = select(Enrolment).where(Enrolment.id.in_(sorted(set(enrolment_ids)))).order_by(Enrolment.id)
    locked = chosen.with_for_update(of=Enrolment, key_share=True).execution_options(populate_existing=True)
    return list(session.scalars(locked))


def _patron_id(session: Session, number: str) -> int:
    card = session.scalars(select(Card).where(Card.number == number)).one_or_none()
    if card is None:
        raise Refused.because(Reason.CARD_UNKNOWN)
    if card.ended_at is not None:
        raise Refused.because(Reason.CARD_REPLACED)
    return card.patron_id


def live_enrolment(session: Session, cohort_id: int, patron_id: int) -> Enrolment | None:
    """Somebody's seat in a cohort, or place on its waiting list, if they have one."""
    live = select(Enrolment).where(
        Enrolment.cohort_id == cohort_id, Enrolment.patron_id == patron_id, Enrolment.state.in_(LIVE_ENROLMENTS)
    )
    return session.scalars(live).first()


def _completed(session: Session, patron_id: int) -> frozenset[str]:
    """The codes of the programmes that somebody completed."""
    ended = (
        select(Program.code)
        .join(Cohort, Cohort.program_id == Program.id)
        .join(Enrolment, Enrolment.cohort_id == Cohort.id)
        .where(Enrolment.patron_id == patron_id, Enrolment.state == EnrolmentState.COMPLETED)
    )
    return frozenset(session.scalars(ended))


def seats_left(session: Session, cohort: Cohort) -> int:
    """Free seats of a cohort, which is locked, that nobody waits for."""
    return 0 if waiting_list(session, cohort.id, 1) else free_seats(session, cohort)


def free_seats(session: Session, cohort: Cohort) -> int:
    """Seats of a cohort, which is locked, that nobody holds; below 0 when it was made smaller."""
    taken = select(func.count()).where(Enrolment.cohort_id == cohort.id, Enrolment.state.in_(HOLDS_A_SEAT))
    return cohort.capacity - session.scalars(taken).one()


def waiting_list(session: Session, cohort_id: int, seats: int) -> list[Enrolment]:
    """The first of a cohort's waiting list, as many as there are ``seats``, in order of acknowledgement."""
    if seats < 1:
        return []
    waiting = select(Enrolment).where(Enrolment.cohort_id == cohort_id, Enrolment.state == EnrolmentState.WAITING)
    return list(session.scalars(waiting.order_by(Enrolment.id).limit(seats)))


def pool_at(session: Session, cohort_id: int, branch_id: int, kit_type: str | None = None) -> PoolFound:
    """A cohort's pool at a branch. ``Refused``: ``NO_SUCH_POOL``, or ``VALUE_MISSING`` for the kit type of several."""
    chosen = (
        select(Pool.id, Stock.id, Stock.kit_type_id, Pool.kits)
        .join(Stock, Stock.id == Pool.stock_id)
        .join(KitType, KitType.id == Stock.kit_type_id)
        .where(Pool.cohort_id == cohort_id, Stock.branch_id == branch_id)
        .order_by(Pool.id)
    )
    if kit_type is not None:
        chosen = chosen.where(KitType.code == kit_type)
    pools = session.execute(chosen).all()
    if not pools:
        raise Refused.because(Reason.NO_SUCH_POOL)
    if len(pools) > 1:
        raise Refused.because(Reason.VALUE_MISSING, field="kit_type")
    return PoolFound(*pools[0])


def _place_on_list(session: Session, seat: Enrolment) -> int | None:
    if seat.state is not EnrolmentState.WAITING:
        return None
    return session.scalars(
        select(func.count()).where(
            Enrolment.cohort_id == seat.cohort_id,
            Enrolment.state == EnrolmentState.WAITING,
            Enrolment.id <= seat.id,
        )
    ).one()
