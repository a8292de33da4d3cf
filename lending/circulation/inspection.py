"""Inspection: a returned kit is looked at part by part, and what follows for the loan and the kit.

Nothing is ticked beforehand: every part that went out and should come back is named here, missing or damaged. The loan
closes when nothing is owed; a missing part keeps it open for a while, a damaged one sends the kit to repair.
Source: RULES 5; case 1 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar, local_day
from lending.circulation.charges import add_charge
from lending.circulation.counts import count_act, count_parts
from lending.circulation.loans import record_on_kit, tell_borrower
from lending.circulation.locks import find_kit, lock_kit_and_stock
from lending.circulation.missing_parts import (
    NOTICE,
    ask_for_repair,
    bill,
    complete_if_whole,
    reorder,
    snapshot_of,
    take_in,
)
from lending.circulation.policies import policy_for
from lending.circulation.turnaround import begin_turnaround, do_steps, free_if_ready, steps_missing
from lending.domain.actors import Actor
from lending.domain.completeness import Completeness, Found, Outcome, SnapshotPart, blocks, completeness
from lending.domain.due_dates import incomplete_until
from lending.domain.permissions import Act
from lending.domain.states import KitState, KitVerb, LoanState, LoanVerb
from lending.errors import Reason, Refused
from lending.models.charges import ChargeKind
from lending.models.kits import Kit, KitType, KitTypePart, Part, PartState, TurnaroundStepKind
from lending.models.loans import Loan, LoanPart, LoanPartState

IN_THE_BAG = frozenset({LoanPartState.OUT, LoanPartState.GIVEN})
"""The parts of a loan that nobody has spoken of yet; one that was swapped meanwhile is not looked for."""


@dataclass(frozen=True, slots=True)
class PartSeen:
    """What inspection says of one part. ``charge_cents`` is what the patron is asked to pay for damage."""

    found: Found
    note: str = ""
    charge_cents: int = 0


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an inspection led to: what the desk says.

    ``missing`` and ``damaged`` name parts. ``owed_until`` is when the missing ones will be billed, ``None`` when the
    loan is done. ``charged_cents`` was charged just now. ``steps`` are left to do before the kit is free.
    """

    kit: str
    kit_state: KitState
    loan: str | None
    loan_state: LoanState | None
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    owed_until: datetime | None
    charged_cents: int
    steps: tuple[TurnaroundStepKind, ...]


@dataclass(slots=True)
class _Sheet:
    """One inspection under way: the locked rows, and what was done, for the journal and for undoing it."""

    kit: Kit
    loan: Loan | None
    parts: dict[int, Part]
    kinds: dict[int, KitTypePart]
    went_out: dict[int, LoanPart]
    whole_price_cents: int
    was: dict[str, Any]
    charges: list[int] = field(default_factory=list)
    charged_cents: int = 0
    tasks: list[int] = field(default_factory=list)

    def snapshot(self) -> tuple[SnapshotPart, ...]:
        """The parts to look for: those that went out, or the kit's own where no loan waits."""
        if self.loan is not None:
            return tuple(snapshot_of(part) for part in self.went_out.values())
        own = [(part, self.kinds[part.kind_id]) for part in self.parts.values() if part.state is not PartState.RETIRED]
        return tuple(
            SnapshotPart(part.id, kind.name, part.quantity, kind.returnable, kind.bills_alone, price_cents=0)
            for part, kind in own
        )

    def check_charges(self, parts: Mapping[int, PartSeen]) -> None:
        """Refuse a charge for anything but damage, without a borrower, or above the price of the whole kit."""
        for part_id, seen in parts.items():
            most = self.whole_price_cents if self.loan is not None and seen.found is Found.DAMAGED else 0
            if not 0 <= seen.charge_cents <= most:
                raise Refused.because(Reason.VALUE_WRONG, field="charge_cents", part=part_id)


