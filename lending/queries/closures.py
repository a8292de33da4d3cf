"""Closings as they are entered, and what an act has re-dated, read back from the journal.

Source: INTERFACES, "a PATCH of the dates answers with what it re-dated"; ARCHITECTURE, "Transactions and locks".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lending.circulation.redating import Changed, Moved, Redating, Stays, Thing, Why
from lending.errors import Reason, Refused
from lending.models.branches import Branch, Closure
from lending.models.journal import JournalEntry

REDATES = ("change_cohort", "cancel_cohort", "enter_closure")
"""The verbs whose journal row holds the whole list."""


@dataclass(frozen=True, slots=True)
class ClosureShown:
    """A closing. ``branch`` is a code, ``None`` for the whole library; ``hours`` are empty when it is closed."""

    branch: str | None
    branch_name: str | None
    starts_on: date
    ends_on: date
    hours: str
    reason: str
    emergency: bool


def closures(session: Session, *, since: date, branch: str | None = None) -> list[ClosureShown]:
    """The closings that end on ``since`` or later, the next first; of one branch with the whole library's."""
    chosen = (
        select(Branch.code, Branch.name, Closure)
        .outerjoin_from(Closure, Branch, Branch.id == Closure.branch_id)
        .where(Closure.ends_on >= since)
        .order_by(Closure.starts_on, Closure.ends_on, Closure.id)
    )
    if branch is not None:
        chosen = chosen.where(or_(Closure.branch_id.is_(None), Branch.code == branch))
    return [
        ClosureShown(code, name, row.starts_on, row.ends_on, row.hours, row.reason, row.emergency)
        for code, name, row in session.execute(chosen)
    ]


def redating_after(session: Session, act: str) -> Redating:
    """What the act with this id has changed and moved. Raises ``Refused`` (``NOT_FOUND``) when it did nothing such."""
    chosen = select(JournalEntry.detail).where(JournalEntry.act == act, JournalEntry.verb.in_(REDATES))
    detail = session.scalars(chosen.order_by(JournalEntry.id)).first()
    if detail is None:
        raise Refused.because(Reason.NOT_FOUND)
    return Redating(
        of=detail["of"],
        changed=tuple(Changed(**line) for line in detail["changed"]),
        moved=tuple(Moved(**_read(line)) for line in detail["moved"]),
        stays=tuple(Stays(**_read(line)) for line in detail["stays"]),
        closed_on=tuple(date.fromisoformat(on) for on in detail["closed_on"]),
        counts=detail["counts"],
    )


def _read(line: Mapping[str, Any]) -> dict[str, Any]:
    found = {**line, "thing": Thing(line["thing"]), "why": Why(line["why"])}
    return found | {name: datetime.fromisoformat(line[name]) for name in ("was", "becomes", "at") if name in line}
