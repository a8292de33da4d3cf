"""The library at its own work: what a sweep did is written down as such."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from lending import settings
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.actors import Door
from lending.domain.permissions import Role
from lending.jobs.sweeps import SWEEPS
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
