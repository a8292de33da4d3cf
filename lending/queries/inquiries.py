"""Inquiries as people read them: what one person tallied today, and what a period came to.

Counts are of tallies, never of people. Source: RULES 7, "Inquiries"; the permission sheet, "own tallies".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, String, cast, func, select, true
from sqlalchemy.orm import Session

from lending.domain.actors import Actor
from lending.domain.counting import N_
from lending.domain.periods import Period
from lending.domain.permissions import Role
from lending.domain.small_cells import rank
from lending.models.branches import Branch
from lending.models.inquiries import InquiryChannel, InquiryTally
from lending.queries.scope import Branches, within

DEFINITION = N_("Questions that somebody asked at a desk or of a counsellor, as staff tallied them; not people.")
"""Shown beside the figure. English is the source text; doors translate it."""


@dataclass(frozen=True, slots=True)
class Inquiries:
    """What a period came to. ``total`` is ``None`` where nobody tallied anything: that is unknown and not 0.

    ``by_topic`` is by the topic's code, ``by_branch`` by the branch's, ``by_month`` by the month's first day.
    """

    total: int | None
    by_topic: Mapping[str, int]
    by_branch: Mapping[str, int]
    by_channel: Mapping[InquiryChannel, int]
    by_month: Mapping[date, int]


def inquiries(session: Session, scope: Branches, period: Period, *, staff_id: int | None = None) -> Inquiries:
    """The inquiries of a period at the reader's branches; those of one staff member alone where ``staff_id`` says so
    (``own_alone``).
    """
    month_of_day = func.substr(cast(InquiryTally.day, String), 1, 7).label("month")
    by = (month_of_day, Branch.code, InquiryTally.topic, InquiryTally.channel)
    rows = session.execute(
        select(*by, func.sum(InquiryTally.n).label("n"))
        .join(Branch, Branch.id == InquiryTally.branch_id)
        .where(InquiryTally.day.between(period.first, period.last), within(InquiryTally.branch_id, scope))
        .where(_of(staff_id))
        .group_by(*by)
        .having(func.sum(InquiryTally.n) > 0)
    ).all()
    topics: dict[str, int] = {}
    branches: dict[str, int] = {}
    channels: dict[InquiryChannel, int] = {}
    months: dict[date, int] = {}
    for row in rows:
        n, month = int(row.n), date.fromisoformat(f"{row.month}-01")
        topics[row.topic] = topics.get(row.topic, 0) + n
        branches[row.code] = branches.get(row.code, 0) + n
        channels[row.channel] = channels.get(row.channel, 0) + n
        months[month] = months.get(month, 0) + n
    return Inquiries(
        total=sum(topics.values()) if rows else None,
        by_topic=dict(sorted(topics.items(), key=lambda pair: (rank(pair[1]), pair[0]))),
        by_branch=dict(sorted(branches.items())),
        by_channel=channels,
        by_month=dict(sorted(months.items())),
    )


def own_alone(by: Actor) -> int | None:
    """Whose tallies a reader may see: a counsellor their own, everybody else those of their branches (``None``)."""
    return by.staff_id if by.role is Role.COUNSELLOR else None


def tallied_today(session: Session, *, branch_id: int, staff_id: int, day: date) -> Mapping[str, int]:
    """What one person has tallied at a branch on its local day, by topic."""
    rows = session.execute(
        select(InquiryTally.topic, func.sum(InquiryTally.n).label("n"))
        .where(InquiryTally.branch_id == branch_id, InquiryTally.staff_id == staff_id, InquiryTally.day == day)
        .group_by(InquiryTally.topic)
    )
    return {row.topic: int(row.n) for row in rows}


def _of(staff_id: int | None) -> ColumnElement[bool]:
    return true() if staff_id is None else InquiryTally.staff_id == staff_id
