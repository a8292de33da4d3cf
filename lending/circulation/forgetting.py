"""What is forgotten besides: uses, referrals, registrations, captains, open answers, addresses, and whole records.

Source: RULES 8; ``domain/retention.py``, the rules ``EVENT``, ``YEAR``, ``TWO_YEARS`` and ``LEDGER``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lending.circulation.cutting import empty, keeps_history
from lending.circulation.ledger import forget_old
from lending.domain.retention import CUT_AFTER_YEAR, PERSONAL, REQUESTS_KEPT, Rule
from lending.models.base import Base, new_public_id, table_of
from lending.models.cohorts import Attendance, Cohort, Enrolment, Workshop
from lending.models.in_library import KitUse
from lending.models.loans import Loan
from lending.models.notices import Notice
from lending.models.outcomes import Captain, Registration, Survey, SurveyAnswer
from lending.models.people import Card, Household, Patron, PatronStatus, PinCode
from lending.models.privacy import RecordsRequest
from lending.models.referrals import Referral
from lending.models.reservations import Reservation


@dataclass(frozen=True, slots=True)
class Limits:
    """What was over before ``before`` is forgotten, at most ``most`` rows at once. ``today`` is the library's day."""

    at: datetime
    before: datetime
    today: date
    most: int


def empty_record(session: Session, row: Patron) -> None:
    """Leave nothing of a person in their record, which is locked: no name, no contact, no PIN, no card.

    The pseudonym stays, so that the journal stays whole, and the address goes when nobody else lives there.
    """
    for column, rule in PERSONAL["patrons"].items():
        if rule is Rule.ERASED and column not in ("name", "name_key", "merged_into_id"):
            setattr(row, column, None)
    row.name = row.name_key = ""
    row.text_consent_at = row.text_stopped_at = row.email_refused_at = row.provisional_since = None
    row.notice_channel, row.household_id, row.keeps_history = None, None, False
    row.session_version, row.status = new_public_id(), PatronStatus.ERASED
    row.created_at = start_of_day(row.created_at)
    for kind in (Card, PinCode):
        session.execute(delete(kind).where(kind.patron_id == row.id))
    session.flush()  # the address is forgotten when this was the last record that had it
    _forget_households(session)


def start_of_day(instant: datetime) -> datetime:
    """The day of an instant, so that it leads to no act of that moment."""
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)


def _registrations(session: Session, limits: Limits) -> int:
    named = or_(Registration.name.is_not(None), Registration.email.is_not(None), Registration.phone.is_not(None))
    chosen = select(Registration.id).join(Workshop, Workshop.id == Registration.workshop_id)
    ids = _found(session, chosen.where(named, Workshop.ends_at <= limits.before), Registration.id, limits)
    empty(session, Notice, table_of(Notice).c.registration_id.in_(ids), registration_id=None)
    reached = {"email": None, "email_refused_at": None, "phone": None}
    agreed = {"text_consent_at": None, "text_consent_wording": None}
    return _emptied(session, Registration, ids, name=None, name_key=None, **reached, **agreed)


def _captains(session: Session, limits: Limits) -> int:
    named = or_(Captain.patron_id.is_not(None), Captain.name.is_not(None))
    chosen = select(Captain.id).join(Cohort, Cohort.id == Captain.cohort_id)
    ids = _found(session, chosen.where(named, Cohort.ends_on <= limits.before.date()), Captain.id, limits)
    return _emptied(session, Captain, ids, patron_id=None, name=None)


def _captains_in_words(session: Session, limits: Limits) -> int:
    chosen = select(Cohort.id).where(Cohort.captains != "", Cohort.ends_on <= limits.before.date())
    return _emptied(session, Cohort, _found(session, chosen, Cohort.id, limits), captains="")


