"""Public holidays as a suggestion: shown with what they move, entered where they are ticked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from lending.circulation.checkout import check_out
from lending.db import Database
from lending.models.branches import Closure
from lending.models.loans import Loan
from tests.cast import LUIS, NOW, OPEN_KIT, Cast
from tests.web.browsers import Browser

URL = "/closures/holidays"


def entered(database: Database) -> list[tuple[date, str]]:
    with database.read() as session:
        return [(row.starts_on, row.reason) for row in session.scalars(select(Closure).order_by(Closure.starts_on))]


def test_what_is_ticked_is_entered_for_all_libraries_and_nothing_else(eli: Browser, sqlite_database: Database) -> None:
    page = eli.get(f"{URL}?state=CA&year=2026").get_data(as_text=True)
    assert "Memorial Day" in page
    assert "day-2026-01-01" not in page, "a day that is over"
    given = {"key": "k" * 16, "day-2026-05-25": "1", "day-2026-12-31": "1"}
    assert eli.post(f"{URL}?state=CA&year=2026", given).status_code == 303
    assert entered(sqlite_database) == [(date(2026, 5, 25), "Memorial Day")]
    again = eli.get(f"{URL}?state=CA&year=2026").get_data(as_text=True)
    assert "day-2026-05-25" not in again
    assert "day-2026-07-04" in again


def test_dates_that_a_holiday_moves_are_counted_before_and_moved_then(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    """A kit that goes out on 13 April is due six weeks later, on Memorial Day."""
    by, at = cast.ben, NOW + timedelta(days=41)
    sqlite_database.act(lambda s: check_out(s, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=at, by=by))
    with sqlite_database.read() as session:
        due = session.scalars(select(Loan.due_at)).one()
    assert due.date() == date(2026, 5, 26), "18:00 on Monday, 25 May, in Los Angeles"
    page = eli.get(f"{URL}?state=CA&year=2026").get_data(as_text=True)
    row = page.partition("Memorial Day")[2].partition("</tr>")[0]
    assert 'numbers">1</td>' in row
    eli.post(f"{URL}?state=CA&year=2026", {"key": "k" * 16, "day-2026-05-25": "1"})
    with sqlite_database.read() as session:
        assert session.scalars(select(Loan.due_at)).one() > due


@pytest.mark.parametrize("query", ["state=XX", "year=1999", "year=soon", "year=2999"])
def test_what_is_no_state_or_year_is_not_found(eli: Browser, query: str) -> None:
    assert eli.get(f"{URL}?{query}").status_code == 404
