"""The jobs' page: who leads, what ran, and what is late, in red."""

from __future__ import annotations

from datetime import timedelta

from lending.circulation.jobs import begin_run, end_run, fail_run, lead
from lending.db import Database
from lending.domain.jobs import JOBS
from tests.cast import NOW
from tests.web.browsers import Browser


def page(eli: Browser) -> str:
    return str(eli.get("/administration/jobs").get_data(as_text=True))


def led(sqlite_database: Database) -> None:
    sqlite_database.act(lambda session: lead(session, "kits-1:4711", at=NOW))


def test_every_job_stands_there_with_what_it_does(eli: Browser) -> None:
    shown = page(eli)
    assert all(f">{job.name}</span>" in shown for job in JOBS)


def test_nobody_runs_them(eli: Browser) -> None:
    assert "Nobody runs the jobs." in page(eli)


def test_who_leads_and_what_each_did(eli: Browser, sqlite_database: Database) -> None:
    led(sqlite_database)
    sqlite_database.act(lambda session: begin_run(session, "overdue", at=NOW))
    sqlite_database.act(lambda session: end_run(session, "overdue", done=1234, of=NOW, at=NOW))
    shown = page(eli)
    assert "kits-1:4711" in shown
    assert "1234" in shown
    assert "Every job runs at its time." in shown


def test_a_late_job_is_red_with_its_problem(eli: Browser, sqlite_database: Database) -> None:
    led(sqlite_database)
    sqlite_database.act(lambda session: begin_run(session, "overdue", at=NOW - timedelta(hours=2)))
    sqlite_database.act(lambda session: fail_run(session, "overdue", "OperationalError", at=NOW))
    shown = page(eli)
    assert "Late: overdue." in shown
    assert "tag--stop" in shown
    assert "OperationalError" in shown
