"""A branch's calendar, read from its rows: weekly hours, and the closures from a day on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, or_, select
from sqlalchemy.orm import Session

from lending.domain.calendars import Calendar, Closure, WeeklyHours, parse_hours
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.branches import Closure as ClosureRow

_branches = table_of(Branch)
_closures = table_of(ClosureRow)
_CLOSURES = (
    select(_closures.c.starts_on, _closures.c.ends_on, _closures.c.reason, _closures.c.hours)
    .where(
        or_(_closures.c.branch_id == bindparam("branch_id"), _closures.c.branch_id.is_(None)),
        _closures.c.ends_on >= bindparam("since"),
    )
    .order_by(_closures.c.id)
)
"""In the order entered: where special hours overlap, the last one holds."""
_BRANCH = select(_branches.c.zone, _branches.c.hours).where(_branches.c.id == bindparam("branch_id"))
_ZONE = select(_branches.c.zone).where(_branches.c.id == bindparam("branch_id"))


def calendar_of(session: Session, branch_id: int, zone: str, hours: WeeklyHours, *, since: date) -> Calendar:
    """The calendar of a branch whose zone and hours are known already, true from the local day ``since`` on."""
    return calendar_from(zone, hours, ask_for_closures(session.connection(), branch_id, since=since))


def ask_for_closures(connection: Connection, branch_id: int, *, since: date) -> Iterable[AnyRow]:
    """The closures of a branch from the local day ``since`` on, for ``calendar_from``."""
    return connection.execute(_CLOSURES, {"branch_id": branch_id, "since": since})


def calendar_from(zone: str, hours: WeeklyHours, rows: Iterable[AnyRow]) -> Calendar:
    """The calendar of a branch with these closures."""
    closures = tuple(Closure(row.starts_on, row.ends_on, row.reason, parse_hours(row.hours)) for row in rows)
    return Calendar(zone, hours, closures)


def branch_calendar(session: Session, branch_id: int, *, since: date) -> Calendar:
    """The calendar of a branch, true from the local day ``since`` on."""
    branch = session.connection().execute(_BRANCH, {"branch_id": branch_id}).one()
    return calendar_of(session, branch_id, branch.zone, branch.hours, since=since)


def local_day(session: Session, branch_id: int, at: datetime) -> date:
    """The day that an instant is on at a branch."""
    zone = session.connection().execute(_ZONE, {"branch_id": branch_id}).scalar_one()
    return at.astimezone(ZoneInfo(zone)).date()
