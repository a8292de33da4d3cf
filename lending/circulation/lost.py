"""Kits that do not come back: declared lost by staff, or claimed by the patron to have been returned.

A lost kit is billed once, as a whole; its lines end, because nobody should use them. When it comes back, the return
takes the charge away and keeps its history. A claim stops the clock while staff look.
Source: RULES 6 (claims, lost); case 9 of RULES 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from lending.circulation.calendars import local_day
from lending.circulation.charges import add_charge, cancel_lost_charge
from lending.circulation.counts import count_act
from lending.circulation.journal import record_each
from lending.circulation.loans import cancel_notices, record_on_kit
from lending.circulation.locks import KitIds, find_kit, lock_kit, lock_loan, lock_stocks, lock_unreceived_loan
from lending.circulation.policies import policy_for
from lending.circulation.tasks import close_calls, close_task, line_subject, loan_subject, open_task
from lending.circulation.turnaround import lines_of
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import KitVerb, LineState, LineVerb, LoanState, LoanVerb
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.charges import ChargeKind
from lending.models.kits import Kit, KitType, Part
from lending.models.lines import Line, LinePlacement
from lending.models.loans import ClaimEnd, Loan
from lending.models.tasks import TaskKind


@dataclass(frozen=True, slots=True)
class DeclaredLost:
    """A kit was given up for lost, and what was charged for it, in cents."""

    loan: str
    kit: str
    charged_cents: int
    lines_ended: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A patron says that a kit was returned; since when the clock stands."""

    loan: str
    kit: str
    claimed_at: datetime


def declare_lost(session: Session, *, kit: str, at: datetime, by: Actor) -> DeclaredLost:
    """Give up ``kit`` (its code), which is out: charge the whole kit once, and end its lines.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``NOT_ON_LOAN``, or ``LOST`` when it is lost already.
    """
    ids = find_kit(session, kit)
    by.permit(Act.WITHDRAW_KIT, ids.branch_id if ids.loan_branch_id is None else ids.loan_branch_id)
    row, loan = _locked(session, ids)
    if loan.state is LoanState.LOST:
        raise Refused.because(Reason.LOST, kit=row.barcode)
    charged, ended = give_up_for_lost(session, row, loan, verb="declare_lost", at=at, by=by)
    return DeclaredLost(loan.public_id, row.barcode, charged, ended)


