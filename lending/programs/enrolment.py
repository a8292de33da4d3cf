"""Enrolment: a seat in a cohort and the promise of a kit are two things, and both pass on when someone leaves.

A seat is given while the cohort has one, else a place on its waiting list; a kit is promised while the pool at the
chosen branch has one for somebody with a seat, else a place in that pool's queue. First come, first served, by
acknowledged order. Source: RULES 4; case 11 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.reservations import PoolFound, place_in_queue
from lending.circulation.together import together
from lending.domain.actors import Actor
from lending.domain.eligibility import Applicant
from lending.domain.enrolment import blocks
from lending.domain.permissions import Act
from lending.domain.states import (
    HOLDS_A_SEAT,
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    EnrolmentState,
    LoanState,
    ReservationState,
)
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, Enrolment, Pool, Program
from lending.models.kits import KitType
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.policies import Signing
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.cohorts import permit_for_program
from lending.programs.enrolment_statements import KIT_IN_THE_SAME_WEEKS
from lending.programs.joining import (
    add_enrolment,
    add_reservation,
    check_card,
    completed,
    facts_of,
    facts_of_joining,
    line_of,
    lock_and_count,
    pool_of,
    record_joining,
    resolve,
    sign,
    tell_of_joining,
)


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
    the kits come back, which shortens nothing but is worth saying. ``borrowed``: they have or had a kit with this
    cohort, so ``kit`` does not say all of it.
    """

    enrolment: str
    cohort: str
    seat: EnrolmentState
    seat_position: int | None
    kit: Kit
    kit_position: int | None
    card_expires_first: bool
    borrowed: bool


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
    of ``CARD_BLOCKED``, ``CARD_EXPIRED``, ``COHORT_CANCELLED``, ``COHORT_OVER``, ``PROGRAM_OVER``, ``NO_MORE_KITS``,
    ``ALREADY_ENROLLED``, ``HAS_A_KIT`` in the same weeks where another is wanted, ``ONE_UNTIL_VERIFIED`` and
    ``NOT_ELIGIBLE`` that apply.
    """
    rows = resolve(session, patron, cohort, pickup_branch_id)
    permit_for_program(by, Act.ENROL, rows[0].program_id, pickup_branch_id, patron_id=rows[0].patron_id)
    check_card(rows[0])
    pools = [pool_of(row) for row in rows if row.pool_id is not None and kit_type in (None, row.kit_type)]
    no_pool = list(_against_choice(pools)) if wants_kit else []
    joining = lock_and_count(session, rows[0], pools[0] if wants_kit and not no_pool else None, at=at)
    against = [*blocks(facts_of_joining(session, joining, answers or {}, wants_kit=wants_kit, at=at)), *no_pool]
    if against:
        raise Refused(*against)
    line = line_of(session, joining, at=at, by=by)
    with refusing_twins(Reason.ALREADY_ENROLLED, cohort=joining.held.name), together(session):
        place = add_enrolment(session, joining, wants_kit=wants_kit, at=at)
        if signed is not None:
            sign(session, joining, signed, at=at, by=by)
        queued = None if line is None else add_reservation(session, joining, place, line, at=at)
        tell_of_joining(session, joining, place, queued, at=at)
        record_joining(session, joining, place, queued, at=at, by=by)
    return Enrolled(
        enrolment=place.public_id,
        cohort=cohort,
        seat=place.state,
        seat_position=place.position,
        kit=_kit(None if queued is None else queued.state),
        kit_position=None if queued is None else queued.position,
        card_expires_first=_expires_first(joining.held.expires_on, joining.held.return_by),
        borrowed=joining.counted.borrowed,
    )


def permit_enrolling(session: Session, *, cohort: str, pickup_branch_id: int, by: Actor) -> int:
    """Refuse unless ``by`` may enrol people in a cohort (its code) with pick-up at a branch; gives the cohort's id.

    For whoever looks at a card before ``enrol`` does. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    cohort_id = cohort_id_of(session, cohort)
    permit_for_program(by, Act.ENROL, session.get_one(Cohort, cohort_id).program_id, pickup_branch_id)
    return cohort_id


def against_enrolling(
    session: Session,
    held: Cohort,
    person: Patron,
    *,
    branch_id: int,
    answers: Mapping[str, bool],
    wants_kit: bool,
    at: datetime,
) -> Iterator[Block]:
    """Every reason for which ``person`` cannot be given a place in a cohort, with pick-up at a branch."""
    today = branch_calendar(session, branch_id, since=at.date()).local_date(at)
    program = session.execute(
        select(Program.eligibility, Program.last_borrow_on, Program.ends_on.label("program_ends_on")).where(
            Program.id == held.program_id
        )
    ).one()
    already = live_enrolment(session, held.id, person.id) is not None
    applicant = Applicant(
        today=today,
        birth_date=person.birth_date,
        postal_code=person.postal_code,
        has_address=person.street is not None,
        completed=completed(session, person.id, program.eligibility),
        answers=answers,
        is_provisional=person.provisional_since is not None,
    )
    yield from blocks(facts_of(held, person, program, already=already, wants_kit=wants_kit, applicant=applicant))


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
        detail={"enrolment": enrolment.public_id, "seat": enrolment.state.value, **detail},
    )


