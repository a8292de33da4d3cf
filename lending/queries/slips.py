"""What the printed slips hold: a loan with its parts, as it went out and as it came back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from lending.domain.names import short_name
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm
from lending.models.people import Patron
from lending.queries.scope import Branches, within

_loans, _terms, _loan_parts = table_of(Loan), table_of(LoanTerm), table_of(LoanPart)
_kits, _kit_types, _branches, _patrons, _cohorts = (
    table_of(Kit),
    table_of(KitType),
    table_of(Branch),
    table_of(Patron),
    table_of(Cohort),
)
_received_branch = _branches.alias("received_branch")


@dataclass(frozen=True, slots=True)
class PartOut:
    """A part that went out; the patron keeps what is not returnable."""

    name: str
    quantity: int
    returnable: bool


@dataclass(frozen=True, slots=True)
class LoanSlip:
    """A loan for printing, with the branch's zone for its times."""

    kit: str
    kit_type: str
    patron_short_name: str
    branch: str
    branch_phone: str
    zone: str
    due_at: datetime
    rule: str
    cohort: str | None
    received_at: datetime | None
    received_branch: str | None
    book_drop: bool
    parts: tuple[PartOut, ...]


def loan_slip(session: Session, loan: str, *, branch_ids: Branches) -> LoanSlip:
    """The loan with this id where the reader may see it; otherwise ``NOT_FOUND``, whether it exists or not."""
    connection = session.connection()
    row = connection.execute(
        select(
            _loans.c.id,
            _kits.c.barcode.label("kit"),
            _kit_types.c.name.label("kit_type"),
            _patrons.c.name.label("patron_name"),
            _branches.c.name.label("branch"),
            _branches.c.phone.label("branch_phone"),
            _branches.c.zone,
            _loans.c.due_at,
            _terms.c.rule,
            _cohorts.c.name.label("cohort"),
            _loans.c.received_at,
            _received_branch.c.name.label("received_branch"),
            _loans.c.book_drop,
        )
        .select_from(
            _loans.join(_kits, _kits.c.id == _loans.c.kit_id)
            .join(_kit_types, _kit_types.c.id == _loans.c.kit_type_id)
            .join(_branches, _branches.c.id == _loans.c.branch_id)
            .join(_terms, and_(_terms.c.loan_id == _loans.c.id, _terms.c.n == _loans.c.term))
            .outerjoin(_patrons, _patrons.c.id == _loans.c.patron_id)
            .outerjoin(_cohorts, _cohorts.c.id == _loans.c.cohort_id)
            .outerjoin(_received_branch, _received_branch.c.id == _loans.c.received_branch_id)
        )
        .where(
            _loans.c.public_id == loan,
            or_(within(_loans.c.branch_id, branch_ids), within(_loans.c.received_branch_id, branch_ids)),
        )
    ).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    parts = connection.execute(
        select(_loan_parts.c.name, _loan_parts.c.quantity, _loan_parts.c.returnable)
        .where(_loan_parts.c.loan_id == row.id, _loan_parts.c.state != LoanPartState.SWAPPED)
        .order_by(_loan_parts.c.id)
    )
    kept = {name: value for name, value in row._mapping.items() if name in LoanSlip.__slots__}
    return LoanSlip(
        **kept, patron_short_name=short_name(row.patron_name or ""), parts=tuple(PartOut(*part) for part in parts)
    )
