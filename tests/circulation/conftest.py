"""What tests of verbs share: the standing cast, and the town for tests of people and kits, on each engine."""

from __future__ import annotations

import pytest

from lending.db import Database
from tests.cast import Cast, assemble
from tests.circulation.town import Town, town_in


@pytest.fixture
def cast(database: Database) -> Cast:
    """East Los Angeles and Compton, their people and kits."""
    return assemble(database)


@pytest.fixture
def town(database: Database) -> Town:
    """Two branches, their people and a kit type."""
    return town_in(database)