def claim_returned(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> Claimed:
    """Note at a branch that the patron says ``kit`` was returned: the clock stops, reminders end, staff look for it.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_PERMITTED``, ``NOT_ON_LOAN``, or ``WRONG_STATE`` when it was claimed or
    lost before.
    """
    by.permit(Act.CIRCULATE, branch_id)
    row, loan = _locked(session, find_kit(session, kit))
    if loan.state is not LoanState.OUT:
        raise Refused.because(Reason.WRONG_STATE, kit=row.barcode, state=loan.state.value)
    loan.move(LoanVerb.CLAIM_RETURNED)
    loan.claimed_at, loan.claim_end = at, None
    cancel_notices(session, loan)
    close_calls(session, loan.id, at=at, by=by, outcome="claimed")
    task = open_task(
        session,
        TaskKind.CLAIM,
        subject=loan_subject(loan.id),
        branch_id=loan.branch_id,
        what=row.barcode,
        at=at,
        kit_id=row.id,
        loan_id=loan.id,
        patron_id=loan.patron_id,
    )
    detail = {"task_id": task, "due_at": loan.due_at.isoformat()}
    record_on_kit(session, "claim_returned", kit=row, loan=loan, branch_id=branch_id, at=at, by=by, detail=detail)
    return Claimed(loan.public_id, row.barcode, at)


def take_claim_back(session: Session, *, kit: str, branch_id: int, at: datetime, by: Actor) -> Claimed:
    """The patron finds that they have ``kit`` after all, or the claim was noted by mistake: the clock goes on.

    The kit is due when it was; steps of its ladder that came due meanwhile are taken at the next sweep, the latest one
    told. Raises ``Refused`` as ``claim_returned`` does; ``WRONG_STATE`` for a loan that is not claimed.
    """
    by.permit(Act.CIRCULATE, branch_id)
    row, loan = _locked(session, find_kit(session, kit))
    if loan.state is not LoanState.CLAIMED or loan.claimed_at is None:
        raise Refused.because(Reason.WRONG_STATE, kit=row.barcode, state=loan.state.value)
    claimed_at = loan.claimed_at
    loan.move(LoanVerb.TAKE_CLAIM_BACK)
    loan.claimed_at = None
    close_task(session, TaskKind.CLAIM, subject=loan_subject(loan.id), at=at, by=by, outcome="taken_back")
    detail = {"claimed_at": claimed_at.isoformat(), "due_at": loan.due_at.isoformat()}
    record_on_kit(session, "take_claim_back", kit=row, loan=loan, branch_id=branch_id, at=at, by=by, detail=detail)
    return Claimed(loan.public_id, row.barcode, claimed_at)


def end_claim(session: Session, loan_id: int, end: ClaimEnd, *, at: datetime, by: Actor) -> None:
    """Keep how a claim ended, and close its task. Part of the return or the giving up, which holds the loan."""
    loans = table_of(Loan)
    session.execute(update(loans).where(loans.c.id == loan_id).values(claim_end=end))
    close_task(session, TaskKind.CLAIM, subject=loan_subject(loan_id), at=at, by=by, outcome=end.value)


def came_back(session: Session, *, loan_id: int, kit_id: int, at: datetime, by: Actor) -> int | None:
    """A lost kit is back: its bill falls away; where its lines have ended, the policy's fee for new ones is charged.

    Gives the id of the fee's charge, if there is one. Part of the return, which holds the kit and the loan.
    """
    cancel_lost_charge(session, loan_id=loan_id, at=at, by=by)
    loan = lock_loan(session, loan_id)
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    ended = exists().where(
        Line.id == LinePlacement.line_id,
        LinePlacement.part_id == Part.id,
        LinePlacement.until.is_(None),
        Part.kit_id == kit_id,
        Line.state == LineState.ENDED,
    )
    if not policy.reactivation_fee_cents or not session.scalar(select(ended)):
        return None
    return add_charge(session, ChargeKind.REACTIVATION, policy.reactivation_fee_cents, loan=loan, at=at)


def give_up_for_lost(session: Session, kit: Kit, loan: Loan, *, verb: str, at: datetime, by: Actor) -> tuple[int, int]:
    """Give up a kit that is out, locked as its loan is; what was charged, in cents, and how many lines ended.

    Part of another act, whose ``verb`` the journal keeps.
    """
    loan_from = loan.state
    price = session.scalars(select(KitType.whole_price_cents).where(KitType.id == loan.kit_type_id)).one()
    loan.move(LoanVerb.DECLARE_LOST)
    loan.lost_at = at
    kit.move(KitVerb.DECLARE_LOST)
    charge = add_charge(session, ChargeKind.WHOLE_KIT, price, loan=loan, at=at)
    ended = _end_lines(session, kit, loan, at=at, by=by)
    cancel_notices(session, loan)
    if loan_from is LoanState.CLAIMED:
        end_claim(session, loan.id, ClaimEnd.LOST, at=at, by=by)
    close_calls(session, loan.id, at=at, by=by, outcome="lost")
    detail = {"loan_from": loan_from.value, "charge_id": charge, "amount_cents": price, "lines": ended}
    record_on_kit(session, verb, kit=kit, loan=loan, branch_id=loan.branch_id, at=at, by=by, detail=detail)
    count_act(
        session,
        verb,
        detail,
        day=local_day(session, loan.branch_id, at),
        branch_id=loan.branch_id,
        kit_type_id=loan.kit_type_id,
        cohort_id=loan.cohort_id,
    )
    return price, len(ended)


def _locked(session: Session, ids: KitIds) -> tuple[Kit, Loan]:
    lock_stocks(session, [ids.stock_id])
    kit = lock_kit(session, ids.kit_id)
    loan = lock_unreceived_loan(session, kit.id)
    if loan is None:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit.barcode, state=kit.state.value)
    return kit, loan


def _end_lines(session: Session, kit: Kit, loan: Loan, *, at: datetime, by: Actor) -> list[int]:
    """End the kit's lines; what was asked of their carriers is no longer wanted."""
    ended = []
    for line in lines_of(session, kit):
        if line.state is LineState.ENDED:
            continue
        line.move(LineVerb.END)
        for kind in (TaskKind.SUSPEND_LINE, TaskKind.RESTORE_LINE):
            close_task(session, kind, subject=line_subject(line.id), at=at, by=by, outcome="ended")
        ended.append(line.id)
    about = {"branch_id": loan.branch_id, "kit_id": kit.id, "loan_id": loan.id, "patron": None}
    record_each(
        session, LineVerb.END.value, [{**about, "detail": {"line_id": line_id}} for line_id in ended], at=at, by=by
    )
    return ended
