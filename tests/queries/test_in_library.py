"""How often kits were used without a loan, by the local day and the reader's branches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.periods import between, month_of
from lending.queries.in_library import Uses, in_use, uses
from tests.cast import NOW, OPEN_KIT, OTHER_OPEN_KIT, THIRD_KIT, Cast, assemble
from tests.circulation.test_in_library import bring, expo, take
from tests.databases import counting

MARCH = month_of(date(2026, 3, 3))


@pytest.fixture
def cast(database: Database) -> Cast:
    return assemble(database)


def test_use_in_the_library_and_at_events_are_apart_and_each_event_is_one(database: Database, cast: Cast) -> None:
    event = expo(database, cast)
    for kit in (OPEN_KIT, OTHER_OPEN_KIT):
        take(database, cast, kit, expo=event)
    take(database, cast, THIRD_KIT)
    bring(database, cast, THIRD_KIT)
    with database.read() as session:
        assert uses(session, None, MARCH) == Uses(in_library=1, at_events=2, events=1)
        assert uses(session, frozenset({cast.ela}), MARCH, kit_types=[cast.work_ready]) == Uses(1, 0, 0)


def test_what_was_undone_or_elsewhere_or_at_another_time_counts_nowhere(database: Database, cast: Cast) -> None:
    take(database, cast)
    database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    with database.read() as session:
        assert uses(session, None, MARCH) == Uses(0, 0, 0)
    take(database, cast)
    with database.read() as session:
        for scope, period in ((frozenset({cast.com}), MARCH), (None, month_of(date(2026, 4, 1)))):
            assert uses(session, scope, period) == Uses(0, 0, 0)


def test_an_evening_is_of_its_own_day_at_the_branch(database: Database, cast: Cast) -> None:
    take(database, cast, at=datetime(2026, 3, 4, 3, 30, tzinfo=UTC))
    with database.read() as session:
        assert uses(session, None, between(date(2026, 3, 3), date(2026, 3, 3))).in_library == 1
        assert uses(session, None, between(date(2026, 3, 4), date(2026, 3, 4))).in_library == 0


def test_what_is_in_use_is_listed_the_late_first_in_one_statement(database: Database, cast: Cast) -> None:
    event = expo(database, cast)
    take(database, cast, OPEN_KIT, expo=event)
    take(database, cast, OTHER_OPEN_KIT, at=NOW - timedelta(days=1))
    with database.read() as session, counting(database) as statements:
        found = in_use(session, frozenset({cast.ela}), at=NOW)
    assert len(statements) == 1
    assert [(one.kit, one.late, one.event) for one in found] == [
        (OTHER_OPEN_KIT, True, None),
        (OPEN_KIT, False, "Hiring expo"),
    ]
    with database.read() as session:
        assert [one.kit for one in in_use(session, None, at=NOW, hiring_event=event)] == [OPEN_KIT]
        assert in_use(session, frozenset({cast.com}), at=NOW) == []
