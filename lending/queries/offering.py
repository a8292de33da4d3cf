"""What somebody who reserves online may choose from: sessions with their seats, kits that are lent openly, and where.

Counted as the desk counts (``queries/enrolling.py``, ``queries/availability.py``), for all libraries at once; nothing
is locked, and the verbs decide again. Nobody is named. Source: issue "Patrons reserve online", Build 1; RULES 4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.circulation.pool_book import LEFT, set_aside_by
from lending.domain.cards import against_card
from lending.domain.eligibility import Applicant, Question, checks, read_eligibility
from lending.domain.enrolment import against_kit, blocks
from lending.domain.states import (
    HOLDS_A_SEAT,
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    EnrolmentState,
    KitState,
    ReservationState,
)
from lending.errors import Block, Reason
from lending.models.base import AnyRow, constant, constants, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.enrolment import against_a_kit
from lending.programs.joining import completed, facts_of
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
    held: AnyRow | None = field(repr=False, compare=False)
    """The session's row, for ``against``."""

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


_cohorts, _programs, _enrolments, _pools = table_of(Cohort), table_of(Program), table_of(Enrolment), table_of(Pool)
_stocks, _branches, _kit_types = table_of(Stock), table_of(Branch), table_of(KitType)
_kits, _patrons, _reservations, _loans = table_of(Kit), table_of(Patron), table_of(Reservation), table_of(Loan)
_PATRON_ID = bindparam("patron_id", type_=_patrons.c.id.type)
_IDS = bindparam("cohort_ids", type_=_cohorts.c.id.type, expanding=True)

# Built once: in the minute a session opens, everybody asks for these pages.
_SESSIONS = (
    select(
        _cohorts.c.id,
        _cohorts.c.code,
        _cohorts.c.name,
        _cohorts.c.status,
        _cohorts.c.starts_on,
        _cohorts.c.ends_on,
        _cohorts.c.pickup_from,
        _cohorts.c.capacity,
        _cohorts.c.languages,
        _programs.c.eligibility,
        _programs.c.last_borrow_on,
        _programs.c.ends_on.label("program_ends_on"),
    )
    .join(_programs, _programs.c.id == _cohorts.c.program_id)
    .where(
        _cohorts.c.status == constant(CohortStatus.PLANNED),
        _cohorts.c.ends_on >= bindparam("today", type_=_cohorts.c.ends_on.type),
    )
    .order_by(_cohorts.c.starts_on, _cohorts.c.id)
)
_ONE_SESSION = _SESSIONS.where(_cohorts.c.code == bindparam("code"))
_SEATS = (
    select(
        _enrolments.c.cohort_id,
        func.count().filter(_enrolments.c.state.in_(constants(HOLDS_A_SEAT))).label("taken"),
        func.count().filter(_enrolments.c.state == constant(EnrolmentState.WAITING)).label("waiting"),
    )
    .where(_enrolments.c.cohort_id.in_(_IDS))
    .group_by(_enrolments.c.cohort_id)
)
_WHERE = (_branches.c.code, _branches.c.name, _branches.c.address, _kit_types.c.code, _kit_types.c.name)
_POOLS = (
    select(
        _pools.c.cohort_id,
        *_WHERE,
        LEFT.label("left"),
        select(func.count())
        .where(_reservations.c.pool_id == _pools.c.id, _reservations.c.state == constant(ReservationState.WAITING))
        .correlate(_pools)
        .scalar_subquery()
        .label("waiting"),
    )
    .join(_stocks, _stocks.c.id == _pools.c.stock_id)
    .join(_branches, _branches.c.id == _stocks.c.branch_id)
    .join(_kit_types, _kit_types.c.id == _stocks.c.kit_type_id)
    .where(_pools.c.cohort_id.in_(_IDS), _pools.c.kits > 0)
    .order_by(_branches.c.name, _kit_types.c.name)
)
_OPEN = (
    select(*_WHERE)
    .select_from(_stocks)
    .join(_branches, _branches.c.id == _stocks.c.branch_id)
    .join(_kit_types, _kit_types.c.id == _stocks.c.kit_type_id)
    .where(
        _kit_types.c.cohort_only.is_(False),
        exists().where(_kits.c.stock_id == _stocks.c.id, _kits.c.state.not_in(constants(_GONE))),
    )
    .order_by(_kit_types.c.name, _branches.c.name)
)
_live = _reservations.c.state.in_(constants(LIVE_RESERVATIONS))
_PERSON = select(
    _patrons.c.birth_date,
    _patrons.c.postal_code,
    _patrons.c.street,
    _patrons.c.blocked_reason,
    _patrons.c.expires_on,
    _patrons.c.provisional_since,
    exists().where(_reservations.c.patron_id == _PATRON_ID, _live).label("waits"),
    exists().where(_loans.c.patron_id == _PATRON_ID, unreceived).label("borrows"),
).where(_patrons.c.id == _PATRON_ID)
_THEIR_SEATS = select(_enrolments.c.cohort_id).where(
    _enrolments.c.patron_id == _PATRON_ID, _enrolments.c.state.in_(constants(LIVE_ENROLMENTS))
)
_THEIR_KITS = (
    select(_kit_types.c.code)
    .join(_reservations, _reservations.c.kit_type_id == _kit_types.c.id)
    .where(_reservations.c.patron_id == _PATRON_ID, _reservations.c.cohort_id.is_(None), _live)
)


