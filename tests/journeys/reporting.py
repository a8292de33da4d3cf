"""The managers' pages as the tests of accessibility look at them.

``PAGES`` are rows of ``pages.py``: endpoint, state, path, who looks, what they do, the answer's status, on paper.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.journeys.station import Station

CIRCULATION = "/reports/circulation"


def close(station: Station) -> None:
    """Close the month everywhere; whoever looked before has done it already."""
    button = station.page.locator("form[action$='/close'] [type=submit]")
    if button.count():
        button.first.click()
        expect(station.page.locator(".notice--done")).to_be_visible()


PAGES: tuple[tuple[Any, ...], ...] = (
    ("today.page", "full", "/reports/today"),
    ("today.page", "of the desk", "/reports/today", "ben"),
    ("today.page", "print", "/reports/today", "eli", None, 200, True),
    ("today.rows", "full", "/reports/today/overdue"),
    ("today.rows", "to pick up", "/reports/today/pick-up"),
    ("today.rows", "tasks", "/reports/today/tasks"),
    ("today.rows", "empty", "/reports/today/due", "cleo"),
    ("circulation.page", "full", f"{CIRCULATION}?period=this-year"),
    ("circulation.page", "empty", CIRCULATION, "cleo"),
    ("circulation.page", "wrong days", f"{CIRCULATION}?period=days&from=2026-03-02&to=2026-03-01", "eli", None, 422),
    ("circulation.page", "print", CIRCULATION, "eli", None, 200, True),
    ("funnels.page", "full", "/reports/sessions"),
    ("funnels.page", "one", "/reports/sessions?cohort=WR-7"),
    ("losses.page", "full", "/reports/overdue"),
    ("stock.page", "full", "/reports/stock"),
    ("official.page", "full", "/reports/official?period=this-year"),
    ("official.page", "empty", "/reports/official", "cleo"),
    ("official.page", "print", "/reports/official", "eli", None, 200, True),
    ("impact.page", "full", "/reports/impact?period=this-year"),
    ("impact.page", "print", "/reports/impact?period=this-year", "eli", None, 200, True),
    ("outcomes.page", "full", "/reports/outcomes?period=this-year"),
    ("outcomes.page", "empty", "/reports/outcomes", "cleo"),
    ("months.page", "full", "/reports/months"),
    ("months.show", "open", "/reports/months/2026-02"),
    ("months.show", "closed", "/reports/months/2026-01", "eli", close),
    ("rows.page", "full", "/reports/rows?counter=check_out&period=this-year"),
    ("rows.page", "empty", "/reports/rows?counter=lost", "cleo"),
)
