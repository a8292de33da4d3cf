"""Who coaches a session, and how many of them came back after taking part themselves.

Source: RULES 0 (COOP Careers: alumni captains); issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.names import short_name
from lending.domain.periods import Period
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.cohorts import Cohort, CohortStatus, Pool, Program
from lending.models.outcomes import Captain
from lending.models.people import Patron
from lending.models.stock import Stock
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class CaptainShown:
    """Somebody who coaches. ``name`` is short, and ``None`` once the privacy clock has cut it; ``returned``: they had
    completed a session before.
    """

    captain: str
    name: str | None
    has_record: bool
    returned: bool


@dataclass(frozen=True, slots=True)
class CaptainsOfSession:
    """The captains of a session, in the order in which they were named; ``text``: what was typed of them before."""

    cohort: str
    name: str
    text: str
    captains: tuple[CaptainShown, ...]


@dataclass(frozen=True, slots=True)
class CaptainFigures:
    """Captains of the sessions that began in a period: how many, how many came back as coach, of how many sessions."""

    captains: int
    returned: int
    sessions: int


def captains_of(session: Session, cohort: str, *, by: Actor) -> CaptainsOfSession:
    """The captains of a session (its code). ``NOT_FOUND`` also where the reader may not look."""
    held = session.scalars(select(Cohort).where(Cohort.code == cohort)).one_or_none()
    if held is None or (by.role is Role.PROGRAM and held.program_id not in by.program_ids):
        raise Refused.because(Reason.NOT_FOUND)
    rows = session.execute(
        select(Captain, Patron.name)
        .outerjoin(Patron, Patron.id == Captain.patron_id)
        .where(Captain.cohort_id == held.id)
        .order_by(Captain.id)
    )
    found = [
        CaptainShown(
            captain=row.Captain.public_id,
            name=short_name(row.name) if row.name is not None else row.Captain.name,
            has_record=row.Captain.patron_id is not None,
            returned=row.Captain.returned,
        )
        for row in rows
    ]
    return CaptainsOfSession(held.code, held.name, held.captains, tuple(found))


def captain_figures(session: Session, scope: Branches, period: Period, *, program: str | None = None) -> CaptainFigures:
    """Captains of sessions that began on a day of ``period`` and whose kits the libraries of ``scope`` lend.

    Somebody who coaches two sessions counts for each. ``program`` (its code) takes one alone.
    """
    chosen = (
        select(func.count(), func.count().filter(Captain.returned), func.count(Captain.cohort_id.distinct()))
        .select_from(Captain)
        .join(Cohort, Cohort.id == Captain.cohort_id)
        .where(Cohort.status == CohortStatus.PLANNED, Cohort.starts_on.between(period.first, period.last))
    )
    if scope is not None:
        chosen = chosen.where(
            exists().where(Pool.cohort_id == Cohort.id, Stock.id == Pool.stock_id, within(Stock.branch_id, scope))
        )
    if program is not None:
        chosen = chosen.join(Program, Program.id == Cohort.program_id).where(Program.code == program)
    return CaptainFigures(*session.execute(chosen).one())
