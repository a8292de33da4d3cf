"""Jobs: what the library does by itself, how often, and when a run counts as late.

Each job is a sweep that finds in the database what is due, so a run that was missed is made up for by the next one.
Source: ARCHITECTURE, "Time"; DEPENDENCIES, row "scheduler".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

BEAT_EVERY = timedelta(seconds=10)
"""How often the process that runs the jobs says that it lives."""

SILENT_AFTER = timedelta(seconds=60)
"""Nobody runs the jobs when nobody has said so for this long."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job by name, the time from one look to the next, and how long after its last good run it is late.

    ``time_of_day``: it runs once a day, at the first look after the library's clock shows this; without it, every time.
    """

    name: str
    every: timedelta
    late_after: timedelta
    time_of_day: time | None = None


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

JOBS: tuple[Job, ...] = (
    Job("notices", _MINUTE, 15 * _MINUTE),
    Job("webhooks", _MINUTE, 15 * _MINUTE),
    Job("overdue", 15 * _MINUTE, _HOUR),
    Job("shelf", 15 * _MINUTE, _HOUR),
    Job("offers", 15 * _MINUTE, _HOUR),
    Job("workshops", 15 * _MINUTE, _HOUR),
    Job("quarantine", 15 * _MINUTE, _HOUR),
    Job("renewals", _HOUR, 4 * _HOUR),
    Job("cohorts", _HOUR, 4 * _HOUR),
    Job("counts", _HOUR, 4 * _HOUR),
    Job("incomplete", _HOUR, 4 * _HOUR),
    Job("seals", 5 * _MINUTE, _HOUR),
    Job("sign-ins", _HOUR, 24 * _HOUR),
    Job("imports", _HOUR, 24 * _HOUR),
    Job("keys", _HOUR, 24 * _HOUR),
    Job("ledger", _MINUTE, _HOUR),
    Job("ping", 5 * _MINUTE, _HOUR),
    Job("journal-head", 15 * _MINUTE, 27 * _HOUR, time(2, 30)),
    Job("privacy", 15 * _MINUTE, 27 * _HOUR, time(2)),
    Job("backup", 15 * _MINUTE, 27 * _HOUR, time(3)),
    Job("weekly-mail", 15 * _MINUTE, 27 * _HOUR, time(6)),
)
"""Those of once a day are late after 27 hours, because the longest day has 25 and a run may take its time."""

_A_DAY = timedelta(days=1)


def is_due(job: Job, *, succeeded_at: datetime | None, zone: str, at: datetime) -> bool:
    """Whether a job is to run at a look: one with a time of day, unless today's run went well already.

    A time that the clocks skip comes that much later; of one that they show twice the first counts. A last run that
    lies more than a day ahead was written by a clock that was wrong, and counts for nothing.
    """
    if job.time_of_day is None or succeeded_at is None:
        return True
    return not _came_last(job.time_of_day, zone, at) <= succeeded_at <= at + _A_DAY


def _came_last(wall: time, zone: str, at: datetime) -> datetime:
    """When the clocks of a zone showed a time last."""
    clock = ZoneInfo(zone)
    today = at.astimezone(clock).date()
    showed = datetime.combine(today, wall, clock).astimezone(at.tzinfo)
    return showed if showed <= at else datetime.combine(today - _A_DAY, wall, clock).astimezone(at.tzinfo)


def is_late(job: Job, *, succeeded_at: datetime | None, known_since: datetime, at: datetime) -> bool:
    """Whether a job that should have run by ``at`` did not; one that never ran counts from when it was first begun.

    A run that lies as far ahead tells nothing either: some clock was wrong.
    """
    return abs(at - (succeeded_at or known_since)) > job.late_after


def is_silent(beat_at: datetime | None, at: datetime) -> bool:
    """Whether nobody runs the jobs."""
    return beat_at is None or abs(at - beat_at) > SILENT_AFTER
