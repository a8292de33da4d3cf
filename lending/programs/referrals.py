"""Referrals to another service: never without written consent, never with a name of somebody who has no card.

What came of one is asked later, and who said so is kept with it. Whoever takes their consent back is not asked any
more: their link is cut at once, and the referral itself stays counted. Source: RULES 7, "Referrals"; RULES 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.journal import record, record_unchanged
from lending.circulation.library_settings import settings_now
from lending.circulation.locks import lock_card_holder, lock_named
from lending.domain.actors import Actor
from lending.domain.library_settings import LibrarySettings
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.referrals import OutcomeSource, Referral, ReferralOutcome

MADE = "make_referral"
"""What the journal calls it. No row of the journal says who was referred."""

OLDEST: Final = timedelta(days=400)
"""How long ago a referral may have been made that is written down only now."""


@dataclass(frozen=True, slots=True)
class Referred:
    """A referral (its public id), and whom it is of where a card was scanned."""

    referral: str
    patron_name: str | None = None


def make_referral(
    session: Session,
    *,
    branch_id: int,
    sent_to: str,
    reason: str,
    consented_on: date | None,
    patron: str | None = None,
    referred_on: date | None = None,
    at: datetime,
    by: Actor,
) -> Referred:
    """Refer somebody to a service for a reason (codes of the library's lists); ``patron`` is a card, if they have one.

    ``consented_on`` is the local day on which they signed. Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the
    branch, ``CARD_UNKNOWN``, ``CARD_REPLACED``, or all of ``CONSENT_NEEDED``, ``VALUE_WRONG`` for the service and the
    reason, and what is wrong with the days: nobody consents after they were referred, and nothing is of tomorrow.
    """
    by.permit(Act.TALLY, branch_id)
    if session.get(Branch, branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    today = local_day(session, branch_id, at)
    on = referred_on or today
    lists = settings_now(session)
    against = [*_against_codes(sent_to, reason, lists), *_against_days(consented_on, on, today)]
    if against or consented_on is None:
        raise Refused(*against)
    person = None if patron is None else lock_card_holder(session, patron)
    row = Referral(
        branch_id=branch_id,
        patron_id=None if person is None else person.id,
        staff_id=by.staff_id,
        referred_on=on,
        sent_to=sent_to,
        reason=reason,
        consented_on=consented_on,
        made_at=at,
    )
    session.add(row)
    session.flush()  # its public id is made with the row
    detail = {"referral": row.public_id, "sent_to": sent_to, "reason": reason, "on": on.isoformat()}
    record(session, MADE, at=at, by=by, branch_id=branch_id, detail=detail)
    return Referred(row.public_id, None if person is None else short_name(person.name))


def record_outcome(
    session: Session,
    *,
    referral: str,
    outcome: ReferralOutcome,
    source: OutcomeSource,
    on: date | None = None,
    at: datetime,
    by: Actor,
) -> Referred:
    """Say what came of a referral (its public id), by whom that is known, and since which local day. Said again, the
    later answer holds, and the journal keeps both.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``CONSENT_WITHDRAWN``, ``DATE_IN_THE_FUTURE``, and
    ``DATE_IN_THE_PAST`` for a day before the referral.
    """
    row = _lock(session, referral, by)
    if row.consent_withdrawn_at is not None:
        raise Refused.because(Reason.CONSENT_WITHDRAWN)
    today = local_day(session, row.branch_id, at)
    day = on or today
    if day > today:
        raise Refused.because(Reason.DATE_IN_THE_FUTURE, on=day, field="on")
    if day < row.referred_on:
        raise Refused.because(Reason.DATE_IN_THE_PAST, on=day, field="on")
    before = None if row.outcome is None else [row.outcome.value, row.outcome_source, str(row.outcome_on)]
    row.outcome, row.outcome_source, row.outcome_on = outcome, source, day
    detail = {"referral": row.public_id, "outcome": outcome.value, "source": source.value, "on": day.isoformat()}
    record(session, "record_outcome", at=at, by=by, branch_id=row.branch_id, detail={**detail, "before": before})
    return Referred(row.public_id)


def withdraw_consent(session: Session, *, referral: str, at: datetime, by: Actor) -> Referred:
    """Note that somebody took their consent back: nothing names them any more, and nobody asks what came of it.

    The referral, and what was known of it, stay counted. Again, nothing changes. Raises ``Refused``: ``NOT_FOUND``,
    ``NOT_PERMITTED``.
    """
    row = _lock(session, referral, by)
    if row.consent_withdrawn_at is not None:
        record_unchanged(session, "withdraw_consent", at=at, by=by)
        return Referred(row.public_id)
    row.consent_withdrawn_at, row.patron_id = at, None
    record(session, "withdraw_consent", at=at, by=by, branch_id=row.branch_id, detail={"referral": row.public_id})
    return Referred(row.public_id)


def _lock(session: Session, public_id: str, by: Actor) -> Referral:
    row = lock_named(session, select(Referral).where(Referral.public_id == public_id))
    by.permit(Act.TALLY, row.branch_id)
    return row


def _against_codes(sent_to: str, reason: str, lists: LibrarySettings) -> Iterator[Block]:
    if sent_to not in {one.code for one in lists.referral_services}:
        yield Block(Reason.VALUE_WRONG, {"field": "sent_to"})
    if reason not in {one.code for one in lists.inquiry_topics}:
        yield Block(Reason.VALUE_WRONG, {"field": "reason"})


def _against_days(consented_on: date | None, on: date, today: date) -> Iterator[Block]:
    if consented_on is None:
        yield Block(Reason.CONSENT_NEEDED, {"field": "consented_on"})
    elif consented_on > on:
        yield Block(Reason.CONSENT_NEEDED, {"field": "consented_on", "on": consented_on})
    if on > today:
        yield Block(Reason.DATE_IN_THE_FUTURE, {"field": "referred_on", "on": on})
    if on < today - OLDEST:
        yield Block(Reason.DATE_IN_THE_PAST, {"field": "referred_on", "on": on})
