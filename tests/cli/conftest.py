"""The command line as a test calls it: a library on each engine, and what was said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lending.cli import main
from lending.db import Database

Lending = Callable[..., Result]


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings of the test alone, whatever the shell around it has."""
    import os

    for name in list(os.environ):
        if name.startswith("LENDING_") and not name.startswith("LENDING_TEST_"):
            monkeypatch.delenv(name)
    return {"LENDING_PROFILE": "testing", "LENDING_INSTANCE": str(tmp_path / "instance")}


@pytest.fixture
def lending(database: Database, environ: dict[str, str]) -> Lending:
    """``lending(...)`` on an empty library."""
    address = database.write_engine.url.render_as_string(hide_password=False)

    def run(*words: str, input: str | None = None, **settings: str) -> Result:
        given = environ | {"LENDING_DATABASE_URL": address} | settings
        return CliRunner().invoke(main, list(words), input=input, env=given)

    return run
