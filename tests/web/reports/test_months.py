"""Months: closed once, by who may, where they are over; and what changed since stands beside what was reported."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from lending.db import Database
from lending.domain.counting import Counter
from lending.models.counts import ClosedMonth, DailyCount, DailyDuration, Measure
from tests.cast import Cast
from tests.web.browsers import Browser
from tests.web.looking import key
from tests.web.reports.reading import headings, table, text

FEBRUARY = "/reports/months/2026-02"


def count(database: Database, cast: Cast, n: int, *, branch_id: int | None = None) -> None:
    """So many check-outs on one day of February."""

    def write(session: Any) -> None:
        at = (date(2026, 2, 10), branch_id or cast.ela, cast.laptop_hotspot, 0, Counter.CHECK_OUT.value)
        row = session.get(DailyCount, at)
        if row is None:
            names = ("day", "branch_id", "kit_type_id", "cohort_id", "counter")
            session.add(DailyCount(**dict(zip(names, at, strict=True)), n=n))
        else:
            row.n += n

    database.act(write)


def closed(database: Database) -> int:
    with database.read() as session:
        return int(session.query(ClosedMonth).count())


def press(browser: Browser, **more: str) -> Any:
    return browser.post(f"{FEBRUARY}/close", {"key": key(), **more})


def test_months_that_are_over_wait_to_be_closed(cleo: Browser) -> None:
    page = text(cleo.get("/reports/months"))
    assert "February 2026 is over and not closed." in page
    states = table(page, "Months")
    assert states["March 2026"][0] == "not over yet"
    assert states["February 2026"][0] == "waits to be closed"


def test_a_manager_closes_the_month_of_their_library(cleo: Browser, sqlite_database: Database) -> None:
    answer = press(cleo, branch="COM")
    assert answer.headers["Location"] == FEBRUARY
    page = text(cleo.get(FEBRUARY))
    assert "closed Tue, Mar 3, 2026, Cleo Vance" in table(page, "Where it is closed")["Compton Library"][0]
    assert "Close it" not in page.partition("<main")[2]
    months = text(cleo.get("/reports/months"))
    assert table(months, "Months")["February 2026"][0] == "closed"
    assert "is over and not closed." not in months


def test_what_changed_since_stands_beside_what_was_reported(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    count(sqlite_database, cast, 20)
    press(eli)
    assert table(text(eli.get(FEBRUARY)), "As reported, and now")["Check-outs"] == ["20", "20", "0"]
    assert "Nothing has changed since this month was reported" in headings(text(eli.get(FEBRUARY)))
    count(sqlite_database, cast, -1)
    page = text(eli.get(FEBRUARY))
    assert table(page, "As reported, and now")["Check-outs"] == ["20", "19", "-1"]
    assert "1 figure has changed since this month was reported" in headings(page)
    restated = table(page, "Restatements")
    assert restated == {"Check-outs, East Los Angeles Library, Laptop and hotspot": ["20", "19", "-1"]}


def test_what_is_counted_now_leads_to_its_acts_where_the_whole_sum_can_be_listed(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    count(sqlite_database, cast, 20)
    press(eli, branch="ELA")
    listed = "/reports/rows?counter=check_out&amp;period=2026-02"
    of_one = text(eli.get(f"{FEBRUARY}?branch=ELA"))
    assert f"{listed}&amp;branch=ELA" in of_one
    assert listed not in text(eli.get(FEBRUARY)), "Compton is not closed, and its acts are no part of the sum"
    press(eli, branch="COM")
    assert listed in text(eli.get(FEBRUARY))


def test_a_restatement_leads_to_the_acts_of_its_library_kind_and_session(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    press(eli)
    count(sqlite_database, cast, 6)
    page = text(eli.get(FEBRUARY))
    assert "counter=check_out&amp;period=2026-02&amp;branch=ELA&amp;kit_type=laptop-hotspot&amp;cohort=none" in page


def test_no_difference_of_a_turnaround_is_nought(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    took = {"branch_id": cast.ela, "kit_type_id": cast.laptop_hotspot, "measure": Measure.TURNAROUND, "n": 9}
    sqlite_database.act(lambda session: session.add(DailyDuration(day=date(2026, 2, 10), bucket=5, **took)))
    press(eli)
    page = text(eli.get(f"{FEBRUARY}?branch=ELA"))
    assert table(page, "As reported, and now")["Turnaround, median"] == ["5 hours", "5 hours", "0"]


def test_all_libraries_are_closed_with_one_press_and_each_once(eli: Browser, sqlite_database: Database) -> None:
    assert "Close it at all 2 libraries" in text(eli.get(FEBRUARY))
    assert press(eli).status_code == 303
    assert closed(sqlite_database) == 2
    assert press(eli).status_code == 303, "it is closed, and nothing waits any more"
    assert closed(sqlite_database) == 2
    assert press(eli, branch="ELA").status_code == 409
    assert closed(sqlite_database) == 2


def test_the_same_press_twice_closes_once(eli: Browser, sqlite_database: Database) -> None:
    same = key()
    for _ in range(2):
        eli.post(f"{FEBRUARY}/close", {"key": same, "branch": "ELA"})
    assert closed(sqlite_database) == 1
    same = key()
    assert [eli.post(f"{FEBRUARY}/close", {"key": same}).status_code for _ in range(2)] == [303, 303]
    assert closed(sqlite_database) == 2
    assert eli.post("/reports/months/2026-03/close", {"key": key()}).status_code == 404


def test_a_month_that_is_not_over_is_refused_with_its_sentence(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post("/reports/months/2026-03/close", {"key": key(), "branch": "ELA"})
    assert answer.status_code == 409
    assert "notice--stop" in text(answer)
    assert closed(sqlite_database) == 0


def test_nobody_closes_another_librarys_month(
    cleo: Browser, dora: Browser, ben: Browser, sqlite_database: Database
) -> None:
    assert press(cleo, branch="ELA").status_code == 404
    for browser in (dora, ben):
        assert press(browser, branch="ELA").status_code == 403
        assert browser.get(FEBRUARY).status_code == 403
    assert closed(sqlite_database) == 0


@pytest.mark.parametrize("month", ["2026-13", "2027-01", "FY2025-07", "2026-W05", "x"])
def test_what_is_no_month_has_no_page(eli: Browser, month: str) -> None:
    assert eli.get(f"/reports/months/{month}").status_code == 404


def test_the_file_holds_what_was_reported_without_small_counts(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    count(sqlite_database, cast, 3)
    press(eli)
    count(sqlite_database, cast, 20)
    file = text(eli.get(f"{FEBRUARY}.csv"))
    assert "Check-outs,under 5,23,not shown" in file
    assert eli.get(f"{FEBRUARY}.xlsx").status_code == 200
