"""What tests of reads share: the standing cast on each engine."""

from __future__ import annotations

import pytest

from lending.db import Database
from tests.cast import Cast, assemble


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)
