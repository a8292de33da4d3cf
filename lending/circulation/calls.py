"""Overdue calls: what came of telephoning a patron whose kit is long overdue.

Nothing about what the kit holds is ever left with somebody else. A number that nobody answers is tried again on the
next open morning; a number that is somebody else's is forgotten, and finding the right one is a task. Source: RULES 6,
"telephone list with script and outcome"; SCREENS, "Overdue calls".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.calendars import branch_calendar
from lending.circulation.journal import record
from lending.circulation.locks import lock_patron
from lending.circulation.suspension import void_call
from lending.circulation.tasks import open_task
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.domain.ladders import MORNING
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.people import Patron
from lending.models.tasks import Task, TaskKind

PHONE = "phone"
"""What a task is about that asks for somebody's right telephone number."""


@unique
class CallOutcome(StrEnum):
    """What came of one call."""

    REACHED = "reached"
    LEFT_A_MESSAGE = "left_a_message"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


@dataclass(frozen=True, slots=True)
class CallNoted:
    """A call and what came of it; ``again_at`` is when to try again, ``None`` when nobody need call any more."""

    task: str
    outcome: CallOutcome
    tries: int
    again_at: datetime | None


def note_call(session: Session, *, task: str, outcome: CallOutcome, at: datetime, by: Actor) -> CallNoted:
    """Note what came of the call that ``task`` (its public id) asks for.

    Raises ``Refused``: ``NOT_FOUND``, also for a task that is no call; ``NOT_PERMITTED``; ``WRONG_STATE`` when the call
    is no longer wanted, for the kit came back or somebody else reached the patron.
    """
    chosen = select(Task).where(Task.public_id == task, Task.kind == TaskKind.CALL)
    found = session.scalars(chosen).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    by.permit(Act.CIRCULATE, found.branch_id)
    patron = None if found.patron_id is None else lock_patron(session, found.patron_id)
    row = session.scalars(chosen.with_for_update(key_share=True).execution_options(populate_existing=True)).one()
    void = session.scalars(select(Task.id).where(Task.id == row.id, void_call())).first() is not None
    if row.closed_at is not None or void:
        raise Refused.because(Reason.WRONG_STATE, state="closed")
    row.tries += 1
    again_at = _next_morning(session, row.branch_id, at) if outcome is CallOutcome.NO_ANSWER else None
    if again_at is None:
        row.closed_at, row.closed_by_id, row.outcome = at, by.staff_id, outcome.value
    row.due_at = again_at
    if outcome is CallOutcome.WRONG_NUMBER and patron is not None:
        _forget_number(session, patron, at=at)
    record(
        session,
        "note_call",
        at=at,
        by=by,
        branch_id=row.branch_id,
        kit_id=row.kit_id,
        loan_id=row.loan_id,
        detail={"task_id": row.id, "outcome": outcome.value, "tries": row.tries},
    )
    return CallNoted(row.public_id, outcome, row.tries, again_at)


def phone_subject(patron_id: int) -> str:
    """The subject of the task that asks for a patron's right telephone number."""
    return f"patron:{patron_id}:{PHONE}"


def _forget_number(session: Session, patron: Patron, *, at: datetime) -> None:
    """A consent to text messages was given for that number, and goes with it."""
    patron.phone = patron.text_consent_at = patron.text_consent_wording = None
    open_task(
        session,
        TaskKind.BOUNCE,
        subject=phone_subject(patron.id),
        branch_id=patron.home_branch_id,
        what=PHONE,
        at=at,
        patron_id=patron.id,
    )


def _next_morning(session: Session, branch_id: int, at: datetime) -> datetime:
    """Eight o'clock of the branch's next open day; of the next day where it stays closed for long."""
    calendar: Calendar = branch_calendar(session, branch_id, since=at.date())
    tomorrow = calendar.local_date(at) + timedelta(days=1)
    return calendar.instant(calendar.next_open_on_or_after(tomorrow) or tomorrow, MORNING)
