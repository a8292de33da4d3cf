"""What patrons ask about their own data: that it be erased. A person answers. Source: RULES 8."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_patron
from lending.circulation.patrons import find_patron
from lending.circulation.tasks import open_task
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.people import PatronStatus
from lending.models.tasks import TaskKind

ERASURE = "erasure"
"""What a task says that asks for a record to be erased."""


def ask_for_erasure(session: Session, *, patron: str, at: datetime, by: Actor) -> None:
    """Ask staff to erase what is kept about a patron (the public id).

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``ALREADY_TOLD`` while an earlier request waits.
    """
    found = find_patron(session, patron)
    by.permit_for_patron(Act.CHANGE_PATRON, found.id, found.home_branch_id)
    row = lock_patron(session, found.id)
    if row.status is not PatronStatus.ACTIVE:
        raise Refused.because(Reason.NOT_FOUND)
    task = open_task(
        session,
        TaskKind.PRIVACY_REQUEST,
        subject=f"{ERASURE}:{row.id}",
        branch_id=row.home_branch_id,
        what=ERASURE,
        at=at,
        patron_id=row.id,
    )
    if task is None:
        raise Refused.because(Reason.ALREADY_TOLD)
    detail = {"task_id": task}
    record(session, "ask_for_erasure", at=at, by=by, branch_id=row.home_branch_id, patron=row.pseudonym, detail=detail)
