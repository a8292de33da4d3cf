"""Hiring events: planned, tallied on the day in one key each, corrected afterwards.

Source: RULES 7, "Hiring events: registered, attended, employers, interviews, offers (offers, not people), hires"; the
permission sheet, row "tally an inquiry; make a referral", which is who works at such an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_named
from lending.domain.actors import Actor
from lending.domain.hiring import MOST, EventTally, Figure, check, tallied
from lending.domain.permissions import Act
from lending.domain.registration import plain_text
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.cohorts import Program
from lending.models.hiring import HiringEvent

PLANNED = "plan_hiring_event"
"""What the journal calls it."""

OPENS_BEFORE: Final = timedelta(hours=12)
"""How long before an event may be counted: on its day, not on the days before."""

LONGEST: Final = timedelta(days=7)
"""How long an event lasts at most."""


@dataclass(frozen=True, slots=True)
class EventPlan:
    """What is planned of an event. ``program`` is a programme's code; ``place`` is empty for the branch itself."""

    name: str
    starts_at: datetime
    ends_at: datetime
    program: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class EventStands:
    """An event (its public id) and its figures; ``None`` is not known."""

    event: str
    figures: Mapping[Figure, int | None]


def plan_event(session: Session, *, branch_id: int, plan: EventPlan, at: datetime, by: Actor) -> EventStands:
    """Plan a hiring event that a branch holds, at home or elsewhere.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the branch, or all that is wrong with the plan:
    ``VALUE_MISSING`` and ``VALUE_WRONG`` by field.
    """
    by.permit(Act.TALLY, branch_id)
    if session.get(Branch, branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    row = HiringEvent(branch_id=branch_id, created_at=at)
    _write(session, row, plan)
    session.add(row)
    session.flush()  # its public id is made with the row
    detail = {"event": row.public_id, "starts_at": row.starts_at.isoformat(), "program_id": row.program_id}
    record(session, PLANNED, at=at, by=by, branch_id=branch_id, detail=detail)
    return _stands(row)


def change_event(session: Session, *, event: str, plan: EventPlan, at: datetime, by: Actor) -> EventStands:
    """Change what is planned of an event (its public id).

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``EVENT_OVER`` for one that was cancelled, and what
    ``plan_event`` does.
    """
    row = _lock_standing(session, event, by)
    before = row.starts_at
    _write(session, row, plan)
    detail = {"event": event, "starts_at": row.starts_at.isoformat(), "before": before.isoformat()}
    record(session, "change_hiring_event", at=at, by=by, branch_id=row.branch_id, detail=detail)
    return _stands(row)


def cancel_event(session: Session, *, event: str, at: datetime, by: Actor) -> EventStands:
    """Cancel an event (its public id), so that it counts nowhere. Raises ``Refused``: ``NOT_FOUND``,
    ``NOT_PERMITTED``, ``EVENT_OVER`` for one that was cancelled before.
    """
    row = _lock_standing(session, event, by)
    row.cancelled_at = at
    record(session, "cancel_hiring_event", at=at, by=by, branch_id=row.branch_id, detail={"event": event})
    return _stands(row)


def tally_event(session: Session, *, event: str, what: EventTally, n: int = 1, at: datetime, by: Actor) -> EventStands:
    """Count one more at an event (its public id), or with ``n`` -1 one less, which was a slip.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``EVENT_OVER`` for one that was cancelled, ``EVENT_TO_COME``
    before its day, and ``VALUE_WRONG`` for a figure that would fall below 0.
    """
    row = _lock_standing(session, event, by)
    if at < row.starts_at - OPENS_BEFORE:
        raise Refused.because(Reason.EVENT_TO_COME, at=row.starts_at)
    if n not in (1, -1):
        raise Refused.because(Reason.VALUE_WRONG, field="count")
    try:
        changed = tallied(figures_of(row), what, n)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="count") from None
    for figure, number in changed.items():
        setattr(row, figure.value, number)
    detail = {"event": event, "what": what.value, "n": n}
    record(session, "tally_hiring_event", at=at, by=by, branch_id=row.branch_id, detail=detail)
    return _stands(row)


def set_figures(
    session: Session, *, event: str, figures: Mapping[Figure, int | None], at: datetime, by: Actor
) -> EventStands:
    """Say what an event (its public id) came to, or correct it; ``None``: nobody knows. The rest stays as it is.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``EVENT_OVER`` for one that was cancelled, ``EVENT_TO_COME``
    for whatever but who registered before its day, and ``VALUE_WRONG`` by field.
    """
    row = _lock_standing(session, event, by)
    before = figures_of(row)
    changed = {figure: n for figure, n in figures.items() if n != before[figure]}
    if at < row.starts_at - OPENS_BEFORE and set(changed) - {Figure.REGISTERED}:
        raise Refused.because(Reason.EVENT_TO_COME, at=row.starts_at)
    wrong = [figure for figure, n in changed.items() if n is not None and not 0 <= n <= MOST]
    if wrong:
        raise Refused(*(Block(Reason.VALUE_WRONG, {"field": figure.value}) for figure in wrong))
    try:
        check({**before, **changed})
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field=Figure.PEOPLE_OFFERED.value) from None
    for figure, n in changed.items():
        setattr(row, figure.value, n)
    detail = {
        "event": event,
        "figures": {figure.value: n for figure, n in changed.items()},
        "before": {figure.value: before[figure] for figure in changed},
    }
    record(session, "set_figures", at=at, by=by, branch_id=row.branch_id, detail=detail)
    return _stands(row)


def figures_of(row: HiringEvent) -> dict[Figure, int | None]:
    """The figures of an event."""
    return {figure: getattr(row, figure.value) for figure in Figure}


def _stands(row: HiringEvent) -> EventStands:
    return EventStands(row.public_id, figures_of(row))


def _lock_standing(session: Session, public_id: str, by: Actor) -> HiringEvent:
    """Lock an event that was not cancelled, so that two who count at once both count."""
    row = lock_named(session, select(HiringEvent).where(HiringEvent.public_id == public_id))
    by.permit(Act.TALLY, row.branch_id)
    if row.cancelled_at is not None:
        raise Refused.because(Reason.EVENT_OVER)
    return row


def _write(session: Session, row: HiringEvent, plan: EventPlan) -> None:
    """Put a plan into its row, or refuse all that is wrong with it."""
    against = list[Block]()
    texts: dict[str, str] = {}
    for field, given in (("name", plan.name), ("place", plan.place)):
        try:
            texts[field] = plain_text(given, 160) or ""
        except ValueError:
            against.append(Block(Reason.VALUE_WRONG, {"field": field}))
    if texts.get("name") == "":
        against.append(Block(Reason.VALUE_MISSING, {"field": "name"}))
    if not timedelta(0) < plan.ends_at - plan.starts_at <= LONGEST:
        against.append(Block(Reason.VALUE_WRONG, {"field": "ends_at"}))
    program_id = session.scalar(select(Program.id).where(Program.code == plan.program))
    if plan.program is not None and program_id is None:
        against.append(Block(Reason.VALUE_WRONG, {"field": "program"}))
    if against:
        raise Refused(*against)
    row.name, row.place, row.program_id = texts["name"], texts["place"], program_id
    row.starts_at, row.ends_at = plan.starts_at, plan.ends_at
