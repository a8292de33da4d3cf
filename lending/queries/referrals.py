"""Referrals as people read them: those that wait for an answer, the oldest first, and what a period came to.

What came of a referral is as somebody told it, or as the service confirmed it; both are said. Source: RULES 7,
"Referrals"; LAPL's "enrolled in JobsLA".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from lending.domain.counting import N_
from lending.domain.names import short_name
from lending.domain.periods import Period
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.people import Patron
from lending.models.referrals import OutcomeSource, Referral, ReferralOutcome
from lending.queries.scope import Branches, within

MADE_ARE = N_("People sent on to another service with their written consent, once for each time.")
OUTCOME_IS = N_("What came of a referral, on the day it happened: as the person said, or as the service confirmed.")
ENROLLED_ARE = N_("People who enrolled with the service they were sent to; those who were placed are counted apart.")
"""Shown beside the figures. English is the source text; doors translate it."""


@dataclass(frozen=True, slots=True)
class ReferralShown:
    """A referral. ``patron`` is the public id; it and the name are ``None`` for somebody without a card, and once the
    link is cut. ``branch`` is the code.
    """

    referral: str
    branch: str
    branch_name: str
    zone: str
    referred_on: date
    sent_to: str
    reason: str
    consented_on: date
    consent_withdrawn: bool
    patron: str | None
    patron_name: str | None
    outcome: ReferralOutcome | None
    source: OutcomeSource | None
    outcome_on: date | None


@dataclass(frozen=True, slots=True)
class ServiceCounted:
    """What a period came to for one service. ``made`` are its referrals of the period, ``waiting`` those of them that
    nobody has an answer for; ``outcomes`` happened in the period, whenever the referral was.
    """

    sent_to: str
    made: int
    waiting: int
    outcomes: Mapping[ReferralOutcome, int]
    confirmed: Mapping[ReferralOutcome, int]

    def enrolled(self) -> int:
        """How many enrolled, by their own word or the service's."""
        return self.outcomes.get(ReferralOutcome.ENROLLED, 0)


@dataclass(frozen=True, slots=True)
class Referrals:
    """What a period came to; ``made`` is ``None`` where nobody was referred and nothing became known."""

    made: int | None
    services: tuple[ServiceCounted, ...]
    by_reason: Mapping[str, int]

    def enrolled_with(self, sent_to: str) -> int | None:
        """How many enrolled with a service (its code), such as ``jobsla``; ``None`` where nothing is known of it."""
        return next((one.enrolled() for one in self.services if one.sent_to == sent_to), None)


_SHOWN = (
    select(
        Referral.id,
        Referral.public_id,
        Referral.referred_on,
        Referral.sent_to,
        Referral.reason,
        Referral.consented_on,
        Referral.consent_withdrawn_at,
        Referral.outcome,
        Referral.outcome_source,
        Referral.outcome_on,
        Branch.code,
        Branch.name.label("branch"),
        Branch.zone,
        Patron.public_id.label("patron"),
        Patron.name,
    )
    .join(Branch, Branch.id == Referral.branch_id)
    .outerjoin(Patron, Patron.id == Referral.patron_id)
)


def referrals_waiting(
    session: Session, scope: Branches, *, after: str | None = None, limit: int = 50
) -> tuple[list[ReferralShown], str | None]:
    """The referrals of the reader's branches that nobody has an answer for, the oldest first, from behind the one with
    the public id ``after`` on. Who took their consent back is not asked. Gives also what continues behind the last.
    """
    waiting = _SHOWN.where(Referral.outcome.is_(None), Referral.consent_withdrawn_at.is_(None))
    return _page(session, waiting, scope, after, limit)


def referrals_listed(
    session: Session, scope: Branches, *, after: str | None = None, limit: int = 50
) -> tuple[list[ReferralShown], str | None]:
    """All referrals of the reader's branches, the oldest first, in the same way."""
    return _page(session, _SHOWN, scope, after, limit)


def referral(session: Session, public_id: str, scope: Branches) -> ReferralShown:
    """The referral with this public id. ``NOT_FOUND`` also where the reader may not look."""
    row = session.execute(
        _SHOWN.where(Referral.public_id == public_id, within(Referral.branch_id, scope))
    ).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(row)


def referrals(session: Session, scope: Branches, period: Period) -> Referrals:
    """What a period came to at the reader's branches."""
    own = within(Referral.branch_id, scope)
    made = session.execute(
        select(
            Referral.sent_to,
            Referral.reason,
            func.count().label("n"),
            func.count().filter(Referral.outcome.is_(None), Referral.consent_withdrawn_at.is_(None)).label("waiting"),
        )
        .where(own, Referral.referred_on.between(period.first, period.last))
        .group_by(Referral.sent_to, Referral.reason)
    ).all()
    came = session.execute(
        select(Referral.sent_to, Referral.outcome, Referral.outcome_source, func.count().label("n"))
        .where(own, Referral.outcome_on.between(period.first, period.last))
        .group_by(Referral.sent_to, Referral.outcome, Referral.outcome_source)
    ).all()
    reasons: dict[str, int] = {}
    for row in made:
        reasons[row.reason] = reasons.get(row.reason, 0) + row.n
    services = sorted({row.sent_to for row in (*made, *came)})
    return Referrals(
        made=sum(row.n for row in made) if services else None,
        services=tuple(
            ServiceCounted(
                sent_to,
                made=sum(row.n for row in made if row.sent_to == sent_to),
                waiting=sum(row.waiting for row in made if row.sent_to == sent_to),
                outcomes=_outcomes(came, sent_to, tuple(OutcomeSource)),
                confirmed=_outcomes(came, sent_to, (OutcomeSource.CONFIRMED,)),
            )
            for sent_to in services
        ),
        by_reason=dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _outcomes(
    rows: Sequence[AnyRow], sent_to: str, sources: tuple[OutcomeSource, ...]
) -> Mapping[ReferralOutcome, int]:
    found: dict[ReferralOutcome, int] = {}
    for row in rows:
        if row.sent_to == sent_to and row.outcome_source in sources:
            found[row.outcome] = found.get(row.outcome, 0) + row.n
    return found


def _page(
    session: Session, chosen: Select[*tuple[Any, ...]], scope: Branches, after: str | None, limit: int
) -> tuple[list[ReferralShown], str | None]:
    own = chosen.where(within(Referral.branch_id, scope))
    if after is not None:
        last = select(Referral.referred_on, Referral.id).where(Referral.public_id == after).subquery()
        later = or_(
            Referral.referred_on > last.c.referred_on,
            and_(Referral.referred_on == last.c.referred_on, Referral.id > last.c.id),
        )
        own = own.join(last, later)
    rows = session.execute(own.order_by(Referral.referred_on, Referral.id).limit(limit + 1)).all()
    found = [_shown(row) for row in rows[:limit]]
    return found, found[-1].referral if len(rows) > limit else None


def _shown(row: AnyRow) -> ReferralShown:
    return ReferralShown(
        referral=row.public_id,
        branch=row.code,
        branch_name=row.branch,
        zone=row.zone,
        referred_on=row.referred_on,
        sent_to=row.sent_to,
        reason=row.reason,
        consented_on=row.consented_on,
        consent_withdrawn=row.consent_withdrawn_at is not None,
        patron=row.patron,
        patron_name=None if row.name is None else short_name(row.name),
        outcome=row.outcome,
        source=row.outcome_source,
        outcome_on=row.outcome_on,
    )
