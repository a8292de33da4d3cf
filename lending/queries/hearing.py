"""How people heard of a session or a workshop, and in which session the friends took part who told them: counts alone.

Source: RULES 0 (COOP Careers: peer referrals); issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lending.domain.periods import Period
from lending.models.cohorts import Cohort, Program
from lending.models.outcomes import HeardFrom, HeardOf
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class HeardFigures:
    """How many people said from whom or where they heard; every source is there, also with 0.

    ``friends_of``: of those who heard from a friend and named the session, how many by each (its code and name).
    """

    sources: Mapping[HeardFrom, int]
    friends_of: Mapping[tuple[str, str], int]

    @property
    def asked(self) -> int:
        """How many said anything: no one is made to."""
        return sum(self.sources.values())

    @property
    def peer_referrals(self) -> int:
        """How many heard from a friend who took part."""
        return self.sources[HeardFrom.FRIEND]


def heard(session: Session, scope: Branches, period: Period, *, program: str | None = None) -> HeardFigures:
    """What people said on the days of ``period`` who pick up, or came to a workshop, at the libraries of ``scope``.

    A workshop on line belongs to no library and is in every scope. ``program`` (its code) takes one alone.
    """
    by_source = select(HeardOf.source, func.count().label("n")).group_by(HeardOf.source)
    found = {row.source: row.n for row in session.execute(_in(by_source, scope, period, program))}
    by_friend = (
        select(HeardOf.friend_cohort_id, func.count().label("n"))
        .where(HeardOf.friend_cohort_id.is_not(None))
        .group_by(HeardOf.friend_cohort_id)
    )
    friends = {row.friend_cohort_id: row.n for row in session.execute(_in(by_friend, scope, period, program))}
    names = session.execute(
        select(Cohort.id, Cohort.code, Cohort.name).where(Cohort.id.in_(sorted(friends))).order_by(Cohort.starts_on)
    )
    return HeardFigures(
        sources={source: found.get(source, 0) for source in HeardFrom},
        friends_of={(row.code, row.name): friends[row.id] for row in names},
    )


def _in(chosen: Any, scope: Branches, period: Period, program: str | None) -> Any:
    chosen = chosen.where(
        HeardOf.day.between(period.first, period.last),
        or_(HeardOf.branch_id.is_(None), within(HeardOf.branch_id, scope)),
    )
    if program is None:
        return chosen
    of_program = select(Cohort.id).join(Program, Program.id == Cohort.program_id).where(Program.code == program)
    return chosen.where(HeardOf.cohort_id.in_(of_program))