def offered(session: Session, *, today: date, at: datetime) -> list[Offered]:
    """Everything that can be reserved: sessions that are not over, soonest first, then kits without a session."""
    rows = session.connection().execute(_SESSIONS, {"today": today}).all()
    return [*_sessions(session, rows, at), *_open(session, at)]


def offered_as(session: Session, choice: str, *, today: date, at: datetime) -> Offered | None:
    """What a form sent as ``Offered.choice``, if it is offered."""
    kind, _, code = choice.partition(":")
    if kind == "session":
        rows = session.connection().execute(_ONE_SESSION, {"today": today, "code": code}).all()
        return next(iter(_sessions(session, rows, at)), None)
    return next((one for one in _open(session, at) if one.choice == choice), None)


def _sessions(session: Session, rows: Sequence[AnyRow], at: datetime) -> Iterator[Offered]:
    """Those of the sessions that have kits at all."""
    connection, ids = session.connection(), [row.id for row in rows]
    if not ids:
        return
    seats = {row.cohort_id: row for row in connection.execute(_SEATS, {"cohort_ids": ids})}
    places: dict[int, list[Place]] = defaultdict(list)
    for cohort_id, *where, left, waiting in connection.execute(
        _POOLS, {"cohort_ids": ids, "set_aside_by": set_aside_by(at)}
    ):
        places[cohort_id].append(_place(where, left, waiting))
    for row in rows:
        counted = seats.get(row.id)
        taken, waiting = (0, 0) if counted is None else (counted.taken, counted.waiting)
        if places[row.id]:
            yield Offered(
                name=row.name,
                cohort=row.code,
                kit_type=None,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                seats_left=0 if waiting else max(row.capacity - taken, 0),
                waiting=waiting,
                languages=row.languages,
                questions=read_eligibility(row.eligibility).questions,
                places=tuple(places[row.id]),
                held=row,
            )


def _place(where: Sequence[str], left: int, waiting: int) -> Place:
    branch, library, address, kit_type, name = where
    return Place(branch, library, address, kit_type, name, 0 if waiting else max(left, 0), waiting)


def _open(session: Session, at: datetime) -> Iterator[Offered]:
    """The kinds of kit that are lent without a session, by name."""
    rows = session.connection().execute(_OPEN).all()
    if not rows:
        return
    free = {(stock.branch, stock.kit_type): stock.free for stock in availability(session, branch_ids=None, at=at)}
    waiting = waiting_openly(session, branch_ids=None)
    places: dict[str, list[Place]] = defaultdict(list)
    for where in rows:
        key = (where[0], where[3])
        places[where[3]].append(_place(where, free.get(key, 0), waiting.get(key, 0)))
    for kit_type, there in places.items():
        yield Offered(there[0].kit_type_name, None, kit_type, None, None, 0, 0, "", (), tuple(there), None)


def against(
    session: Session,
    options: Iterable[Offered],
    *,
    patron_id: int | None,
    birth_date: date | None,
    today: date,
) -> dict[str, list[Block]]:
    """What stands against giving somebody what is offered, by ``Offered.choice``: a patron, or whoever says when they
    were born and no more. Questions are asked later, and stand against nothing here.
    """
    if patron_id is None:
        return {one.choice: _answerable(_against_newcomer(one, birth_date, today)) for one in options}
    connection, whose = session.connection(), {"patron_id": patron_id}
    person = connection.execute(_PERSON, whose).one()
    seats = frozenset(connection.scalars(_THEIR_SEATS, whose))
    kits = frozenset(connection.scalars(_THEIR_KITS, whose)) if person.waits else frozenset()
    found: dict[str, list[Block]] = {}
    for one in options:
        if one.held is None:
            against = _against_open(one, person, kits, seats, today)
        else:
            against = _against_session(session, one.held, person, patron_id, seats, today)
        found[one.choice] = _answerable(against)
    return found


def _answerable(found: Iterable[Block]) -> list[Block]:
    return [block for block in found if not str(block.detail.get("rule", "")).startswith("question")]


def _against_session(
    session: Session, held: AnyRow, person: AnyRow, patron_id: int, seats: frozenset[int], today: date
) -> Iterator[Block]:
    applicant = Applicant(
        today=today,
        birth_date=person.birth_date,
        postal_code=person.postal_code,
        has_address=person.street is not None,
        completed=completed(session, patron_id, held.eligibility),
        is_provisional=person.provisional_since is not None,
    )
    already = held.id in seats
    facts = facts_of(held, person, held, already=already, wants_kit=True, applicant=applicant)
    asks = applicant.is_provisional and (person.waits or bool(seats))
    yield from blocks(replace(facts, asks_elsewhere=asks))
    if (person.waits or person.borrows) and not already:
        yield from against_a_kit(session, held.id, patron_id, leaving=held.id)


def _against_newcomer(one: Offered, birth_date: date | None, today: date) -> Iterator[Block]:
    if one.held is None:
        return
    yield from against_kit(one.name, one.held.pickup_from, one.held.last_borrow_on, today)
    yield from checks(one.held.eligibility, Applicant(today, birth_date, None, False, is_provisional=True))


def _against_open(
    one: Offered, person: AnyRow, kits: frozenset[str], seats: frozenset[int], today: date
) -> Iterator[Block]:
    yield from (Block(*found) for found in against_card(person.blocked_reason, person.expires_on, today))
    if person.provisional_since is not None and (person.waits or seats):
        yield Block(Reason.ONE_UNTIL_VERIFIED, {})
    if one.kit_type in kits:
        yield Block(Reason.ALREADY_RESERVED, {})
