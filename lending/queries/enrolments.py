"""The people of a cohort: who has a seat or waits for one, and where each one's kit is.

One statement a page, however long it is. A programme lead sees the cohorts of their programmes, other staff whoever
picks up at their branches. Class records are confidential: a card, a short name, and no more. Source: RULES 4, "Cohort
desk", and 8; INTERFACES, "POST /cohorts/{code}/enrolments".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, true
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import unreceived
from lending.domain.actors import Actor
from lending.domain.names import short_name
from lending.domain.permissions import Role
from lending.domain.states import LIVE_ENROLMENTS, LIVE_RESERVATIONS, EnrolmentState, LoanState, ReservationState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool
from lending.models.journal import JournalEntry
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.people import Card, Patron
from lending.models.reservations import Reservation
from lending.queries.funnels import HAD_A_SEAT

_enrolments, _cohorts, _patrons, _cards = table_of(Enrolment), table_of(Cohort), table_of(Patron), table_of(Card)
_reservations, _loans, _kits, _branches = table_of(Reservation), table_of(Loan), table_of(Kit), table_of(Branch)
_journal, _terms = table_of(JournalEntry), table_of(LoanTerm)

_ACTS = ("enrol", "roll_over", "accept_offer", "withdraw", "drop", "excuse", "reserve")
"""The verbs whose row on the journal names the enrolment that an act was about; ``reserve`` where somebody with a seat
asked for a kit again."""


@unique
class KitStanding(StrEnum):
    """Where the kit of somebody in a cohort is."""

    NONE = "none"
    WAITING = "waiting"
    PROMISED = "promised"
    READY = "ready"
    OUT = "out"
    BACK = "back"


HAS_A_KIT = frozenset({KitStanding.PROMISED, KitStanding.READY, KitStanding.OUT, KitStanding.BACK})
"""Those who count for "14 of 18 kits out"."""


@dataclass(frozen=True, slots=True)
class SeatShown:
    """Somebody's place in a cohort. ``patron`` is the card, ``None`` once their link is cut.

    ``went_on_to`` is the later session (its name) into which their kit was rolled over. ``has_told_how`` they heard.
    ``position`` is the place on the waiting list, ``kit_position`` in the kits' queue, 1 for the next, ``None`` for who
    does not wait. ``barcode`` is the kit they have, had or will find on the shelf; ``code`` the one on its wrap slip.
    """

    id: str
    cohort: str
    patron: str | None
    patron_id: str | None
    name: str
    pickup_branch: str
    seat: EnrolmentState
    position: int | None
    kit: KitStanding
    kit_position: int | None
    barcode: str | None
    code: str | None
    due_at: datetime | None
    offered_until: datetime | None
    zone: str
    went_on_to: str | None
    has_told_how: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands in a session: which, their seat and kit, and where and until when a kit lies ready."""

    session: str
    seat: SeatShown
    branch: str
    branch_id: int
    ready_until: datetime | None


@dataclass(frozen=True, slots=True)
class SeatPage:
    """A page of a cohort's people in order of acknowledgement; ``after`` begins the next one, ``None`` at the end."""

    seats: list[SeatShown]
    after: str | None


