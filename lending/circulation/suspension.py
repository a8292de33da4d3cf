"""A kit that is back, or due later after all: whatever was under way against its borrower ends.

Nobody telephones any more, and its lines are wanted again: a suspension that the carrier was not asked for yet is
withdrawn, and restoring is asked for at once, not only when somebody looks into the kit. Source: RULES 6, "restore on
return before the kit is free".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from lending.circulation.journal import record_each
from lending.circulation.locks import lock_kit, lock_stocks, lock_unreceived_loan
from lending.circulation.tasks import (
    close_calls,
    close_task,
    close_tasks,
    line_subject,
    loan_subject,
    open_tasks,
    reopen_calls,
)
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import LineState, LineVerb, LoanState
from lending.models.base import table_of
from lending.models.kits import Kit, Part
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan
from lending.models.notices import Notice
from lending.models.tasks import Task, TaskKind

_tasks = table_of(Task)
_NOT_WANTED = (LineState.SUSPENDING, LineState.SUSPENDED)
_IN_KIT = (
    select(Line, Kit.barcode)
    .join(LinePlacement, LinePlacement.line_id == Line.id)
    .join(Part, Part.id == LinePlacement.part_id)
    .join(Kit, Kit.id == Part.kit_id)
    .where(LinePlacement.until.is_(None))
    .order_by(Line.id)
    .with_for_update(of=Line, key_share=True)
)


@dataclass(frozen=True, slots=True)
class Stopped:
    """What ended: whether somebody was to telephone, and the lines (by id) that are asked for again."""

    call: bool
    lines: tuple[int, ...]


def stop_chasing(
    session: Session, *, loan_id: int, kit_id: int, branch_id: int, outcome: str, at: datetime, by: Actor
) -> Stopped:
    """End the calls and the suspensions for a loan, which is locked as its kit is; tasks are for ``branch_id``.

    ``outcome`` is a word for why. Part of another act, which writes the journal.
    """
    called = close_calls(session, loan_id, at=at, by=by, outcome=outcome)
    return Stopped(called, ask_to_restore(session, kit_id=kit_id, branch_id=branch_id, at=at, by=by))


def ask_to_restore(session: Session, *, kit_id: int, branch_id: int, at: datetime, by: Actor) -> tuple[int, ...]:
    """Ask for the suspended lines of a kit, which is locked, to be restored: a task at ``branch_id`` for each."""
    found = [(line, code) for line, code in _lines(session, kit_id) if line.state in _NOT_WANTED]
    asking = _Asking(LineVerb.ASK_TO_RESTORE, TaskKind.RESTORE_LINE, TaskKind.SUSPEND_LINE, "withdrawn")
    return _ask(session, found, asking, kit_id=kit_id, branch_id=branch_id, loan_id=None, at=at, by=by)


def chase_again(
    session: Session,
    stopped: Stopped,
    *,
    loan_id: int,
    kit_id: int,
    branch_id: int,
    stopped_at: datetime,
    at: datetime,
    by: Actor,
) -> None:
    """Take back what ``stop_chasing`` did at an instant: the return that ended it was none. Part of the undo."""
    if stopped.call:
        reopen_calls(session, loan_id, closed_at=stopped_at)
    if stopped.lines:
        known = [(line, code) for line, code in _lines(session, kit_id) if line.id in stopped.lines]
        found = [(line, code) for line, code in known if line.state is LineState.RESTORING]
        asking = _Asking(LineVerb.ASK_TO_SUSPEND, TaskKind.SUSPEND_LINE, TaskKind.RESTORE_LINE, "undone")
        _ask(session, found, asking, kit_id=kit_id, branch_id=branch_id, loan_id=loan_id, at=at, by=by)


def no_longer_late(session: Session, *, at: datetime) -> list[int]:
    """The loans, by their ids, that are due later after all, by a renewal or a new date, and are still acted against.

    A line that somebody suspended by hand belongs to no loan's steps, and is left alone.
    """
    of_ladder = _tasks.c.subject == func.concat(loan_subject(0)[:-1], Loan.id)
    against = (_tasks.c.kind == TaskKind.CALL) & _tasks.c.closed_at.is_(None) & of_ladder
    suspended = (_tasks.c.kind == TaskKind.SUSPEND_LINE) & (
        select(Line.id)
        .join(LinePlacement, LinePlacement.line_id == Line.id)
        .join(Part, Part.id == LinePlacement.part_id)
        .where(Part.kit_id == Loan.kit_id, LinePlacement.until.is_(None), Line.state.in_(_NOT_WANTED))
        .exists()
    )
    chosen = (
        select(Loan.id)
        .join(_tasks, _tasks.c.loan_id == Loan.id)
        .where(Loan.state == LoanState.OUT, Loan.due_at > at, against | suspended)
        .distinct()
        .order_by(Loan.id)
    )
    return list(session.scalars(chosen))


def void_call() -> ColumnElement[bool]:
    """Whether a call (a row of ``tasks``) tells of a due date that no longer stands: the kit is back, or due later.

    A return in time leaves the reminder that somebody was to telephone; nobody should.
    """
    return (_tasks.c.kind == TaskKind.CALL) & exists().where(
        func.concat("notice:", Notice.public_id) == _tasks.c.subject,
        Notice.term.is_not(None),
        Loan.id == Notice.loan_id,
        Loan.received_at.is_not(None) | (Loan.term != Notice.term),
    )


def close_void_calls(session: Session, *, at: datetime, by: Actor) -> int:
    """Close the calls that tell of due dates which no longer stand; how many. For the sweep."""
    by.permit(Act.ADMINISTER)
    void = update(_tasks).where(_tasks.c.closed_at.is_(None), void_call()).values(closed_at=at, outcome="void")
    return session.connection().execute(void).rowcount


def let_go(session: Session, loan_id: int, *, at: datetime, by: Actor) -> bool:
    """Stop acting against the borrower of a loan that is due later after all; whether it still is. For the sweep."""
    by.permit(Act.ADMINISTER)
    found = session.execute(
        select(Loan.kit_id, Kit.stock_id).join(Kit, Kit.id == Loan.kit_id).where(Loan.id == loan_id)
    ).one()
    lock_stocks(session, [found.stock_id])
    kit = lock_kit(session, found.kit_id)
    loan = lock_unreceived_loan(session, kit.id)
    if loan is None or loan.id != loan_id or loan.state is not LoanState.OUT or loan.due_at <= at:
        return False
    # A notice that goes by telephone may tell of the new date: it is not the ladder's call.
    close_task(session, TaskKind.CALL, subject=loan_subject(loan.id), at=at, by=by, outcome="due_later")
    ask_to_restore(session, kit_id=kit.id, branch_id=kit.branch_id, at=at, by=by)
    return True


@dataclass(frozen=True, slots=True)
class _Asking:
    """What is asked of the carrier, the task that opens, the one that it makes void, and the word for that."""

    verb: LineVerb
    opens: TaskKind
    voids: TaskKind
    outcome: str


_Lines = list[tuple[Line, str]]
"""Lines, each with the code of the kit that holds it."""


def _lines(session: Session, kit_id: int) -> _Lines:
    return [(row[0], row[1]) for row in session.execute(_IN_KIT.where(Part.kit_id == kit_id))]


def _ask(
    session: Session,
    found: _Lines,
    asking: _Asking,
    *,
    kit_id: int,
    branch_id: int,
    loan_id: int | None,
    at: datetime,
    by: Actor,
) -> tuple[int, ...]:
    if not found:
        return ()
    for line, _ in found:
        line.move(asking.verb)
    subjects = [line_subject(line.id) for line, _ in found]
    close_tasks(session, asking.voids, subjects=subjects, at=at, by=by, outcome=asking.outcome)
    open_tasks(
        session,
        asking.opens,
        [
            {"branch_id": branch_id, "opened_at": at, "subject": line_subject(line.id), "what": code}
            | {"kit_id": kit_id, "loan_id": loan_id, "patron_id": None}
            for line, code in found
        ],
    )
    record_each(
        session,
        asking.verb.value,
        [
            {
                "branch_id": branch_id,
                "kit_id": kit_id,
                "loan_id": loan_id,
                "patron": None,
                "detail": {"line_id": line.id},
            }
            for line, _ in found
        ],
        at=at,
        by=by,
    )
    return tuple(line.id for line, _ in found)
