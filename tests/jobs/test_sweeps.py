"""The library at its own work: what a sweep did is written down as such."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from lending import settings
from lending.circulation import renewal, reservations
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.actors import Door
from lending.domain.permissions import Role
from lending.jobs.sweeps import MOST_FAILURES, SWEEPS
from lending.library import Library
from tests.cast import NOW, assemble
from tests.circulation.kits_in_hand import back_without, journalled, lend


def test_a_sweep_acts_as_the_system_and_once_only(database: Database, tmp_path: Path) -> None:
    cast = assemble(database)
    lend(database, cast)
    back_without(database, cast, "Charger")
    opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))
    later = NOW + timedelta(days=60)
    assert [SWEEPS["incomplete"](opened, later) for _ in range(2)] == [1, 0]
    done = {(entry.door, entry.role, entry.staff_id) for entry in journalled(database, "settle_incomplete")}
    assert done == {(Door.JOBS, Role.SYSTEM, None)}


def test_an_act_that_fails_keeps_no_other_and_is_told_at_the_end(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble(database)
    opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))
    served: list[int] = []

    def serve(_session: Session, stock_id: int, **_given: object) -> int:
        served.append(stock_id)
        if stock_id < 3:
            raise ZeroDivisionError
        return 1

    monkeypatch.setattr(reservations, "waited_for", lambda _session: [1, 2, 3, 4])
    monkeypatch.setattr(reservations, "serve_waiting", serve)
    with pytest.raises(ZeroDivisionError):
        SWEEPS["shelf"](opened, NOW)
    assert served == [1, 2, 3, 4]


def test_a_sweep_without_a_database_does_not_try_everything(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assemble(database)
    opened = Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))
    tried: list[int] = []

    def renew(_session: Session, loan: int, **_given: object) -> bool:
        tried.append(loan)
        raise ConnectionError

    monkeypatch.setattr(renewal, "to_renew", lambda _session, **_given: range(100))
    monkeypatch.setattr(renewal, "renew_by_itself", renew)
    with pytest.raises(ConnectionError):
        SWEEPS["renewals"](opened, NOW)
    assert len(tried) == MOST_FAILURES
