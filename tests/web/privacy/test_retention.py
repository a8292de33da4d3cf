"""The patron-privacy report: every table with something personal, how long, in how many rows, and the copies."""

from __future__ import annotations

from flask import Flask

from lending.db import Database
from lending.domain.retention import PERSONAL, Rule, rules_of
from lending.jobs.sweeps import SWEEPS
from lending.web.privacy.retention import PATRONS, WHAT
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import lend
from tests.web.browsers import Browser

PAGE = "/administration/retention"


def test_every_table_with_something_personal_has_its_words() -> None:
    assert set(WHAT) == {table for table in PERSONAL if set(rules_of(table)) & PATRONS}


def test_the_page_says_how_many_rows_name_somebody_now(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    before = eli.get(f"{PAGE}/report.csv").get_data(as_text=True)
    lend(sqlite_database, cast)
    after = eli.get(f"{PAGE}/report.csv").get_data(as_text=True)
    line = '"Who borrowed which kit, and who collected it","30 days after it is over, unless the patron keeps their '
    assert f'{line}history",the database,0' in before.replace("\r", "")
    assert f'{line}history",the database,1' in after.replace("\r", "")
    assert "Who borrowed which kit, and who collected it" in eli.get(PAGE).get_data(as_text=True)


def test_the_days_are_those_of_the_library(eli: Browser) -> None:
    assert eli.post(PAGE, {"cut_after_days": "45", "key": "days-45-1"}).status_code == 303
    assert "45 days after it is over" in eli.get(PAGE).get_data(as_text=True)


def test_the_copies_that_may_hold_names_are_listed(app: Flask, eli: Browser) -> None:
    assert "lending-2026-03-03" not in eli.get(PAGE).get_data(as_text=True)
    SWEEPS["backup"](app.extensions["lending"], NOW)
    page = eli.get(PAGE).get_data(as_text=True)
    assert "lending-2026-03-03.sqlite3" in page
    assert "Tue, Mar 17, 2026" in page


def test_staffs_own_columns_are_no_patrons() -> None:
    assert Rule.STAFF not in PATRONS


def test_the_report_is_the_administrators(ben: Browser, cleo: Browser) -> None:
    for who in (ben, cleo):
        assert who.get(f"{PAGE}/report.csv").status_code == 403
