"""What one patron's confirmation says: what they asked for, how it stands now, and where it is picked up.

Asked for by the patron's own id and the public id of what was made; somebody else's is none at all. Source: issue
"Patrons reserve online", Build 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.policies import policy_for
from lending.circulation.reservations import place_in_queue
from lending.domain.calendars import Calendar
from lending.domain.checkout import is_under_age
from lending.domain.states import LIVE_RESERVATIONS, PROMISED_RESERVATIONS, EnrolmentState, ReservationState
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Enrolment
from lending.models.kits import KitType
from lending.models.people import Card, Patron
from lending.models.reservations import Reservation


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A seat, a kit or both. ``seat`` and ``kit`` are ``None`` where there is none; positions are 1 for the next.

    ``reference`` is what stands for the card of somebody who has none yet. ``needs_guardian``: they are under age, and
    nobody has agreed for them yet. ``has_told_how`` they heard of it.
    """

    made: str
    name: str
    kit_type: str | None
    seat: EnrolmentState | None
    seat_position: int | None
    kit: ReservationState | None
    kit_position: int | None
    pickup_code: str | None
    pickup_from: date | None
    starts_on: date | None
    ready_until: datetime | None
    library: str
    address: str
    phone: str
    zone: str
    calendar: Calendar
    reference: str | None
    needs_guardian: bool
    has_told_how: bool

    @property
    def is_to_come(self) -> bool:
        """Whether there is a kit that is waited for or kept."""
        return self.kit in LIVE_RESERVATIONS

    @property
    def is_given_up(self) -> bool:
        """Whether there was one, and nobody waits for it or keeps it any more."""
        return self.kit in (ReservationState.CANCELLED, ReservationState.EXPIRED)

    def pickup_day(self, today: date) -> date | None:
        """The first open day on which a session's kit can be picked up; ``None`` where nobody knows it yet, or it is
        not to be picked up any more.
        """
        if self.pickup_from is None or self.kit not in PROMISED_RESERVATIONS:
            return None
        return self.calendar.next_open_on_or_after(max(today, self.pickup_from))


def confirmation(session: Session, patron_id: int, made: str, *, at: datetime) -> Confirmation | None:
    """What a patron asked for, by the public id of the enrolment or open reservation; ``None`` for anything else."""
    seat = session.scalars(
        select(Enrolment).where(Enrolment.public_id == made, Enrolment.patron_id == patron_id)
    ).one_or_none()
    is_it: ColumnElement[bool] = Reservation.public_id == made if seat is None else Reservation.enrolment_id == seat.id
    newest = select(Reservation).where(is_it, Reservation.patron_id == patron_id).order_by(Reservation.id.desc())
    kit = session.scalars(newest.limit(1)).first()
    asked = seat or kit
    if asked is None:
        return None
    held = None if asked.cohort_id is None else session.get_one(Cohort, asked.cohort_id)
    where, person = session.get_one(Branch, asked.pickup_branch_id), session.get_one(Patron, patron_id)
    kit_type = None if kit is None else session.get_one(KitType, kit.kit_type_id)
    calendar = branch_calendar(session, where.id, since=at.date() - timedelta(days=1))
    return Confirmation(
        made=made,
        name=held.name if held is not None else kit_type.name if kit_type is not None else "",
        kit_type=None if kit_type is None else kit_type.name,
        seat=None if seat is None else seat.state,
        seat_position=None if seat is None else _place_on_list(session, seat),
        kit=None if kit is None else kit.state,
        kit_position=None if kit is None else place_in_queue(session, kit),
        pickup_code=None if kit is None else kit.pickup_code,
        pickup_from=None if held is None else held.pickup_from,
        starts_on=None if held is None else held.starts_on,
        ready_until=kit.ready_until if kit is not None and kit.state is ReservationState.READY else None,
        library=where.name,
        address=where.address,
        phone=where.phone,
        zone=where.zone,
        calendar=calendar,
        reference=_reference(session, person),
        needs_guardian=_needs_guardian(session, person, kit, at, calendar.local_date(at)),
        has_told_how=seat is not None and seat.has_told_how,
    )


def _needs_guardian(session: Session, person: Patron, kit: Reservation | None, at: datetime, today: date) -> bool:
    if kit is None or person.guardian_agreed_on is not None:
        return False
    policy = policy_for(session, kit_type_id=kit.kit_type_id, branch_id=kit.pickup_branch_id, at=at)
    return is_under_age(person.birth_date, today, policy.adult_age)


def _reference(session: Session, person: Patron) -> str | None:
    if person.provisional_since is None:
        return None
    return session.scalar(select(Card.number).where(Card.patron_id == person.id, Card.ended_at.is_(None)))


def _place_on_list(session: Session, seat: Enrolment) -> int | None:
    if seat.state is not EnrolmentState.WAITING:
        return None
    before = (Enrolment.cohort_id == seat.cohort_id) & (Enrolment.state == EnrolmentState.WAITING)
    return session.scalars(select(func.count()).where(before, Enrolment.id <= seat.id)).one()