_earlier, _queued = _enrolments.alias("earlier"), _reservations.alias("queued")
_list_place = (
    select(func.count())
    .where(
        _earlier.c.cohort_id == _enrolments.c.cohort_id,
        _earlier.c.state == EnrolmentState.WAITING,
        _earlier.c.id <= _enrolments.c.id,
    )
    .correlate(_enrolments)
    .scalar_subquery()
)
_queue_place = (
    select(func.count())
    .where(
        _queued.c.pool_id == _reservations.c.pool_id,
        _queued.c.state == ReservationState.WAITING,
        _queued.c.id <= _reservations.c.id,
    )
    .correlate(_reservations)
    .scalar_subquery()
)
_last_loan = (
    select(func.max(_loans.c.id))
    .where(
        _loans.c.patron_id == _enrolments.c.patron_id,
        _loans.c.cohort_id == _enrolments.c.cohort_id,
        _loans.c.state != LoanState.UNDONE,
    )
    .correlate(_enrolments)
    .scalar_subquery()
)
_later, _rolled = _cohorts.alias("later"), _loans.alias("rolled")
_went_on_to = (
    select(_later.c.name)
    .join(_rolled, _rolled.c.cohort_id == _later.c.id)
    .where(
        _rolled.c.patron_id == _enrolments.c.patron_id,
        _rolled.c.state != LoanState.UNDONE,
        _later.c.starts_on > _cohorts.c.starts_on,
        exists().where(_terms.c.loan_id == _rolled.c.id, _terms.c.kind == TermKind.ROLLED_OVER),
    )
    .order_by(_rolled.c.id.desc())
    .limit(1)
    .correlate(_enrolments, _cohorts)
    .scalar_subquery()
)
_loan, _lent, _set_aside = _loans.alias("loan"), _kits.alias("lent"), _kits.alias("set_aside")
_SEATS: Select[Any] = select(
    _enrolments.c.id.label("row"),
    _enrolments.c.public_id,
    _enrolments.c.state,
    _enrolments.c.offered_until,
    _cohorts.c.code.label("cohort"),
    _patrons.c.public_id.label("patron_id"),
    _patrons.c.name,
    _cards.c.number.label("card"),
    _branches.c.code.label("branch"),
    _branches.c.zone,
    _list_place.label("list_place"),
    _queue_place.label("queue_place"),
    _reservations.c.state.label("reservation_state"),
    _reservations.c.pickup_code,
    _set_aside.c.barcode.label("kit_set_aside"),
    _loan.c.received_at,
    _loan.c.due_at,
    _lent.c.barcode.label("kit_lent"),
    _went_on_to.label("went_on_to"),
    _enrolments.c.has_told_how,
).select_from(
    _enrolments.join(_cohorts, _cohorts.c.id == _enrolments.c.cohort_id)
    .join(_branches, _branches.c.id == _enrolments.c.pickup_branch_id)
    .outerjoin(_patrons, _patrons.c.id == _enrolments.c.patron_id)
    .outerjoin(_cards, and_(_cards.c.patron_id == _patrons.c.id, _cards.c.ended_at.is_(None)))
    .outerjoin(
        _reservations,
        and_(_reservations.c.enrolment_id == _enrolments.c.id, _reservations.c.state.in_(LIVE_RESERVATIONS)),
    )
    .outerjoin(_set_aside, _set_aside.c.id == _reservations.c.kit_id)
    .outerjoin(_loan, _loan.c.id == _last_loan)
    .outerjoin(_lent, _lent.c.id == _loan.c.kit_id)
)


_STANDINGS = (
    _SEATS.add_columns(
        _cohorts.c.name.label("session"),
        _branches.c.id.label("branch_id"),
        _branches.c.name.label("branch_name"),
        _reservations.c.ready_until,
    )
    .where(
        _enrolments.c.patron_id == bindparam("patron_id"),
        _enrolments.c.state.in_(LIVE_ENROLMENTS),
        _cohorts.c.status == CohortStatus.PLANNED,
        _cohorts.c.return_by >= bindparam("today"),
    )
    .order_by(_cohorts.c.starts_on, _enrolments.c.id)
)


def standings(session: Session, patron_id: int, *, today: date) -> tuple[Standing, ...]:
    """How somebody stands in each session that they have a seat in, are offered one or wait for, soonest first."""
    rows = session.connection().execute(_STANDINGS, {"patron_id": patron_id, "today": today})
    return tuple(Standing(row.session, _shown(row), row.branch_name, row.branch_id, row.ready_until) for row in rows)


def seats(
    session: Session,
    cohort: str,
    *,
    by: Actor,
    state: EnrolmentState | None = None,
    after: str | None = None,
    limit: int = 50,
) -> SeatPage:
    """A page of a cohort's people (its code). ``Refused`` (``NOT_FOUND``) for a cohort that ``by`` may not see."""
    held = session_with(session, cohort)
    if held is None or not may_see(held, by=by):
        raise Refused.because(Reason.NOT_FOUND)
    chosen = _SEATS.where(_enrolments.c.cohort_id == held.id, _seen_by(by))
    if state is not None:
        chosen = chosen.where(_enrolments.c.state == state)
    if after is not None:
        before = select(_enrolments.c.id).where(_enrolments.c.public_id == after).scalar_subquery()
        chosen = chosen.where(_enrolments.c.id > before)
    rows = session.execute(chosen.order_by(_enrolments.c.id).limit(limit + 1)).all()
    shown = [_shown(row) for row in rows[:limit]]
    return SeatPage(shown, shown[-1].id if len(rows) > limit else None)