def enrolment_as_it_stands(session: Session, enrolment: str) -> Enrolled:
    """What is true of an enrolment (its public id) now; ``NOT_FOUND`` when there is none."""
    row = session.execute(
        select(Enrolment, Cohort.code, Cohort.return_by, Patron.expires_on, _borrowed.label("borrowed"))
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
    return Enrolled(
        enrolment=seat.public_id,
        cohort=row.code,
        seat=seat.state,
        seat_position=_place_on_list(session, seat),
        kit=_kit(None if reservation is None else reservation.state),
        kit_position=None if reservation is None else place_in_queue(session, reservation),
        card_expires_first=_expires_first(row.expires_on, row.return_by),
        borrowed=row.borrowed,
    )


_borrowed = exists().where(
    Loan.patron_id == Enrolment.patron_id, Loan.cohort_id == Enrolment.cohort_id, Loan.state != LoanState.UNDONE
)


def _kit(state: ReservationState | None) -> Kit:
    """How the kit of somebody stands whose live reservation is in ``state``."""
    if state is None:
        return Kit.NONE
    return Kit.WAITING if state is ReservationState.WAITING else Kit.PROMISED


def _expires_first(expires_on: date | None, return_by: date) -> bool:
    return expires_on is not None and expires_on < return_by


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


def permit_on_enrolment(session: Session, enrolment: str, by: Actor) -> Enrolment:
    """Refuse unless ``by`` may change somebody's enrolment (its public id); gives it, unlocked.

    Asked before any lock, so that an outsider waits for nobody. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    seat, program_id = _seat_and_program(session, enrolment)
    permit_for_program(by, Act.ENROL, program_id, seat.pickup_branch_id)
    return seat


def permit_on_own_enrolment(session: Session, enrolment: str, by: Actor) -> Enrolment:
    """As ``permit_on_enrolment``, for what people also do themselves: whose enrolment it is may change it, too."""
    seat, program_id = _seat_and_program(session, enrolment)
    permit_for_program(by, Act.ENROL, program_id, seat.pickup_branch_id, patron_id=seat.patron_id)
    return seat


def _seat_and_program(session: Session, enrolment: str) -> tuple[Enrolment, int]:
    chosen = select(Enrolment, Cohort.program_id).join(Cohort, Cohort.id == Enrolment.cohort_id)
    found = session.execute(chosen.where(Enrolment.public_id == enrolment)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found.Enrolment, found.program_id


def refresh_enrolment(session: Session, seat: Enrolment, held: Cohort, by: Actor) -> None:
    """Read an enrolment again under its cohort's lock, where nothing else moves it, and permit again where it is now
    and for whose it is now: two records may have been merged.

    Raises ``Refused``: ``NOT_PERMITTED``.
    """
    session.refresh(seat)
    permit_for_program(by, Act.ENROL, held.program_id, seat.pickup_branch_id, patron_id=seat.patron_id)


def against_a_kit(session: Session, cohort_id: int, patron_id: int, *, leaving: int = 0) -> Iterator[Block]:
    """What stands against a kit of a cohort for a patron, who is locked: they have one in the same weeks.

    ``leaving`` is the cohort (its id) that they leave for this one.
    """
    asked = {"cohort_id": cohort_id, "patron_id": patron_id, "besides": leaving}
    name = session.scalars(KIT_IN_THE_SAME_WEEKS, asked).first()
    if name is not None:
        yield Block(Reason.HAS_A_KIT, {"cohort": name})


def live_enrolment(session: Session, cohort_id: int, patron_id: int) -> Enrolment | None:
    """Somebody's seat in a cohort, or place on its waiting list, if they have one."""
    live = select(Enrolment).where(
        Enrolment.cohort_id == cohort_id, Enrolment.patron_id == patron_id, Enrolment.state.in_(LIVE_ENROLMENTS)
    )
    return session.scalars(live).first()


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
    pools = [PoolFound(*row) for row in session.execute(chosen)]
    if against := list(_against_choice(pools)):
        raise Refused(*against)
    return pools[0]


def _against_choice(pools: Sequence[PoolFound]) -> Iterator[Block]:
    """What stands against a choice among a cohort's pools at a branch: there is none, or nobody said which."""
    if not pools:
        yield Block(Reason.NO_SUCH_POOL, {})
    elif len(pools) > 1:
        yield Block(Reason.VALUE_MISSING, {"field": "kit_type"})


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
