"""Outcome stories: what somebody tells of themselves, for the uses they agreed to, until they take it back.

A story without consent is not kept at all. Who takes the consent back has the words deleted at once; what stays says
only that there was a story. Source: RULES 8; issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.journal import record, record_unchanged
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import is_storable, plain_text
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.outcomes import Story
from lending.programs.cohorts import permit_for_program, program_of

WORDING: Final = "2026-1"
"""The version of the consent that the page and the printed form show; a new text takes a new one."""

KEPT: Final = "keep_story"
"""What the journal calls it."""

LONGEST_STORY: Final = 4000
LONGEST_NAME: Final = 160


@dataclass(frozen=True, slots=True)
class StoryTold:
    """A story as it is told: the words, how to name its teller (empty: not at all), and what they agreed to."""

    text: str
    named_as: str = ""
    for_web: bool = False
    for_print: bool = False
    for_funder: bool = False
    consented_on: date | None = None
    cohort: str | None = None


def keep_story(
    session: Session, *, program: str, branch_id: int | None, told: StoryTold, at: datetime, by: Actor
) -> str:
    """Keep a story of somebody in a programme (its code), and give its public id.

    ``told.cohort`` is the session (its code) in which they took part. Raises ``Refused``: ``NOT_FOUND``,
    ``NOT_PERMITTED``, and all of ``VALUE_MISSING`` (``text``; ``consented_on`` and ``uses`` without consent),
    ``VALUE_WRONG`` by field and ``DATE_IN_THE_FUTURE``.
    """
    found = program_of(session, program)
    permit_for_program(by, Act.ENROL, found.id, branch_id)
    held = _held(session, told.cohort, found.id)
    against = list(_against(told, _today(session, branch_id, at)))
    if against:
        raise Refused(*against)
    row = Story(
        program_id=found.id,
        cohort_id=None if held is None else held.id,
        branch_id=branch_id,
        text=told.text.strip(),
        named_as=plain_text(told.named_as, LONGEST_NAME),
        for_web=told.for_web,
        for_print=told.for_print,
        for_funder=told.for_funder,
        consented_on=told.consented_on,
        wording=WORDING,
        created_at=at,
    )
    session.add(row)
    session.flush()  # the journal names it by its public id
    record(
        session,
        KEPT,
        at=at,
        by=by,
        branch_id=branch_id,
        cohort_id=row.cohort_id,
        detail={"story": row.public_id, "wording": WORDING},
    )
    return row.public_id


def withdraw_story(session: Session, *, story: str, at: datetime, by: Actor) -> None:
    """Take back the consent to a story (its public id): its words and its teller's name are deleted. Again: nothing.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``.
    """
    locked = select(Story).where(Story.public_id == story).with_for_update(key_share=True)
    row = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    permit_for_program(by, Act.ENROL, row.program_id, row.branch_id)
    if row.withdrawn_at is not None:
        record_unchanged(session, "withdraw_story", at=at, by=by)
        return
    row.withdrawn_at, row.text, row.named_as = at, None, None
    record(
        session,
        "withdraw_story",
        at=at,
        by=by,
        branch_id=row.branch_id,
        cohort_id=row.cohort_id,
        detail={"story": story},
    )


def _held(session: Session, code: str | None, program_id: int) -> Cohort | None:
    if code is None:
        return None
    held = session.scalars(select(Cohort).where(Cohort.code == code, Cohort.program_id == program_id)).one_or_none()
    if held is None:
        raise Refused.because(Reason.NOT_FOUND)
    return held


def _against(told: StoryTold, today: date) -> Iterator[Block]:
    if not told.text.strip():
        yield Block(Reason.VALUE_MISSING, {"field": "text"})
    elif len(told.text) > LONGEST_STORY or not is_storable(told.text):
        yield Block(Reason.VALUE_WRONG, {"field": "text"})
    try:
        plain_text(told.named_as, LONGEST_NAME)
    except ValueError:
        yield Block(Reason.VALUE_WRONG, {"field": "named_as"})
    if told.consented_on is None:
        yield Block(Reason.VALUE_MISSING, {"field": "consented_on"})
    elif told.consented_on > today:
        yield Block(Reason.DATE_IN_THE_FUTURE, {"on": told.consented_on, "field": "consented_on"})
    if not (told.for_web or told.for_print or told.for_funder):
        yield Block(Reason.VALUE_MISSING, {"field": "uses"})


def _today(session: Session, branch_id: int | None, at: datetime) -> date:
    zone = None if branch_id is None else session.scalar(select(Branch.zone).where(Branch.id == branch_id))
    return at.astimezone(ZoneInfo(zone or "UTC")).date()
