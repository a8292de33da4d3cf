"""No sequence of acts makes the library and the plain model of it say different things (R6, in small)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import URL

from tests.machine.founded import Founded, in_a_file, on_the_server
from tests.machine.machine import Library

STEPS = 50
LONG_FORM = "LENDING_MACHINE_EXAMPLES"
"""The variable by which the battery asks for more examples, and for others at every run."""


def play(founded: Founded, examples: int) -> None:
    asked = os.environ.get(LONG_FORM)
    machine = type("Machine", (Library,), {"founded": founded})
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


def test_on_sqlite_nothing_falsifies_it(migrated_file: Path, tmp_path: Path) -> None:
    with in_a_file(migrated_file, tmp_path) as founded:
        play(founded, 500)


def test_on_postgresql_nothing_falsifies_it(migrated_postgres: URL, wiper: Any) -> None:
    with on_the_server(migrated_postgres, wiper) as founded:
        play(founded, 100)


def test_the_machine_notices_when_nobody_is_served(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lending.circulation.returns.serve_stock", lambda *_, **__: [])
    monkeypatch.setattr("lending.circulation.turnaround.serve_stock", lambda *_, **__: [])
    with in_a_file(migrated_file, tmp_path) as founded, pytest.raises(AssertionError):
        play(founded, 500)


def test_the_machine_notices_when_a_kit_that_is_owed_is_used(
    migrated_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lending.circulation.in_library._is_needed", lambda *_, **__: False)
    with in_a_file(migrated_file, tmp_path) as founded, pytest.raises(AssertionError):
        play(founded, 500)
