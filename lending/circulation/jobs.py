"""What the jobs process writes down of itself, so that others see whether it lives and what it did.

None of it is an act on the library, so none is on the journal. Source: ARCHITECTURE, "Time"; SCREENS ("jobs and notices
log that turns red when a run is late").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, case, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.models.base import table_of
from lending.models.jobs import JobRun, JobsLeader

_runs, _leaders = table_of(JobRun), table_of(JobsLeader)
THE_JOBS = "jobs"
"""The row of the process itself, among the runs too: when the administrators were told that nobody runs the jobs."""

REMIND_AFTER = timedelta(days=1)
"""How long after the administrators were told they are told again, if nothing has changed."""


def lead(session: Session, holder: str, *, at: datetime) -> None:
    """Keep who runs the jobs from now on."""
    _put(session, _leaders, {"name": THE_JOBS, "holder": holder, "since": at, "beat_at": at})


def beat(session: Session, holder: str, *, at: datetime) -> bool:
    """Keep that the process that runs the jobs lives; ``False`` when another one runs them."""
    beaten = session.connection().execute(
        update(_leaders).where(_leaders.c.name == THE_JOBS, _leaders.c.holder == holder).values(beat_at=at)
    )
    if beaten.rowcount == 1:
        forget_telling(session, THE_JOBS)
    return beaten.rowcount == 1


def last_success(session: Session, name: str) -> datetime | None:
    """When a job ran well last."""
    return session.scalar(select(_runs.c.succeeded_at).where(_runs.c.name == name))


def begin_run(session: Session, name: str, *, at: datetime) -> None:
    """Keep that a run of a job began. Until one has gone well, the first beginning stays: lateness counts from it."""
    insert = _insert(session, _runs)
    began = case((_runs.c.succeeded_at.is_(None), _runs.c.began_at), else_=insert.excluded.began_at)
    _put(session, _runs, {"name": name, "began_at": at}, {"began_at": began, "ended_at": None})


def end_run(session: Session, name: str, *, done: int, of: datetime, at: datetime) -> None:
    """Keep that a run went well, and how many things it did. ``of``: the instant that it looked at.

    What came due later, while it ran or while the machine slept in the midst of it, is not done: it ran well ``of``
    then, whenever it ended.
    """
    values: Mapping[str, Any] = {
        "ended_at": at,
        "succeeded_at": of,
        "done": done,
        "problem": None,
        "late_told_at": None,
    }
    session.connection().execute(update(_runs).where(_runs.c.name == name).values(values))


def fail_run(session: Session, name: str, problem: str, *, at: datetime) -> None:
    """Keep that a run was broken off, with the name of the error."""
    session.connection().execute(update(_runs).where(_runs.c.name == name).values(ended_at=at, problem=problem[:200]))


def take_telling(session: Session, name: str, *, at: datetime) -> bool:
    """Whether it is for the caller to tell the administrators that a job is late: for the first who asks, and once a
    day. ``name`` is ``THE_JOBS`` where nobody runs them at all.
    """
    first = or_(_runs.c.late_told_at.is_(None), _runs.c.late_told_at < at - REMIND_AFTER, _runs.c.late_told_at > at)
    return _put(session, _runs, {"name": name, "began_at": at, "late_told_at": at}, {"late_told_at": at}, first) == 1


def forget_telling(session: Session, name: str) -> None:
    """Keep that what the administrators were told is over, or that the message did not leave the house."""
    told = _runs.c.late_told_at.is_not(None)
    session.connection().execute(update(_runs).where(_runs.c.name == name, told).values(late_told_at=None))


def _insert(session: Session, table: Table) -> Any:
    return sqlite.insert(table) if session.connection().dialect.name == "sqlite" else postgresql.insert(table)


def _put(
    session: Session,
    table: Table,
    values: Mapping[str, Any],
    changed: Mapping[str, Any] | None = None,
    where: ColumnElement[bool] | None = None,
) -> int:
    """Insert a row by its name, or change the one that is there, as ``changed`` says where it does; how many."""
    change = changed or {name: value for name, value in values.items() if name != "name"}
    statement = _insert(session, table).values(values)
    put = statement.on_conflict_do_update(index_elements=["name"], set_=change, where=where)
    return session.connection().execute(put, execution_options={"preserve_rowcount": True}).rowcount
