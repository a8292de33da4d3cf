"""The funder's list of a few kits, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime

from lending.db import Database
from lending.domain.indicators import Indicator
from lending.domain.periods import month_of
from lending.queries.indicators import indicators
from tests.cast import LUIS, NOW, OPEN_KIT, assemble
from tests.circulation.kits_in_hand import lend

ZONE = "America/Los_Angeles"
LAST_EVENING = datetime(2026, 4, 1, 2, 30, tzinfo=UTC)
"""Half past seven on the last evening of March, in Los Angeles."""


def test_a_kit_lent_on_the_last_evening_of_a_month_was_lent_in_it(database: Database) -> None:
    cast = assemble(database)
    lend(database, cast, OPEN_KIT, LUIS, at=LAST_EVENING)
    with database.read() as session:
        march = indicators(session, None, month_of(NOW.date()), zone=ZONE, at=LAST_EVENING).numbers
    assert (march[Indicator.CHECK_OUTS], march[Indicator.DISTRIBUTED]) == (1, 1)
