"""Kits that are late, kits that were lost, and the parts that are lost most.

What is overdue now is read from the loans that are open, never from old ones; what was lost in a period from roll-ups.
A claimed kit's clock stands and a lost kit is no longer waited for: neither is overdue. Source: RULES 6 and 7.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from lending.circulation.checkout_statements import loans, unreceived
from lending.domain.counting import Counter, PartCounter, share_of
from lending.domain.periods import Period
from lending.domain.states import LoanState
from lending.models.base import constant, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.counts import DailyPartCount
from lending.models.kits import KitType, KitTypePart
from lending.queries.counts import Circulated
from lending.queries.scope import Branches, within

AGES: Final = (7, 14, 21)
"""Days overdue that part one age from the next: up to a week, two, three, and longer; as the ladder's steps lie."""

_parts, _kinds, _cohorts = table_of(DailyPartCount), table_of(KitTypePart), table_of(Cohort)


@dataclass(frozen=True, slots=True)
class OverdueNow:
    """The kits of one branch and kind (codes) that are out, and how long those are overdue that are.

    ``ages`` goes with ``AGES``: up to 7 days, 8 to 14, 15 to 21, and longer.
    """

    branch: str
    kit_type: str
    out: int
    ages: tuple[int, ...]

    @property
    def overdue(self) -> int:
        """How many are overdue."""
        return sum(self.ages)

    @property
    def rate(self) -> float | None:
        """Overdue kits of the kits that are out; ``None`` where none is out."""
        return share_of(self.overdue, self.out)


def overdue_now(
    session: Session, scope: Branches, *, at: datetime, kit_type_id: int | None = None, program_id: int | None = None
) -> list[OverdueNow]:
    """What is out and overdue at ``at`` by the branch that lent it and kit type, in the order of their codes.

    One statement over the open loans.
    """
    age = case(
        *((loans.c.due_at >= at - timedelta(days=days), n) for n, days in enumerate((0, *AGES))), else_=len(AGES) + 1
    ).label("age")
    # Of the open loans alone: by its index on branches SQLite would go through all that a branch ever lent.
    of_branches = within(loans.c.branch_id + 0, scope)
    where = [unreceived, loans.c.state == constant(LoanState.OUT), of_branches]
    if kit_type_id is not None:
        where.append(loans.c.kit_type_id == kit_type_id)
    if program_id is not None:
        of_program = select(_cohorts.c.id).where(_cohorts.c.program_id == program_id)
        where.append(loans.c.cohort_id.in_(of_program))
    chosen = (
        select(Branch.code, KitType.code, age, func.count())
        .select_from(loans)
        .join(Branch, Branch.id == loans.c.branch_id)
        .join(KitType, KitType.id == loans.c.kit_type_id)
        .where(*where)
        .group_by(Branch.code, KitType.code, age)
    )
    found: dict[tuple[str, str], Tally[int]] = {}
    for branch, kit_type, of_age, n in session.execute(chosen):
        found.setdefault((branch, kit_type), Tally())[of_age] += n
    return [
        OverdueNow(branch, kit_type, ages.total(), tuple(ages[n + 1] for n in range(len(AGES) + 1)))
        for (branch, kit_type), ages in sorted(found.items())
    ]


def net_lost(row: Circulated) -> int:
    """Kits lost less those that came back in the same period; below 0 when more came back than were lost."""
    return row.n(Counter.LOST) - row.n(Counter.FOUND_AGAIN)


def loss_rate(row: Circulated) -> float | None:
    """Kits lost, less those that came back, of all check-outs of the period; ``None`` where nothing was checked out."""
    return share_of(net_lost(row), row.n(Counter.CHECK_OUT))


@dataclass(frozen=True, slots=True)
class PartFigures:
    """What became of one kind of part in a period. ``kit_type`` is a code, ``part`` the part's name."""

    kit_type: str
    part: str
    counts: Mapping[PartCounter, int]

    @property
    def lost(self) -> int:
        """Missing and not brought back in the same period; never below 0."""
        return max(self.counts.get(PartCounter.MISSING, 0) - self.counts.get(PartCounter.BROUGHT_BACK, 0), 0)


def parts_most_lost(
    session: Session, scope: Branches, period: Period, *, kit_type_ids: Collection[int] | None = None, limit: int = 10
) -> list[PartFigures]:
    """The kinds of part of which most were found missing, damaged ones after them; ``limit`` at most. One statement."""
    where = [_parts.c.day.between(period.first, period.last), within(_parts.c.branch_id, scope)]
    if kit_type_ids is not None:
        where.append(_kinds.c.kit_type_id.in_(sorted(kit_type_ids)))
    chosen = (
        select(KitType.code, _kinds.c.name, _parts.c.counter, func.sum(_parts.c.n))
        .select_from(_parts.join(_kinds, _kinds.c.id == _parts.c.kind_id))
        .join(KitType, KitType.id == _kinds.c.kit_type_id)
        .where(*where)
        .group_by(KitType.code, _kinds.c.name, _parts.c.counter)
    )
    found: dict[tuple[str, str], dict[PartCounter, int]] = {}
    for kit_type, name, counter, n in session.execute(chosen):
        if n:
            found.setdefault((kit_type, name), {})[PartCounter(counter)] = int(n)
    figures = [PartFigures(kit_type, name, counts) for (kit_type, name), counts in found.items()]
    figures.sort(key=lambda part: (-part.lost, -part.counts.get(PartCounter.DAMAGED, 0), part.kit_type, part.part))
    return figures[:limit]
