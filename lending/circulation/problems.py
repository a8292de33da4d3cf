"""Problems with a kit that is out: told by its borrower, kept for the staff of the branch that lent it.

A part that was not in the bag and is told of soon enough is not billed, as at the desk; told later it is noted all the
same. What the patron writes stands in the task alone, never on the journal. Source: SCREENS, "My kit"; RULES 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.loans import record_on_kit
from lending.circulation.locks import lock_kit, lock_unreceived_loan
from lending.circulation.missing_parts import part_out, refuse_late_report
from lending.circulation.tasks import open_task
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.registration import needed_text, text_of
from lending.domain.states import LoanState
from lending.errors import Reason, Refused
from lending.models.loans import Loan, LoanPart
from lending.models.tasks import TaskKind

MISSING = "missing: "
"""How the task of a missing part begins; the pages say it in the reader's language."""

LONGEST = 140
"""Characters of what a patron writes; with the part's name before them they fit into a task."""


@dataclass(frozen=True, slots=True)
class ProblemTold:
    """Staff know of a problem. ``excused``: the part was missing from the beginning, and is not billed."""

    loan: str
    excused: bool


def tell_problem(
    session: Session, *, loan: str, part_id: int | None, is_missing: bool, words: str, at: datetime, by: Actor
) -> ProblemTold:
    """Tell staff of a problem with a part of a loan (its public id), or with the kit as a whole.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, ``NOT_ON_LOAN``, ``PART_UNKNOWN``, ``VALUE_MISSING`` or
    ``VALUE_WRONG`` for the words, and ``ALREADY_TOLD`` while staff still look into the same.
    """
    found = session.scalars(select(Loan).where(Loan.public_id == loan)).one_or_none()
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    by.permit_for_patron(Act.RENEW, found.patron_id, found.branch_id)
    said = _said(words, is_needed=part_id is None or not is_missing)
    kit = lock_kit(session, found.kit_id)
    row = lock_unreceived_loan(session, kit.id)
    if row is None or row.id != found.id or row.state is not LoanState.OUT:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit.barcode, state=kit.state.value)
    part = None if part_id is None else part_out(session, kit, row, part_id)
    excused = part is not None and is_missing and _excuse(session, row, part, at)
    task = open_task(
        session,
        TaskKind.PROBLEM,
        subject=f"problem:{row.id}:{part_id or 0}",
        branch_id=row.branch_id,
        what=_what(part, is_missing, said),
        at=at,
        kit_id=kit.id,
        loan_id=row.id,
        patron_id=row.patron_id,
    )
    if task is None:
        raise Refused.because(Reason.ALREADY_TOLD)
    detail = {"part_id": part_id, "missing": is_missing, "excused": excused, "task_id": task}
    record_on_kit(session, "report_problem", kit=kit, loan=row, branch_id=row.branch_id, at=at, by=by, detail=detail)
    return ProblemTold(row.public_id, excused)


def _said(words: str, *, is_needed: bool) -> str | None:
    return needed_text("words", words, LONGEST) if is_needed else text_of("words", words, LONGEST)


def _what(part: LoanPart | None, is_missing: bool, said: str | None) -> str:
    named = f"{MISSING}{part.name}" if part is not None and is_missing else part and part.name
    return ". ".join(text for text in (named, said) if text)


def _excuse(session: Session, loan: Loan, part: LoanPart, at: datetime) -> bool:
    """Note that a part was never in the bag, if it is early enough to believe it; whether it is."""
    try:
        refuse_late_report(session, loan, at=at)
    except Refused:
        return False
    part.reported_missing_at = part.reported_missing_at or at
    return True
