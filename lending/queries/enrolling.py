"""Before somebody is enrolled: which sessions there are, what is left in each, and what stands against this person.

Nothing here changes or locks anything; ``enrol`` decides again under its locks. Source: SCREENS, "Enrol or reserve for
someone: seats and kits left, place in the queue, reasons in plain words".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.circulation.locks import find_card
from lending.circulation.policies import policy_for
from lending.circulation.pool_book import LEFT, set_aside_by
from lending.circulation.reservations import PoolFound, left_in_pool
from lending.domain.actors import Actor
from lending.domain.eligibility import Question, read_eligibility
from lending.domain.permissions import Role
from lending.domain.states import HOLDS_A_SEAT, EnrolmentState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.loans import Loan
from lending.models.people import Household, Patron
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.enrolment import (
    against_a_kit,
    against_enrolling,
    free_seats,
    live_enrolment,
    permit_enrolling,
    pool_at,
)


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """A session that people may still join, with pick-up at one branch.

    ``seats_left`` and ``kits_left`` are free of those who wait; where none is left, ``waiting`` and ``kits_waiting``
    are how many are in line. ``kits_left`` is ``None`` where the session has no kits of the branch.
    """

    code: str
    name: str
    starts_on: date
    ends_on: date
    seats_left: int
    waiting: int
    kits_left: int | None
    kits_waiting: int
    questions: tuple[Question, ...]
    languages: str


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would come of enrolling somebody now. Positions are the place they would get, ``None`` where they would not
    wait. ``blocks`` stand against it; the rest is worth saying and stands against nothing.

    ``offered`` is their enrolment (public id) if a seat is offered to them: a scan accepts it.
    """

    seats_left: int
    position: int | None
    kits_left: int | None
    kit_position: int | None
    blocks: tuple[Block, ...]
    card_expires_first: bool
    household_has_a_kit: bool
    offered: str | None


def session_of_code(session: Session, code: str, prefix: str = "CO-") -> Cohort:
    """The session whose printed code was scanned, with the ``prefix`` of such codes or without it.

    Raises ``Refused`` (``NOT_FOUND``) when there is none.
    """
    bare = code.removeprefix(prefix)
    chosen = select(Cohort).where(Cohort.code.in_([code, bare])).order_by(Cohort.code != bare)
    found = session.scalars(chosen.limit(1)).first()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def open_sessions(session: Session, *, branch_id: int, today: date, at: datetime, by: Actor) -> list[SessionChoice]:
    """The sessions that are not over, soonest first, as a branch sees them; for a lead, those of their programmes."""
    rules = {program.id: program.eligibility for program in session.scalars(select(Program))}
    found = sessions_to_join(session, today=today, by=by)
    seats, kits = _seats_of(session, found), _kits_of(session, found, branch_id, at)
    return [_choice(held, rules[held.program_id], seats.get(held.id, (0, 0)), kits.get(held.id, [])) for held in found]


def sessions_to_join(session: Session, *, today: date, by: Actor) -> list[Cohort]:
    """The sessions that are not over, soonest first; for a lead, those of their programmes. No single workshops."""
    chosen = select(Cohort).where(
        Cohort.status == CohortStatus.PLANNED, Cohort.ends_on >= today, Cohort.is_single.is_(False)
    )
    if by.role is Role.PROGRAM:
        chosen = chosen.where(Cohort.program_id.in_(sorted(by.program_ids)))
    return list(session.scalars(chosen.order_by(Cohort.starts_on, Cohort.id)))


def questions_of(session: Session, held: Cohort) -> tuple[Question, ...]:
    """The questions that are asked of whoever joins a session."""
    rules = session.scalars(select(Program.eligibility).where(Program.id == held.program_id)).one()
    return read_eligibility(rules).questions


