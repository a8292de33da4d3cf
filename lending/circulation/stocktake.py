"""Stocktake: a branch, or one place in it, then scans; what was seen, what is missing, what should not be there.

What is expected is written down when the count begins, once whoever is handing a kit out has ended: what leaves after
that leaves during the count. Nothing is changed by a scan: a kit that is out, lost or of
another branch is told for what it is. That a kit is missing is declared by a manager, kit by kit.
Source: RULES 5, "Stocktake"; SCREENS, "31 of 40 seen".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import false, func, insert, select
from sqlalchemy.orm import Session

from lending.circulation.codes import refusing_twins
from lending.circulation.journal import record, record_unchanged
from lending.circulation.locks import lock_named
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import text_of
from lending.domain.states import KitState
from lending.domain.stocktake import STANDS, SeenFacts, Standing, standing
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.branches import Branch
from lending.models.kits import Kit
from lending.models.stocktakes import Stocktake, StocktakeKit

LONGEST_PLACE = 60
BEGUN, SEEN = "begin_stocktake", "see_kit"
"""What the journal calls them."""

_stocktake_kits = table_of(StocktakeKit)


@dataclass(frozen=True, slots=True)
class StocktakeStands:
    """How far a count is: ``seen`` of ``expected``, and how many ``unexpected`` kits were seen besides."""

    stocktake: str
    expected: int
    seen: int
    unexpected: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class KitSeen:
    """A kit that was seen, and how far the count is now. ``again``: it was seen before, and nothing changed.

    ``branch`` is the name of where it should be, ``to_branch`` of where it is on its way to.
    """

    kit: str
    standing: Standing
    again: bool
    state: KitState
    place: str | None
    branch: str
    to_branch: str | None
    count: StocktakeStands


def begin(session: Session, *, branch_id: int, place: str = "", at: datetime, by: Actor) -> StocktakeStands:
    """Begin to count what stands at a branch, or at one ``place`` in it, and write down what should.

    Raises ``Refused``: ``NOT_PERMITTED``, ``NOT_FOUND`` for the branch, ``VALUE_WRONG`` for the place,
    ``STOCKTAKE_OPEN`` while a count of the same place is open.
    """
    by.permit(Act.CHANGE_KIT, branch_id)
    if session.get(Branch, branch_id) is None:
        raise Refused.because(Reason.NOT_FOUND)
    asked = _place(place)
    row = Stocktake(branch_id=branch_id, place=asked, began_at=at, began_by_id=by.staff_id)
    session.add(row)
    with refusing_twins(Reason.STOCKTAKE_OPEN):
        session.flush()  # what is expected needs its id; a count that is open already is refused
    expected = [
        {"stocktake_id": row.id, "kit_id": kit_id, "expected": True, "seen_at": None}
        for kit_id in _lock_standing(session, branch_id, asked)
    ]
    if expected:
        session.execute(insert(_stocktake_kits), expected)
    found = _stands(session, row)
    detail = {"stocktake": row.public_id, "place": asked, "expected": found.expected}
    record(session, BEGUN, at=at, by=by, branch_id=branch_id, detail=detail)
    return found


def see(session: Session, *, stocktake: str, kit: str, at: datetime, by: Actor) -> KitSeen:
    """Note that ``kit`` (its code) was seen, and say what it is. Nothing about the kit changes.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``STOCKTAKE_ENDED``, ``KIT_UNKNOWN``.
    """
    row = _lock(session, stocktake, by)
    found = session.scalars(select(Kit).where(Kit.barcode == kit)).one_or_none()
    if found is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=kit)
    line = session.get(StocktakeKit, (row.id, found.id))
    again = line is not None and line.seen_at is not None
    if line is None:
        session.add(StocktakeKit(stocktake_id=row.id, kit_id=found.id, expected=False, seen_at=at))
    elif not again:
        line.seen_at = at
    what = standing(
        SeenFacts(
            state=found.state,
            expected=line is not None and line.expected,
            here=found.branch_id == row.branch_id,
            in_transit=found.in_transit_to_id is not None,
            comes_here=found.in_transit_to_id == row.branch_id,
            place=found.place,
            asked=row.place,
        )
    )
    if again:
        record_unchanged(session, SEEN, at=at, by=by)
    else:
        detail = {"stocktake": row.public_id, "standing": what.value, "kit_to": found.state.value}
        record(session, SEEN, at=at, by=by, branch_id=row.branch_id, kit_id=found.id, detail=detail)
    return KitSeen(
        kit=found.barcode,
        standing=what,
        again=again,
        state=found.state,
        place=found.place,
        branch=_name(session, found.branch_id),
        to_branch=None if found.in_transit_to_id is None else _name(session, found.in_transit_to_id),
        count=_stands(session, row),
    )


def end(session: Session, *, stocktake: str, at: datetime, by: Actor) -> StocktakeStands:
    """End a count. What was not seen is listed as missing in its report; no kit changes.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``STOCKTAKE_ENDED``.
    """
    row = _lock(session, stocktake, by)
    row.ended_at = at
    found = _stands(session, row)
    detail = {
        "stocktake": row.public_id,
        "expected": found.expected,
        "seen": found.seen,
        "unexpected": found.unexpected,
    }
    record(session, "end_stocktake", at=at, by=by, branch_id=row.branch_id, detail=detail)
    return found


def _lock(session: Session, public_id: str, by: Actor) -> Stocktake:
    """Lock an open count, so that its kits are seen one after another."""
    row = lock_named(session, select(Stocktake).where(Stocktake.public_id == public_id))
    by.permit(Act.CHANGE_KIT, row.branch_id)
    if row.ended_at is not None:
        raise Refused.because(Reason.STOCKTAKE_ENDED)
    return row


def _lock_standing(session: Session, branch_id: int, place: str) -> Sequence[int]:
    """Lock the kits that should stand at a branch, or at a place in it, in the order of their ids; gives these."""
    standing_here = select(Kit.id).where(
        Kit.branch_id == branch_id, Kit.in_transit_to_id.is_(None), Kit.state.in_(STANDS)
    )
    if place:
        standing_here = standing_here.where(Kit.place == place)
    return session.scalars(standing_here.order_by(Kit.id).with_for_update(key_share=True)).all()


def _stands(session: Session, row: Stocktake) -> StocktakeStands:
    counted = session.execute(
        select(
            func.count().filter(StocktakeKit.expected),
            func.count().filter(StocktakeKit.expected, StocktakeKit.seen_at.is_not(None)),
            func.count().filter(StocktakeKit.expected == false()),
        ).where(StocktakeKit.stocktake_id == row.id)
    ).one()
    return StocktakeStands(row.public_id, *counted, ended_at=row.ended_at)


def _place(text: str) -> str:
    return text_of("place", text, LONGEST_PLACE) or ""


def _name(session: Session, branch_id: int) -> str:
    return session.scalars(select(Branch.name).where(Branch.id == branch_id)).one()
