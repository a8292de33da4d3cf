"""The jobs process leads, runs each job, says that it lives, survives a job that fails, and hands over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from lending import settings
from lending.circulation.jobs import beat, lead
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.jobs import JOBS, SILENT_AFTER, Job
from lending.errors import Reason, Refused
from lending.jobs.process import Jobs
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.jobs import JobRun, JobsLeader
from lending.queries.jobs import jobs_shown
from tests.cast import NOW
from tests.circulation.kits_in_hand import only, rows

QUICK = timedelta(milliseconds=20)
PATIENCE = 20.0


class Work:
    """Jobs that a test looks into."""

    def __init__(self) -> None:
        self.ran = threading.Event()
        self.runs: list[str] = []
        self.fails = False

    def sweep(self, name: str) -> Callable[[Library, datetime], int]:
        def run(_opened: Library, _at: datetime) -> int:
            self.runs.append(name)
            self.ran.set()
            if self.fails:
                raise ValueError("Ada Morales lives at 12 Elm Street")
            return 3

        return run


@pytest.fixture
def library(database: Database, tmp_path: Path) -> Library:
    return Library(database, MovingClock(NOW), None, settings.load({}, instance=tmp_path))


@pytest.fixture
def work() -> Work:
    return Work()


def jobs(library: Library, work: Work) -> Jobs:
    every = (Job("overdue", timedelta(hours=1), timedelta(hours=2)),)
    return Jobs(library, sweeps={"overdue": work.sweep("overdue")}, jobs=every, beat_every=QUICK)


@contextmanager
def running(process: Jobs) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=process.run)
    thread.start()
    try:
        yield thread
    finally:
        process.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_every_job_that_is_planned_can_be_run() -> None:
    assert {job.name for job in JOBS} <= set(SWEEPS)


def test_it_leads_and_runs_and_writes_down_how_it_went(library: Library, work: Work) -> None:
    process = jobs(library, work)
    with running(process):
        assert work.ran.wait(PATIENCE)
    leader, run = only(library.db, JobsLeader), only(library.db, JobRun)
    assert leader.holder == process.holder
    assert (run.name, run.done, run.problem, run.succeeded_at) == ("overdue", 3, None, NOW)


def test_a_job_that_fails_is_written_down_without_what_it_says_and_the_process_goes_on(
    library: Library, work: Work
) -> None:
    work.fails = True
    process = jobs(library, work)
    process.run_once("overdue")
    run = only(library.db, JobRun)
    assert (run.problem, run.succeeded_at, run.ended_at) == ("ValueError", None, NOW)
    work.fails = False
    process.run_once("overdue")
    assert only(library.db, JobRun).problem is None


def test_a_refusal_is_written_down_by_its_reasons(library: Library) -> None:
    def refused(_opened: Library, _at: datetime) -> int:
        raise Refused.because(Reason.BUSY)

    Jobs(library, sweeps={"overdue": refused}).run_once("overdue")
    assert only(library.db, JobRun).problem == "busy"


def test_the_standby_runs_nothing_until_the_leader_is_gone(library: Library, work: Work) -> None:
    first, second = jobs(library, work), jobs(library, Work())
    second.holder = "standby"
    with running(first):
        assert work.ran.wait(PATIENCE)
        with running(second):
            assert only(library.db, JobsLeader).holder == first.holder
            first.stop()
            until = threading.Event()
            for _ in range(1000):
                if rows(library.db, JobsLeader)[0].holder == "standby":
                    break
                until.wait(0.02)
            assert only(library.db, JobsLeader).holder == "standby"


def test_who_was_displaced_in_the_rows_leads_no_more(library: Library, work: Work) -> None:
    process = jobs(library, work)
    with running(process):
        assert work.ran.wait(PATIENCE)
        library.db.act(lambda session: lead(session, "another", at=NOW))
        assert not library.db.act(lambda session: beat(session, process.holder, at=NOW))


def test_silence_and_lateness_show(library: Library, work: Work) -> None:
    def shown(after: timedelta) -> tuple[bool, tuple[str, ...]]:
        with library.db.read() as session:
            found = jobs_shown(session, at=NOW + after)
        return found.silent, found.late

    assert shown(timedelta(0)) == (True, ())
    jobs(library, work).run_once("overdue")
    library.db.act(lambda session: lead(session, "somebody", at=NOW))
    assert shown(SILENT_AFTER) == (False, ())
    assert shown(SILENT_AFTER + timedelta(seconds=1)) == (True, ())
    assert shown(timedelta(minutes=61)) == (True, ("overdue",))


def test_a_job_of_once_a_day_runs_at_its_time_and_not_again_that_day(library: Library, work: Work) -> None:
    nightly = Job("overdue", timedelta(minutes=15), timedelta(hours=27), time(3))
    process, clock = jobs(library, work), library.clock
    assert isinstance(clock, MovingClock)
    for hours, runs in ((0, 1), (1, 1), (16, 1), (17, 2), (18, 2), (24 + 17, 3)):
        clock.set(NOW + timedelta(hours=hours))
        process.run_if_due(nightly)
        assert len(work.runs) == runs, f"{hours} hours later"


def test_a_run_that_a_jump_of_the_clock_came_into_is_one_of_before(library: Library) -> None:
    """It looked at the day on which it began: what came due since then waits for the next run, which comes at once."""
    clock, looked_at = library.clock, list[datetime]()
    assert isinstance(clock, MovingClock)

    def sleeps_over_night(_opened: Library, at: datetime) -> int:
        looked_at.append(at)
        if len(looked_at) == 1:
            clock.set(NOW + timedelta(days=1))
        return 0

    daily = Job("overdue", timedelta(minutes=15), timedelta(hours=27), time(3))
    process = Jobs(library, sweeps={"overdue": sleeps_over_night}, jobs=(daily,), beat_every=QUICK)
    process.run_if_due(daily)
    assert only(library.db, JobRun).succeeded_at == NOW
    process.run_if_due(daily)
    assert looked_at == [NOW, NOW + timedelta(days=1)]


def test_a_run_that_failed_is_tried_again_at_the_next_look(library: Library, work: Work) -> None:
    work.fails = True
    nightly = Job("overdue", timedelta(minutes=15), timedelta(hours=27), time(3))
    process = jobs(library, work)
    for _ in range(2):
        process.run_if_due(nightly)
    assert len(work.runs) == 2


def test_when_the_clock_jumps_every_job_is_looked_at_anew(library: Library, work: Work) -> None:
    process, clock = jobs(library, work), library.clock
    assert isinstance(clock, MovingClock)
    with running(process):
        for days in (1, -2):
            assert work.ran.wait(PATIENCE)
            work.ran.clear()
            clock.move(timedelta(days=days))
        assert work.ran.wait(PATIENCE)
