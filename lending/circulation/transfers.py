"""Transfers: a kit travels from one branch to another, and is at one place or on its way.

A kit that travels to its owner goes home; sent to any other branch it belongs there from now on. Received, it goes on
with whatever it was doing: inspection, turnaround, or the shelf. Source: RULES 5, "Transfers"; case 6 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.availability import outlook
from lending.circulation.calendars import branch_calendar
from lending.circulation.loans import record_on_kit
from lending.circulation.locks import find_kit, lock_kit, lock_kit_and_stock, lock_stocks
from lending.circulation.policies import policy_for
from lending.circulation.reservations import serve_stock
from lending.circulation.stocks import stock_of
from lending.circulation.turnaround import IN_HAND, free_if_ready
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import KitState
from lending.errors import Block, Reason, Refused
from lending.models.branches import Branch
from lending.models.kits import Kit
from lending.models.stock import Stock

MAY_TRAVEL = IN_HAND | {KitState.AVAILABLE}
"""A kit on the hold shelf waits for somebody; one that is out, lost, missing or withdrawn is not there to be sent."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """Where a kit is, and where it goes: branch codes. ``to_branch`` is ``None`` when it has arrived."""

    kit: str
    kit_state: KitState
    branch: str
    to_branch: str | None


def send(session: Session, *, kit: str, to_branch: str, at: datetime, by: Actor) -> Transferred:
    """Send ``kit`` (its code) from where it is to ``to_branch`` (its code), which owns it from now on.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``NOT_FOUND`` for the branch, ``CHANGED_SINCE``, or all of
    ``IN_TRANSIT``, ``WRONG_STATE``, ``ALREADY_EXISTS`` when it is there, and ``NEEDED_FOR_PROMISES`` when its branch
    has none to spare.
    """
    ids = find_kit(session, kit)
    by.permit(Act.TRANSFER_KIT, ids.branch_id)
    to = session.scalars(select(Branch).where(Branch.code == to_branch)).one_or_none()
    if to is None:
        raise Refused.because(Reason.NOT_FOUND, branch=to_branch)
    new_stock = stock_of(session, branch_id=to.id, kit_type_id=ids.kit_type_id)
    lock_stocks(session, [ids.stock_id, new_stock])
    row = lock_kit(session, ids.kit_id)
    if row.branch_id != ids.branch_id:
        raise Refused.because(Reason.CHANGED_SINCE)
    against = [*_against(row, to)]
    if new_stock != row.stock_id and row.state is KitState.AVAILABLE and _is_needed(session, row, at=at):
        against.append(Block(Reason.NEEDED_FOR_PROMISES, {"kit": row.barcode}))
    if against:
        raise Refused(*against)
    old_stock, row.stock_id = row.stock_id, new_stock
    row.in_transit_to_id, row.sent_at, row.place = to.id, at, None
    detail = {"to_branch_id": to.id, "stock_from": old_stock, "kit_to": row.state.value}
    record_on_kit(session, "send_kit", kit=row, at=at, by=by, detail=detail)
    return Transferred(row.barcode, row.state, _code(session, row.branch_id), to.code)


def arrive(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> Transferred:
    """Receive ``kit`` (its code), which was on its way to this branch.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``IN_TRANSIT`` when it is on its way to another branch, or
    ``WRONG_STATE`` when it is not on its way at all.
    """
    by.permit(Act.TRANSFER_KIT, branch_id)
    row = lock_kit_and_stock(session, kit)
    if row.in_transit_to_id is None:
        raise Refused.because(Reason.WRONG_STATE, kit=row.barcode, state=row.state.value)
    if row.in_transit_to_id != branch_id:
        raise Refused.because(Reason.IN_TRANSIT, kit=row.barcode, branch=_code(session, row.in_transit_to_id))
    detail = {"from_branch_id": row.branch_id, "kit_to": row.state.value}
    row.branch_id, row.in_transit_to_id, row.sent_at = branch_id, None, None
    record_on_kit(session, "arrive_kit", kit=row, at=at, by=by, detail=detail)
    if not free_if_ready(session, row, at=at, by=by):
        serve_stock(session, row.stock_id, at=at, by=by)  # one that came as a free kit is counted again from now on
    return Transferred(row.barcode, row.state, _code(session, branch_id), None)


def _against(kit: Kit, to: Branch) -> Iterator[Block]:
    """What stands against sending a kit, which is locked, whatever else its branch needs."""
    if kit.in_transit_to_id is not None:
        yield Block(Reason.IN_TRANSIT, {"kit": kit.barcode})
    if kit.state not in MAY_TRAVEL:
        yield Block(Reason.WRONG_STATE, {"kit": kit.barcode, "state": kit.state.value})
    if kit.branch_id == to.id:
        yield Block(Reason.ALREADY_EXISTS, {"kit": kit.barcode, "branch": to.code})


def _is_needed(session: Session, kit: Kit, *, at: datetime) -> bool:
    """Whether a promise or an uncollected allotment of its branch needs a free kit."""
    owner = session.scalars(select(Stock.branch_id).where(Stock.id == kit.stock_id)).one()
    policy = policy_for(session, kit_type_id=kit.kit_type_id, branch_id=owner, at=at)
    ahead = outlook(
        session,
        kit.stock_id,
        calendar=branch_calendar(session, owner, since=at.date() - timedelta(days=1)),
        at=at,
        turnaround_open_days=policy.turnaround_open_days,
        overdue_hold_days=policy.overdue_hold_days,
    )
    return ahead.free() < 1


def _code(session: Session, branch_id: int) -> str:
    return session.scalars(select(Branch.code).where(Branch.id == branch_id)).one()
