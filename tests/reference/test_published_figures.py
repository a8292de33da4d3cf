"""The published figures, fed as acts and read back: the same numbers, each added up from the raw events besides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lending.db import Database
from lending.domain.indicators import Indicator
from lending.domain.periods import Period, between, month_of
from lending.queries.counts import total
from lending.queries.indicators import Indicators, indicators
from lending.queries.public_survey import public_survey
from tests.cast import assemble
from tests.reference.feed import MONTH, SINCE, ZONE, Feed, Raw, day

LAST = date(2026, 3, 31)
MONTH_END = day(2026, 4, 1)


@pytest.fixture
def fed(sqlite_database: Database) -> Feed:
    """The library in which it all happened, as it is on the day after."""
    feed = Feed(sqlite_database, assemble(sqlite_database))
    feed.everything()
    return feed


def test_fed_events_give_exactly_the_published_figures(fed: Feed) -> None:
    raw = fed.raw
    in_march = {"since": MONTH, "until": LAST}
    assert raw.sum("check-out", **in_march) == 772
    found = _read(fed, month_of(MONTH))
    assert found.numbers[Indicator.CHECK_OUTS] == 772


def _read(fed: Feed, period: Period, program_id: int | None = None) -> Indicators:
    with fed.database.read() as session:
        return indicators(session, None, period, zone=ZONE.key, at=MONTH_END, program_id=program_id)
