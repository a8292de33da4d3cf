"""Ladders as an administrator sets them: for one kit type, or for every type that has none of its own.

Nothing is sent again when a ladder changes: a step that a loan has taken in its present term is taken, on whatever day
it stands now. Source: RULES 6, "Ladder (setting per kit type)".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record, record_unchanged
from lending.domain.actors import Actor
from lending.domain.ladders import DEFAULT, Ladder, Step, against, in_order
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.kits import KitType
from lending.models.ladders import LadderStep


def ladders(session: Session) -> Mapping[int | None, Ladder]:
    """The ladder of each kit type that has one of its own, and under ``None`` that of all others."""
    found: dict[int | None, list[Step]] = {}
    for row in session.scalars(select(LadderStep)):
        step = Step(row.code, row.days, row.notifies, row.suspends_lines, row.calls, row.gives_up)
        found.setdefault(row.kit_type_id, []).append(step)
    return {None: DEFAULT} | {kit_type_id: in_order(steps) for kit_type_id, steps in found.items()}


def ladders_by_code(session: Session) -> Mapping[str | None, Ladder]:
    """The same under the codes of the kit types."""
    codes: dict[int | None, str | None] = {None: None}
    codes |= {row.id: row.code for row in session.execute(select(KitType.id, KitType.code))}
    return {codes[kit_type_id]: ladder for kit_type_id, ladder in ladders(session).items()}


def set_ladder(session: Session, *, kit_type: str | None, steps: Sequence[Step], at: datetime, by: Actor) -> Ladder:
    """Give a kit type (its code), or with ``None`` every type without a ladder of its own, the ladder of ``steps``.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the kit type, every block of ``domain.ladders.against``,
    ``BUSY`` when somebody else sets it in this very moment.
    """
    by.permit(Act.ADMINISTER)
    blocks = against(steps)
    if blocks:
        raise Refused(*blocks)
    kit_type_id = _kit_type_id(session, kit_type)
    before = _clear(session, kit_type_id)
    ladder = in_order(steps)
    session.add_all(
        LadderStep(
            kit_type_id=kit_type_id,
            code=step.code,
            days=step.days,
            notifies=step.notifies,
            suspends_lines=step.suspends_lines,
            calls=step.calls,
            gives_up=step.gives_up,
        )
        for step in ladder
    )
    with refusing_twins(Reason.BUSY):
        session.flush()  # a ladder that was set a moment ago is refused by name
    detail = {"kit_type_id": kit_type_id, "days": {step.code: step.days for step in ladder}, "days_from": before}
    record(session, "set_ladder", at=at, by=by, detail=detail)
    return ladder


def restore_ladder(session: Session, *, kit_type: str | None, at: datetime, by: Actor) -> Ladder:
    """Take away the ladder of a kit type (its code), or with ``None`` the library's; what holds instead is given.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the kit type.
    """
    by.permit(Act.ADMINISTER)
    kit_type_id = _kit_type_id(session, kit_type)
    before = _clear(session, kit_type_id)
    if before:
        record(session, "restore_ladder", at=at, by=by, detail={"kit_type_id": kit_type_id, "days_from": before})
    else:
        record_unchanged(session, "restore_ladder", at=at, by=by)
    return ladders(session)[None]


def _clear(session: Session, kit_type_id: int | None) -> dict[str, int]:
    """Take away the steps of a ladder; their days by their codes."""
    of_it = LadderStep.kit_type_id.is_(None) if kit_type_id is None else LadderStep.kit_type_id == kit_type_id
    gone = session.execute(delete(LadderStep).where(of_it).returning(LadderStep.code, LadderStep.days))
    return {row.code: row.days for row in gone}


def _kit_type_id(session: Session, code: str | None) -> int | None:
    if code is None:
        return None
    found = session.scalar(select(KitType.id).where(KitType.code == code))
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found
