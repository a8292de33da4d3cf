"""What one patron has borrowed, as they see it themselves: the kit in hand with what is in the bag, and earlier ones.

Asked for by the patron's own id alone. The bag is what went out (the loan's snapshot), never today's kit list; the name
and password of a hotspot's network are told only while that kit is out. Source: RULES 1; SCREENS, "My kit".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from lending.domain.due_dates import DueRule
from lending.domain.states import LoanState
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.kits import Kit, KitType, Part
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm

_loans, _terms, _loan_parts, _parts = table_of(Loan), table_of(LoanTerm), table_of(LoanPart), table_of(Part)
_kits, _kit_types, _branches, _cohorts = table_of(Kit), table_of(KitType), table_of(Branch), table_of(Cohort)
_OVER = (LoanState.CLOSED, LoanState.UNDONE)


@dataclass(frozen=True, slots=True)
class PartInBag:
    """A part as it went out. ``n`` is its number on this loan; what is not returnable is the patron's to keep.

    ``network`` and ``password`` open a hotspot's network, ``None`` where there is none or the kit is not out.
    """

    n: int
    part_id: int
    name: str
    quantity: int
    returnable: bool
    state: LoanPartState
    is_reported_missing: bool
    network: str | None
    password: str | None


@dataclass(frozen=True, slots=True)
class MyLoan:
    """A loan of the patron who asks; ``loan`` is its public id, ``kit`` the code on the bag, ``zone`` the branch's."""

    loan: str
    kit: str
    kit_type: str
    cohort: str | None
    branch: str
    branch_phone: str
    branch_address: str
    zone: str
    state: LoanState
    rule: str
    checked_out_at: datetime
    due_at: datetime
    received_at: datetime | None
    incomplete_until: datetime | None
    parts: tuple[PartInBag, ...]

    @property
    def is_out(self) -> bool:
        """Whether the kit is in the patron's hands, as far as the library knows."""
        return self.state is LoanState.OUT

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the parts that did not come back with the kit."""
        return tuple(part.name for part in self.parts if part.state is LoanPartState.MISSING)


_LOANS = select(
    _loans.c.id,
    _loans.c.public_id.label("loan"),
    _kits.c.barcode.label("kit"),
    _kit_types.c.name.label("kit_type"),
    _cohorts.c.name.label("cohort"),
    _branches.c.name.label("branch"),
    _branches.c.phone.label("branch_phone"),
    _branches.c.address.label("branch_address"),
    _branches.c.zone,
    _loans.c.state,
    _terms.c.rule,
    _loans.c.checked_out_at,
    _loans.c.due_at,
    _loans.c.received_at,
    _loans.c.incomplete_until,
).select_from(
    _loans.join(_kits, _kits.c.id == _loans.c.kit_id)
    .join(_kit_types, _kit_types.c.id == _loans.c.kit_type_id)
    .join(_branches, _branches.c.id == _loans.c.branch_id)
    .join(_terms, and_(_terms.c.loan_id == _loans.c.id, _terms.c.n == _loans.c.term))
    .outerjoin(_cohorts, _cohorts.c.id == _loans.c.cohort_id)
)
_BAG = (
    select(
        _loan_parts.c.loan_id,
        _loan_parts.c.part_id,
        _loan_parts.c.name,
        _loan_parts.c.quantity,
        _loan_parts.c.returnable,
        _loan_parts.c.state,
        _loan_parts.c.reported_missing_at,
        _parts.c.network_name,
        _parts.c.network_password,
    )
    .join(_parts, _parts.c.id == _loan_parts.c.part_id)
    .where(_loan_parts.c.state != LoanPartState.SWAPPED)
    .order_by(_loan_parts.c.loan_id, _loan_parts.c.id)
)


def kits_in_hand(session: Session, patron_id: int) -> list[MyLoan]:
    """The loans of a patron that are not settled yet, the next due first."""
    return _shown(session, and_(_loans.c.patron_id == patron_id, _loans.c.state.not_in(_OVER)), _loans.c.due_at)


def earlier_loans(session: Session, patron_id: int) -> list[MyLoan]:
    """The loans of a patron that are over, the latest first."""
    over = and_(_loans.c.patron_id == patron_id, _loans.c.state == LoanState.CLOSED)
    return _shown(session, over, _loans.c.received_at.desc())


def my_loan(session: Session, patron_id: int, loan: str) -> MyLoan | None:
    """The loan with this public id; ``None`` where there is none or it is not this patron's."""
    chosen = and_(_loans.c.patron_id == patron_id, _loans.c.public_id == loan, _loans.c.state != LoanState.UNDONE)
    return next(iter(_shown(session, chosen, _loans.c.id)), None)


def _shown(session: Session, chosen: ColumnElement[bool], order: ColumnElement[Any]) -> list[MyLoan]:
    """The loans with their bags, by two statements."""
    rows = session.connection().execute(_LOANS.where(chosen).order_by(order, _loans.c.id)).all()
    bags: dict[int, list[AnyRow]] = {row.id: [] for row in rows}
    if bags:
        for part in session.connection().execute(_BAG.where(_loan_parts.c.loan_id.in_(bags))):
            bags[part.loan_id].append(part)
    return [_loan(row, bags[row.id]) for row in rows]


def _loan(row: AnyRow, bag: list[AnyRow]) -> MyLoan:
    values = {name: value for name, value in row._mapping.items() if name != "id"}
    is_out = row.state is LoanState.OUT
    parts = tuple(
        PartInBag(
            n=n,
            part_id=part.part_id,
            name=part.name,
            quantity=part.quantity,
            returnable=part.returnable,
            state=part.state,
            is_reported_missing=part.reported_missing_at is not None,
            network=part.network_name if is_out else None,
            password=part.network_password if is_out else None,
        )
        for n, part in enumerate(bag, start=1)
    )
    return MyLoan(**{**values, "rule": DueRule(row.rule)}, parts=parts)