def seat(session: Session, enrolment: str, *, by: Actor) -> SeatShown:
    """One person's place in a cohort (the public id). Raises ``Refused`` (``NOT_FOUND``), also for another branch's."""
    row = session.execute(_SEATS.where(_enrolments.c.public_id == enrolment, _seen_by(by))).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(row)


def seat_after(session: Session, act: str, *, by: Actor) -> SeatShown:
    """The place that an act was about, as it is now; of two, the one that the act gave.

    ``NOT_FOUND`` where ``by`` may not see it any more.
    """
    told = select(_journal.c.detail).where(_journal.c.act == act, _journal.c.verb.in_(_ACTS)).order_by(_journal.c.id)
    details = [detail for detail in session.scalars(told) if "enrolment" in detail]
    if not details:
        raise Refused.because(Reason.KEY_REUSED)
    return seat(session, details[-1]["enrolment"], by=by)


def released_by(session: Session, act: str) -> list[str]:
    """The enrolments (public ids) whose seats an act freed because nobody came."""
    told = select(_journal.c.detail).where(_journal.c.act == act, _journal.c.verb == "drop").order_by(_journal.c.id)
    return [detail["enrolment"] for detail in session.scalars(told)]


def roster(session: Session, cohort_ids: Iterable[int], *, by: Actor, branch_id: int | None = None) -> list[SeatShown]:
    """Everybody of these cohorts whom the desk deals with, at a branch or at all of the reader's: those with a seat by
    name, then those who wait, in order. Who left is shown while their kit is out.
    """
    chosen = _SEATS.where(
        _enrolments.c.cohort_id.in_(sorted(cohort_ids)),
        _seen_by(by),
        or_(
            _enrolments.c.state.in_(_ON_ROSTER),
            and_(_loan.c.id.is_not(None), _loan.c.received_at.is_(None), _enrolments.c.state.in_(_LEFT)),
        ),
    )
    if branch_id is not None:
        chosen = chosen.where(_enrolments.c.pickup_branch_id == branch_id)
    waits = _enrolments.c.state.in_((EnrolmentState.WAITING, EnrolmentState.OFFERED))
    rows = session.execute(
        chosen.order_by(_cohorts.c.starts_on, _cohorts.c.id, waits, _patrons.c.name_key, _enrolments.c.id)
    )
    return [_shown(row) for row in rows]


def had_a_seat(session: Session, cohort_id: int, *, by: Actor) -> list[SeatShown]:
    """Everybody with whom a session's funnel begins, by name: who has or had a seat and moved to no other session."""
    chosen = _SEATS.where(_enrolments.c.cohort_id == cohort_id, _seen_by(by), HAD_A_SEAT)
    return [_shown(row) for row in session.execute(chosen.order_by(_patrons.c.name_key, _enrolments.c.id))]


def session_with(session: Session, code: str) -> Cohort | None:
    """The session with this code, if there is one."""
    return session.scalars(select(Cohort).where(Cohort.code == code)).one_or_none()


def sessions_at(session: Session, *, branch_id: int, today: date, code: str = "") -> list[Cohort]:
    """The sessions of a desk: the one with this code, or all that a branch hands out for today or collects from."""
    if code:
        held = session_with(session, code)
        return [] if held is None else [held]
    picks_up = exists().where(Enrolment.cohort_id == Cohort.id, Enrolment.pickup_branch_id == branch_id)
    has_kits_out = exists().where(Loan.cohort_id == Cohort.id, Loan.branch_id == branch_id, unreceived)
    chosen = select(Cohort).where(
        Cohort.status == CohortStatus.PLANNED,
        Cohort.pickup_from <= today,
        or_(and_(Cohort.return_by >= today, picks_up), has_kits_out),
    )
    return list(session.scalars(chosen.order_by(Cohort.starts_on, Cohort.id)))


def may_see(held: Cohort, *, by: Actor) -> bool:
    """Whether a session is any matter of ``by``: a lead's are those of their programmes."""
    return by.role is not Role.PROGRAM or held.program_id in by.program_ids


