"""The inspection cart: the kits that staff have in hand, by what is to be done and how long they wait.

The sheet of one kit on the table is ``queries/inspections.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.states import KitState, LoanState
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan
from lending.queries.scope import Branches, within

_IN_ORDER = (KitState.TO_INSPECT, KitState.TURNAROUND, KitState.INCOMPLETE, KitState.REPAIR)
"""The states of a kit in hand (``turnaround.IN_HAND``) in the order of the work."""


@dataclass(frozen=True, slots=True)
class CartKit:
    """A kit in hand. ``since`` is when it came back, ``owed_until`` when its missing parts will be billed."""

    kit: str
    kit_type: str
    state: KitState
    branch: str
    since: datetime | None
    owed_until: datetime | None


def cart(session: Session, *, branch_ids: Branches, limit: int = 200) -> list[CartKit]:
    """The kits in hand at the reader's branches, by state, the longest waiting first; ``limit`` at most."""
    rows = session.execute(
        select(Kit.barcode, KitType.name, Kit.state, Branch.name, Kit.turnaround_since, Loan.incomplete_until)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .join(Branch, Branch.id == Kit.branch_id)
        .outerjoin(Loan, (Loan.kit_id == Kit.id) & (Loan.state == LoanState.INCOMPLETE))
        .where(Kit.state.in_(_IN_ORDER), Kit.in_transit_to_id.is_(None), within(Kit.branch_id, branch_ids))
        .order_by(Kit.turnaround_since.is_(None), Kit.turnaround_since, Kit.id)
        .limit(limit)
    )
    return sorted((CartKit(*row) for row in rows), key=lambda kit: _IN_ORDER.index(kit.state))
