"""A month is closed once, when it is over; what is corrected afterwards is a restatement."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lending.circulation.closing_months import close_month
from lending.circulation.returns import return_kit
from lending.circulation.served import keep_keys
from lending.circulation.undo import undo
from lending.db import Database
from lending.domain.actors import Actor
from lending.errors import Reason, Refused
from lending.models.counts import ClosedMonth, DailyDuration, Measure, ReportedCount
from lending.queries.closed_months import Restated, month_states, reported
from tests.cast import ADA, KIT, NOW, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import block, journalled, lend, receive, rows, why
from tests.races import race, without_locks

MARCH = date(2026, 3, 1)
APRIL = datetime(2026, 4, 1, 18, tzinfo=UTC)
"""Noon in Los Angeles, or nearly: March is over."""


def close(cast: Cast, *, at: datetime = APRIL, month: date = MARCH, by: Actor | None = None) -> Any:
    """The act of closing March at East Los Angeles, by Eli unless told otherwise."""
    return lambda session: close_month(session, branch_id=cast.ela, month=month, at=at, by=by or cast.eli)


def figures(database: Database) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Reported and now, by kit type, cohort and figure."""
    with database.read() as session:
        return {
            (row.kit_type, row.cohort, row.figure): (row.reported, row.now) for row in reported(session, None, MARCH)
        }


def changed(database: Database) -> list[Restated]:
    with database.read() as session:
        return [row for row in reported(session, None, MARCH) if row.has_changed]


def test_the_figures_of_a_closed_month_are_kept_as_reported(database: Database, cast: Cast) -> None:
    lend(database, cast, KIT, ADA)
    lend(database, cast)
    receive(database, cast, at=NOW + timedelta(days=1))
    closed = database.act(close(cast))
    assert (closed.branch, closed.month, closed.figures) == ("ELA", MARCH, len(rows(database, ReportedCount)))
    assert figures(database) == {
        ("", "", "households"): (2, 2),
        ("", "", "patrons"): (2, 2),
        ("laptop-hotspot", "", "check_out"): (1, 1),
        ("laptop-hotspot", "", "return"): (1, 1),
        ("work-ready", "WR-7", "check_out"): (1, 1),
    }
    assert changed(database) == []
    assert [row.detail["month"] for row in journalled(database, "close_month")] == ["2026-03"]


def test_a_return_that_is_dated_back_into_a_closed_month_is_a_restatement(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(close(cast))
    kept = [(row.counter, row.n) for row in rows(database, ReportedCount)]

    def drop(session: Session) -> object:
        earlier = datetime(2026, 3, 31, 20, tzinfo=UTC)
        return return_kit(session, kit="KIT-2001", branch_id=cast.ela, at=APRIL, received_at=earlier, by=cast.ben)

    database.act(drop)
    [restated] = changed(database)
    assert (restated.figure, restated.reported, restated.now, restated.difference) == ("return", 0, 1, 1)
    assert [(row.counter, row.n) for row in rows(database, ReportedCount)] == kept


def test_an_act_that_is_undone_after_midnight_is_taken_off_its_own_month(database: Database, cast: Cast) -> None:
    last_minute = datetime(2026, 4, 1, 6, 58, tzinfo=UTC)  # 11:58 in the evening of 31 March
    after = last_minute + timedelta(minutes=5)
    lend(database, cast, OTHER_OPEN_KIT, at=last_minute)
    database.act(close(cast, at=after))
    database.act(lambda session: undo(session, at=after, by=cast.ben))
    assert {row.figure: row.difference for row in changed(database)} == {
        "check_out": -1,
        "undone": 1,
        "households": -1,
        "patrons": -1,
    }


def test_who_was_served_is_unknown_and_not_0_when_the_key_was_gone(database: Database, cast: Cast) -> None:
    lend(database, cast)
    week = APRIL + timedelta(days=7)
    database.act(close(cast, at=APRIL))
    database.act(lambda session: keep_keys(session, today=week.date(), at=week))
    lend(database, cast, KIT, ADA)  # which a desk without a network had lent in March
    assert {(row.figure, row.reported, row.now, row.difference) for row in changed(database)} == {
        ("check_out", 0, 1, 1),
        ("households", 1, None, None),
        ("patrons", 1, None, None),
    }


def test_a_turnaround_of_minutes_is_reported(database: Database, cast: Cast) -> None:
    took = {"day": MARCH, "branch_id": cast.ela, "kit_type_id": cast.laptop_hotspot, "measure": Measure.TURNAROUND}
    database.act(lambda session: session.add(DailyDuration(**took, bucket=0, n=9)))
    database.act(close(cast))
    assert figures(database)["", "", "turnaround_median"] == (0, 0)


def test_a_month_that_is_not_over_is_not_closed(database: Database, cast: Cast) -> None:
    evening = datetime(2026, 4, 1, 6, 59, tzinfo=UTC)  # still 31 March in Los Angeles
    with pytest.raises(Refused) as refused:
        database.act(close(cast, at=evening))
    assert (block(refused).reason, block(refused).detail) == (Reason.MONTH_NOT_OVER, {"on": date(2026, 3, 31)})
    assert rows(database, ClosedMonth) == []


def test_a_month_is_closed_once(database: Database, cast: Cast) -> None:
    database.act(close(cast))
    with pytest.raises(Refused) as refused:
        database.act(close(cast, at=APRIL + timedelta(days=9)))
    assert (block(refused).reason, block(refused).detail) == (Reason.MONTH_CLOSED, {"on": date(2026, 4, 1)})


def test_a_day_in_the_middle_is_no_month(database: Database, cast: Cast) -> None:
    with pytest.raises(Refused) as refused:
        database.act(close(cast, month=date(2026, 3, 2)))
    assert why(refused) == [Reason.VALUE_WRONG]


@pytest.mark.parametrize("who", ["ben", "dora", "cleo"])
def test_who_does_not_manage_the_branch_closes_nothing(database: Database, cast: Cast, who: str) -> None:
    with pytest.raises(Refused) as refused:
        database.act(close(cast, by=getattr(cast, who)))
    assert why(refused) == [Reason.NOT_PERMITTED]
    assert rows(database, ClosedMonth) == []


def test_of_two_managers_who_close_a_month_at_once_one_does(database: Database, cast: Cast) -> None:
    lend(database, cast)
    outcome = race(database, close(cast), close(cast), before="INSERT")
    assert (len(outcome.done), outcome.refused, outcome.broken) == (1, [[Reason.MONTH_CLOSED]], [])


def test_without_the_lock_only_the_key_of_the_month_keeps_the_second_out(database: Database, cast: Cast) -> None:
    lend(database, cast)
    with without_locks(database):
        outcome = race(database, close(cast), close(cast), before="INSERT")
    assert (len(outcome.done), outcome.refused, len(outcome.broken)) == (1, [], 1)


def test_the_last_months_are_listed_with_what_was_closed(database: Database, cast: Cast) -> None:
    database.act(close(cast))
    with database.read() as session:
        states = month_states(session, {cast.ela}, at=APRIL, months=3)
    assert [(state.month, state.is_over, state.closed_by, state.may_be_closed) for state in states] == [
        (date(2026, 4, 1), False, None, False),
        (MARCH, True, "Eli Haddad", False),
        (date(2026, 2, 1), True, None, True),
    ]


def test_another_branch_sees_nothing_of_it(database: Database, cast: Cast) -> None:
    lend(database, cast)
    database.act(close(cast))
    with database.read() as session:
        assert reported(session, {cast.com}, MARCH) == []
        assert reported(session, set(), MARCH) == []
