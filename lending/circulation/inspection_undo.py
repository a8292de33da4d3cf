"""An inspection taken back: the kit waits for it again, and so does the loan.

Charges that were made are cancelled, tasks withdrawn, steps forgotten, the notice not sent; what the parts were before
is on the journal. Part of ``undo.py``, which decides whether it is time to. Source: RULES 5, "Undo".
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.charges import withdraw_charges
from lending.circulation.counts import count_duration
from lending.circulation.inspection import count_inspection
from lending.circulation.loans import cancel_notices, record_on_kit
from lending.circulation.locks import lock_kit, lock_loan, lock_stocks
from lending.circulation.missing_parts import NOTICE
from lending.circulation.reservations import take_promises_back
from lending.domain.actors import Actor
from lending.domain.states import KitState, KitVerb, LoanVerb
from lending.errors import Reason, Refused
from lending.models.counts import Measure
from lending.models.journal import JournalEntry
from lending.models.kits import Kit, Part, PartState, TurnaroundStep
from lending.models.loans import Loan, LoanPart, LoanPartState
from lending.models.tasks import Task


def undo_inspection(session: Session, entry: JournalEntry, *, at: datetime, by: Actor) -> tuple[Kit, Loan | None]:
    """Take back the inspection that ``entry`` tells of; gives the kit and the loan it belonged to.

    Raises ``Refused``: ``NOTHING_TO_UNDO`` for a second look at an incomplete kit, ``CHANGED_SINCE`` when anything has
    happened to the kit since or a charge was settled; and ``NoSuchMove`` when the kit or loan has moved on.
    """
    detail = entry.detail
    if entry.kit_id is None or detail["kit_from"] != KitState.TO_INSPECT:
        raise Refused.because(Reason.NOTHING_TO_UNDO)
    lock_stocks(session, session.scalars(select(Kit.stock_id).where(Kit.id == entry.kit_id)).all())
    kit = lock_kit(session, entry.kit_id)
    loan = None if entry.loan_id is None else lock_loan(session, entry.loan_id)
    later = exists().where(JournalEntry.kit_id == kit.id, JournalEntry.id > entry.id, JournalEntry.act != entry.act)
    if session.scalar(select(later)):
        raise Refused.because(Reason.CHANGED_SINCE)
    if kit.state is KitState.AVAILABLE:  # every step was done with the inspection
        kit.move(KitVerb.UNDO_FREE)
    kit.move(KitVerb.UNDO_INSPECTION)
    since = detail["since"]
    kit.turnaround_since = None if since is None else datetime.fromisoformat(since)
    kit.quarantine_until = None
    for part in session.scalars(select(Part).where(Part.id.in_([int(key) for key in detail["found"]]))):
        part.state = PartState(detail["parts_from"][str(part.id)])
    if loan is not None:
        loan.move(LoanVerb.UNDO_INSPECTION)
        loan.settled_at = loan.incomplete_until = None
        session.execute(
            update(LoanPart)
            .where(LoanPart.loan_id == loan.id, LoanPart.part_id.in_([int(key) for key in detail["found"]]))
            .values(state=LoanPartState.OUT, note=None, settled_at=None)
        )
        withdraw_charges(session, loan, detail["charges"], at=at, by=by)
        cancel_notices(session, loan, step=NOTICE)
    take_promises_back(session, entry.act, at=at, by=by)
    session.execute(
        update(Task)
        .where(Task.id.in_(detail["tasks"]), Task.closed_at.is_(None))
        .values(closed_at=at, closed_by_id=by.staff_id, outcome="undone")
    )
    session.execute(
        delete(TurnaroundStep).where(
            TurnaroundStep.kit_id == kit.id,
            TurnaroundStep.round == kit.round,
            TurnaroundStep.kind.in_(detail["steps"]),
        )
    )
    freed = session.scalars(
        select(JournalEntry).where(
            JournalEntry.kit_id == kit.id, JournalEntry.act == entry.act, JournalEntry.verb == "free"
        )
    ).one_or_none()
    record_on_kit(
        session,
        "undo_inspect",
        kit=kit,
        loan=loan,
        branch_id=entry.branch_id,
        at=at,
        by=by,
        detail={"undone": entry.id, "freed": None if freed is None else freed.id},
    )
    day = local_day(session, kit.branch_id, entry.at)
    count_inspection(session, kit, loan, detail, day=day, undone=True)
    if freed is not None:
        seconds = freed.detail["seconds"]
        about = {"branch_id": kit.branch_id, "kit_type_id": kit.kit_type_id}
        count_duration(session, Measure.TURNAROUND, seconds, day=day, n=-1, **about)
    return kit, loan
