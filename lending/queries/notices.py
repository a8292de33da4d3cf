"""The facts of one notice: whom it is for and what it speaks of, read at the moment it is put into words.

Nothing here names a device: a kit is told by its kind, a part by its name. Amounts are whole cents, instants UTC.
Source: RULES 6.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from lending.circulation.addressees import PLACE
from lending.circulation.reservations import WAITING_NOTICE, place_in_queue
from lending.domain.pins import CODE_HOLDS
from lending.domain.states import ChargeState, EnrolmentState
from lending.domain.waiting import DayRange
from lending.models.base import whole_sum
from lending.models.branches import Branch
from lending.models.charges import Charge
from lending.models.cohorts import Cohort, Enrolment, Workshop, WorkshopMode
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm
from lending.models.notices import Channel, Notice
from lending.models.outcomes import Registration, Survey
from lending.models.people import Patron
from lending.models.policies import Agreement, AgreementAcceptance
from lending.models.reservations import Reservation
from lending.programs.completion import COMPLETED
from lending.programs.rescheduling import WORKSHOP_DROPPED, WORKSHOP_MOVED
from lending.queries.journal import detail_of
from lending.queries.waiting import waiting_range


@unique
class Subject(StrEnum):
    """What a notice hangs on, as its subject begins."""

    LOAN = "loan"
    RESERVATION = "reservation"
    ENROLMENT = "enrolment"
    WORKSHOP = "workshop"
    SIGNATURE = "signature"
    PIN = "pin"
    SURVEY = "survey"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFacts:
    """What one notice may say. Facts of another subject are ``None``; ``cohort`` also where a loan is open.

    ``days_late`` are calendar days on the clock of the branch; ``was_due_at`` is the due date before this one;
    ``pin_code_name`` names a code for a new PIN, which whoever sends the notice works out (``pin_code``).
    ``place`` is 1 for the next, ``likely`` between which days it may be their turn; ``parts`` are those that are
    missing or, on a receipt, those that went out. ``patron_id`` is ``None`` for who registered for one workshop:
    ``registration`` (its public id) stands in their link, ``held_at`` says where people meet, if they do.
    """

    notice: str
    step: str
    subject: Subject
    channel: Channel
    patron_id: int | None
    loan_id: int | None
    name: str
    language: str
    email: str | None
    phone: str | None
    address: tuple[str, ...]
    branch_id: int
    branch: str
    branch_phone: str
    branch_address: str
    zone: str
    kit: str | None = None
    kit_type: str | None = None
    due_at: datetime | None = None
    was_due_at: datetime | None = None
    days_late: int = 0
    owed_cents: int | None = None
    parts: tuple[str, ...] = ()
    back_by: datetime | None = None
    pickup_code: str | None = None
    pickup_from: date | None = None
    ready_until: datetime | None = None
    place: int | None = None
    likely: DayRange | None = None
    cohort: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    offered_until: datetime | None = None
    workshop: str | None = None
    workshop_at: datetime | None = None
    workshop_ends_at: datetime | None = None
    agreement: str | None = None
    agreement_text: str | None = None
    signed_at: datetime | None = None
    pin_code_name: str | None = None
    pin_code: str | None = None
    pin_until: datetime | None = None
    survey: str | None = None
    survey_link: str | None = None
    registration: str | None = None
    registration_link: str | None = None
    reference: str | None = None
    mode: WorkshopMode | None = None
    held_at: str | None = None


def facts_of(session: Session, notice: str, *, at: datetime) -> NoticeFacts | None:
    """The facts of a notice (its public id); ``None`` where the patron's link was cut or its subject is gone."""
    row = session.execute(_WHOM.where(Notice.public_id == notice)).one_or_none()
    if row is None:
        return _of_registration(session, notice)
    kind, _, name = row.subject.partition(":")
    common: dict[str, Any] = {
        "notice": notice,
        "step": row.step,
        "channel": row.channel,
        "patron_id": row.patron_id,
        "loan_id": row.loan_id,
        "name": row.name,
        "language": row.language,
        "email": row.email,
        "phone": row.phone,
        "address": _address(row),
    }
    if kind == Subject.LOAN:
        return _of_loan(session, common, row.loan_id, at)
    if kind == Subject.RESERVATION:
        return _of_reservation(session, common, name.partition(":")[0], at)
    if kind == Subject.ENROLMENT:
        return _of_seat(session, common, *name.partition(":")[::2])
    if kind == Subject.SIGNATURE:
        return _of_signature(session, common, int(name))
    if kind == Subject.PIN:
        return _of_pin(session, common, name, row.made_at)
    if kind == Subject.SURVEY:
        return _of_survey(session, common, name.partition(":")[0])
    if kind == Subject.WORKSHOP:
        workshop, _, enrolment = name.partition(":")
        found = _of_seat(session, common, enrolment, "")
        return None if found is None else _with_workshop(session, replace(found, subject=Subject.WORKSHOP), workshop)
    return None


