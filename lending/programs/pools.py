"""Pools: how many kits of a stock a cohort is allotted, and how many are left for it on every day of its span.

The pools of all cohorts together never ask for more than a stock has, on any day. Source: RULES 4, "Stock".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.domain.availability import Need, most_needed
from lending.domain.states import KitState
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, CohortStatus, Pool
from lending.models.kits import Kit, KitType
from lending.models.stock import Stock

OUT_OF_SERVICE = frozenset({KitState.MISSING, KitState.LOST, KitState.WITHDRAWN})
"""Kits that nobody can plan with. One in repair or without a charger is counted: it will be back."""


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """How many kits of a type (its code) a branch sets aside for a cohort."""

    branch_id: int
    kit_type: str
    kits: int


@dataclass(frozen=True, slots=True)
class CohortPool:
    """A pool of a cohort as it stands. ``branch`` and ``kit_type`` are codes; ids stay on the server."""

    pool_id: int
    stock_id: int
    branch_id: int
    branch: str
    branch_name: str
    kit_type: str
    kits: int

    @property
    def label(self) -> str:
        """The pool in a word, for lists and the journal."""
        return f"{self.branch} {self.kit_type}"


def pools_of(session: Session, cohort_id: int) -> list[CohortPool]:
    """The pools of a cohort, in the order of their stocks."""
    chosen = (
        select(Pool.id, Pool.stock_id, Stock.branch_id, Branch.code, Branch.name, KitType.code, Pool.kits)
        .join(Stock, Stock.id == Pool.stock_id)
        .join(Branch, Branch.id == Stock.branch_id)
        .join(KitType, KitType.id == Stock.kit_type_id)
        .where(Pool.cohort_id == cohort_id)
        .order_by(Pool.stock_id)
    )
    return [CohortPool(*row) for row in session.execute(chosen)]


def kits_left(session: Session, stock_id: int, from_on: date, to_on: date, *, but: int | None = None) -> int:
    """How many kits of a stock, which is locked, no cohort has been allotted on any day of a span.

    ``but``: a cohort (its id) whose own allotment is not in the way.
    """
    in_service = select(func.count()).where(Kit.stock_id == stock_id, Kit.state.not_in(OUT_OF_SERVICE))
    allotted = (
        select(Pool.kits, Cohort.pickup_from, Cohort.return_by)
        .join(Cohort, Cohort.id == Pool.cohort_id)
        .where(
            Pool.stock_id == stock_id,
            Cohort.id.is_distinct_from(but),
            Cohort.status == CohortStatus.PLANNED,
            Cohort.pickup_from <= to_on,
            Cohort.return_by >= from_on,
        )
    )
    needs = [Need(*row) for row in session.execute(allotted)]
    return session.scalars(in_service).one() - most_needed(needs, from_on, to_on)


def exceeds_stock(plan: PoolPlan, branch: str, left: int) -> Block:
    """The refusal of a pool that is larger than what its stock has left."""
    return Block(
        Reason.POOL_EXCEEDS_STOCK,
        {"branch_id": plan.branch_id, "branch": branch, "kit_type": plan.kit_type, "kits": plan.kits, "left": left},
    )


def branches_of(session: Session, pools: Iterable[PoolPlan]) -> dict[int, str]:
    """The names of the branches that plans name, by id; ``Refused`` (``NOT_FOUND``) for one that there is not."""
    wanted = {pool.branch_id for pool in pools}
    known = session.execute(select(Branch.id, Branch.name).where(Branch.id.in_(wanted)).order_by(Branch.id))
    found = {row.id: row.name for row in known}
    if len(found) != len(wanted):
        raise Refused.because(Reason.NOT_FOUND)
    return found


def kit_types_of(session: Session, pools: Iterable[PoolPlan]) -> dict[str, int]:
    """The kit types that plans name, by code; ``Refused`` (``NOT_FOUND``) for one that there is not."""
    wanted = {pool.kit_type for pool in pools}
    known = session.execute(select(KitType.code, KitType.id).where(KitType.code.in_(wanted)))
    found = {row.code: row.id for row in known}
    if len(found) != len(wanted):
        raise Refused.because(Reason.NOT_FOUND)
    return found


def are_wrong(pools: Sequence[PoolPlan]) -> bool:
    """Whether plans cannot be meant: fewer kits than none, or two for one stock."""
    return any(pool.kits < 0 for pool in pools) or len({(pool.branch_id, pool.kit_type) for pool in pools}) < len(pools)