def _open_answers(session: Session, limits: Limits) -> int:
    """A year after the workshop or the session."""
    before = limits.at - CUT_AFTER_YEAR
    chosen = (
        select(SurveyAnswer.mark)
        .join(Survey, Survey.id == SurveyAnswer.survey_id)
        .outerjoin(Workshop, Workshop.id == Survey.workshop_id)
        .outerjoin(Cohort, Cohort.id == Survey.cohort_id)
        .where(or_(SurveyAnswer.helped.is_not(None), SurveyAnswer.better.is_not(None)))
        .where(or_(Workshop.ends_at <= before, Cohort.ends_on <= before.date()))
    )
    marks = _found(session, chosen, SurveyAnswer.mark, limits)
    return _emptied(session, SurveyAnswer, marks, helped=None, better=None)


def _uses(session: Session, limits: Limits) -> int:
    chosen = select(KitUse.id).where(KitUse.patron_id.is_not(None), KitUse.ended_at <= limits.before)
    chosen = chosen.where(~keeps_history(KitUse.patron_id))
    return _emptied(session, KitUse, _found(session, chosen, KitUse.id, limits), patron_id=None)


def _referrals(session: Session, limits: Limits) -> int:
    """So many days after the outcome is known; after a year in any case."""
    known = (Referral.outcome_on <= limits.before.date()) & ~keeps_history(Referral.patron_id)
    over = or_(known, Referral.referred_on <= (limits.at - CUT_AFTER_YEAR).date())
    chosen = select(Referral.id).where(Referral.patron_id.is_not(None), over)
    return _emptied(session, Referral, _found(session, chosen, Referral.id, limits), patron_id=None)


def _requests(session: Session, limits: Limits) -> int:
    named = or_(RecordsRequest.asker.is_not(None), RecordsRequest.note.is_not(None))
    chosen = select(RecordsRequest.id).where(named, RecordsRequest.decided_at <= limits.at - REQUESTS_KEPT)
    return _emptied(session, RecordsRequest, _found(session, chosen, RecordsRequest.id, limits), asker=None, note=None)


def _newcomers(session: Session, limits: Limits) -> int:
    """People without a card who never came: nothing of theirs is left, and nobody has seen who they are."""
    chosen = select(Patron.id).where(
        Patron.provisional_since <= limits.before,
        Patron.status == PatronStatus.ACTIVE,
        ~exists().where(Reservation.patron_id == Patron.id),
        ~exists().where(Enrolment.patron_id == Patron.id),
        ~exists().where(Attendance.patron_id == Patron.id),
        ~exists().where(Loan.patron_id == Patron.id),
    )
    ids = _found(session, chosen, Patron.id, limits)
    for row in session.scalars(select(Patron).where(Patron.id.in_(ids))):
        empty_record(session, row)
    return len(ids)


def _households(session: Session, limits: Limits) -> int:
    return _forget_households(session)


def _ledger(session: Session, limits: Limits) -> int:
    return forget_old(session, today=limits.today)


def _forget_households(session: Session) -> int:
    """Addresses of which nobody's record says any more that they live there. Exempt ones are the library's own."""
    empty_ones = ~Household.exempt & ~exists().where(Patron.household_id == Household.id)
    return session.connection().execute(delete(table_of(Household)).where(empty_ones)).rowcount


def _emptied(session: Session, kind: type[Base], ids: Sequence[Any], **values: Any) -> int:
    (key,) = table_of(kind).primary_key.columns
    return empty(session, kind, key.in_(ids), **values)


def _found(session: Session, chosen: Select[Any], key: InstrumentedAttribute[Any], limits: Limits) -> list[Any]:
    ordered = chosen.order_by(key).limit(limits.most)
    return list(session.scalars(ordered.with_for_update(of=key.class_, key_share=True, skip_locked=True)))


STEPS: Final[Mapping[str, Callable[[Session, Limits], int]]] = {
    "uses": _uses,
    "referrals": _referrals,
    "registrations": _registrations,
    "captains": _captains,
    "captains_in_words": _captains_in_words,
    "open_answers": _open_answers,
    "newcomers": _newcomers,
    "households": _households,
    "requests": _requests,
    "ledger": _ledger,
}
"""Every step by name, after those of the privacy clock."""
