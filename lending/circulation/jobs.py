"""What the jobs process writes down of itself, so that others see whether it lives and what it did.

None of it is an act on the library, so none is on the journal. Source: ARCHITECTURE, "Time"; SCREENS ("jobs and notices
log that turns red when a run is late").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Table, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.models.base import table_of
from lending.models.jobs import JobRun, JobsLeader

_runs, _leaders = table_of(JobRun), table_of(JobsLeader)
THE_JOBS = "jobs"


def lead(session: Session, holder: str, *, at: datetime) -> None:
    """Keep who runs the jobs from now on."""
    _put(session, _leaders, {"name": THE_JOBS, "holder": holder, "since": at, "beat_at": at})


def beat(session: Session, holder: str, *, at: datetime) -> bool:
    """Keep that the process that runs the jobs lives; ``False`` when another one runs them."""
    beaten = session.connection().execute(
        update(_leaders).where(_leaders.c.name == THE_JOBS, _leaders.c.holder == holder).values(beat_at=at)
    )
    return beaten.rowcount == 1


def begin_run(session: Session, name: str, *, at: datetime) -> None:
    """Keep that a run of a job began."""
    _put(session, _runs, {"name": name, "began_at": at, "ended_at": None})


def end_run(session: Session, name: str, *, done: int, at: datetime) -> None:
    """Keep that a run went well, and how many things it did."""
    values: Mapping[str, Any] = {
        "ended_at": at,
        "succeeded_at": at,
        "done": done,
        "problem": None,
        "late_told_at": None,
    }
    session.connection().execute(update(_runs).where(_runs.c.name == name).values(values))


def fail_run(session: Session, name: str, problem: str, *, at: datetime) -> None:
    """Keep that a run was broken off, with the name of the error."""
    session.connection().execute(update(_runs).where(_runs.c.name == name).values(ended_at=at, problem=problem[:200]))


def take_telling(session: Session, name: str, *, at: datetime) -> bool:
    """Whether it is for the caller to tell the administrators that a job is late: for the first who asks."""
    taken = session.connection().execute(
        update(_runs).where(_runs.c.name == name, _runs.c.late_told_at.is_(None)).values(late_told_at=at)
    )
    return taken.rowcount == 1


def _put(session: Session, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row by its name, or change the one that is there."""
    connection = session.connection()
    insert = sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
    changed = {name: value for name, value in values.items() if name != "name"}
    connection.execute(insert.values(values).on_conflict_do_update(index_elements=["name"], set_=changed))
