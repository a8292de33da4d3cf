"""The Public Libraries Survey's elements of a period. Source: RULES 7; ``domain/public_survey.py``."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from lending.domain.counting import Counter
from lending.domain.periods import Period
from lending.domain.public_survey import SurveyElements, elements
from lending.queries.counts import total
from lending.queries.program_sessions import workshops_of
from lending.queries.scope import Branches

CIRCULATION = (Counter.CHECK_OUT, Counter.STAFF_RENEWAL, Counter.PATRON_RENEWAL, Counter.AUTO_RENEWAL)
"""What the survey calls the circulation of physical items: charged for use outside the library, with renewals."""


def public_survey(
    session: Session,
    scope: Branches,
    period: Period,
    *,
    zone: str,
    at: datetime,
    led: Collection[int] = (),
    kit_type_id: int | None = None,
    program_id: int | None = None,
) -> SurveyElements:
    """What the survey asks, with its checks; ``zone`` is the library's own, ``led`` the programmes of the reader."""
    circulation = total(session, scope, period, kit_type_id=kit_type_id, program_id=program_id).n(*CIRCULATION)
    workshops = workshops_of(session, scope, period, zone=zone, at=at, led=led, program_id=program_id)
    held, posted = [one.held for one in workshops.sessions], [one.held.told for one in workshops.posted]
    return elements(held, posted, circulation=circulation)
