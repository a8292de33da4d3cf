"""How people heard of a session or a workshop: asked of whoever enrols or registers, optional, and only counted.

What was answered hangs on nobody: the enrolment and the journal keep that somebody said it, so that nobody is counted
twice, and not what they said.
Source: RULES 0 (COOP Careers: peer referrals); issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import LIVE_ENROLMENTS
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Enrolment, Workshop
from lending.models.outcomes import HeardFrom, HeardOf
from lending.programs.cohorts import permit_for_program
from lending.programs.enrolment import lock_enrolments

NOTED = "note_heard"
"""What the journal calls it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """From whom or where somebody heard. ``friend_cohort``: the session (its code) in which their friend took part."""

    source: HeardFrom
    friend_cohort: str | None = None


def note_heard(session: Session, *, enrolment: str, heard: Heard, at: datetime, by: Actor) -> None:
    """Count how the person of an enrolment (its public id) heard of the session, once.

    By staff, and by patrons for their own seat. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``ALREADY_TOLD``
    for somebody who was counted, and ``VALUE_WRONG`` for a friend's session that there is not.
    """
    found = session.scalars(select(Enrolment).where(Enrolment.public_id == enrolment)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    held = session.get_one(Cohort, found.cohort_id)
    permit_for_program(by, Act.ENROL, held.program_id, found.pickup_branch_id, patron_id=found.patron_id)
    (found,) = lock_enrolments(session, [found.id])
    if found.state not in LIVE_ENROLMENTS:
        raise Refused.because(Reason.NOT_FOUND)
    if found.has_told_how:
        raise Refused.because(Reason.ALREADY_TOLD)
    found.has_told_how = True
    count_heard(session, heard, cohort_id=held.id, branch_id=found.pickup_branch_id, at=at)
    record(
        session,
        NOTED,
        at=at,
        by=by,
        branch_id=found.pickup_branch_id,
        cohort_id=held.id,
        detail={"enrolment": enrolment},
    )


def count_heard(
    session: Session,
    heard: Heard,
    *,
    cohort_id: int,
    branch_id: int | None,
    at: datetime,
    workshop: Workshop | None = None,
) -> None:
    """Write one row that names nobody. Part of another act. ``VALUE_WRONG``: there is no such session of a friend."""
    friend_id = None
    if heard.friend_cohort is not None and heard.source is HeardFrom.FRIEND:
        friend_id = session.scalar(select(Cohort.id).where(Cohort.code == heard.friend_cohort))
        if friend_id is None:
            raise Refused.because(Reason.VALUE_WRONG, field="friend_cohort")
    zone = "UTC" if branch_id is None else session.scalars(select(Branch.zone).where(Branch.id == branch_id)).one()
    session.add(
        HeardOf(
            id=_key_by_chance(),
            day=at.astimezone(ZoneInfo(zone)).date(),
            cohort_id=cohort_id,
            workshop_id=None if workshop is None else workshop.id,
            branch_id=branch_id,
            source=heard.source,
            friend_cohort_id=friend_id,
        )
    )


def _key_by_chance() -> int:
    """Keys in their order would say which row is whose: the journal names the seats in the order they were asked in."""
    return 1 + secrets.randbelow(2**62)
