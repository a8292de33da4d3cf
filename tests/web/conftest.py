"""A library with its standing cast behind the web door, and people's browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from lending.clock import MovingClock
from lending.db import Database
from tests.cast import ADA, NOW, Cast, assemble
from tests.web.browsers import Browser, an_app, signed_in, signed_in_with_card


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(NOW)


@pytest.fixture
def cast(sqlite_database: Database) -> Cast:
    return assemble(sqlite_database)


@pytest.fixture
def app(sqlite_database: Database, cast: Cast, clock: MovingClock, tmp_path: Any) -> Flask:
    return an_app(sqlite_database, clock, tmp_path)


@pytest.fixture
def new_browser(app: Flask) -> Callable[[], Browser]:
    """A new browser each time it is called."""
    return lambda: Browser(app.test_client())


@pytest.fixture
def ada(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Ada the patron, signed in to her own pages."""
    return signed_in_with_card(new_browser(), ADA)


@pytest.fixture
def ben(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Ben, signed in at the desk of East Los Angeles."""
    return signed_in(new_browser(), "ben")


@pytest.fixture
def cleo(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Cleo, who manages Compton, signed in."""
    return signed_in(new_browser(), "cleo")


@pytest.fixture
def eli(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Eli, who administers, signed in and standing at East Los Angeles."""
    found = signed_in(new_browser(), "eli")
    found.post("/station", {"station": "ELA/Station 1"})
    return found
