"""Charges: what a patron owes for a part or a kit, and how that ends.

A charge is never deleted: it is paid, waived or cancelled, and one that was paid and then falls away becomes a refund
that someone must hand back. Amounts are whole cents. Source: RULES 1 (bills), 5 and 6 (charges).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from lending.circulation.journal import record
from lending.circulation.locks import lock_loan
from lending.circulation.tasks import charge_subject, close_task, open_task
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.domain.states import ChargeState, ChargeVerb, NoSuchMove
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.charges import Charge, ChargeKind
from lending.models.loans import Loan
from lending.models.tasks import TaskKind

_charges = table_of(Charge)
_ADD = insert(_charges).returning(_charges.c.id)


@dataclass(frozen=True, slots=True)
class ChargeChanged:
    """What became of one charge."""

    charge: str
    loan: str
    kind: ChargeKind
    amount_cents: int
    state: ChargeState


def add_charge(
    session: Session,
    kind: ChargeKind,
    amount_cents: int,
    *,
    loan: Loan,
    at: datetime,
    loan_part_id: int | None = None,
) -> int | None:
    """Charge the loan's patron, and give the charge's id; an amount of nothing is no charge (``None``).

    Part of another act, which has locked the loan and writes the journal.
    """
    if amount_cents == 0:
        return None
    values = {
        "patron_id": loan.patron_id,
        "loan_id": loan.id,
        "loan_part_id": loan_part_id,
        "branch_id": loan.branch_id,
        "kind": kind,
        "amount_cents": amount_cents,
        "state": ChargeState.OWED,
        "made_at": at,
    }
    return int(session.connection().execute(_ADD, values).scalar_one())


def pay_charge(session: Session, *, charge: str, at: datetime, by: Actor) -> ChargeChanged:
    """Record that a charge (its public id) was paid in full.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, or ``WRONG_STATE`` when it is not owed.
    """
    row, loan = _locked(session, charge)
    by.permit(Act.RECORD_PAYMENT, row.branch_id)
    return _end(session, row, loan, ChargeVerb.PAY, reason=None, at=at, by=by)


def waive_charge(session: Session, *, charge: str, reason: str, at: datetime, by: Actor) -> ChargeChanged:
    """Let a patron off a charge that stands. Raises ``Refused`` as ``pay_charge`` does, and ``REASON_NEEDED``."""
    row, loan = _locked(session, charge)
    by.permit(Act.WAIVE_CHARGE, row.branch_id)
    return _end(session, row, loan, ChargeVerb.WAIVE, reason=_said(reason), at=at, by=by)


def cancel_charge(session: Session, *, charge: str, reason: str, at: datetime, by: Actor) -> ChargeChanged:
    """Take back a charge that should not have been made; one already paid becomes a refund and its task.

    Raises ``Refused`` as ``pay_charge`` does, and ``REASON_NEEDED``.
    """
    row, loan = _locked(session, charge)
    by.permit(Act.WAIVE_CHARGE, row.branch_id)
    said = _said(reason)
    verb = ChargeVerb.OWE_REFUND if row.state is ChargeState.PAID else ChargeVerb.CANCEL
    changed = _end(session, row, loan, verb, reason=said, at=at, by=by)
    if verb is ChargeVerb.OWE_REFUND:
        _ask_for_refund(session, row, at=at)
    return changed


def refund_charge(session: Session, *, charge: str, at: datetime, by: Actor) -> ChargeChanged:
    """Record that a refund was handed over, and close its task.

    Raises ``Refused``: ``NOT_FOUND``, ``NOT_PERMITTED``, or ``WRONG_STATE`` when no refund is due.
    """
    row, loan = _locked(session, charge)
    by.permit(Act.RECORD_PAYMENT, row.branch_id)
    changed = _end(session, row, loan, ChargeVerb.REFUND, reason=None, at=at, by=by)
    close_task(session, TaskKind.REFUND, subject=charge_subject(row.id), at=at, by=by, outcome="refunded")
    return changed


def cancel_lost_charge(session: Session, *, loan_id: int, at: datetime, by: Actor) -> list[int]:
    """A lost kit has come back: its whole-kit charge falls away, and what was paid is owed back.

    Part of the return, which holds the loan. Gives the ids of the charges that ended; their history stays.
    """
    loan = lock_loan(session, loan_id)
    return _take_back(session, loan, _live(loan, ChargeKind.WHOLE_KIT), reason="returned", at=at, by=by)


def cancel_part_charge(session: Session, loan: Loan, loan_part_id: int, *, at: datetime, by: Actor) -> list[int]:
    """A billed part has come back: its charge falls away as a lost kit's does."""
    of_part = _live(loan, ChargeKind.MISSING_PART).where(Charge.loan_part_id == loan_part_id)
    return _take_back(session, loan, of_part, reason="brought_back", at=at, by=by)


