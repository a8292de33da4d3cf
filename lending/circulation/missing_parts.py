"""Missing parts: reported early, brought back late, billed at the deadline.

A loan whose kit came back without a part stays open for a few days (*incomplete*). The part comes back and the loan
closes; or the deadline comes, that part's price is charged and a new one is ordered. A part that was never in the bag,
and was said to be missing soon after check-out, is nobody's debt. Source: RULES 1, 2 and 5; case 1 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.charges import add_charge, cancel_part_charge, part_charges_cents
from lending.circulation.counts import count_act, count_parts
from lending.circulation.journal import record_unchanged
from lending.circulation.loans import cancel_notices, record_on_kit
from lending.circulation.locks import find_kit, lock_kit, lock_kit_and_stock, lock_loan, lock_unreceived_loan
from lending.circulation.policies import policy_for
from lending.circulation.tasks import close_task, open_task, part_subject
from lending.circulation.turnaround import begin_turnaround, free_if_ready
from lending.domain.actors import Actor
from lending.domain.completeness import SnapshotPart, is_excused, missing_parts_charge
from lending.domain.permissions import Act
from lending.domain.states import KitState, KitVerb, LoanState, LoanVerb
from lending.errors import Reason, Refused
from lending.models.charges import ChargeKind
from lending.models.kits import Kit, KitType, KitTypePart, Part, PartState
from lending.models.loans import Loan, LoanPart, LoanPartState
from lending.models.tasks import TaskKind

NOTICE = "part_missing"
"""The step of the notice that names the parts and the deadline."""


@dataclass(frozen=True, slots=True)
class PartBack:
    """A missing part came back. ``loan_state`` is ``None`` when it belonged to no loan."""

    kit: str
    kit_state: KitState
    part: str
    loan: str | None
    loan_state: LoanState | None


@dataclass(frozen=True, slots=True)
class PartReported:
    """A part was reported missing in time: it will not be billed."""

    kit: str
    loan: str
    part: str


def bring_back_part(session: Session, *, kit: str, part_id: int, at: datetime, by: Actor) -> PartBack:
    """Take in a part that inspection had missed; the loan closes with the last one, and the kit goes on.

    What was already billed for it is cancelled, or refunded by a task. The part is settled also when the kit was lent
    again meanwhile. Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``PART_UNKNOWN``, ``PART_NOT_MISSING``.
    """
    row = lock_kit_and_stock(session, kit)
    by.permit(Act.CIRCULATE, row.branch_id)
    part, loan = take_in(session, row, part_id, PartState.HERE, at=at, by=by)
    complete_if_whole(session, row, at=at, by=by)
    name = session.scalars(select(KitTypePart.name).where(KitTypePart.id == part.kind_id)).one()
    return PartBack(
        kit=row.barcode,
        kit_state=row.state,
        part=name,
        loan=None if loan is None else loan.public_id,
        loan_state=None if loan is None else loan.state,
    )


def take_in(
    session: Session, kit: Kit, part_id: int, state: PartState, *, at: datetime, by: Actor
) -> tuple[Part, Loan | None]:
    """Settle one missing part of ``kit``, which is locked, as ``HERE`` or ``DAMAGED``. Part of another act."""
    newest = select(LoanPart).join(Loan, Loan.id == LoanPart.loan_id).where(LoanPart.part_id == part_id)
    newest = newest.where(Loan.kit_id == kit.id, LoanPart.state == LoanPartState.MISSING)
    went_out = session.scalars(newest.order_by(LoanPart.id.desc()).limit(1)).one_or_none()
    part = session.get(Part, part_id)
    if part is None or (went_out is None and part.kit_id != kit.id):
        raise Refused.because(Reason.PART_UNKNOWN, kit=kit.barcode, parts=[part_id])
    if went_out is None and part.state is not PartState.MISSING:
        raise Refused.because(Reason.PART_NOT_MISSING, kit=kit.barcode, part=part_id)
    loan = None if went_out is None else lock_loan(session, went_out.loan_id)
    cancelled: list[int] = []
    was_settled = went_out is not None and went_out.settled_at is not None
    loan_from = None if loan is None else loan.state.value
    if part.state is PartState.MISSING:
        part.state = state
    if loan is not None and went_out is not None:
        went_out.state = LoanPartState(state.value)
        cancelled = cancel_part_charge(session, loan, went_out.id, at=at, by=by)
        went_out.settled_at = went_out.settled_at or at
        if loan.state is LoanState.INCOMPLETE and not _owed(session, loan):
            loan.move(LoanVerb.SETTLE)
            loan.settled_at = at
            cancel_notices(session, loan, step=NOTICE)
    close_task(session, TaskKind.REORDER_PART, subject=part_subject(part.id), at=at, by=by, outcome="brought_back")
    detail = {
        "part_id": part.id,
        "part_to": state.value,
        "loan_part_id": None if went_out is None else went_out.id,
        "was_settled": was_settled,
        "loan_from": loan_from,
        "loan_to": None if loan is None else loan.state.value,
        "charges": cancelled,
    }
    record_on_kit(session, "bring_back_part", kit=kit, loan=loan, at=at, by=by, detail=detail)
    day = local_day(session, kit.branch_id, at)
    count_parts(session, "bring_back_part", detail, day=day, branch_id=kit.branch_id)
    return part, loan


def complete_if_whole(session: Session, kit: Kit, *, at: datetime, by: Actor) -> bool:
    """Let an incomplete ``kit``, which is locked, go on when none of its own parts is missing; whether it did.

    To repair if a part is damaged, else into turnaround, and free if all of that is done. Part of whatever brings a
    part back or replaces it.
    """
    if kit.state is not KitState.INCOMPLETE:
        return False
    states = session.scalars(
        select(Part.state)
        .join(KitTypePart, KitTypePart.id == Part.kind_id)
        .where(Part.kit_id == kit.id, KitTypePart.returnable)
    ).all()
    if PartState.MISSING in states:
        return False
    if PartState.DAMAGED in states:
        kit.move(KitVerb.FIND_DAMAGED)
    else:
        begin_turnaround(session, kit, KitVerb.COMPLETE, at=at, by=by)
        free_if_ready(session, kit, at=at, by=by)
    return True


def report_missing_part(session: Session, *, kit: str, part_id: int, at: datetime, by: Actor) -> PartReported:
    """Note that a part was not in the bag of a kit that is out, soon enough after check-out not to be billed.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``NOT_ON_LOAN``, ``PART_UNKNOWN``, or ``TOO_LATE_TO_REPORT``
    when the hours that the policy gives are over. Reporting it again changes nothing.
    """
    ids = find_kit(session, kit)
    by.permit(Act.CIRCULATE, ids.branch_id)
    row = lock_kit(session, ids.kit_id)
    loan = lock_unreceived_loan(session, row.id)
    if loan is None or loan.state is not LoanState.OUT:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=row.barcode, state=row.state.value)
    went_out = part_out(session, row, loan, part_id)
    refuse_late_report(session, loan, at=at)
    if went_out.reported_missing_at is None:
        went_out.reported_missing_at = at
        detail = {"part_id": part_id, "loan_part_id": went_out.id}
        record_on_kit(session, "report_missing_part", kit=row, loan=loan, at=at, by=by, detail=detail)
    else:
        record_unchanged(session, "report_missing_part", at=at, by=by)
    return PartReported(row.barcode, loan.public_id, went_out.name)


def part_out(session: Session, kit: Kit, loan: Loan, part_id: int) -> LoanPart:
    """The part that went out on a loan and is out still. Raises ``Refused`` (``PART_UNKNOWN``)."""
    chosen = select(LoanPart).where(
        LoanPart.loan_id == loan.id,
        LoanPart.part_id == part_id,
        LoanPart.state.in_([LoanPartState.OUT, LoanPartState.GIVEN]),
    )
    went_out = session.scalars(chosen).one_or_none()
    if went_out is None:
        raise Refused.because(Reason.PART_UNKNOWN, kit=kit.barcode, parts=[part_id])
    return went_out


def refuse_late_report(session: Session, loan: Loan, *, at: datetime) -> None:
    """Refuse (``TOO_LATE_TO_REPORT``) where the hours are over in which a part may be said to be missing."""
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=loan.checked_out_at)
    if not is_excused(loan.checked_out_at, at, policy.not_billed_hours):
        raise Refused.because(
            Reason.TOO_LATE_TO_REPORT,
            hours=policy.not_billed_hours,
            until=loan.checked_out_at + timedelta(hours=policy.not_billed_hours),
        )


def settle_incomplete_loans(session: Session, *, at: datetime, by: Actor, limit: int = 500) -> int:
    """Bill the parts whose deadline has passed, and close their loans; how many. A second run does nothing.

    ``limit`` loans at most, the longest waiting first, so that a transaction stays short.
    """
    by.permit(Act.ADMINISTER)
    due = select(Loan.id).where(Loan.state == LoanState.INCOMPLETE, Loan.incomplete_until <= at)
    first = session.scalars(due.order_by(Loan.incomplete_until, Loan.id).limit(limit)).all()
    return sum(settle_incomplete_loan(session, loan_id, at=at, by=by) for loan_id in sorted(first))


def settle_incomplete_loan(session: Session, loan_id: int, *, at: datetime, by: Actor) -> bool:
    """Bill what one loan still misses after its deadline and close it; whether there was anything to do."""
    loan = lock_loan(session, loan_id)
    if loan.state is not LoanState.INCOMPLETE or loan.incomplete_until is None or loan.incomplete_until > at:
        return False
    kit = session.scalars(select(Kit).where(Kit.id == loan.kit_id)).one()
    whole_price = session.scalars(select(KitType.whole_price_cents).where(KitType.id == loan.kit_type_id)).one()
    owed = _owed(session, loan)
    charges = bill(session, loan, owed, whole_price, at=at)
    tasks = [reorder(session, kit, part.part_id, part.name, loan=loan, at=at) for part in owed]
    loan.move(LoanVerb.SETTLE)
    loan.settled_at = at
    detail = {"loan_parts": [part.id for part in owed], "charges": charges, "tasks": [id for id in tasks if id]}
    record_on_kit(
        session, "settle_incomplete", kit=kit, loan=loan, branch_id=loan.branch_id, at=at, by=by, detail=detail
    )
    count_act(
        session,
        "settle_incomplete",
        detail,
        day=local_day(session, loan.branch_id, at),
        branch_id=loan.branch_id,
        kit_type_id=loan.kit_type_id,
        cohort_id=loan.cohort_id,
    )
    return True


def bill(session: Session, loan: Loan, parts: Iterable[LoanPart], whole_price_cents: int, *, at: datetime) -> list[int]:
    """Charge ``parts`` one by one, together never more than the whole kit's price less what was charged already.

    Gives the ids of the charges. Part of another act, which holds the loan.
    """
    parts = tuple(parts)
    room = max(whole_price_cents - part_charges_cents(session, loan), 0)
    left = missing_parts_charge((snapshot_of(part) for part in parts), room)
    charges = []
    for part in parts:
        amount = min(part.quantity * part.price_cents, left)
        left -= amount
        charge = add_charge(session, ChargeKind.MISSING_PART, amount, loan=loan, loan_part_id=part.id, at=at)
        if charge is not None:
            charges.append(charge)
        part.settled_at = at
    return charges


def snapshot_of(part: LoanPart) -> SnapshotPart:
    """A part that went out, as the rule wants it: named by the id of the part itself."""
    return SnapshotPart(
        id=part.part_id,
        name=part.name,
        quantity=part.quantity,
        returnable=part.returnable,
        bills_alone=part.bills_alone,
        price_cents=part.price_cents,
        excused=part.reported_missing_at is not None,
    )


def reorder(session: Session, kit: Kit, part_id: int, name: str, *, loan: Loan | None, at: datetime) -> int | None:
    """Ask for a new part, because nobody will bring the old one; the task's id unless it is asked for already."""
    return _ask(session, TaskKind.REORDER_PART, kit, part_id, name, loan=loan, at=at)


def ask_for_repair(
    session: Session, kit: Kit, part_id: int, name: str, *, loan: Loan | None, at: datetime
) -> int | None:
    """Ask for a part's repair; the task's id unless it is asked for already."""
    return _ask(session, TaskKind.REPAIR, kit, part_id, name, loan=loan, at=at)


def _ask(
    session: Session, kind: TaskKind, kit: Kit, part_id: int, name: str, *, loan: Loan | None, at: datetime
) -> int | None:
    return open_task(
        session,
        kind,
        subject=part_subject(part_id),
        branch_id=kit.branch_id,
        what=name,
        at=at,
        kit_id=kit.id,
        loan_id=None if loan is None else loan.id,
    )


def _owed(session: Session, loan: Loan) -> list[LoanPart]:
    chosen = select(LoanPart).where(
        LoanPart.loan_id == loan.id, LoanPart.state == LoanPartState.MISSING, LoanPart.settled_at.is_(None)
    )
    return list(session.scalars(chosen.order_by(LoanPart.id)))
