"""Jobs: what the library does by itself, how often, and when a run counts as late.

Each job is a sweep that finds in the database what is due, so a run that was missed is made up for by the next one.
Source: ARCHITECTURE, "Time"; DEPENDENCIES, row "scheduler".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

BEAT_EVERY = timedelta(seconds=10)
"""How often the process that runs the jobs says that it lives, and how often another looks whether it is needed."""

SILENT_AFTER = timedelta(seconds=60)
"""Nobody runs the jobs when nobody has said so for this long."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job by name, the time from one run to the next, and how long after its last good run it is late."""

    name: str
    every: timedelta
    late_after: timedelta


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

JOBS: tuple[Job, ...] = (
    Job("overdue", 15 * _MINUTE, _HOUR),
    Job("shelf", 15 * _MINUTE, _HOUR),
    Job("offers", 15 * _MINUTE, _HOUR),
    Job("quarantine", 15 * _MINUTE, _HOUR),
    Job("cohorts", _HOUR, 4 * _HOUR),
    Job("incomplete", _HOUR, 4 * _HOUR),
    Job("seals", 5 * _MINUTE, _HOUR),
    Job("sign-ins", _HOUR, 24 * _HOUR),
)


def is_late(job: Job, *, succeeded_at: datetime | None, known_since: datetime, at: datetime) -> bool:
    """Whether a job that should have run by ``at`` did not; one that never ran counts from when it was first begun."""
    return at - (succeeded_at or known_since) > job.late_after


def is_silent(beat_at: datetime | None, at: datetime) -> bool:
    """Whether nobody runs the jobs."""
    return beat_at is None or at - beat_at > SILENT_AFTER
