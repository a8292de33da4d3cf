"""Hiring events as people read them: the list, one event, and what a period came to.

A figure that nobody counted is not known; a sum is of the events that were counted, and says how many were not.
Source: RULES 7, "Hiring events".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lending.domain.hiring import Figure
from lending.domain.periods import Period
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.cohorts import Program
from lending.models.hiring import HiringEvent
from lending.programs.hiring import figures_of
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class EventShown:
    """One event and its figures, ``None`` where nobody knows. ``branch`` and ``program`` are codes."""

    event: str
    name: str
    branch: str
    branch_name: str
    zone: str
    place: str
    program: str | None
    program_name: str | None
    starts_at: datetime
    ends_at: datetime
    cancelled: bool
    figures: Mapping[Figure, int | None]

    @property
    def on(self) -> date:
        """The local day on which it begins."""
        return self.starts_at.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True, slots=True)
class Summed:
    """A figure of several events: the sum of those that counted it, and how many did not (``unknown``)."""

    n: int | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Hiring:
    """What a period came to: its events that took place, and their figures together."""

    events: tuple[EventShown, ...]
    figures: Mapping[Figure, Summed]

    @property
    def count(self) -> int:
        """How many events there were."""
        return len(self.events)


_SHOWN = (
    select(HiringEvent, Branch.code, Branch.name, Branch.zone, Program.code.label("program"), Program.name.label("of"))
    .join(Branch, Branch.id == HiringEvent.branch_id)
    .outerjoin(Program, Program.id == HiringEvent.program_id)
)


def hiring_events(
    session: Session, scope: Branches, *, after: str | None = None, limit: int = 50
) -> tuple[list[EventShown], str | None]:
    """The events of the reader's branches, the last first, from behind the one with the public id ``after`` on, and
    what continues behind the last one. Cancelled ones are among them.
    """
    chosen = _SHOWN.where(within(HiringEvent.branch_id, scope))
    if after is not None:
        last = select(HiringEvent.starts_at, HiringEvent.id).where(HiringEvent.public_id == after).subquery()
        same_time = (HiringEvent.starts_at == last.c.starts_at) & (HiringEvent.id < last.c.id)
        chosen = chosen.join(last, (HiringEvent.starts_at < last.c.starts_at) | same_time)
    rows = session.execute(chosen.order_by(HiringEvent.starts_at.desc(), HiringEvent.id.desc()).limit(limit + 1)).all()
    found = [_shown(row) for row in rows[:limit]]
    return found, found[-1].event if len(rows) > limit else None


def hiring_event(session: Session, public_id: str, scope: Branches) -> EventShown:
    """The event with this public id. ``NOT_FOUND`` also where the reader may not look."""
    own = _SHOWN.where(HiringEvent.public_id == public_id, within(HiringEvent.branch_id, scope))
    row = session.execute(own).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(row)


def hiring(
    session: Session, scope: Branches, period: Period, *, at: datetime, programs: Iterable[int] | None = None
) -> Hiring:
    """What the events came to that began within a period, by their local day, and by ``at``; those of some programmes
    (by id) alone where ``programs`` says so.
    """
    wide = timedelta(days=2)
    chosen: Select[*tuple[Any, ...]] = _SHOWN.where(
        within(HiringEvent.branch_id, scope),
        HiringEvent.cancelled_at.is_(None),
        HiringEvent.starts_at.between(_midnight(period.first) - wide, _midnight(period.last) + wide),
        HiringEvent.starts_at <= at,
    )
    if programs is not None:
        chosen = chosen.where(HiringEvent.program_id.in_(sorted(programs)))
    rows = session.execute(chosen.order_by(HiringEvent.starts_at, HiringEvent.id))
    events = tuple(event for event in map(_shown, rows) if event.on in period)
    return Hiring(events, {figure: summed(event.figures[figure] for event in events) for figure in Figure})


def summed(figures: Iterable[int | None]) -> Summed:
    """One figure of several events."""
    all_of_them = list(figures)
    known = [n for n in all_of_them if n is not None]
    return Summed(sum(known) if known else None, len(all_of_them) - len(known))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo("UTC"))


def _shown(row: AnyRow) -> EventShown:
    event: HiringEvent = row.HiringEvent
    return EventShown(
        event=event.public_id,
        name=event.name,
        branch=row.code,
        branch_name=row.name,
        zone=row.zone,
        place=event.place,
        program=row.program,
        program_name=row.of,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        cancelled=event.cancelled_at is not None,
        figures=figures_of(event),
    )
