"""What somebody who reserves online may choose from: sessions with their seats, kits that are lent openly, and where.

Counted as the desk counts (``queries/enrolling.py``, ``queries/availability.py``), for all libraries at once; nothing
is locked, and the verbs decide again. Nobody is named. Source: issue "Patrons reserve online", Build 1; RULES 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.pool_book import LEFT, set_aside_by
from lending.circulation.provisional import against_another_request
from lending.domain.cards import against_card
from lending.domain.eligibility import Applicant, Question, checks, read_eligibility
from lending.domain.enrolment import against_kit
from lending.domain.states import HOLDS_A_SEAT, LIVE_RESERVATIONS, EnrolmentState, KitState, ReservationState
from lending.errors import Block, Reason
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.kits import Kit, KitType
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.enrolment import against_a_kit, against_enrolling
from lending.queries.availability import availability
from lending.queries.reservations import waiting_openly

_GONE = frozenset({KitState.LOST, KitState.MISSING, KitState.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Place:
    """A library (its code) where a kit of a type can be had: how many nobody waits for are left, or how many wait."""

    branch: str
    library: str
    address: str
    kit_type: str
    kit_type_name: str
    left: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A session, or with ``cohort`` ``None`` a kind of kit that is lent openly, and the libraries that have its kits.

    ``seats_left`` are free of those who wait; where none is left, ``waiting`` people are in line for one.
    """

    name: str
    cohort: str | None
    kit_type: str | None
    starts_on: date | None
    ends_on: date | None
    seats_left: int
    waiting: int
    languages: str
    questions: tuple[Question, ...]
    places: tuple[Place, ...]

    @property
    def choice(self) -> str:
        """What a form sends for it."""
        return f"kit:{self.kit_type}" if self.cohort is None else f"session:{self.cohort}"

    @property
    def kits_left(self) -> int:
        """The kits that are left at all libraries."""
        return sum(place.left for place in self.places)

    @property
    def kits_waiting(self) -> int:
        """The people who wait for one at any library."""
        return sum(place.waiting for place in self.places)


def offered(session: Session, *, today: date, at: datetime) -> list[Offered]:
    """Everything that can be reserved: sessions that are not over, soonest first, then kits without a session."""
    return [*_sessions(session, today, at), *_open(session, at)]


def _sessions(session: Session, today: date, at: datetime) -> Iterator[Offered]:
    chosen = (
        select(Cohort, Program.eligibility)
        .join(Program, Program.id == Cohort.program_id)
        .where(Cohort.status == CohortStatus.PLANNED, Cohort.ends_on >= today)
        .order_by(Cohort.starts_on, Cohort.id)
    )
    rows = session.execute(chosen).all()
    ids = [row.Cohort.id for row in rows]
    seats, places = _seats(session, ids), _pools(session, ids, at)
    for held, eligibility in rows:
        taken, waiting = seats.get(held.id, (0, 0))
        if places[held.id]:
            yield Offered(
                name=held.name,
                cohort=held.code,
                kit_type=None,
                starts_on=held.starts_on,
                ends_on=held.ends_on,
                seats_left=0 if waiting else max(held.capacity - taken, 0),
                waiting=waiting,
                languages=held.languages,
                questions=read_eligibility(eligibility).questions,
                places=tuple(places[held.id]),
            )


