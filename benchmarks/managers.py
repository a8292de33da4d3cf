"""P7: the managers' pages beside a past of 1,000,000 loans, and beside one of 100,000.

The loans are made in bulk, and so are the roll-ups that the acts would have written; the pages read them as always.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import date

from sqlalchemy import text, update

from benchmarks import rows
from benchmarks.engines import Engine
from benchmarks.figures import Figure, Times
from benchmarks.serving import OURS, Browser, HttpLine, serving, token_of
from benchmarks.speed import Act, interleaved
from lending.db import Database
from lending.domain.permissions import Role
from lending.models.people import Staff

PERIOD = "FY2023-07"
"""A fiscal year in the midst of the past (``rows.fill``)."""

PAGES: Mapping[str, str] = {
    "Today": "/reports/today",
    "Circulation": f"/reports/circulation?period={PERIOD}",
    "Sessions": f"/reports/sessions?period={PERIOD}",
    "Overdue and loss": f"/reports/overdue?period={PERIOD}",
    "Stock and turnaround": f"/reports/stock?period={PERIOD}",
    "Outcomes": f"/reports/outcomes?period={PERIOD}",
    "Months": "/reports/months",
    "A month": "/reports/months/2024-03",
    "Official lists": f"/reports/official?period={PERIOD}",
    "Impact": f"/reports/impact?period={PERIOD}",
    "Check-outs behind a figure": f"/reports/rows?counter=check_out&period={PERIOD}",
    "Late returns behind a figure": f"/reports/rows?counter=late_return&period={PERIOD}",
}
REACH_MS, REACH_RATIO = 300.0, 1.2

_DAY = {
    "sqlite": "date({at}, '-8 hours')",
    "postgresql": "CAST({at} AT TIME ZONE 'America/Los_Angeles' AS date)",
}
_MONTH = {"sqlite": "strftime('%Y-%m', day)", "postgresql": "to_char(day, 'YYYY-MM')"}
_COUNTS = """
    INSERT INTO daily_counts (day, branch_id, kit_type_id, cohort_id, counter, n)
    SELECT day, 1, 1, 0, '{counter}', count(*) FROM (SELECT {day} AS day FROM loans WHERE id % {every} = 0) AS days
    GROUP BY day"""
_DURATIONS = """
    INSERT INTO daily_durations (day, branch_id, kit_type_id, measure, bucket, n)
    SELECT day, 1, 1, '{measure}', id % 30, count(*) FROM (SELECT id, {day} AS day FROM loans) AS days
    GROUP BY day, id % 30"""
_RESERVATIONS = """
    INSERT INTO reservations (public_id, kit_type_id, stock_id, pickup_branch_id, state, pickup_code, queued_at)
    SELECT replace(public_id, 'past', 'held'), 1, 1, 1, 'picked_up', 'K7QD', checked_out_at FROM loans"""
_STOCK = """
    INSERT INTO stock_days (day, branch_id, kit_type_id, in_service, out, overdue, turnaround, ready, free, waiting)
    SELECT day, 1, 1, 1000, 700, 20, 50, 50, 200, 90 FROM (SELECT DISTINCT day FROM daily_counts) AS days"""
_JSON = {"sqlite": "{text}", "postgresql": "CAST({text} AS jsonb)"}
_JOURNAL = """
    INSERT INTO journal (act, verb, at, recorded_at, door, role, staff_id, branch_id, kit_id, loan_id, detail)
    SELECT act, verb, at, at, 'web', 'desk', 1, 1, kit_id, id, {detail} FROM (
        SELECT public_id AS act, 'check_out' AS verb, checked_out_at AS at, kit_id, id, '{{}}' AS detail FROM loans
        UNION ALL
        SELECT replace(public_id, 'past', 'back'), 'return', received_at, kit_id, id,
            '{{"loan_from": "out", "days_late": ' || CASE WHEN id % {late} = 0 THEN 1 ELSE 0 END || '}}' FROM loans
    ) AS acts ORDER BY at, id"""
LATE = 401
"""One return in so many was late: a list of few among many, spread over all days."""
_TOKENS = """
    INSERT INTO period_tokens (period, whom, branch_id, kit_type_id, program_id, token, n)
    SELECT month, '{whom}', 1, 1, 0, kit_id, count(*) FROM (SELECT kit_id, {month} AS month FROM
        (SELECT kit_id, {day} AS day FROM loans) AS days) AS months GROUP BY month, kit_id"""


def pages_beside_a_long_past(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """P7: every page's median, and its ratio between the two pasts."""
    few, many, measured = (10_000, 100_000, 5) if quick else (100_000, 1_000_000, 15)
    urls = {name: _library(engine, today, past) for name, past in (("few", few), ("many", many))}
    with ExitStack() as stack:
        managers = {
            name: _signed_in(HttpLine(stack.enter_context(serving(OURS, url)).port)) for name, url in urls.items()
        }
        for page, address in PAGES.items():
            acts: dict[str, Act] = {name: _timed(manager, address) for name, manager in managers.items()}
            taken = interleaved(acts, warm=3, measured=measured)
            beside_few, beside_many = Times.of(taken["few"]), Times.of(taken["many"])
            what = f"{page}: with {many:,} past loans"
            yield Figure("P7", engine.name, what, beside_many.median, "ms", REACH_MS, beside={"p95": beside_many.p95})
            ratio = beside_many.median / beside_few.median
            what = f"{page}: with {many:,} past loans ÷ with {few:,}"
            yield Figure("P7", engine.name, what, ratio, "×", REACH_RATIO, beside={"ms": beside_few.median})


def _library(engine: Engine, today: date, past_loans: int) -> str:
    url = engine.migrated()
    database = Database.from_url(url)
    try:
        rows.fill(database, today=today, past_loans=past_loans)
        with database.write_engine.begin() as connection:
            dialect = connection.dialect.name
            out, back = (_DAY[dialect].format(at=at) for at in ("checked_out_at", "received_at"))
            for counter, day, every in (("check_out", out, 1), ("return", back, 1), ("late_return", back, LATE)):
                connection.execute(text(_COUNTS.format(counter=counter, day=day, every=every)))
            for measure in ("turnaround", "hold_wait"):
                connection.execute(text(_DURATIONS.format(measure=measure, day=back)))
            connection.execute(text(_JOURNAL.format(late=LATE, detail=_JSON[dialect].format(text="detail"))))
            connection.execute(text(_STOCK))
            connection.execute(text(_RESERVATIONS))
            for whom in ("household", "patron"):
                connection.execute(text(_TOKENS.format(whom=whom, day=out, month=_MONTH[dialect])))
            connection.execute(update(Staff).values(role=Role.MANAGER))
        if not database.is_sqlite:
            with database.write_engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
    finally:
        database.close()
    return url


def _signed_in(line: HttpLine) -> Browser:
    browser = Browser(line)
    token = token_of(browser.get("/sign-in"))
    browser.post("/sign-in", username=rows.USERNAME, password=rows.PASSWORD, csrf_token=token)
    return browser


def _timed(browser: Browser, address: str) -> Act:
    def look(_n: int) -> float:
        began = time.perf_counter()
        browser.get(address)
        return time.perf_counter() - began

    return look
