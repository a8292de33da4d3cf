"""Repair: a kit with a damaged part is mended and goes on to turnaround.

Source: RULES 5, "Damaged → repair".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.loans import record_on_kit
from lending.circulation.locks import lock_kit_and_stock
from lending.circulation.tasks import close_task, part_subject
from lending.circulation.turnaround import begin_turnaround, free_if_ready
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import KitState, KitVerb
from lending.errors import Reason, Refused
from lending.models.kits import KitTypePart, Part, PartState
from lending.models.tasks import TaskKind


@dataclass(frozen=True, slots=True)
class Repaired:
    """A kit after its repair: in turnaround, free, or incomplete if a part is missing as well."""

    kit: str
    kit_state: KitState
    parts: tuple[int, ...]


def finish_repair(session: Session, *, kit: str, at: datetime, by: Actor) -> Repaired:
    """Say that what was damaged in ``kit`` (its code) works again; its repair tasks are closed.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``WRONG_STATE`` for a kit that is not in repair.
    """
    row = lock_kit_and_stock(session, kit)
    by.permit(Act.CHANGE_KIT, row.branch_id)
    if row.state is not KitState.REPAIR:
        raise Refused.because(Reason.WRONG_STATE, kit=row.barcode, state=row.state.value)
    parts = session.scalars(
        select(Part)
        .join(KitTypePart, KitTypePart.id == Part.kind_id)
        .where(Part.kit_id == row.id, KitTypePart.returnable)
        .order_by(Part.id)
    ).all()
    mended = [part for part in parts if part.state is PartState.DAMAGED]
    for part in mended:
        part.state = PartState.HERE
        close_task(session, TaskKind.REPAIR, subject=part_subject(part.id), at=at, by=by, outcome="repaired")
    if any(part.state is PartState.MISSING for part in parts):
        row.move(KitVerb.FIND_INCOMPLETE)
    else:
        begin_turnaround(session, row, KitVerb.REPAIR, at=at, by=by)
    ids = tuple(part.id for part in mended)
    detail = {"parts": list(ids), "kit_to": row.state.value}
    record_on_kit(session, "finish_repair", kit=row, at=at, by=by, detail=detail)
    free_if_ready(session, row, at=at, by=by)
    return Repaired(row.barcode, row.state, ids)