def can_enrol(
    session: Session,
    *,
    patron: str,
    cohort: str,
    pickup_branch_id: int,
    wants_kit: bool = True,
    kit_type: str | None = None,
    answers: Mapping[str, bool] | None = None,
    at: datetime,
    by: Actor,
) -> Prospect:
    """What would come of enrolling ``patron`` (the card number) in ``cohort`` (its code).

    Raises ``Refused``: ``NOT_FOUND`` for the cohort, ``NOT_PERMITTED``, ``CARD_UNKNOWN``, ``CARD_REPLACED``.
    """
    cohort_id = permit_enrolling(session, cohort=cohort, pickup_branch_id=pickup_branch_id, by=by)
    held, person = session.get_one(Cohort, cohort_id), session.get_one(Patron, find_card(session, patron))
    against = list(
        against_enrolling(
            session, held, person, branch_id=pickup_branch_id, answers=answers or {}, wants_kit=wants_kit, at=at
        )
    )
    pool = None
    if wants_kit:
        against.extend(against_a_kit(session, held.id, person.id, leaving=held.id))
        try:
            pool = pool_at(session, held.id, pickup_branch_id, kit_type)
        except Refused as refused:
            against.extend(refused.blocks)
    theirs = live_enrolment(session, held.id, person.id)
    waiting = _waiting(session, held)
    seats_left = 0 if waiting else max(free_seats(session, held), 0)
    kits_left, kits_waiting = (None, 0) if pool is None else _kits(session, pool, at)
    return Prospect(
        seats_left=seats_left,
        position=None if seats_left else waiting + 1,
        kits_left=kits_left,
        kit_position=kits_waiting + 1 if kits_left == 0 or (pool is not None and not seats_left) else None,
        blocks=tuple(against),
        card_expires_first=person.expires_on is not None and person.expires_on < held.return_by,
        household_has_a_kit=pool is not None and _household_is_full(session, person, pool, pickup_branch_id, at),
        offered=theirs.public_id if theirs is not None and theirs.state is EnrolmentState.OFFERED else None,
    )


def _choice(
    cohort: Cohort, rules: Mapping[str, object], seats: tuple[int, int], kits: Sequence[tuple[int, int]]
) -> SessionChoice:
    """A session with its seats (taken, waited for) and its pools of a branch (kits left, in line)."""
    taken, waiting = seats
    return SessionChoice(
        code=cohort.code,
        name=cohort.name,
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        seats_left=0 if waiting else max(cohort.capacity - taken, 0),
        waiting=waiting,
        kits_left=sum(0 if queued else max(left, 0) for left, queued in kits) if kits else None,
        kits_waiting=sum(queued for _, queued in kits),
        questions=read_eligibility(rules).questions,
        languages=cohort.languages,
    )


def _seats_of(session: Session, cohorts: Iterable[Cohort]) -> dict[int, tuple[int, int]]:
    """How many seats of each session are taken, and how many people wait for one."""
    counted = (
        select(
            Enrolment.cohort_id,
            func.count().filter(Enrolment.state.in_(HOLDS_A_SEAT)),
            func.count().filter(Enrolment.state == EnrolmentState.WAITING),
        )
        .where(Enrolment.cohort_id.in_([cohort.id for cohort in cohorts]))
        .group_by(Enrolment.cohort_id)
    )
    return {cohort_id: (taken, waiting) for cohort_id, taken, waiting in session.execute(counted)}


def _kits_of(
    session: Session, cohorts: Iterable[Cohort], branch_id: int, at: datetime
) -> dict[int, list[tuple[int, int]]]:
    """The pools that each session has at a branch: how many kits each may still promise, and how many wait for one."""
    queued = (
        select(func.count())
        .where(Reservation.pool_id == Pool.id, Reservation.state == ReservationState.WAITING)
        .correlate(Pool)
        .scalar_subquery()
    )
    here = (
        select(Pool.cohort_id, LEFT, queued)
        .join(Stock, Stock.id == Pool.stock_id)
        .where(Pool.cohort_id.in_([cohort.id for cohort in cohorts]), Stock.branch_id == branch_id)
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for cohort_id, left, waiting in session.execute(here, {"set_aside_by": set_aside_by(at)}):
        found.setdefault(cohort_id, []).append((left, waiting))
    return found


def _waiting(session: Session, cohort: Cohort) -> int:
    waiting = select(func.count()).where(Enrolment.cohort_id == cohort.id, Enrolment.state == EnrolmentState.WAITING)
    return session.scalars(waiting).one()


def _kits(session: Session, pool: PoolFound, at: datetime) -> tuple[int, int]:
    """The kits of a pool that nobody was promised and nobody waits for, and how many wait."""
    queue = select(func.count()).where(
        Reservation.pool_id == pool.pool_id, Reservation.state == ReservationState.WAITING
    )
    queued = session.scalars(queue).one()
    return (0 if queued else max(left_in_pool(session, pool.pool_id, at=at), 0)), queued


def _household_is_full(session: Session, person: Patron, pool: PoolFound, branch_id: int, at: datetime) -> bool:
    """Whether the household rule would stand against a check-out today; it decides only there."""
    limit = policy_for(session, kit_type_id=pool.kit_type_id, branch_id=branch_id, at=at).household_limit
    if limit is None or person.household_id is None or session.get_one(Household, person.household_id).exempt:
        return False
    theirs = (
        select(func.count())
        .select_from(Loan)
        .join(Patron, Patron.id == Loan.patron_id)
        .where(Patron.household_id == person.household_id, Patron.id != person.id, unreceived)
    )
    return bool(session.scalars(theirs).one() >= limit)
