"""What inspection needs to see of the kit on the table. The cart it comes from is ``queries/cart.py``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.checkout_facts import steps_needed
from lending.circulation.policies import policy_for
from lending.domain.names import short_name
from lending.domain.states import KitState, LineState, LoanState
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType, KitTypePart, Part, PartState, TurnaroundStep, TurnaroundStepKind
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan, LoanPart, LoanPartState
from lending.models.people import Staff
from lending.queries.scope import Branches, within

_kits, _kit_types, _kinds, _parts = table_of(Kit), table_of(KitType), table_of(KitTypePart), table_of(Part)
_branches, _loans, _loan_parts = table_of(Branch), table_of(Loan), table_of(LoanPart)
_steps, _staff = table_of(TurnaroundStep), table_of(Staff)
_lines, _placements = table_of(Line), table_of(LinePlacement)


@dataclass(frozen=True, slots=True)
class PartToSee:
    """A part to look for. ``known`` is what an earlier inspection found, ``None`` when nobody has looked."""

    part_id: int
    name: str
    tag: str | None
    quantity: int
    returnable: bool
    photo: str | None
    known: PartState | None


@dataclass(frozen=True, slots=True)
class StepToDo:
    """A step of turnaround; ``done_at`` and ``done_by`` once it was done in this round."""

    kind: TurnaroundStepKind
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The kit on the table: what went out or belongs in it, and what makes it ready. ``branch_id`` is where it is.

    ``line_ended``: it holds a line that will not come back, so that another has to be put in.
    """

    barcode: str
    kit_type: str
    state: KitState
    branch_id: int
    branch: str
    received_at: datetime | None
    book_drop: bool
    parts: tuple[PartToSee, ...]
    steps: tuple[StepToDo, ...]
    line_ended: bool


def sheet(session: Session, barcode: str, *, branch_ids: Branches, at: datetime) -> Sheet:
    """The sheet of one kit at the reader's branches; ``KIT_UNKNOWN`` otherwise, whether it exists or not."""
    connection = session.connection()
    kit = connection.execute(
        select(
            _kits.c.id,
            _kits.c.barcode,
            _kits.c.state,
            _kits.c.branch_id,
            _kits.c.kit_type_id,
            _kits.c.round,
            _kit_types.c.name.label("kit_type"),
            _branches.c.name.label("branch"),
        )
        .join(_kit_types, _kit_types.c.id == _kits.c.kit_type_id)
        .join(_branches, _branches.c.id == _kits.c.branch_id)
        .where(_kits.c.barcode == barcode, within(_kits.c.branch_id, branch_ids))
    ).one_or_none()
    if kit is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=barcode)
    loan = connection.execute(
        select(_loans.c.id, _loans.c.received_at, _loans.c.book_drop)
        .where(_loans.c.kit_id == kit.id, _loans.c.state == LoanState.RECEIVED)
        .order_by(_loans.c.received_at.desc(), _loans.c.id.desc())
        .limit(1)
    ).one_or_none()
    lines = _line_states(session, kit.id)
    is_new = kit.state is KitState.TO_INSPECT
    parts = _went_out(session, loan.id) if is_new and loan is not None else _own(session, kit.id, known=not is_new)
    return Sheet(
        barcode=kit.barcode,
        kit_type=kit.kit_type,
        state=kit.state,
        branch_id=kit.branch_id,
        branch=kit.branch,
        received_at=None if loan is None else loan.received_at,
        book_drop=loan is not None and loan.book_drop,
        parts=parts,
        steps=(*_steps_of(session, kit, at), *_line_step(lines)),
        line_ended=LineState.ENDED in lines,
    )


def _went_out(session: Session, loan_id: int) -> tuple[PartToSee, ...]:
    """The snapshot of the loan: what went out, whatever the kit's list says today."""
    rows = session.connection().execute(
        select(
            _loan_parts.c.part_id,
            _loan_parts.c.name,
            _loan_parts.c.quantity,
            _loan_parts.c.returnable,
            _parts.c.tag,
            _kinds.c.photo,
        )
        .join(_parts, _parts.c.id == _loan_parts.c.part_id)
        .join(_kinds, _kinds.c.id == _parts.c.kind_id)
        .where(_loan_parts.c.loan_id == loan_id, _loan_parts.c.state == LoanPartState.OUT)
        .order_by(_loan_parts.c.id)
    )
    return tuple(_to_see(row, None) for row in rows)


def _own(session: Session, kit_id: int, *, known: bool) -> tuple[PartToSee, ...]:
    rows = session.connection().execute(
        select(
            _parts.c.id.label("part_id"),
            _kinds.c.name,
            _parts.c.quantity,
            _kinds.c.returnable,
            _parts.c.tag,
            _parts.c.state,
            _kinds.c.photo,
        )
        .join(_kinds, _kinds.c.id == _parts.c.kind_id)
        .where(_parts.c.kit_id == kit_id, _parts.c.state != PartState.RETIRED, _kinds.c.returnable)
        .order_by(_kinds.c.position, _parts.c.id)
    )
    return tuple(_to_see(row, row.state if known else None) for row in rows)


def _to_see(row: AnyRow, known: PartState | None) -> PartToSee:
    return PartToSee(row.part_id, row.name, row.tag, row.quantity, row.returnable, row.photo, known)


def _steps_of(session: Session, kit: AnyRow, at: datetime) -> tuple[StepToDo, ...]:
    policy = policy_for(session, kit_type_id=kit.kit_type_id, branch_id=kit.branch_id, at=at)
    rows = session.connection().execute(
        select(_steps.c.kind, _steps.c.at, _staff.c.name)
        .outerjoin(_staff, _staff.c.id == _steps.c.staff_id)
        .where(_steps.c.kit_id == kit.id, _steps.c.round == kit.round)
    )
    done = {row.kind: (row.at, short_name(row.name or "")) for row in rows}
    return tuple(StepToDo(kind, *done.get(kind, (None, None))) for kind in steps_needed(policy))


def _line_step(lines: set[LineState]) -> tuple[StepToDo, ...]:
    """That its line works is a step of its own, as long as it does not; no tick wakes a line that has ended."""
    if lines <= {LineState.ACTIVE} or LineState.ENDED in lines:
        return ()
    return (StepToDo(TurnaroundStepKind.LINE_ACTIVE, None, None),)


def _line_states(session: Session, kit_id: int) -> set[LineState]:
    rows = session.connection().scalars(
        select(_lines.c.state)
        .join(_placements, _placements.c.line_id == _lines.c.id)
        .join(_parts, _parts.c.id == _placements.c.part_id)
        .where(_parts.c.kit_id == kit_id, _placements.c.until.is_(None))
    )
    return set(rows)