_WHOM = (
    select(Notice.step, Notice.subject, Notice.channel, Notice.loan_id, Notice.patron_id, Notice.made_at)
    .add_columns(Patron.name, Patron.language, Patron.email, Patron.phone)
    .add_columns(Patron.street, Patron.unit, Patron.city, Patron.postal_code)
    .join(Patron, Patron.id == Notice.patron_id)
)
_WHERE = (
    Branch.id.label("branch_id"),
    Branch.name.label("branch"),
    Branch.phone.label("branch_phone"),
    Branch.address.label("branch_address"),
    Branch.zone,
)
_before = aliased(LoanTerm)
_owed = (
    select(func.coalesce(whole_sum(Charge.amount_cents), 0))
    .where(Charge.loan_id == Loan.id, Charge.state == ChargeState.OWED)
    .correlate(Loan)
    .scalar_subquery()
)
_LOAN = (
    select(
        *_WHERE,
        Loan.due_at,
        Loan.incomplete_until.label("back_by"),
        Kit.barcode.label("kit"),
        KitType.name.label("kit_type"),
        Cohort.name.label("cohort"),
        _before.due_at.label("was_due_at"),
        _owed.label("owed_cents"),
    )
    .join(Branch, Branch.id == Loan.branch_id)
    .join(Kit, Kit.id == Loan.kit_id)
    .join(KitType, KitType.id == Loan.kit_type_id)
    .outerjoin(Cohort, Cohort.id == Loan.cohort_id)
    .outerjoin(_before, and_(_before.loan_id == Loan.id, _before.n == Loan.term - 1))
)


def _of_loan(session: Session, common: dict[str, Any], loan_id: int, at: datetime) -> NoticeFacts | None:
    row = session.execute(_LOAN.where(Loan.id == loan_id)).one_or_none()
    if row is None:
        return None
    found = NoticeFacts(subject=Subject.LOAN, parts=_parts(session, loan_id, common["step"]), **common, **row._mapping)
    return replace(found, days_late=max((_local(at, found.zone) - _local(row.due_at, found.zone)).days, 0))


def _parts(session: Session, loan_id: int, step: str) -> tuple[str, ...]:
    """The names of the parts that a notice lists: what went out, or what is missing and nobody settled."""
    chosen = select(LoanPart.name).where(LoanPart.loan_id == loan_id).order_by(LoanPart.id)
    if step != "receipt":
        chosen = chosen.where(LoanPart.state == LoanPartState.MISSING, LoanPart.settled_at.is_(None))
    return tuple(session.scalars(chosen))


def _of_pin(session: Session, common: dict[str, Any], name: str, made_at: datetime) -> NoticeFacts:
    """The code is no fact that a row holds: only whoever has the library's key can work it out."""
    home = select(*_WHERE).join(Patron, Patron.home_branch_id == Branch.id).where(Patron.id == common["patron_id"])
    row = session.execute(home).one()
    return NoticeFacts(
        subject=Subject.PIN, pin_code_name=name, pin_until=made_at + CODE_HOLDS, **common, **row._mapping
    )


def _of_survey(session: Session, common: dict[str, Any], public_id: str) -> NoticeFacts | None:
    """A workshop's survey. Its link is no fact that a row holds: it begins with the address of the public pages."""
    home = (
        select(*_WHERE, Cohort.name.label("cohort"), Workshop.title.label("workshop"))
        .select_from(Survey)
        .join(Workshop, Workshop.id == Survey.workshop_id)
        .join(Cohort, Cohort.id == Workshop.cohort_id)
        .join(Patron, Patron.id == common["patron_id"])
        .join(Branch, Branch.id == Patron.home_branch_id)
        .where(Survey.public_id == public_id)
    )
    row = session.execute(home).one_or_none()
    return None if row is None else NoticeFacts(subject=Subject.SURVEY, survey=public_id, **common, **row._mapping)


_RESERVATION = (
    select(
        *_WHERE,
        Reservation,
        KitType.name.label("kit_type"),
        Cohort.name.label("cohort"),
        Cohort.starts_on,
        Cohort.ends_on,
        Cohort.pickup_from,
    )
    .join(Branch, Branch.id == Reservation.pickup_branch_id)
    .join(KitType, KitType.id == Reservation.kit_type_id)
    .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
)


def _of_reservation(session: Session, common: dict[str, Any], public_id: str, at: datetime) -> NoticeFacts | None:
    row = session.execute(_RESERVATION.where(Reservation.public_id == public_id)).one_or_none()
    if row is None:
        return None
    known = dict(row._mapping)
    reservation: Reservation = known.pop("Reservation")
    return NoticeFacts(
        subject=Subject.RESERVATION,
        pickup_code=reservation.pickup_code,
        ready_until=reservation.ready_until,
        place=place_in_queue(session, reservation),
        likely=waiting_range(session, [public_id], at=at)[public_id] if common["step"] == WAITING_NOTICE else None,
        **common,
        **known,
    )


_SIGNATURE = (
    select(
        *_WHERE,
        Agreement.title.label("agreement"),
        Agreement.body.label("agreement_text"),
        AgreementAcceptance.accepted_at.label("signed_at"),
    )
    .select_from(AgreementAcceptance)
    .join(Agreement, Agreement.id == AgreementAcceptance.agreement_id)
    .join(Patron, Patron.id == AgreementAcceptance.patron_id)
    .join(Branch, Branch.id == Patron.home_branch_id)
)


