"""Reservations read back: in lists, and as an act left them.

Scoped to the pick-up branches of the reader; for a programme lead those for a session belong to its programme.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.names import short_name
from lending.domain.permissions import Role
from lending.domain.states import ReservationState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Enrolment
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
from lending.models.people import Card, Patron
from lending.models.reservations import Reservation
from lending.queries.positions import POSITION
from lending.queries.scope import Branches, seen_by, within


@dataclass(frozen=True, slots=True)
class ReservationShown:
    """A reservation: patron by the card, kit type, branch and cohort by their codes.

    ``position`` is its place among those that wait, 1 for the next. ``kit`` lies on the shelf for it or was collected.
    """

    id: str
    patron: str | None
    kit_type: str
    pickup_branch: str
    cohort: str | None
    state: ReservationState
    position: int | None
    kit: str | None
    pickup_code: str
    queued_at: datetime
    ready_until: datetime | None
    zone: str


@dataclass(frozen=True, slots=True)
class ReservationPage:
    """Some reservations, oldest first. ``after`` is the id behind which the next page begins; ``None`` at the end."""

    reservations: tuple[ReservationShown, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a reservation is: the public id and the short name, as staff may see them."""

    patron: str
    short_name: str


_SHOWN: Select[Any] = (
    select(
        Reservation.public_id.label("id"),
        Card.number.label("patron"),
        KitType.code.label("kit_type"),
        Branch.code.label("pickup_branch"),
        Cohort.code.label("cohort"),
        Reservation.state,
        POSITION,
        Kit.barcode.label("kit"),
        Reservation.pickup_code,
        Reservation.queued_at,
        case((Reservation.state == ReservationState.READY, Reservation.ready_until)).label("ready_until"),
        Branch.zone,
    )
    .join(KitType, KitType.id == Reservation.kit_type_id)
    .join(Branch, Branch.id == Reservation.pickup_branch_id)
    .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
    .outerjoin(Kit, Kit.id == Reservation.kit_id)
    .outerjoin(Card, and_(Card.patron_id == Reservation.patron_id, Card.ended_at.is_(None)))
)


def reservation(session: Session, public_id: str, *, by: Actor) -> ReservationShown:
    """The reservation with this id, where ``by`` may see it; otherwise ``NOT_FOUND``, whether it exists or not."""
    chosen = _SHOWN.where(Reservation.public_id == public_id, _seen(by))
    row = session.execute(chosen).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(row)


def reservations(
    session: Session,
    *,
    by: Actor,
    branch: str | None = None,
    state: ReservationState | None = None,
    cohort: str | None = None,
    patron: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> ReservationPage:
    """The reservations that ``by`` may see and that fit all that is given: codes, a card's number.

    ``after`` is a reservation's id; one that is not there gives an empty page.
    """
    chosen = _SHOWN.where(_seen(by))
    for column, value in (
        (Branch.code, branch),
        (Reservation.state, state),
        (Cohort.code, cohort),
        (Card.number, patron),
    ):
        if value is not None:
            chosen = chosen.where(column == value)
    if after is not None:
        last = session.scalars(select(Reservation.id).where(Reservation.public_id == after)).one_or_none()
        if last is None:
            return ReservationPage((), None)
        chosen = chosen.where(Reservation.id > last)
    found = tuple(_shown(row) for row in session.execute(chosen.order_by(Reservation.id).limit(limit + 1)))
    return ReservationPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def holder(session: Session, public_id: str, *, by: Actor) -> Holder:
    """Whose a reservation (its public id) is, where ``by`` may see it; ``NOT_FOUND`` else, and once the link is cut."""
    chosen = (
        select(Patron.public_id, Patron.name)
        .join(Reservation, Reservation.patron_id == Patron.id)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
        .where(Reservation.public_id == public_id, _seen(by))
    )
    row = session.execute(chosen).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return Holder(row.public_id, short_name(row.name))


def waiting_openly(session: Session, *, branch_ids: Branches) -> dict[tuple[str, str], int]:
    """How many people wait for no session, by the codes of the branch and the kit type."""
    chosen = (
        select(Branch.code, KitType.code, func.count())
        .select_from(Reservation)
        .join(Branch, Branch.id == Reservation.pickup_branch_id)
        .join(KitType, KitType.id == Reservation.kit_type_id)
        .where(
            Reservation.state == ReservationState.WAITING,
            Reservation.cohort_id.is_(None),
            within(Reservation.pickup_branch_id, branch_ids),
        )
        .group_by(Branch.code, KitType.code)
    )
    return {(branch, kit_type): waiting for branch, kit_type, waiting in session.execute(chosen)}


def reservation_after(session: Session, act: str, *, by: Actor) -> ReservationShown:
    """The reservation that the act with this id made, as it left it, so that a repeated request is answered the same.

    One that was made by enrolling has its place in the queue as it stands now. ``Refused`` (``NOT_FOUND``) where ``by``
    may not see it any more.
    """
    rows = session.scalars(select(JournalEntry).where(JournalEntry.act == act).order_by(JournalEntry.id)).all()
    details = {row.verb: row.detail for row in rows if row.verb in ("reserve", "enrol")}
    promised = {row.detail["reservation"] for row in rows if row.verb == "promise"}
    if "reserve" in details:
        made = Reservation.public_id == details["reserve"]["reservation"]
    elif "enrol" in details:
        seat = select(Enrolment.id).where(Enrolment.public_id == details["enrol"]["enrolment"]).scalar_subquery()
        first = select(func.min(Reservation.id)).where(Reservation.enrolment_id == seat).scalar_subquery()
        made = Reservation.id == first
    else:
        raise Refused.because(Reason.KEY_REUSED)
    row = session.execute(_SHOWN.where(made, _seen(by))).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    shown = replace(_shown(row), kit=None, ready_until=None)
    if shown.id in promised:
        return replace(shown, state=ReservationState.PROMISED, position=None)
    position = details["reserve"]["position"] if "reserve" in details else shown.position
    return replace(shown, state=ReservationState.WAITING, position=position)


def _seen(by: Actor) -> ColumnElement[bool]:
    """Whether ``by`` may see a reservation, which is joined with its cohort: as they may see its roster."""
    here = seen_by(by, Reservation.pickup_branch_id)
    if by.role is not Role.PROGRAM:
        return here
    return or_(Cohort.program_id.in_(sorted(by.program_ids)), and_(Reservation.cohort_id.is_(None), here))


def _shown(row: AnyRow) -> ReservationShown:
    return ReservationShown(**row._mapping)