def inspect(
    session: Session,
    *,
    kit: str,
    parts: Mapping[int, PartSeen],
    steps: Mapping[TurnaroundStepKind, str],
    at: datetime,
    by: Actor,
) -> Inspected:
    """Say of every part (by id) of ``kit`` (its code) whether it is here, and which ``steps`` were done, with proof.

    The parts are those of the loan's snapshot, or the kit's own where no loan waits for this inspection. A kit that was
    found incomplete is inspected again when a part of it is back: then the missing parts must be named. Raises
    ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``NOT_TO_INSPECT``, ``IN_TRANSIT``, ``PARTS_NOT_COUNTED``,
    ``PART_UNKNOWN``, or ``VALUE_WRONG`` for a charge that is not for damage or above the whole kit's price.
    """
    row = lock_kit_and_stock(session, kit)
    by.permit(Act.CIRCULATE, row.branch_id)
    if row.in_transit_to_id is not None:
        raise Refused.because(Reason.IN_TRANSIT, kit=row.barcode)
    if row.state is KitState.INCOMPLETE:
        return _inspect_again(session, row, parts, steps, at=at, by=by)
    if row.state is not KitState.TO_INSPECT:
        raise Refused.because(Reason.NOT_TO_INSPECT, kit=row.barcode, state=row.state.value)
    sheet = _open_sheet(session, row)
    snapshot = sheet.snapshot()
    found = {part_id: seen.found for part_id, seen in parts.items()}
    against = blocks(snapshot, found)
    if against:
        raise Refused(*(replace(block, detail={**block.detail, "kit": row.barcode}) for block in against))
    sheet.check_charges(parts)
    result = completeness(snapshot, found, sheet.whole_price_cents)
    _write_parts(sheet, parts)
    _settle_loan(session, sheet, result, at=at)
    _charge_damage(session, sheet, parts, result, at=at)
    _move_kit(session, sheet, result, at=at, by=by)
    done = do_steps(session, sheet.kit, steps, at=at, by=by)
    left = steps_missing(session, sheet.kit, at=at)
    detail = {
        **sheet.was,
        "kit_to": sheet.kit.state.value,
        "loan_to": None if sheet.loan is None else sheet.loan.state.value,
        "round": sheet.kit.round,
        "found": {str(part.id): found[part.id].value for part in snapshot if part.returnable},
        "charges": sheet.charges,
        "tasks": sheet.tasks,
        "steps": [kind.value for kind in done],
        "left": left,
    }
    record_on_kit(session, "inspect", kit=sheet.kit, loan=sheet.loan, at=at, by=by, detail=detail)
    free_if_ready(session, sheet.kit, at=at, by=by)
    count_inspection(session, sheet.kit, sheet.loan, detail, day=local_day(session, sheet.kit.branch_id, at))
    return _answer(sheet, result, left)


def count_inspection(
    session: Session, kit: Kit, loan: Loan | None, detail: Mapping[str, Any], *, day: date, undone: bool = False
) -> None:
    """Count what an inspection found and billed on ``day``, or take that back, by the journal's ``detail`` of it."""
    cohort_id = None if loan is None else loan.cohort_id
    count_act(
        session,
        "inspect",
        detail,
        day=day,
        branch_id=kit.branch_id,
        kit_type_id=kit.kit_type_id,
        cohort_id=cohort_id,
        undone=undone,
    )
    count_parts(session, "inspect", detail, day=day, branch_id=kit.branch_id, n=-1 if undone else 1)


def all_here(session: Session, *, kit: str) -> dict[int, PartSeen]:
    """What "all parts here" means for ``kit`` (its code): every part that should have come back, found here."""
    kit_id = find_kit(session, kit).kit_id
    loan_id = session.scalar(_awaiting(kit_id).with_only_columns(Loan.id))
    if loan_id is not None:
        chosen = select(LoanPart.part_id).where(
            LoanPart.loan_id == loan_id, LoanPart.returnable, LoanPart.state == LoanPartState.OUT
        )
    else:
        chosen = (
            select(Part.id)
            .join(KitTypePart, KitTypePart.id == Part.kind_id)
            .where(Part.kit_id == kit_id, Part.state != PartState.RETIRED, KitTypePart.returnable)
        )
    return {part_id: PartSeen(Found.HERE) for part_id in session.scalars(chosen)}


