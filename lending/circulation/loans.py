"""What the verbs on a loan share: its journal rows, and the notices that hang on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.telling import tell
from lending.domain.actors import Actor
from lending.domain.due_dates import Due
from lending.models.base import table_of
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.notices import Notice, NoticeState

_notices = table_of(Notice)


def record_on_kit(
    session: Session,
    verb: str,
    *,
    kit: Kit,
    at: datetime,
    by: Actor,
    detail: Mapping[str, Any],
    loan: Loan | None = None,
    branch_id: int | None = None,
) -> None:
    """Write an act on a kit, and on its loan if there is one, to the journal.

    ``branch_id`` is where it was done, the kit's own branch unless said otherwise.
    """
    record(
        session,
        verb,
        at=at,
        by=by,
        branch_id=kit.branch_id if branch_id is None else branch_id,
        kit_id=kit.id,
        loan_id=None if loan is None else loan.id,
        cohort_id=None if loan is None else loan.cohort_id,
        detail=detail,
    )


def add_term(
    session: Session,
    loan: Loan,
    kind: TermKind,
    due: Due,
    *,
    at: datetime,
    by: Actor,
    policy_id: int | None,
    reason: str | None = None,
) -> None:
    """Give a loan, which is locked, a new due date; notices of the one before it that still wait are cancelled."""
    cancel_term_notices(session, loan, loan.term)
    loan.term += 1
    loan.due_at = due.at
    session.add(
        LoanTerm(
            loan_id=loan.id,
            n=loan.term,
            kind=kind,
            due_at=due.at,
            cohort_id=loan.cohort_id,
            policy_id=policy_id,
            rule=due.rule.value,
            reason=reason,
            staff_id=by.staff_id,
            made_at=at,
        )
    )


def moved_from(due_from: datetime, due: Due, loan: Loan) -> dict[str, object]:
    """What the journal keeps of a new due date: when the loan was due, when it is due now, and by which term."""
    return {
        "due_from": due_from.isoformat(),
        "due_at": due.at.isoformat(),
        "due_on": due.on.isoformat(),
        "term": loan.term,
    }


def tell_borrower(session: Session, step: str, *, loan: Loan, at: datetime) -> None:
    """Put a notice about a loan into the outbox, once in each of its terms, by the channel that ``tell`` chooses."""
    subject = f"loan:{loan.public_id}:{loan.term}"
    tell(session, step, subject=subject, patron_id=loan.patron_id, at=at, loan_id=loan.id)


def cancel_notices(session: Session, loan: Loan, *, step: str | None = None) -> None:
    """Cancel what waits to be sent about a loan, the receipt excepted; or one ``step`` alone."""
    told = _notices.c.step == step if step is not None else _notices.c.step != "receipt"
    session.connection().execute(
        update(_notices)
        .where(_notices.c.loan_id == loan.id, _notices.c.state == NoticeState.PENDING, told)
        .values(state=NoticeState.CANCELLED)
    )


def cancel_term_notices(session: Session, loan: Loan, term: int) -> None:
    """Cancel what waits to be sent about a due date that no longer holds."""
    session.connection().execute(
        update(_notices)
        .where(
            _notices.c.loan_id == loan.id,
            _notices.c.term == term,
            _notices.c.state == NoticeState.PENDING,
            _notices.c.step != "receipt",
        )
        .values(state=NoticeState.CANCELLED)
    )