def held_by(session: Session, barcode: str, cohort_ids: Collection[int]) -> str | None:
    """The card of whoever has a kit out with one of these sessions; ``None`` when nobody has."""
    theirs = (
        select(Card.number)
        .join(Loan, Loan.patron_id == Card.patron_id)
        .join(Kit, Kit.id == Loan.kit_id)
        .where(Kit.barcode == barcode, Loan.cohort_id.in_(cohort_ids), Card.ended_at.is_(None), unreceived)
    )
    return session.scalars(theirs).first()


def offered_to(session: Session, card: str, *, by: Actor, kit: str | None = None) -> str | None:
    """The enrolment (public id) of the seat that is offered to somebody where ``by`` may accept it for them, the one
    that lapses first; with a ``kit`` (its barcode), only of a session that has kits of its kind and branch.
    """
    offers = (
        select(Enrolment.public_id)
        .join(Card, Card.patron_id == Enrolment.patron_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Card.number == card, Enrolment.state == EnrolmentState.OFFERED, _seen_by(by))
    )
    if kit is not None:
        of_its_stock = select(Pool.cohort_id).join(Kit, Kit.stock_id == Pool.stock_id).where(Kit.barcode == kit)
        offers = offers.where(Enrolment.cohort_id.in_(of_its_stock))
    return session.scalars(offers.order_by(Enrolment.offered_until, Enrolment.id)).first()


def seat_without_a_kit(session: Session, card: str, cohort_id: int) -> str | None:
    """The live enrolment (public id) of somebody who has no kit with a cohort and stands in no line for one."""
    kit_awaited = exists().where(Reservation.enrolment_id == Enrolment.id, Reservation.state.in_(LIVE_RESERVATIONS))
    kit_out = exists().where(Loan.patron_id == Enrolment.patron_id, Loan.cohort_id == cohort_id, unreceived)
    theirs = (
        select(Enrolment.public_id)
        .join(Card, Card.patron_id == Enrolment.patron_id)
        .where(Card.number == card, Card.ended_at.is_(None), Enrolment.cohort_id == cohort_id)
        .where(Enrolment.state.in_(LIVE_ENROLMENTS), ~kit_awaited, ~kit_out)
    )
    return session.scalars(theirs).first()


def kits_out(seats: Collection[SeatShown]) -> tuple[int, int]:
    """How many kits of these people are out, of how many that they have, had or were promised."""
    return sum(row.kit is KitStanding.OUT for row in seats), sum(row.kit in HAS_A_KIT for row in seats)


_ON_ROSTER = frozenset(
    {EnrolmentState.ENROLLED, EnrolmentState.OFFERED, EnrolmentState.WAITING, EnrolmentState.COMPLETED}
)
_LEFT = frozenset({EnrolmentState.WITHDRAWN, EnrolmentState.DROPPED})


def _seen_by(by: Actor) -> ColumnElement[bool]:
    if by.everywhere:
        return true()
    if by.role is Role.PROGRAM:
        return _cohorts.c.program_id.in_(sorted(by.program_ids))
    return _enrolments.c.pickup_branch_id.in_(sorted(by.branch_ids))


def _shown(row: AnyRow) -> SeatShown:
    standing = _standing(row)
    waits = row.reservation_state is ReservationState.WAITING
    lent = standing in (KitStanding.OUT, KitStanding.BACK)
    return SeatShown(
        id=row.public_id,
        cohort=row.cohort,
        patron=row.card,
        patron_id=row.patron_id,
        name=short_name(row.name or ""),
        pickup_branch=row.branch,
        seat=row.state,
        position=row.list_place if row.state is EnrolmentState.WAITING else None,
        kit=standing,
        kit_position=row.queue_place if waits else None,
        barcode=row.kit_lent if lent else row.kit_set_aside,
        code=row.pickup_code,
        due_at=row.due_at if standing is KitStanding.OUT else None,
        offered_until=row.offered_until if row.state is EnrolmentState.OFFERED else None,
        zone=row.zone,
        went_on_to=row.went_on_to,
        has_told_how=row.has_told_how,
    )


def _standing(row: AnyRow) -> KitStanding:
    """A kit that is out counts before a promise, and a promise before one that is back."""
    if row.kit_lent is not None and row.received_at is None:
        return KitStanding.OUT
    if row.reservation_state is ReservationState.WAITING:
        return KitStanding.WAITING
    if row.reservation_state is ReservationState.READY:
        return KitStanding.READY
    if row.reservation_state is not None:
        return KitStanding.PROMISED
    return KitStanding.NONE if row.kit_lent is None else KitStanding.BACK
