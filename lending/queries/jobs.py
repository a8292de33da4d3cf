"""How the jobs are doing: who runs them, when each ran last, and what is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.jobs import JOBS, Job, is_late, is_silent
from lending.models.jobs import JobRun, JobsLeader


@dataclass(frozen=True, slots=True)
class RunShown:
    """The last run of one job. ``done`` is how many things its last good run did."""

    job: Job
    began_at: datetime | None
    ended_at: datetime | None
    succeeded_at: datetime | None
    done: int | None
    problem: str | None
    late: bool


@dataclass(frozen=True, slots=True)
class JobsShown:
    """All jobs, in the order of ``domain.jobs.JOBS``. ``silent``: no process runs them now."""

    holder: str | None
    since: datetime | None
    beat_at: datetime | None
    silent: bool
    runs: tuple[RunShown, ...]

    @property
    def late(self) -> tuple[str, ...]:
        """The names of the jobs that are late."""
        return tuple(run.job.name for run in self.runs if run.late)


def jobs_shown(session: Session, *, at: datetime) -> JobsShown:
    """How the jobs stand at an instant. One that never began is not late: nobody has started the jobs yet."""
    leader = session.scalars(select(JobsLeader)).one_or_none()
    rows = {row.name: row for row in session.scalars(select(JobRun))}
    return JobsShown(
        holder=None if leader is None else leader.holder,
        since=None if leader is None else leader.since,
        beat_at=None if leader is None else leader.beat_at,
        silent=is_silent(None if leader is None else leader.beat_at, at),
        runs=tuple(_shown(job, rows.get(job.name), at) for job in JOBS),
    )


def _shown(job: Job, row: JobRun | None, at: datetime) -> RunShown:
    if row is None:
        return RunShown(job, None, None, None, None, None, late=False)
    late = is_late(job, succeeded_at=row.succeeded_at, known_since=row.began_at, at=at)
    return RunShown(job, row.began_at, row.ended_at, row.succeeded_at, row.done, row.problem, late)
