"""No sequence of acts makes the library and the plain model of it say different things (R6, in small)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import URL, event

from lending.db import Database
from tests.cast import Cast
from tests.conftest import WIPE
from tests.databases import opened
from tests.machine.machine import Fresh, Library
from tests.machine.world import found

STEPS = 50
LONG_FORM = "LENDING_MACHINE_EXAMPLES"
"""The variable by which the battery asks for more examples, and for others at every run."""


def play(fresh: Fresh, examples: int) -> None:
    asked = os.environ.get(LONG_FORM)
    machine = type("Machine", (Library,), {"fresh": staticmethod(fresh)})
    # Shrinking takes minutes; the first steps that falsify it say enough.
    phases = (Phase.explicit, Phase.generate)
    chosen = settings(
        settings.get_profile("lending"),
        max_examples=int(asked or examples),
        stateful_step_count=STEPS,
        phases=phases,
        derandomize=asked is None,
        database=None,
    )
    run_state_machine_as_test(machine, settings=chosen)


def files(migrated: Path, folder: Path) -> Fresh:
    """A new file for every example: a copy of one in which the world was founded."""
    number, world = count(), folder / "world.db"
    shutil.copyfile(migrated, world)
    with opened(f"sqlite:///{world}") as database:
        cast = database.act(found)

    @contextmanager
    def fresh() -> Iterator[tuple[Database, Cast]]:
        file = folder / f"{next(number)}.db"
        shutil.copyfile(world, file)
        with opened(f"sqlite:///{file}") as database:
            # It is gone with the example, so nothing waits for the disk.
            event.listen(database.write_engine, "connect", lambda driver, _: driver.execute("PRAGMA synchronous = OFF"))
            yield database, cast
        for leftover in folder.glob(f"{file.name}*"):
            leftover.unlink()

    return fresh


def test_on_sqlite_nothing_falsifies_it(migrated_file: Path, tmp_path: Path) -> None:
    play(files(migrated_file, tmp_path), 200)


def test_on_postgresql_nothing_falsifies_it(migrated_postgres: URL, wiper: Any) -> None:
    @contextmanager
    def fresh() -> Iterator[tuple[Database, Cast]]:
        wiper.execute(WIPE)
        with opened(migrated_postgres) as database:
            yield database, database.act(found)

    play(fresh, 40)


def test_the_machine_notices_when_nobody_is_served(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lending.circulation.returns.serve_stock", lambda *_, **__: [])
    monkeypatch.setattr("lending.circulation.turnaround.serve_stock", lambda *_, **__: [])
    with pytest.raises(AssertionError):
        play(files(migrated_file, tmp_path), 200)