def _of_signature(session: Session, common: dict[str, Any], acceptance_id: int) -> NoticeFacts | None:
    row = session.execute(_SIGNATURE.where(AgreementAcceptance.id == acceptance_id)).one_or_none()
    return None if row is None else NoticeFacts(subject=Subject.SIGNATURE, **common, **row._mapping)


_SEAT = (
    select(
        *_WHERE,
        Enrolment,
        Cohort.name.label("cohort"),
        Cohort.starts_on,
        Cohort.ends_on,
        Cohort.pickup_from,
    )
    .join(Branch, Branch.id == Enrolment.pickup_branch_id)
    .join(Cohort, Cohort.id == Enrolment.cohort_id)
)


def _of_seat(session: Session, common: dict[str, Any], public_id: str, act: str) -> NoticeFacts | None:
    row = session.execute(_SEAT.where(Enrolment.public_id == public_id)).one_or_none()
    if row is None:
        return None
    known = dict(row._mapping)
    seat: Enrolment = known.pop("Enrolment")
    found = NoticeFacts(
        subject=Subject.ENROLMENT,
        offered_until=seat.offered_until,
        place=_place(session, seat),
        survey=_survey_at_the_end(session, seat) if common["step"] == COMPLETED else None,
        **common,
        **known,
    )
    if common["step"] == WORKSHOP_DROPPED:
        return _with_dropped(session, found, act)
    if common["step"] != WORKSHOP_MOVED:
        return found
    moved = select(JournalEntry.detail).where(JournalEntry.act == act, JournalEntry.verb == "change_workshop")
    detail = session.scalars(moved).first()
    return None if detail is None else _with_workshop(session, found, str(detail["workshop"]))


def _survey_at_the_end(session: Session, seat: Enrolment) -> str | None:
    return session.scalar(select(Survey.public_id).where(Survey.cohort_id == seat.cohort_id))


def _place(session: Session, seat: Enrolment) -> int | None:
    """The place on the waiting list, or in the queue for a kit of somebody with a seat."""
    if seat.state is EnrolmentState.WAITING:
        before = select(func.count()).where(
            Enrolment.cohort_id == seat.cohort_id, Enrolment.state == EnrolmentState.WAITING, Enrolment.id <= seat.id
        )
        return session.scalars(before).one()
    kit = session.scalars(
        select(Reservation).where(Reservation.enrolment_id == seat.id).order_by(Reservation.id.desc()).limit(1)
    ).one_or_none()
    return None if kit is None else place_in_queue(session, kit)


def _with_workshop(session: Session, found: NoticeFacts, public_id: str) -> NoticeFacts | None:
    workshop = session.scalars(select(Workshop).where(Workshop.public_id == public_id)).one_or_none()
    if workshop is None:
        return None
    return replace(found, workshop=workshop.title, workshop_at=workshop.starts_at, workshop_ends_at=workshop.ends_at)


def _with_dropped(session: Session, found: NoticeFacts, act: str) -> NoticeFacts | None:
    """The workshop that an act took off the list, as the journal keeps it."""
    detail = detail_of(session, act, "drop_workshop")
    if detail is None:
        return None
    starts_at, ends_at = (datetime.fromisoformat(detail[name]) for name in ("starts_at", "ends_at"))
    return replace(found, workshop=detail["title"], workshop_at=starts_at, workshop_ends_at=ends_at)


_REGISTERED = (
    select(
        *_WHERE,
        *(Notice.step, Notice.channel, Notice.loan_id, Notice.patron_id),
        *(Registration.name, Registration.language, Registration.email, Registration.phone, Registration.reference),
        Registration.public_id.label("registration"),
        Cohort.name.label("cohort"),
        Workshop,
    )
    .select_from(Notice)
    .join(Registration, Registration.id == Notice.registration_id)
    .join(Workshop, Workshop.id == Registration.workshop_id)
    .join(Cohort, Cohort.id == Workshop.cohort_id)
    .join(Branch, Branch.id == PLACE)
)


def _of_registration(session: Session, notice: str) -> NoticeFacts | None:
    """Of somebody who registered: whom to call is where the workshop is held or, on line, the library it belongs to."""
    row = session.execute(_REGISTERED.where(Notice.public_id == notice)).one_or_none()
    if row is None:
        return None
    known = dict(row._mapping)
    held: Workshop = known.pop("Workshop")
    return NoticeFacts(
        notice=notice,
        subject=Subject.REGISTRATION,
        address=(),
        workshop=held.title,
        workshop_at=held.starts_at,
        workshop_ends_at=held.ends_at,
        mode=held.mode,
        held_at=None if held.branch_id is None else f"{row.branch}, {row.branch_address}",
        **known,
    )


def _address(row: Any) -> tuple[str, ...]:
    """The lines of an address as an envelope shows them; empty where nobody gave one."""
    street = " ".join(text for text in (row.street, row.unit) if text)
    town = " ".join(text for text in (row.city, row.postal_code) if text)
    return tuple(line for line in (street, town) if line) if row.street else ()


def _local(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()
