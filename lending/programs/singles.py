"""A workshop or an event that belongs to no series: one day, no seats and no kits; people register for it.

It is kept as a session of one workshop (decision: whatever counts, re-dates or cancels a session does it for this one
too), marked as single, so that nobody is asked to enrol in it. Source: RULES 7, "anyone may register for one workshop".
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.barcodes import REFERENCE_LETTERS, CodeSpaces
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Workshop, WorkshopMode
from lending.programs.cohorts import CohortTexts, plan_cohort
from lending.programs.registrations import MOST_PLACES
from lending.programs.timetable import WeeklyWorkshops

_NO_SEATS = 1
"""A session has a seat at least; nobody is offered the one of a single workshop."""


@dataclass(frozen=True, slots=True)
class SinglePlan:
    """A workshop of its own: ``starts`` on the wall clock of ``branch_id`` or, where nobody meets, of ``zone``.

    ``places``: how many may register, ``None`` for as many as like.
    """

    title: str
    on: date
    starts: time
    minutes: int
    mode: WorkshopMode
    branch_id: int | None
    zone: str
    places: int | None = None
    languages: str = "en"


def plan_single(
    session: Session, *, program: str, plan: SinglePlan, spaces: CodeSpaces = CodeSpaces(), at: datetime, by: Actor
) -> str:
    """Plan one workshop of a programme (its code) that belongs to no series, and give its public id.

    Raises ``Refused`` as ``plan_cohort`` does; ``VALUE_MISSING`` (``branch``) where people meet at none, and
    ``VALUE_WRONG`` by field.
    """
    against = []
    if plan.mode is not WorkshopMode.VIRTUAL and plan.branch_id is None:
        against.append(Block(Reason.VALUE_MISSING, {"field": "branch"}))
    if plan.places is not None and not 1 <= plan.places <= MOST_PLACES:
        against.append(Block(Reason.VALUE_WRONG, {"field": "places"}))
    if against:
        raise Refused(*against)
    held_at = None if plan.mode is WorkshopMode.VIRTUAL else plan.branch_id
    there = None if held_at is None else session.get(Branch, held_at)
    if held_at is not None and there is None:
        raise Refused.because(Reason.NOT_FOUND)
    planned = plan_cohort(
        session,
        code=f"EV-{plan.on:%Y%m%d}-" + "".join(secrets.choice(REFERENCE_LETTERS) for _ in range(4)),
        program=program,
        name=plan.title,
        starts_on=plan.on,
        ends_on=plan.on,
        return_by=plan.on,
        pickup_from=plan.on,
        capacity=_NO_SEATS,
        workshops=WeeklyWorkshops(
            first_on=plan.on,
            starts=plan.starts,
            zone=plan.zone if there is None else there.zone,
            minutes=plan.minutes,
            count=1,
            titles=(plan.title,),
            mode=plan.mode,
            branch_id=held_at,
        ),
        texts=CohortTexts(languages=plan.languages),
        spaces=spaces,
        at=at,
        by=by,
    )
    cohort = session.scalars(select(Cohort).where(Cohort.code == planned.cohort)).one()
    cohort.is_single = True
    workshop = session.scalars(select(Workshop).where(Workshop.cohort_id == cohort.id)).one()
    workshop.places = plan.places
    return workshop.public_id
