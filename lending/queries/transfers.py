"""Kits on their way between branches: since when, and which of them should have arrived.

Source: RULES 5, "the list of what should have arrived".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lending.circulation.calendars import branch_calendar
from lending.domain.calendars import Calendar
from lending.domain.states import KitState
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType
from lending.queries.scope import Branches, within

ARRIVES_WITHIN_OPEN_DAYS = 3
"""How many open days of the branch it goes to a kit may be on its way: enough where a van comes every other day."""


@dataclass(frozen=True, slots=True)
class Travelling:
    """A kit on its way; branches by code and name. ``sent_at`` is ``None`` where nobody wrote it down.

    ``late``: it should have arrived, or nobody knows since when it travels.
    """

    kit: str
    kit_type: str
    state: KitState
    from_branch: str
    from_branch_name: str
    to_branch: str
    to_branch_name: str
    sent_at: datetime | None
    late: bool


@dataclass(frozen=True, slots=True)
class Transfers:
    """What is on its way to a reader's branches and from them, the longest under way first."""

    incoming: tuple[Travelling, ...]
    outgoing: tuple[Travelling, ...]


def transfers(session: Session, *, branch_ids: Branches, at: datetime, branch: str | None = None) -> Transfers:
    """What travels to or from the reader's branches, or one of them by its code. Between two of them it is in both."""
    away, there = aliased(Branch), aliased(Branch)
    rows = session.execute(
        select(
            Kit.barcode,
            KitType.name.label("kit_type"),
            Kit.state,
            away.code.label("from_branch"),
            away.name.label("from_branch_name"),
            there.code.label("to_branch"),
            there.name.label("to_branch_name"),
            Kit.sent_at,
            Kit.branch_id,
            Kit.in_transit_to_id,
        )
        .join(KitType, KitType.id == Kit.kit_type_id)
        .join(away, away.id == Kit.branch_id)
        .join(there, there.id == Kit.in_transit_to_id)
        .where(within(there.id, branch_ids) | within(away.id, branch_ids))
        .order_by(Kit.sent_at.is_not(None), Kit.sent_at, Kit.id)
    ).all()
    calendars: dict[int, Calendar] = {}
    incoming, outgoing = [], []
    since = min((row.sent_at for row in rows if row.sent_at is not None), default=at).date() - timedelta(days=1)
    for row in rows:
        to_id = row.in_transit_to_id
        if to_id not in calendars:
            calendars[to_id] = branch_calendar(session, to_id, since=since)
        kit = Travelling(
            kit=row.barcode,
            kit_type=row.kit_type,
            state=row.state,
            from_branch=row.from_branch,
            from_branch_name=row.from_branch_name,
            to_branch=row.to_branch,
            to_branch_name=row.to_branch_name,
            sent_at=row.sent_at,
            late=_is_late(calendars[to_id], row.sent_at, at),
        )
        if (branch_ids is None or to_id in branch_ids) and branch in (None, kit.to_branch):
            incoming.append(kit)
        if (branch_ids is None or row.branch_id in branch_ids) and branch in (None, kit.from_branch):
            outgoing.append(kit)
    return Transfers(tuple(incoming), tuple(outgoing))


def sent_at(session: Session, kit: str) -> datetime | None:
    """When a kit (its code) was sent; ``None`` when it does not travel, or nobody wrote it down."""
    return session.scalars(select(Kit.sent_at).where(Kit.barcode == kit)).one_or_none()


def _is_late(calendar: Calendar, sent_at: datetime | None, at: datetime) -> bool:
    if sent_at is None:
        return True
    last = calendar.add_open_days(calendar.local_date(sent_at), ARRIVES_WITHIN_OPEN_DAYS)
    return last is not None and calendar.local_date(at) > last
