"""Stocktakes as people read them: the open ones, and one with what was seen, is missing, and should not be there.

Source: RULES 5, "seen, missing, unexpected, with a report".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from lending.circulation.stocktake import BEGUN, SEEN
from lending.domain.states import KitState
from lending.domain.stocktake import Standing
from lending.errors import Reason, Refused
from lending.models.base import AnyRow
from lending.models.branches import Branch
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, KitType
from lending.models.stocktakes import Stocktake, StocktakeKit
from lending.queries.scope import Branches, within

LEAVES = ("check_out", "exchange", "in_library", "event_use", "send_kit", "withdraw_kit")
"""What takes a kit away by rights while it is being counted, in the words of the journal."""


@dataclass(frozen=True, slots=True)
class StocktakeShown:
    """A count. ``place`` is empty for the whole branch; ``branch`` is its code."""

    stocktake: str
    branch: str
    branch_name: str
    zone: str
    place: str
    began_at: datetime
    ended_at: datetime | None
    expected: int
    seen: int


@dataclass(frozen=True, slots=True)
class KitCounted:
    """A kit of a count as it is now, and what it was when it was seen (``standing``).

    ``branch`` is the name of where it is, ``to_branch`` of where it is going.
    """

    kit: str
    kit_type: str
    state: KitState
    place: str | None
    branch: str
    to_branch: str | None
    standing: Standing | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class StocktakeReport:
    """A count with its lists, each by code.

    ``seen`` stood where it belongs, ``unexpected`` did not. ``left`` was not seen, but lent, sent or withdrawn while
    the count went on; the rest is ``missing``.
    """

    stocktake: StocktakeShown
    seen: tuple[KitCounted, ...]
    missing: tuple[KitCounted, ...]
    left: tuple[KitCounted, ...]
    unexpected: tuple[KitCounted, ...]


def stocktakes(
    session: Session, *, branch_ids: Branches, after: str | None = None, limit: int = 50
) -> tuple[list[StocktakeShown], str | None]:
    """The counts of the reader's branches, the newest first, from behind the one with the public id ``after`` on.

    Gives also what continues behind the last one, ``None`` at the end.
    """
    chosen = _SHOWN.where(within(Stocktake.branch_id, branch_ids))
    if after is not None:
        last = select(Stocktake.id).where(Stocktake.public_id == after).scalar_subquery()
        chosen = chosen.where(Stocktake.id < last)
    rows = session.execute(chosen.order_by(Stocktake.id.desc()).limit(limit + 1)).all()
    found = [_shown(row) for row in rows[:limit]]
    return found, found[-1].stocktake if len(rows) > limit else None


def stocktake(session: Session, public_id: str, *, branch_ids: Branches) -> StocktakeShown:
    """How far the count with this public id is. ``NOT_FOUND`` also where the reader may not look."""
    return _shown(_found(session, public_id, branch_ids))


def report(session: Session, stocktake: str, *, branch_ids: Branches) -> StocktakeReport:
    """The count with this public id and its lists. ``NOT_FOUND`` also where the reader may not look."""
    found = _found(session, stocktake, branch_ids)
    seen: list[KitCounted] = []
    missing: list[KitCounted] = []
    left: list[KitCounted] = []
    unexpected: list[KitCounted] = []
    for row in session.execute(_kits_of(found)):
        kit = _counted(row)
        if kit.seen_at is None:
            (left if row.left_since else missing).append(kit)
        else:
            (seen if kit.standing in _RIGHT else unexpected).append(kit)
    return StocktakeReport(_shown(found), tuple(seen), tuple(missing), tuple(left), tuple(unexpected))


def kit_counted(session: Session, stocktake: str, kit: str, *, branch_ids: Branches) -> KitCounted:
    """One kit (its code) of a count, as it was seen. ``NOT_FOUND`` also where the reader may not look."""
    found = _found(session, stocktake, branch_ids)
    row = session.execute(_kits_of(found).where(Kit.barcode == kit)).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _counted(row)


def _found(session: Session, stocktake: str, branch_ids: Branches) -> AnyRow:
    chosen = _SHOWN.where(Stocktake.public_id == stocktake, within(Stocktake.branch_id, branch_ids))
    found = session.execute(chosen).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


_RIGHT = frozenset({Standing.EXPECTED, Standing.CAME_SINCE})
_expected = StocktakeKit.expected
_SHOWN = (
    select(
        Stocktake.id,
        Stocktake.public_id,
        Stocktake.branch_id,
        Stocktake.place,
        Stocktake.began_at,
        Stocktake.ended_at,
        Branch.code,
        Branch.name,
        Branch.zone,
        func.count().filter(_expected).label("expected"),
        func.count().filter(_expected, StocktakeKit.seen_at.is_not(None)).label("seen"),
    )
    .join(Branch, Branch.id == Stocktake.branch_id)
    .outerjoin(StocktakeKit, StocktakeKit.stocktake_id == Stocktake.id)
    .group_by(Stocktake.id, Branch.id)
)


def _kits_of(found: AnyRow) -> Select[Any]:
    """Every kit of a count, with what was said when it was seen, and whether it left while the count went on."""
    there, saw, went = aliased(Branch), aliased(JournalEntry), aliased(JournalEntry)
    began = (
        select(JournalEntry.id)
        .where(JournalEntry.branch_id == found.branch_id, JournalEntry.recorded_at == found.began_at)
        .where(JournalEntry.verb == BEGUN, JournalEntry.detail["stocktake"].as_string() == found.public_id)
    ).scalar_subquery()
    # By the order of the journal: a desk may have read its clock before the count began, and lent the kit after that.
    left_since = exists().where(went.kit_id == Kit.id, went.verb.in_(LEAVES), went.id > began)
    if found.ended_at is not None:
        left_since = left_since.where(went.recorded_at <= found.ended_at)
    return (
        select(
            Kit.barcode,
            KitType.name.label("kit_type"),
            Kit.state,
            Kit.place,
            Branch.name.label("branch"),
            there.name.label("to_branch"),
            StocktakeKit.seen_at,
            saw.detail["standing"].as_string().label("standing"),
            left_since.label("left_since"),
        )
        .select_from(StocktakeKit)
        .join(Kit, Kit.id == StocktakeKit.kit_id)
        .join(KitType, KitType.id == Kit.kit_type_id)
        .join(Branch, Branch.id == Kit.branch_id)
        .outerjoin(there, there.id == Kit.in_transit_to_id)
        .outerjoin(
            saw,
            (saw.kit_id == Kit.id) & (saw.verb == SEEN) & (saw.detail["stocktake"].as_string() == found.public_id),
        )
        .where(StocktakeKit.stocktake_id == found.id)
        .order_by(Kit.barcode)
    )


def _counted(row: AnyRow) -> KitCounted:
    return KitCounted(
        kit=row.barcode,
        kit_type=row.kit_type,
        state=row.state,
        place=row.place,
        branch=row.branch,
        to_branch=row.to_branch,
        standing=None if row.standing is None else Standing(row.standing),
        seen_at=row.seen_at,
    )


def _shown(row: AnyRow) -> StocktakeShown:
    return StocktakeShown(
        stocktake=row.public_id,
        branch=row.code,
        branch_name=row.name,
        zone=row.zone,
        place=row.place,
        began_at=row.began_at,
        ended_at=row.ended_at,
        expected=row.expected,
        seen=row.seen,
    )
