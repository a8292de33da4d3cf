"""The managers' pages as the tests of accessibility look at them.

``PAGES`` are rows of ``pages.py``: endpoint, state, path, who looks, what they do, the answer's status, on paper.
"""

from __future__ import annotations

from typing import Any

CIRCULATION = "/reports/circulation"

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
    ("rows.page", "full", "/reports/rows?counter=check_out&period=this-year"),
    ("rows.page", "empty", "/reports/rows?counter=lost", "cleo"),
)
