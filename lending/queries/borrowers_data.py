"""What the library keeps about one patron, for themselves: how they are reached, and all of it as one document.

Nothing of anybody else stands in it: no name of staff, no other patron. Source: RULES 8, "Patron export and erasure".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lending.models.branches import Branch
from lending.models.charges import Charge
from lending.models.cohorts import Attendance, Cohort, Enrolment, Workshop
from lending.models.in_library import KitUse
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan, LoanPart
from lending.models.notices import Channel, Notice
from lending.models.outcomes import Captain
from lending.models.people import Card, Patron
from lending.models.policies import Agreement, AgreementAcceptance
from lending.models.referrals import Referral
from lending.models.reservations import Reservation
from lending.models.tasks import Task


@dataclass(frozen=True, slots=True)
class Preferences:
    """How a patron is reached, in which language, and whether their earlier loans are kept."""

    email: str | None
    email_refused_at: datetime | None
    phone: str | None
    text_consent_at: datetime | None
    text_consent_wording: str | None
    text_stopped_at: datetime | None
    notice_channel: Channel | None
    language: str
    keeps_history: bool
    birth_date: date | None


def preferences(session: Session, patron_id: int) -> Preferences:
    """The preferences of a patron."""
    columns = [getattr(Patron, name) for name in Preferences.__slots__]
    return Preferences(*session.execute(select(*columns).where(Patron.id == patron_id)).one())


def current_card(session: Session, patron_id: int) -> str | None:
    """The number of a patron's current card, which they know; ``None`` for one without a card."""
    chosen = select(Card.number).where(Card.patron_id == patron_id, Card.ended_at.is_(None))
    return session.scalars(chosen).one_or_none()


def everything(session: Session, patron_id: int) -> dict[str, Any]:
    """All that is kept about a patron, by what it is: plain values, instants as ISO text, money in cents."""
    return {name: [_plain(row._mapping) for row in session.execute(chosen)] for name, chosen in _all(patron_id).items()}


def _all(patron_id: int) -> dict[str, Select[*tuple[Any, ...]]]:
    about = (
        *("name", "birth_date", "guardian_agreed_on", "email", "email_refused_at", "phone", "text_consent_at"),
        *("text_consent_wording", "text_stopped_at", "notice_channel", "street", "unit", "city", "postal_code"),
        *("language", "expires_on", "blocked_reason", "keeps_history", "note", "created_at", "provisional_since"),
    )
    return {
        "patron": select(*(getattr(Patron, name) for name in about), Branch.name.label("home_library"))
        .join(Branch, Branch.id == Patron.home_branch_id)
        .where(Patron.id == patron_id),
        "cards": select(Card.number, Card.issued_at, Card.ended_at, Card.end)
        .where(Card.patron_id == patron_id)
        .order_by(Card.id),
        **_borrowed(patron_id),
        **_taken_part(patron_id),
        **_told(patron_id),
    }


def _borrowed(patron_id: int) -> dict[str, Select[*tuple[Any, ...]]]:
    loans = (
        select(
            Loan.public_id.label("id"),
            Kit.barcode.label("kit"),
            KitType.name.label("kit_type"),
            Branch.name.label("library"),
            Cohort.name.label("session"),
            Loan.state,
            Loan.checked_out_at,
            Loan.due_at,
            Loan.received_at,
            Loan.renewals,
            Loan.collected_by,
        )
        .join(Kit, Kit.id == Loan.kit_id)
        .join(KitType, KitType.id == Loan.kit_type_id)
        .join(Branch, Branch.id == Loan.branch_id)
        .outerjoin(Cohort, Cohort.id == Loan.cohort_id)
    )
    parts = select(
        Loan.public_id.label("loan"), LoanPart.name, LoanPart.quantity, LoanPart.state, LoanPart.reported_missing_at
    ).join(Loan, Loan.id == LoanPart.loan_id)
    charges = select(
        Charge.public_id.label("id"), Charge.kind, Charge.amount_cents, Charge.state, Charge.made_at, Charge.ended_at
    )
    return {
        "loans": loans.where(Loan.patron_id == patron_id).order_by(Loan.id),
        "parts": parts.where(Loan.patron_id == patron_id).order_by(LoanPart.id),
        "charges": charges.where(Charge.patron_id == patron_id).order_by(Charge.id),
    }


def _taken_part(patron_id: int) -> dict[str, Select[*tuple[Any, ...]]]:
    reservations = (
        select(
            Reservation.public_id.label("id"),
            KitType.name.label("kit_type"),
            Branch.name.label("library"),
            Cohort.name.label("session"),
            Reservation.state,
            Reservation.queued_at,
            Reservation.ready_until,
            Reservation.ended_at,
        )
        .join(KitType, KitType.id == Reservation.kit_type_id)
        .join(Branch, Branch.id == Reservation.pickup_branch_id)
        .outerjoin(Cohort, Cohort.id == Reservation.cohort_id)
    )
    seats = select(
        Enrolment.public_id.label("id"),
        Cohort.name.label("session"),
        Enrolment.state,
        Enrolment.created_at,
        Enrolment.ended_at,
    ).join(Cohort, Cohort.id == Enrolment.cohort_id)
    attended = select(Workshop.title.label("workshop"), Attendance.mode, Attendance.at).join(
        Workshop, Workshop.id == Attendance.workshop_id
    )
    coached = select(Cohort.name.label("session"), Captain.created_at).join(Captain, Captain.cohort_id == Cohort.id)
    return {
        "reservations": reservations.where(Reservation.patron_id == patron_id).order_by(Reservation.id),
        "sessions": seats.where(Enrolment.patron_id == patron_id).order_by(Enrolment.id),
        "workshops": attended.where(Attendance.patron_id == patron_id).order_by(Attendance.id),
        "captain_of": coached.where(Captain.patron_id == patron_id).order_by(Captain.id),
    }


def _told(patron_id: int) -> dict[str, Select[*tuple[Any, ...]]]:
    signed = select(
        Agreement.title,
        Agreement.version,
        AgreementAcceptance.accepted_at,
        AgreementAcceptance.how,
        AgreementAcceptance.typed_name,
    ).outerjoin_from(AgreementAcceptance, Agreement, Agreement.id == AgreementAcceptance.agreement_id)
    notices = select(Notice.step.label("message"), Notice.channel, Notice.state, Notice.made_at, Notice.sent_at)
    tasks = select(Task.kind, Task.what, Task.opened_at, Task.closed_at)
    referred = select(Referral.sent_to, Referral.reason, Referral.referred_on, Referral.consented_on, Referral.outcome)
    used = select(Kit.barcode.label("kit"), KitUse.began_at, KitUse.ended_at).join(Kit, Kit.id == KitUse.kit_id)
    coached = select(Cohort.name.label("session"), Captain.name).join(Cohort, Cohort.id == Captain.cohort_id)
    return {
        "referrals": referred.where(Referral.patron_id == patron_id).order_by(Referral.id),
        "used_in_the_library": used.where(KitUse.patron_id == patron_id).order_by(KitUse.id),
        "coached": coached.where(Captain.patron_id == patron_id).order_by(Captain.id),
        "agreements": signed.where(AgreementAcceptance.patron_id == patron_id).order_by(AgreementAcceptance.id),
        "messages": notices.where(Notice.patron_id == patron_id).order_by(Notice.id),
        "requests": tasks.where(Task.patron_id == patron_id).order_by(Task.id),
    }


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value
