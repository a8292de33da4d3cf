"""Undo takes back a station's own last act, within ten minutes, and leaves the library as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from lending.circulation.checkout import check_out
from lending.circulation.returns import return_kit
from lending.circulation.undo import Undone, undo
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.counting import Counter
from lending.domain.states import KitState, LoanState, ReservationState
from lending.errors import Reason, Refused
from lending.models.counts import DailyCount
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.reservations import Reservation
from tests.cast import ADA, KIT, NOW, Cast

SOON = NOW + timedelta(minutes=9)


def _out(database: Database, cast: Cast) -> None:
    database.act(lambda s: check_out(s, kit=KIT, patron=ADA, branch_id=cast.ela, at=NOW, by=cast.ben))


def _back(database: Database, by: Actor, branch_id: int) -> None:
    database.act(lambda s: return_kit(s, kit=KIT, branch_id=branch_id, at=NOW, by=by))


def _undo(database: Database, by: Actor, at: datetime = SOON) -> Undone:
    return database.act(lambda s: undo(s, at=at, by=by))


def _reason(database: Database, by: Actor, at: datetime = SOON) -> Reason:
    with pytest.raises(Refused) as refused:
        _undo(database, by, at)
    return refused.value.blocks[0].reason


def _states(database: Database) -> tuple[KitState, LoanState, ReservationState]:
    with database.read() as session:
        return (
            session.scalars(select(Kit.state).where(Kit.barcode == KIT)).one(),
            session.scalars(select(Loan.state)).one(),
            session.scalars(select(Reservation.state)).one(),
        )


def _counts(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {row.counter: row.n for row in session.execute(select(DailyCount.counter, DailyCount.n))}


def test_an_undone_check_out_frees_the_kit_and_the_promise(database: Database, cast: Cast) -> None:
    _out(database, cast)
    assert _undo(database, cast.ben).verb == "check_out"
    assert _states(database) == (KitState.AVAILABLE, LoanState.UNDONE, ReservationState.PROMISED)
    assert _counts(database) == {Counter.CHECK_OUT: 0, Counter.UNDONE: 1}


def test_an_undone_return_leaves_the_kit_with_the_patron(database: Database, cast: Cast) -> None:
    _out(database, cast)
    _back(database, cast.cleo, cast.com)
    _undo(database, cast.cleo)
    assert _states(database) == (KitState.ON_LOAN, LoanState.OUT, ReservationState.PICKED_UP)
    with database.read() as session:
        kit = session.scalars(select(Kit).where(Kit.barcode == KIT)).one()
        loan = session.scalars(select(Loan)).one()
        assert (kit.branch_id, kit.in_transit_to_id, loan.received_at) == (cast.ela, None, None)


def test_what_was_undone_can_be_done_again(database: Database, cast: Cast) -> None:
    _out(database, cast)
    _undo(database, cast.ben)
    _out(database, cast)
    with database.read() as session:
        assert sorted(session.scalars(select(Loan.state))) == [LoanState.OUT, LoanState.UNDONE]


def test_after_ten_minutes_it_is_too_late(database: Database, cast: Cast) -> None:
    _out(database, cast)
    assert _reason(database, cast.ben, NOW + timedelta(minutes=10, seconds=1)) is Reason.TOO_LATE_TO_UNDO


def test_another_station_has_nothing_to_undo(database: Database, cast: Cast) -> None:
    _out(database, cast)
    assert _reason(database, cast.cleo) is Reason.NOTHING_TO_UNDO
    assert _reason(database, replace(cast.ben, station_id=None)) is Reason.NOTHING_TO_UNDO


def test_an_undo_is_not_undone(database: Database, cast: Cast) -> None:
    _out(database, cast)
    _undo(database, cast.ben)
    assert _reason(database, cast.ben) is Reason.NOTHING_TO_UNDO


def test_what_has_moved_on_is_not_undone(database: Database, cast: Cast) -> None:
    _out(database, cast)
    _back(database, cast.cleo, cast.com)
    assert _reason(database, cast.ben) is Reason.CHANGED_SINCE
    assert _states(database)[0] is KitState.TO_INSPECT
