"""Tasks: what needs a person. A verb that causes work opens one; the act that does the work closes it.

``what`` names the thing (a part, a kit), never a patron; the sentence around it follows from the kind, in the reader's
language. One open task per kind and subject: asking twice is asking once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id, table_of
from lending.models.tasks import Task, TaskKind

_tasks = table_of(Task)
CLOSE_THEMSELVES = frozenset({TaskKind.SUSPEND_LINE, TaskKind.RESTORE_LINE, TaskKind.REFUND, TaskKind.CLAIM})
"""Kinds whose work is an act of its own, which closes the task: closed by hand, the work would be forgotten."""

_OPEN_ONCE = {
    "sqlite": sqlite.insert(_tasks)
    .on_conflict_do_nothing(index_elements=["kind", "subject"], index_where=text("closed_at IS NULL"))
    .returning(_tasks.c.id),
    "postgresql": postgresql.insert(_tasks)
    .on_conflict_do_nothing(index_elements=["kind", "subject"], index_where=text("closed_at IS NULL"))
    .returning(_tasks.c.id),
}

_OPEN_MANY = {
    "sqlite": sqlite.insert(_tasks).on_conflict_do_nothing(
        index_elements=["kind", "subject"], index_where=text("closed_at IS NULL")
    ),
    "postgresql": postgresql.insert(_tasks).on_conflict_do_nothing(
        index_elements=["kind", "subject"], index_where=text("closed_at IS NULL")
    ),
}


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A task that was closed by hand."""

    task: str
    kind: TaskKind


def open_task(
    session: Session,
    kind: TaskKind,
    *,
    subject: str,
    branch_id: int,
    what: str,
    at: datetime,
    kit_id: int | None = None,
    loan_id: int | None = None,
    patron_id: int | None = None,
) -> int | None:
    """Open a task and give its id; ``None`` when one of this kind is open for ``subject`` already."""
    connection = session.connection()
    values = {
        "kind": kind,
        "subject": subject,
        "branch_id": branch_id,
        "what": what[:240],
        "opened_at": at,
        "kit_id": kit_id,
        "loan_id": loan_id,
        "patron_id": patron_id,
    }
    return connection.execute(_OPEN_ONCE[connection.dialect.name], values).scalar_one_or_none()


def open_tasks(session: Session, kind: TaskKind, tasks: Sequence[Mapping[str, Any]]) -> None:
    """Open many tasks of one kind at once; one that is open for its subject already stays as it is."""
    connection = session.connection()
    rows = [{"kind": kind, "public_id": new_public_id(), **task} for task in tasks]
    connection.execute(_OPEN_MANY[connection.dialect.name], rows)


def close_task(session: Session, kind: TaskKind, *, subject: str, at: datetime, by: Actor, outcome: str) -> bool:
    """Close the open task of this kind and subject, because the act under way did the work; whether there was one.

    ``outcome`` is a word for what became of it, such as ``brought_back``.
    """
    return close_tasks(session, kind, subjects=[subject], at=at, by=by, outcome=outcome) > 0


def close_tasks(
    session: Session, kind: TaskKind, *, subjects: Collection[str], at: datetime, by: Actor, outcome: str
) -> int:
    """Close the open tasks of this kind and these subjects, as ``close_task`` does; how many there were."""
    closed = session.connection().execute(
        update(_tasks)
        .where(_tasks.c.kind == kind, _tasks.c.subject.in_(subjects), _tasks.c.closed_at.is_(None))
        .values(closed_at=at, closed_by_id=by.staff_id, outcome=outcome)
    )
    return closed.rowcount


def close_calls(session: Session, loan_id: int, *, at: datetime, by: Actor, outcome: str) -> bool:
    """Close every call about a loan, of its ladder or of a notice that goes by telephone; whether there was one."""
    closed = session.connection().execute(
        update(_tasks)
        .where(_tasks.c.loan_id == loan_id, _tasks.c.kind == TaskKind.CALL, _tasks.c.closed_at.is_(None))
        .values(closed_at=at, closed_by_id=by.staff_id, outcome=outcome)
    )
    return closed.rowcount > 0


def reopen_calls(session: Session, loan_id: int, *, closed_at: datetime) -> None:
    """Open the calls about a loan again that were closed at an instant, because the act that closed them is undone."""
    session.connection().execute(
        update(_tasks)
        .where(_tasks.c.loan_id == loan_id, _tasks.c.kind == TaskKind.CALL, _tasks.c.closed_at == closed_at)
        .values(closed_at=None, closed_by_id=None, outcome=None)
    )


def finish_task(session: Session, *, task: str, outcome: str, at: datetime, by: Actor) -> TaskDone:
    """Close a task (its public id) by hand, saying what came of it.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``REASON_NEEDED`` without an outcome, ``WRONG_STATE`` when it
    is closed already, or ``TASK_CLOSES_ITSELF`` for one whose work is an act of its own.
    """
    chosen = select(Task).where(Task.public_id == task)
    row = session.scalars(
        chosen.with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    by.permit(Act.CIRCULATE, row.branch_id)
    if row.kind in CLOSE_THEMSELVES:
        raise Refused.because(Reason.TASK_CLOSES_ITSELF)
    if not outcome.strip():
        raise Refused.because(Reason.REASON_NEEDED)
    if row.closed_at is not None:
        raise Refused.because(Reason.WRONG_STATE, state="closed")
    row.closed_at, row.closed_by_id, row.outcome = at, by.staff_id, outcome.strip()[:240]
    record(
        session,
        "finish_task",
        at=at,
        by=by,
        branch_id=row.branch_id,
        kit_id=row.kit_id,
        loan_id=row.loan_id,
        detail={"task_id": row.id, "kind": row.kind.value},
    )
    return TaskDone(row.public_id, row.kind)


def part_subject(part_id: int) -> str:
    """The subject of tasks about one part."""
    return f"part:{part_id}"


def loan_subject(loan_id: int) -> str:
    """The subject of tasks and notices about one loan."""
    return f"loan:{loan_id}"


def charge_subject(charge_id: int) -> str:
    """The subject of tasks about one charge."""
    return f"charge:{charge_id}"


def line_subject(line_id: int) -> str:
    """The subject of tasks about one line."""
    return f"line:{line_id}"
