"""Outcome stories, for a use that their tellers agreed to and for no other; and how many there are.

Source: issue "Managers see what circulated", Build 3; RULES 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, unique

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.periods import Period
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Program
from lending.models.outcomes import Story
from lending.queries.scope import Branches, seen_by, within


@unique
class Use(StrEnum):
    """What somebody may agree to have their story used for."""

    WEB = "web"
    PRINT = "print"
    FUNDER = "funder"


@dataclass(frozen=True, slots=True)
class StoryShown:
    """A story to be shown, for the ``uses`` its teller agreed to; ``named_as`` is ``None`` for not at all.

    Programme, session and library by their names, and by their codes.
    """

    story: str
    program: str
    program_code: str
    session: str | None
    cohort_code: str | None
    branch: str | None
    branch_code: str | None
    text: str
    named_as: str | None
    uses: tuple[Use, ...]
    consented_on: date
    wording: str


@dataclass(frozen=True, slots=True)
class StoryFigures:
    """Stories by the day of the consent: how many may be shown, and how many tellers took their consent back."""

    kept: int
    withdrawn: int


_AGREED = {Use.WEB: Story.for_web, Use.PRINT: Story.for_print, Use.FUNDER: Story.for_funder}


def stories(
    session: Session, *, by: Actor, use: Use | None = None, after: str | None = None, limit: int = 200
) -> list[StoryShown]:
    """The stories that a reader may see, the newest first; with ``use`` those alone that may be used so.

    From behind the one with the public id ``after`` on. A story whose consent was taken back is none any more. A lead
    sees those of their programmes, other staff those of their libraries and of none.
    """
    chosen = _seen(by).order_by(Story.consented_on.desc(), Story.id.desc()).limit(limit)
    if use is not None:
        chosen = chosen.where(_AGREED[use])
    if after is not None:
        behind = select(Story.consented_on, Story.id).where(Story.public_id == after)
        last = session.execute(behind).one_or_none()
        if last is None:
            raise Refused.because(Reason.NOT_FOUND)
        chosen = chosen.where(tuple_(Story.consented_on, Story.id) < tuple_(*last))
    return [_shown(row) for row in session.execute(chosen)]


def story_shown(session: Session, story: str, *, by: Actor) -> StoryShown | None:
    """One of them by its public id; ``None`` where there is none for this reader."""
    row = session.execute(_seen(by).where(Story.public_id == story)).one_or_none()
    return None if row is None else _shown(row)


def story_figures(session: Session, scope: Branches, period: Period, *, program: str | None = None) -> StoryFigures:
    """How many stories were given on the days of ``period`` at the libraries of ``scope``, or at none."""
    chosen = select(
        func.count().filter(Story.withdrawn_at.is_(None)), func.count().filter(Story.withdrawn_at.is_not(None))
    ).where(
        Story.consented_on.between(period.first, period.last),
        or_(Story.branch_id.is_(None), within(Story.branch_id, scope)),
    )
    if program is not None:
        chosen = chosen.join(Program, Program.id == Story.program_id).where(Program.code == program)
    return StoryFigures(*session.execute(chosen).one())


def _seen(by: Actor) -> Select[Story, str, str, str, str, str, str]:
    names = (Program.name.label("program"), Cohort.name.label("session"), Branch.name.label("branch"))
    codes = (Program.code, Cohort.code.label("cohort_code"), Branch.code.label("branch_code"))
    return (
        select(Story, *names, *codes)
        .join(Program, Program.id == Story.program_id)
        .outerjoin(Cohort, Cohort.id == Story.cohort_id)
        .outerjoin(Branch, Branch.id == Story.branch_id)
        .where(Story.withdrawn_at.is_(None), Story.text.is_not(None), _visible(by))
    )


def _shown(row: AnyRow) -> StoryShown:
    return StoryShown(
        story=row.Story.public_id,
        program=row.program,
        program_code=row.code,
        session=row.session,
        cohort_code=row.cohort_code,
        branch=row.branch,
        branch_code=row.branch_code,
        text=row.Story.text,
        named_as=row.Story.named_as,
        uses=_uses(row.Story),
        consented_on=row.Story.consented_on,
        wording=row.Story.wording,
    )


def _visible(by: Actor) -> ColumnElement[bool]:
    if by.role is Role.PROGRAM:
        return Story.program_id.in_(sorted(by.program_ids))
    return or_(Story.branch_id.is_(None), seen_by(by, Story.branch_id))


def _uses(story: Story) -> tuple[Use, ...]:
    agreed = {Use.WEB: story.for_web, Use.PRINT: story.for_print, Use.FUNDER: story.for_funder}
    return tuple(use for use, yes in agreed.items() if yes)
