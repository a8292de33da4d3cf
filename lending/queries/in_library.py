"""Kits in use without a loan, as people read them: what is in use now, and how often kits were used in a period.

Source: RULES 7, "in-library use (due at closing)"; issue "Managers see what circulated", Build 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from lending.domain.names import short_name
from lending.domain.periods import Period
from lending.models.branches import Branch
from lending.models.cohorts import Workshop
from lending.models.hiring import HiringEvent
from lending.models.in_library import KitUse, UseEnd
from lending.models.kits import Kit, KitType
from lending.models.people import Patron
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class UseShown:
    """A kit in use. ``late``: the closing that it was due at is over. ``event`` is the name of what it is used at."""

    use: str
    kit: str
    kit_type: str
    branch_name: str
    zone: str
    began_at: datetime
    due_at: datetime
    late: bool
    event: str | None
    patron_name: str | None


@dataclass(frozen=True, slots=True)
class Uses:
    """What a period came to. A kit is used by a scan, as it is lent by one: where none was scanned, none was used."""

    in_library: int
    at_events: int
    events: int


def in_use(
    session: Session,
    scope: Branches,
    *,
    at: datetime,
    workshop: str | None = None,
    hiring_event: str | None = None,
    kit: str | None = None,
) -> list[UseShown]:
    """The kits of the reader's branches that are in use, those that are late first; those at one workshop or event
    (public ids), or one kit (its code), where it is asked for.
    """
    rows = session.execute(
        select(
            KitUse.public_id,
            KitUse.began_at,
            KitUse.due_at,
            Kit.barcode,
            KitType.name.label("kit_type"),
            Branch.name.label("branch"),
            Branch.zone,
            Workshop.title,
            HiringEvent.name.label("event"),
            Patron.name.label("patron"),
        )
        .select_from(KitUse)
        .join(Kit, Kit.id == KitUse.kit_id)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .join(Branch, Branch.id == KitUse.branch_id)
        .outerjoin(Workshop, Workshop.id == KitUse.workshop_id)
        .outerjoin(HiringEvent, HiringEvent.id == KitUse.hiring_event_id)
        .outerjoin(Patron, Patron.id == KitUse.patron_id)
        .where(
            KitUse.ended_at.is_(None),
            within(KitUse.branch_id, scope),
            true() if workshop is None else Workshop.public_id == workshop,
            true() if hiring_event is None else HiringEvent.public_id == hiring_event,
            true() if kit is None else Kit.barcode == kit,
        )
        .order_by(KitUse.due_at, KitUse.id)
    )
    return [
        UseShown(
            use=row.public_id,
            kit=row.barcode,
            kit_type=row.kit_type,
            branch_name=row.branch,
            zone=row.zone,
            began_at=row.began_at,
            due_at=row.due_at,
            late=row.due_at < at,
            event=row.title or row.event,
            patron_name=None if row.patron is None else short_name(row.patron),
        )
        for row in rows
    ]


def uses(session: Session, scope: Branches, period: Period, *, kit_types: list[int] | None = None) -> Uses:
    """How often kits were used in a period, by the local day at their branch; undone ones not at all. Of some kinds of
    kit (by id) alone where ``kit_types`` says so.
    """
    wide, utc = timedelta(days=2), ZoneInfo("UTC")
    first, last = (datetime.combine(day, time(0), utc) for day in (period.first, period.last))
    rows = session.execute(
        select(KitUse.began_at, KitUse.workshop_id, KitUse.hiring_event_id, Branch.zone)
        .join(Branch, Branch.id == KitUse.branch_id)
        .join(Kit, Kit.id == KitUse.kit_id)
        .where(
            KitUse.began_at.between(first - wide, last + wide),
            within(KitUse.branch_id, scope),
            or_(KitUse.end.is_(None), KitUse.end != UseEnd.UNDONE),
            _of(kit_types),
        )
    )
    found = [row for row in rows if _local(row.began_at, row.zone) in period]
    events = [(row.workshop_id, row.hiring_event_id) for row in found if row.workshop_id or row.hiring_event_id]
    return Uses(len(found) - len(events), len(events), len(set(events)))


def _local(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def _of(kit_types: list[int] | None) -> ColumnElement[bool]:
    return true() if kit_types is None else Kit.kit_type_id.in_(kit_types)
