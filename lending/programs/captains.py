"""Captains: who coaches a session, by their record or, without one, by name; whether they took part before is kept.

Source: RULES 0 (COOP Careers: cohorts with alumni captains); issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record
from lending.circulation.locks import lock_card_holder
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.domain.states import EnrolmentState
from lending.errors import Block, Reason, Refused
from lending.models.cohorts import Cohort, Enrolment
from lending.models.outcomes import Captain
from lending.programs.cohorts import permit_for_program
from lending.programs.enrolment import lock_cohort

LONGEST_NAME = 160

NAMED = "name_captain"
"""What the journal calls it."""


def name_captain(
    session: Session, *, cohort: str, patron: str | None = None, name: str | None = None, at: datetime, by: Actor
) -> str:
    """Name who coaches a session (its code): a patron (the card), or somebody without a record by ``name``.

    Gives the captain's public id. Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``CARD_UNKNOWN``,
    ``CARD_REPLACED``, ``COHORT_CANCELLED``, ``ALREADY_EXISTS``, ``VALUE_MISSING`` where neither is given and
    ``VALUE_WRONG`` where both are, or for the name.
    """
    held = _held(session, cohort, by)
    if (patron is None) == (name is None):
        reason = Reason.VALUE_MISSING if patron is None else Reason.VALUE_WRONG
        raise Refused.because(reason, field="name")
    held = lock_cohort(session, held.id)
    person = None if patron is None else lock_card_holder(session, patron)
    row = Captain(
        cohort_id=held.id,
        patron_id=None if person is None else person.id,
        name=None if name is None else _read_name(name),
        returned=person is not None and has_taken_part(session, person.id, before=held),
        created_at=at,
    )
    session.add(row)
    with refusing_twins(Reason.ALREADY_EXISTS, field="name", value=held.name):
        session.flush()  # the journal names the captain; one who is a captain of it already is refused
    record(
        session,
        NAMED,
        at=at,
        by=by,
        cohort_id=held.id,
        detail={"captain": row.public_id, "returned": row.returned},
    )
    return row.public_id


def remove_captain(session: Session, *, captain: str, at: datetime, by: Actor) -> None:
    """Take back that somebody (the captain's public id) coaches.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    row = session.scalars(select(Captain).where(Captain.public_id == captain)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    permit_for_program(by, Act.PLAN_COHORT, session.get_one(Cohort, row.cohort_id).program_id)
    session.execute(delete(Captain).where(Captain.id == row.id))
    record(session, "remove_captain", at=at, by=by, cohort_id=row.cohort_id, detail={"captain": captain})


def has_taken_part(session: Session, patron_id: int, *, before: Cohort) -> bool:
    """Whether a patron completed a session that was over when this one began."""
    completed = exists().where(
        Enrolment.patron_id == patron_id,
        Enrolment.state == EnrolmentState.COMPLETED,
        Enrolment.cohort_id == Cohort.id,
        Cohort.ends_on <= before.starts_on,
    )
    return bool(session.scalar(select(completed)))


def _held(session: Session, code: str, by: Actor) -> Cohort:
    held = session.scalars(select(Cohort).where(Cohort.code == code)).one_or_none()
    if held is None:
        raise Refused.because(Reason.NOT_FOUND)
    permit_for_program(by, Act.PLAN_COHORT, held.program_id)
    return held


def _read_name(name: str) -> str:
    try:
        read = plain_text(name, LONGEST_NAME)
    except ValueError:
        raise Refused(Block(Reason.VALUE_WRONG, {"field": "name"})) from None
    if read is None:
        raise Refused(Block(Reason.VALUE_MISSING, {"field": "name"}))
    return read