def _awaiting(kit_id: int) -> Any:
    """The loan that waits for the inspection of a kit: received, and nobody has looked yet."""
    return (
        select(Loan)
        .where(Loan.kit_id == kit_id, Loan.state == LoanState.RECEIVED)
        .order_by(Loan.received_at.desc(), Loan.id.desc())
        .limit(1)
    )


def _open_sheet(session: Session, kit: Kit) -> _Sheet:
    loan: Loan | None = session.scalars(
        _awaiting(kit.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    went_out = {}
    if loan is not None:
        rows = session.scalars(select(LoanPart).where(LoanPart.loan_id == loan.id).order_by(LoanPart.id))
        went_out = {row.part_id: row for row in rows if row.state in IN_THE_BAG}
    own = Part.kit_id == kit.id if loan is None else Part.id.in_(went_out)
    parts = {part.id: part for part in session.scalars(select(Part).where(own).order_by(Part.id))}
    kinds = session.scalars(select(KitTypePart).where(KitTypePart.kit_type_id == kit.kit_type_id))
    price = session.scalars(select(KitType.whole_price_cents).where(KitType.id == kit.kit_type_id)).one()
    was = {
        "kit_from": kit.state.value,
        "loan_from": None if loan is None else loan.state.value,
        "parts_from": {str(part.id): part.state.value for part in parts.values()},
        "since": None if kit.turnaround_since is None else kit.turnaround_since.isoformat(),
    }
    return _Sheet(kit, loan, parts, {kind.id: kind for kind in kinds}, went_out, price, was)


def _write_parts(sheet: _Sheet, parts: Mapping[int, PartSeen]) -> None:
    for part_id, seen in parts.items():
        sheet.parts[part_id].state = PartState(seen.found.value)
        if (went_out := sheet.went_out.get(part_id)) is not None and went_out.returnable:
            went_out.state = LoanPartState(seen.found.value)
            went_out.note = seen.note.strip()[:240] or None


def _settle_loan(session: Session, sheet: _Sheet, result: Completeness, *, at: datetime) -> None:
    """Close the loan, with a bill if that is all it takes; or keep it open until the deadline, and say so."""
    lost = [*result.excused, *(result.missing if result.closes_loan or sheet.loan is None else ())]
    for part in lost:  # nobody will bring these back
        _note(sheet.tasks, reorder(session, sheet.kit, part.id, part.name, loan=sheet.loan, at=at))
    loan = sheet.loan
    if loan is None:
        return
    for part in (*result.excused, *result.damaged):
        sheet.went_out[part.id].settled_at = at
    if result.closes_loan:
        missing = [sheet.went_out[part.id] for part in result.missing]
        sheet.charges += bill(session, loan, missing, sheet.whole_price_cents, at=at)
        sheet.charged_cents += result.charge_cents
        loan.move(LoanVerb.SETTLE)
        loan.settled_at, loan.incomplete_until = at, None
        return
    loan.move(LoanVerb.FIND_INCOMPLETE)
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    calendar = branch_calendar(session, loan.branch_id, since=at.date() - timedelta(days=1))
    loan.incomplete_until = incomplete_until(calendar, policy.missing_part_days, at=at)
    tell_borrower(session, NOTICE, loan=loan, at=at)


def _charge_damage(
    session: Session, sheet: _Sheet, parts: Mapping[int, PartSeen], result: Completeness, *, at: datetime
) -> None:
    for part in result.damaged:
        _note(sheet.tasks, ask_for_repair(session, sheet.kit, part.id, part.name, loan=sheet.loan, at=at))
        cents = parts[part.id].charge_cents
        if sheet.loan is not None and cents:
            went_out = sheet.went_out[part.id].id
            charge = add_charge(session, ChargeKind.DAMAGE, cents, loan=sheet.loan, loan_part_id=went_out, at=at)
            _note(sheet.charges, charge)
            sheet.charged_cents += cents


def _move_kit(session: Session, sheet: _Sheet, result: Completeness, *, at: datetime, by: Actor) -> None:
    if result.outcome is Outcome.INCOMPLETE:
        sheet.kit.move(KitVerb.FIND_INCOMPLETE)
    elif result.outcome is Outcome.DAMAGED:
        sheet.kit.move(KitVerb.FIND_DAMAGED)
    else:
        begin_turnaround(session, sheet.kit, KitVerb.PASS_INSPECTION, at=at, by=by)


def _answer(sheet: _Sheet, result: Completeness, left: tuple[TurnaroundStepKind, ...]) -> Inspected:
    loan = sheet.loan
    return Inspected(
        kit=sheet.kit.barcode,
        kit_state=sheet.kit.state,
        loan=None if loan is None else loan.public_id,
        loan_state=None if loan is None else loan.state,
        missing=tuple(part.name for part in (*result.missing, *result.excused)),
        damaged=tuple(part.name for part in result.damaged),
        owed_until=None if loan is None else loan.incomplete_until,
        charged_cents=sheet.charged_cents,
        steps=left,
    )


def _note(ids: list[int], new: int | None) -> None:
    if new is not None:
        ids.append(new)


def _inspect_again(
    session: Session,
    kit: Kit,
    parts: Mapping[int, PartSeen],
    steps: Mapping[TurnaroundStepKind, str],
    *,
    at: datetime,
    by: Actor,
) -> Inspected:
    """Look once more at an incomplete kit: each missing part is named, and those that are back are taken in."""
    own = select(Part, KitTypePart.name).join(KitTypePart, KitTypePart.id == Part.kind_id)
    own = own.where(Part.kit_id == kit.id, KitTypePart.returnable, Part.state != PartState.RETIRED)
    rows = session.execute(own.order_by(Part.id)).all()
    names = {part.id: name for part, name in rows}
    missing = {part.id for part, _ in rows if part.state is PartState.MISSING}
    unknown = sorted(parts.keys() - names.keys())
    if unknown:
        raise Refused.because(Reason.PART_UNKNOWN, kit=kit.barcode, parts=unknown)
    if missing - parts.keys():
        raise Refused.because(Reason.PARTS_NOT_COUNTED, parts=[names[id_] for id_ in sorted(missing - parts.keys())])
    counted = {part_id: seen for part_id, seen in parts.items() if part_id not in missing}
    if any(seen.found is not Found.HERE for seen in counted.values()) or any(
        seen.charge_cents for seen in parts.values()
    ):
        raise Refused.because(Reason.VALUE_WRONG, field="parts", parts=sorted(counted))
    if missing and all(parts[part_id].found is Found.MISSING for part_id in missing):
        raise Refused.because(Reason.NOT_TO_INSPECT, kit=kit.barcode, state=kit.state.value)
    loan = None
    tasks: list[int] = []
    for part_id in sorted(missing):
        found = parts[part_id].found
        if found is Found.MISSING:
            continue
        _, loan = take_in(session, kit, part_id, PartState(found.value), at=at, by=by)
        if found is Found.DAMAGED:
            _note(tasks, ask_for_repair(session, kit, part_id, names[part_id], loan=loan, at=at))
    done = do_steps(session, kit, steps, at=at, by=by)
    complete_if_whole(session, kit, at=at, by=by)
    left = steps_missing(session, kit, at=at)
    record_on_kit(
        session,
        "inspect",
        kit=kit,
        loan=loan,
        at=at,
        by=by,
        detail={
            "kit_from": KitState.INCOMPLETE.value,
            "kit_to": kit.state.value,
            "loan_to": None if loan is None else loan.state.value,
            "round": kit.round,
            "found": {str(part_id): parts[part_id].found.value for part_id in sorted(missing)},
            "charges": [],
            "tasks": tasks,
            "steps": [kind.value for kind in done],
            "left": left,
        },
    )
    return Inspected(
        kit=kit.barcode,
        kit_state=kit.state,
        loan=None if loan is None else loan.public_id,
        loan_state=None if loan is None else loan.state,
        missing=tuple(names[id_] for id_ in sorted(missing) if parts[id_].found is Found.MISSING),
        damaged=tuple(names[id_] for id_ in sorted(missing) if parts[id_].found is Found.DAMAGED),
        owed_until=loan.incomplete_until if loan is not None and loan.state is LoanState.INCOMPLETE else None,
        charged_cents=0,
        steps=left,
    )
