"""The jobs process: it stands by until it leads, then runs every job at its time until it is asked to stop.

Ticks are in UTC and held in memory; what is due comes from the database, so nothing is lost with the process. A run
that fails is written down and tried again at its next tick. Source: ARCHITECTURE; DEPENDENCIES, row "scheduler".
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.background import BackgroundScheduler

from lending import logs
from lending.circulation import jobs as kept
from lending.clock import ClockError
from lending.domain.jobs import BEAT_EVERY, JOBS, Job, is_due
from lending.errors import Refused
from lending.jobs.leader import Leadership, leadership
from lending.jobs.sweeps import SWEEPS

if TYPE_CHECKING:
    from lending.library import Library

Sweep = Callable[["Library", datetime], int]
LOOK_SECONDS = 1.0
"""How often the clock is looked at."""
STAND_BY_SECONDS = 2.0
"""How often a standby asks for the lead."""
JUMP = timedelta(seconds=60)
"""How far the library's clock may leave the machine's steady one before every job is looked at anew."""


class Jobs:
    """The jobs of one library in this process. ``run`` comes back when ``stop`` was called, from another thread."""

    def __init__(
        self,
        opened: Library,
        *,
        sweeps: Mapping[str, Sweep] = SWEEPS,
        jobs: tuple[Job, ...] = JOBS,
        beat_every: timedelta = BEAT_EVERY,
    ) -> None:
        self._opened, self._sweeps, self._jobs = opened, sweeps, jobs
        self._beat_every = beat_every.total_seconds()
        self._stopped = threading.Event()
        self._stood: datetime | None = None
        self._jumps = 0
        self.holder = f"{socket.gethostname()}:{os.getpid()}"

    def run(self) -> None:
        """Stand by, lead, and stand by again if the lead is lost, until asked to stop."""
        lock = leadership(self._opened.db)
        try:
            while not self._stopped.is_set():
                if lock.take():
                    self._lead(lock)
                self._stopped.wait(min(self._beat_every, STAND_BY_SECONDS))
        finally:
            lock.give_back()

    def stop(self) -> None:
        """Let what is under way end, and come back."""
        self._stopped.set()

    def run_if_due(self, job: Job) -> None:
        """Run a job, unless its time of day has not come since it ran well last; and again if the clock jumped
        meanwhile, for the scheduler begins none that is under way.
        """
        jumps = -1
        while jumps != self._jumps:
            jumps = self._jumps
            self._run_if_due(job)

    def _run_if_due(self, job: Job) -> None:
        try:
            with self._opened.db.read() as session:
                succeeded_at = kept.last_success(session, job.name)
        except Exception as error:  # noqa: BLE001 - the database is away: the next tick asks again
            logs.error("job not looked at", job=job.name, problem=_named(error))
            return
        zone, at = self._opened.settings.zone, self._opened.clock.now()
        if is_due(job, succeeded_at=succeeded_at, zone=zone, at=at):
            self.run_once(job.name)

    def run_once(self, name: str) -> None:
        """Run one job now, and write down how it went."""
        opened, at = self._opened, self._opened.clock.now
        try:
            of = at()
            opened.db.act(lambda session: kept.begin_run(session, name, at=of))
            done = self._sweeps[name](opened, of)
            opened.db.act(lambda session: kept.end_run(session, name, done=done, of=of, at=at()))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other jobs go on, and the run is written down
            problem = _named(error)
            logs.error("job failed", job=name, problem=problem)
            try:
                opened.db.act(lambda session: kept.fail_run(session, name, problem, at=at()))
            except Exception as again:  # noqa: BLE001 - the database is away: the run will be late, and the web says so
                logs.error("job not written down", job=name, problem=_named(again))

    def _lead(self, lock: Leadership) -> None:
        try:
            self._opened.db.act(lambda session: kept.lead(session, self.holder, at=self._opened.clock.now()))
        except Exception as error:  # noqa: BLE001 - the database is away: nobody can lead yet
            logs.error("jobs wait for the database", problem=_named(error))
            lock.give_back()
            return
        logs.info("jobs lead", holder=self.holder)
        self._clock_jumped()  # from here on: what it did before is nothing to the jobs
        scheduler = self._scheduled()
        scheduler.start()
        try:
            while self._wait(scheduler) and lock.is_held() and self._beat():
                pass
        finally:
            scheduler.shutdown(wait=True)
            lock.give_back()
            logs.info("jobs lead no more", holder=self.holder)

    def _wait(self, scheduler: BackgroundScheduler) -> bool:
        """Wait until the next heartbeat; ``False`` when asked to stop. A clock that jumped ends the wait, and every job
        is looked at anew: after a machine slept, its clock was set, or a rehearsal moved to another day.
        """
        until = time.monotonic() + self._beat_every
        while (left := until - time.monotonic()) > 0:
            if self._stopped.wait(min(left, LOOK_SECONDS)):
                return False
            if self._clock_jumped():
                logs.info("the clock jumped")
                self._jumps += 1
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))  # noqa: TID251 - the scheduler's own clock
                break
        return not self._stopped.is_set()

    def _clock_jumped(self) -> bool:
        """Whether the library's clock stands elsewhere beside the machine's steady one than at the last look."""
        try:
            stands = self._opened.clock.now() - timedelta(seconds=time.monotonic())
        except ClockError:  # the file is not there for a moment
            return False
        before, self._stood = self._stood, stands
        return before is not None and abs(stands - before) > JUMP

    def _beat(self) -> bool:
        """Say that this process lives; whether it still leads."""
        try:
            return self._opened.db.act(lambda session: kept.beat(session, self.holder, at=self._opened.clock.now()))
        except Exception as error:  # noqa: BLE001 - a server that is away for a moment; the lock is asked next time
            logs.warning("no heartbeat", problem=_named(error))
            return True

    def _scheduled(self) -> BackgroundScheduler:
        scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        first = datetime.now(UTC)  # noqa: TID251 - the scheduler's own clock; what a job does goes by the library's
        for n, job in enumerate(self._jobs):
            # One after another at the start, so that a machine that was away is not asked for everything at once.
            begins = first + timedelta(seconds=n / 4)
            scheduler.add_job(
                self.run_if_due, "interval", seconds=job.every.total_seconds(), next_run_time=begins, args=[job]
            )
        return scheduler


def _named(error: Exception) -> str:
    """A word for an error, without what it says: that may hold a patron's data."""
    if isinstance(error, Refused):
        return ", ".join(block.reason.value for block in error.blocks)
    return type(error).__name__
