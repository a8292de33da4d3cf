"""What needs a person: the open tasks of a reader's branches, the oldest first, and the next overdue call.

Source: RULES 6; SCREENS, "Overdue calls".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, func, or_, select
from sqlalchemy.orm import Session

from lending.circulation.suspension import void_call
from lending.domain.names import short_name
from lending.errors import Reason, Refused
from lending.models.base import AnyRow, table_of
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind
from lending.queries.scope import Branches, within


@dataclass(frozen=True, slots=True)
class TaskShown:
    """One task: ``what`` names the thing, ``kit`` is a code, ``patron`` a public id.

    It is not to be tried before ``due_at``, where that is set; ``tries`` counts what was tried in vain.
    """

    task: str
    kind: TaskKind
    what: str
    branch: str
    branch_name: str
    kit: str | None
    patron: str | None
    patron_short_name: str | None
    loan: str | None
    opened_at: datetime
    due_at: datetime | None
    tries: int
    closed_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class CallShown:
    """A call to be made: whom, on which number and in which language; ``left`` counts those that wait, with this one.

    About an overdue kit, or, with its public id as ``notice``, to tell a notice to somebody who asked for that.
    """

    task: str
    notice: str | None
    patron: str
    patron_name: str
    phone: str | None
    language: str
    kit: str | None
    kit_type: str | None
    due_at: datetime | None
    branch_name: str
    branch_phone: str
    zone: str
    tries: int
    left: int


_SHOWN = (
    select(
        Task.public_id.label("task"),
        Task.kind,
        Task.what,
        Branch.code.label("branch"),
        Branch.name.label("branch_name"),
        Kit.barcode.label("kit"),
        Patron.public_id.label("patron"),
        Patron.name.label("patron_name"),
        Loan.public_id.label("loan"),
        Task.opened_at,
        Task.due_at,
        Task.tries,
        Task.closed_at,
        Task.outcome,
    )
    .join(Branch, Branch.id == Task.branch_id)
    .outerjoin(Kit, Kit.id == Task.kit_id)
    .outerjoin(Patron, Patron.id == Task.patron_id)
    .outerjoin(Loan, Loan.id == Task.loan_id)
)


def tasks(
    session: Session,
    *,
    branch_ids: Branches,
    branch: str | None = None,
    kind: TaskKind | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[list[TaskShown], str | None]:
    """The open tasks of the reader's branches, or of one of them by its code, the oldest first.

    Gives also what continues behind the last one, ``None`` at the end.
    """
    chosen = _SHOWN.where(within(Task.branch_id, branch_ids), Task.closed_at.is_(None))
    if branch is not None:
        chosen = chosen.where(Branch.code == branch)
    if kind is not None:
        chosen = chosen.where(Task.kind == kind)
    if after is not None:
        chosen = chosen.where(Task.id > _behind(after, branch_ids))
    rows = session.execute(chosen.order_by(Task.id).limit(limit + 1)).all()
    found = [_shown(row) for row in rows[:limit]]
    return found, found[-1].task if len(rows) > limit else None


def task(session: Session, public_id: str, *, branch_ids: Branches) -> TaskShown:
    """One task, open or closed. ``NOT_FOUND`` also where the reader may not look."""
    row = session.execute(_SHOWN.where(Task.public_id == public_id, within(Task.branch_id, branch_ids))).one_or_none()
    if row is None:
        raise Refused.because(Reason.NOT_FOUND)
    return _shown(row)


def open_tasks(connection: Connection, *, branch_ids: Branches, at: datetime) -> Mapping[TaskKind, int]:
    """How many tasks of each kind wait at the reader's branches now, without those that are for later."""
    table = table_of(Task)
    chosen = (
        select(table.c.kind, func.count())
        .where(within(table.c.branch_id, branch_ids), table.c.closed_at.is_(None), _now(table.c.due_at, at))
        .group_by(table.c.kind)
    )
    return {row[0]: row[1] for row in connection.execute(chosen)}


def next_call(session: Session, *, branch_ids: Branches, at: datetime, after: str | None = None) -> CallShown | None:
    """The call that waits longest at the reader's branches, or the next one behind ``after``; ``None`` without one."""
    waiting = (
        within(Task.branch_id, branch_ids),
        Task.kind == TaskKind.CALL,
        Task.closed_at.is_(None),
        Task.patron_id.is_not(None),
        _now(Task.due_at, at),
        ~void_call(),
    )
    left = session.scalars(select(func.count()).select_from(Task).where(*waiting)).one()
    chosen = _call().where(*waiting)
    if after is not None:
        chosen = chosen.where(Task.id > _behind(after, branch_ids))
    row = session.execute(chosen.order_by(Task.id).limit(1)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    kind, _, name = values.pop("subject").partition(":")
    return CallShown(**values, notice=name if kind == "notice" else None, left=left)


def _call() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Task.public_id.label("task"),
            Task.subject,
            Patron.public_id.label("patron"),
            Patron.name.label("patron_name"),
            Patron.phone,
            Patron.language,
            Kit.barcode.label("kit"),
            KitType.name.label("kit_type"),
            Loan.due_at,
            Branch.name.label("branch_name"),
            Branch.phone.label("branch_phone"),
            Branch.zone,
            Task.tries,
        )
        .join(Branch, Branch.id == Task.branch_id)
        .join(Patron, Patron.id == Task.patron_id)
        .outerjoin(Loan, Loan.id == Task.loan_id)
        .outerjoin(Kit, Kit.id == Loan.kit_id)
        .outerjoin(KitType, KitType.id == Loan.kit_type_id)
    )


def _behind(after: str, branch_ids: Branches) -> ScalarSelect[int]:
    """The task that a list goes on behind; one of another branch leads nowhere, as one that there is not."""
    return select(Task.id).where(Task.public_id == after, within(Task.branch_id, branch_ids)).scalar_subquery()


def _now(due_at: Any, at: datetime) -> ColumnElement[bool]:
    return or_(due_at.is_(None), due_at <= at)


def _shown(row: AnyRow) -> TaskShown:
    values = dict(row._mapping)
    name = values.pop("patron_name")
    return TaskShown(**values, patron_short_name=None if name is None else short_name(name))