def _seats(session: Session, cohort_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """How many seats of each session are taken, and how many people wait for one."""
    counted = (
        select(
            Enrolment.cohort_id,
            func.count().filter(Enrolment.state.in_(HOLDS_A_SEAT)),
            func.count().filter(Enrolment.state == EnrolmentState.WAITING),
        )
        .where(Enrolment.cohort_id.in_(cohort_ids))
        .group_by(Enrolment.cohort_id)
    )
    return {cohort_id: (taken, waiting) for cohort_id, taken, waiting in session.execute(counted)}


def _pools(session: Session, cohort_ids: Iterable[int], at: datetime) -> dict[int, list[Place]]:
    """The libraries that have kits of each session, by name."""
    queued = (
        select(func.count())
        .where(Reservation.pool_id == Pool.id, Reservation.state == ReservationState.WAITING)
        .correlate(Pool)
        .scalar_subquery()
    )
    chosen = (
        select(Pool.cohort_id, *_PLACE, LEFT.label("left"), queued.label("waiting"))
        .join(Stock, Stock.id == Pool.stock_id)
        .join(Branch, Branch.id == Stock.branch_id)
        .join(KitType, KitType.id == Stock.kit_type_id)
        .where(Pool.cohort_id.in_(cohort_ids), Pool.kits > 0)
        .order_by(Branch.name, KitType.name)
    )
    found: dict[int, list[Place]] = defaultdict(list)
    for cohort_id, branch, library, address, kit_type, name, left, waiting in session.execute(
        chosen, {"set_aside_by": set_aside_by(at)}
    ):
        free = 0 if waiting else max(left, 0)
        found[cohort_id].append(Place(branch, library, address, kit_type, name, free, waiting))
    return found


_PLACE: tuple[Any, ...] = (Branch.code, Branch.name, Branch.address, KitType.code, KitType.name)


def _open(session: Session, at: datetime) -> Iterator[Offered]:
    """The kinds of kit that are lent without a session, by name."""
    free = {(stock.branch, stock.kit_type): stock.free for stock in availability(session, branch_ids=None, at=at)}
    waiting = waiting_openly(session, branch_ids=None)
    chosen = (
        select(*_PLACE)
        .select_from(Stock)
        .join(Branch, Branch.id == Stock.branch_id)
        .join(KitType, KitType.id == Stock.kit_type_id)
        .where(
            KitType.cohort_only.is_(False),
            select(Kit.id).where(Kit.stock_id == Stock.id, Kit.state.not_in(_GONE)).exists(),
        )
        .order_by(KitType.name, Branch.name)
    )
    places: dict[str, list[Place]] = defaultdict(list)
    for branch, library, address, kit_type, name in session.execute(chosen):
        queue = waiting.get((branch, kit_type), 0)
        left = 0 if queue else max(free.get((branch, kit_type), 0), 0)
        places[kit_type].append(Place(branch, library, address, kit_type, name, left, queue))
    for kit_type, where in places.items():
        yield Offered(where[0].kit_type_name, None, kit_type, None, None, 0, 0, "", (), tuple(where))


def against(
    session: Session, one: Offered, *, patron_id: int | None, birth_date: date | None, today: date, at: datetime
) -> list[Block]:
    """What stands against giving somebody what is offered: a patron, or whoever says when they were born and no more.

    Questions are asked later, and stand against nothing here.
    """
    person = None if patron_id is None else session.get_one(Patron, patron_id)
    if person is None:
        found = _against_newcomer(session, one, birth_date, today)
    else:
        found = _against_open(session, one, person, today) if one.cohort is None else _against(session, one, person, at)
    return [block for block in found if not str(block.detail.get("rule", "")).startswith("question")]


def _against(session: Session, one: Offered, person: Patron, at: datetime) -> Iterator[Block]:
    held, branch_id = _held(session, one), person.home_branch_id
    yield from against_enrolling(session, held, person, branch_id=branch_id, answers={}, wants_kit=True, at=at)
    yield from against_a_kit(session, held.id, person.id, leaving=held.id)
    if person.provisional_since is not None:
        yield from against_another_request(session, person.id)


def _against_newcomer(session: Session, one: Offered, birth_date: date | None, today: date) -> Iterator[Block]:
    if one.cohort is None:
        return
    held = _held(session, one)
    program = session.get_one(Program, held.program_id)
    yield from against_kit(held.name, held.pickup_from, program.last_borrow_on, today)
    yield from checks(program.eligibility, Applicant(today, birth_date, None, False, is_provisional=True))


def _against_open(session: Session, one: Offered, person: Patron, today: date) -> Iterator[Block]:
    yield from (Block(*found) for found in against_card(person.blocked_reason, person.expires_on, today))
    if person.provisional_since is not None:
        yield from against_another_request(session, person.id)
    twin = (
        select(Reservation.id)
        .join(KitType, KitType.id == Reservation.kit_type_id)
        .where(
            Reservation.patron_id == person.id,
            KitType.code == one.kit_type,
            Reservation.cohort_id.is_(None),
            Reservation.state.in_(LIVE_RESERVATIONS),
        )
    )
    if session.scalars(twin.limit(1)).first() is not None:
        yield Block(Reason.ALREADY_RESERVED, {})


def _held(session: Session, one: Offered) -> Cohort:
    return session.scalars(select(Cohort).where(Cohort.code == one.cohort)).one()