def withdraw_charges(session: Session, loan: Loan, charge_ids: Collection[int], *, at: datetime, by: Actor) -> None:
    """The act that made these charges is undone. ``CHANGED_SINCE`` when one was paid or ended meanwhile."""
    chosen = select(Charge).where(Charge.id.in_(charge_ids), Charge.loan_id == loan.id).order_by(Charge.id)
    for charge in session.scalars(chosen).all():
        if charge.state is not ChargeState.OWED:
            raise Refused.because(Reason.CHANGED_SINCE)
        _end(session, charge, loan, ChargeVerb.CANCEL, reason="undone", at=at, by=by)


def part_charges_cents(session: Session, loan: Loan) -> int:
    """What is owed or was paid for missing parts of this loan, in cents."""
    return sum(charge.amount_cents for charge in session.scalars(_live(loan, ChargeKind.MISSING_PART)))


def _live(loan: Loan, kind: ChargeKind) -> Select[Charge]:
    return (
        select(Charge)
        .where(Charge.loan_id == loan.id, Charge.kind == kind, Charge.state.in_([ChargeState.OWED, ChargeState.PAID]))
        .order_by(Charge.id)
    )


def _take_back(
    session: Session, loan: Loan, chosen: Select[Charge], *, reason: str, at: datetime, by: Actor
) -> list[int]:
    ended = []
    for charge in session.scalars(chosen).all():
        if charge.state is ChargeState.PAID:
            _end(session, charge, loan, ChargeVerb.OWE_REFUND, reason=reason, at=at, by=by)
            _ask_for_refund(session, charge, at=at)
        else:
            _end(session, charge, loan, ChargeVerb.CANCEL, reason=reason, at=at, by=by)
        ended.append(charge.id)
    return ended


def _locked(session: Session, public_id: str) -> tuple[Charge, Loan]:
    """The charge with the loan that guards it: whoever changes a loan's charges holds the loan."""
    loan_id = session.scalar(select(Charge.loan_id).where(Charge.public_id == public_id))
    if loan_id is None:
        raise Refused.because(Reason.NOT_FOUND)
    loan = lock_loan(session, loan_id)
    chosen = select(Charge).where(Charge.public_id == public_id).execution_options(populate_existing=True)
    return session.scalars(chosen).one(), loan


def _end(
    session: Session, charge: Charge, loan: Loan, verb: ChargeVerb, *, reason: str | None, at: datetime, by: Actor
) -> ChargeChanged:
    old = charge.state
    try:
        charge.move(verb)
    except NoSuchMove as wrong:
        raise Refused.because(Reason.WRONG_STATE, state=wrong.state.value) from None
    charge.ended_at, charge.ended_reason = at, reason
    record(
        session,
        f"{verb.value}_charge",
        at=at,
        by=by,
        branch_id=charge.branch_id,
        kit_id=loan.kit_id,
        loan_id=loan.id,
        cohort_id=loan.cohort_id,
        detail={"charge_id": charge.id, "amount_cents": charge.amount_cents, "from": old.value},
    )
    return ChargeChanged(charge.public_id, loan.public_id, charge.kind, charge.amount_cents, charge.state)


def _ask_for_refund(session: Session, charge: Charge, *, at: datetime) -> None:
    open_task(
        session,
        TaskKind.REFUND,
        subject=charge_subject(charge.id),
        branch_id=charge.branch_id,
        what=charge.kind.value,
        at=at,
        loan_id=charge.loan_id,
        patron_id=charge.patron_id,
    )


def _said(reason: str) -> str:
    if not reason.strip():
        raise Refused.because(Reason.REASON_NEEDED)
    return reason.strip()[:240]
