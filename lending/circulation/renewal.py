"""Renewal, and a due date set by hand: a loan gets a new term.

An open loan is renewed from its old due date, a set number of times, unless someone waits whom no free kit can serve.
A date by hand needs a reason and a role. Neither moves a date that a rule change would move. Source: RULES 3; case 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from lending.circulation.availability import outlook
from lending.circulation.calendars import branch_calendar
from lending.circulation.checkout import NO_OVERRIDE, Override
from lending.circulation.checkout_statements import unreceived
from lending.circulation.counts import count
from lending.circulation.loans import add_term, moved_from, record_on_kit
from lending.circulation.locks import find_kit, keep_calendar, lock_kit, lock_stocks, lock_unreceived_loan
from lending.circulation.policies import policy_for
from lending.circulation.telling import tell
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.domain.counting import Counter
from lending.domain.due_dates import Ceiling, Due, DueRule, by_hand_due, renewal_due
from lending.domain.permissions import Act, Role
from lending.domain.renewal import RenewalFacts, blocks
from lending.domain.states import LoanState, ReservationState
from lending.errors import Block, Reason, Refused
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.people import Patron
from lending.models.policies import Policy
from lending.models.reservations import Reservation


@dataclass(frozen=True, slots=True)
class Renewed:
    """A loan with its new due date. ``left`` renewals are still to be had; ``overridden``: against a rule."""

    loan: str
    kit: str
    due_at: datetime
    due_on: date
    rule: DueRule
    term: int
    left: int
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class DueDateSet:
    """A loan whose due date was set by hand. ``rolled_from`` is the closed day that was asked for, if it was one."""

    loan: str
    kit: str
    due_at: datetime
    due_on: date
    rolled_from: date | None
    term: int


def renew(session: Session, *, kit: str, at: datetime, by: Actor, override: Override = NO_OVERRIDE) -> Renewed:
    """Renew the loan that ``kit`` (its code) is out on: by staff, by its patron, or by the system.

    Raises ``Refused`` with every block of ``domain/renewal.py`` that was not overridden; ``KIT_UNKNOWN``,
    ``NOT_ON_LOAN``, ``NOT_PERMITTED``, and ``REASON_NEEDED`` for an override without a note.
    """
    if override.reasons and not override.note.strip():
        raise Refused.because(Reason.REASON_NEEDED)
    row, loan = _locked(session, kit)
    _permit_renewal(by, loan)
    calendar = branch_calendar(session, loan.branch_id, since=_since(loan, at))
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    facts = _facts(session, row, loan, calendar, policy, at)
    against = blocks(facts, by.may_override)
    standing = [block for block in against if not (block.overridable and block.reason in override.reasons)]
    if standing or facts.renewed is None:
        raise Refused(*standing)
    kind, counter = _kind(by)
    due_from, due = loan.due_at, facts.renewed
    add_term(session, loan, kind, due, at=at, by=by, policy_id=policy.id, reason=override.note.strip()[:240] or None)
    loan.renewals += 1
    record_on_kit(
        session,
        "renew",
        kit=row,
        loan=loan,
        branch_id=loan.branch_id,
        at=at,
        by=by,
        detail={
            **moved_from(due_from, due, loan),
            "rule": due.rule.value,
            "kind": kind.value,
            "left": max(policy.renewals - loan.renewals, 0),
            "overridden": sorted(block.reason.value for block in against),
        },
    )
    count(
        session,
        counter,
        day=calendar.local_date(at),
        branch_id=loan.branch_id,
        kit_type_id=loan.kit_type_id,
        cohort_id=loan.cohort_id,
    )
    left = max(policy.renewals - loan.renewals, 0)
    return Renewed(loan.public_id, row.barcode, due.at, due.on, due.rule, loan.term, left, bool(against))


@dataclass(frozen=True, slots=True)
class Renewable:
    """Whether a loan could be renewed now: until when, or what stands against it."""

    due_at: datetime | None
    blocks: tuple[Block, ...]


def preview_renewal(session: Session, *, kit: str, at: datetime, by: Actor) -> Renewable:
    """What ``renew`` would do with the loan that ``kit`` is out on, without a lock and without a change.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_ON_LOAN``, ``NOT_PERMITTED``.
    """
    row = session.scalars(select(Kit).where(Kit.barcode == kit)).one_or_none()
    if row is None:
        raise Refused.because(Reason.KIT_UNKNOWN, kit=kit)
    loan = session.scalars(select(Loan).where(Loan.kit_id == row.id, unreceived)).one_or_none()
    if loan is None:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit, state=row.state.value)
    _permit_renewal(by, loan)
    calendar = branch_calendar(session, loan.branch_id, since=_since(loan, at))
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    facts = _facts(session, row, loan, calendar, policy, at)
    against = tuple(blocks(facts, by.may_override))
    return Renewable(None if against or facts.renewed is None else facts.renewed.at, against)


RENEWED_BEFORE = timedelta(days=2)
"""How long before its due instant a loan is renewed by itself, where its policy says so."""
RENEWED = "renewed"
"""The step of the notice that tells a patron of it."""


def to_renew(session: Session, *, at: datetime) -> list[int]:
    """The open loans that are due soon, by their ids; none where no policy renews loans by itself."""
    if session.scalars(select(Policy.id).where(Policy.auto_renews).limit(1)).first() is None:
        return []
    soon = (Loan.due_at > at) & (Loan.due_at <= at + RENEWED_BEFORE)
    chosen = select(Loan.id).where(
        Loan.state == LoanState.OUT, Loan.received_at.is_(None), Loan.cohort_id.is_(None), soon
    )
    return list(session.scalars(chosen.order_by(Loan.id)))


def renew_by_itself(session: Session, loan_id: int, *, at: datetime, by: Actor) -> bool:
    """Renew a loan that is due soon, if its policy renews by itself, and tell its patron; whether it was renewed.

    Refused as ``renew`` is, which nobody is told of: the reminders of the due date follow. For the sweep.
    """
    loan = session.get_one(Loan, loan_id)
    policy = policy_for(session, kit_type_id=loan.kit_type_id, branch_id=loan.branch_id, at=at)
    if not policy.auto_renews:
        return False
    code = session.scalars(select(Kit.barcode).where(Kit.id == loan.kit_id)).one()
    renewed = renew(session, kit=code, at=at, by=by)
    if renewed.loan != loan.public_id:
        raise Refused.because(Reason.CHANGED_SINCE)
    subject = f"loan:{renewed.loan}:{renewed.term}"
    tell(session, RENEWED, subject=subject, patron_id=loan.patron_id, at=at, loan_id=loan.id)
    return True


def set_due_date(session: Session, *, kit: str, on: date, reason: str, at: datetime, by: Actor) -> DueDateSet:
    """Set the due date of the loan that ``kit`` is out on. A closed day rolls forward, and says so.

    Raises ``Refused``: ``KIT_UNKNOWN``, ``NOT_ON_LOAN``, ``LOST``, ``WRONG_STATE`` for a claimed loan,
    ``NOT_PERMITTED``, ``REASON_NEEDED``, ``DATE_IN_THE_PAST``, ``NO_OPEN_DAY``.
    """
    keep_calendar(session, find_kit(session, kit).loan_branch_id)
    row, loan = _locked(session, kit)
    by.permit(Act.SET_DUE_DATE, loan.branch_id)
    if not reason.strip():
        raise Refused.because(Reason.REASON_NEEDED)
    if loan.state is not LoanState.OUT:
        wrong = Reason.LOST if loan.state is LoanState.LOST else Reason.WRONG_STATE
        raise Refused.because(wrong, kit=row.barcode, state=loan.state.value)
    calendar = branch_calendar(session, loan.branch_id, since=_since(loan, at))
    due = by_hand_due(calendar, on, at=at)
    if due is None:
        no_day = on > calendar.local_date(at)
        raise Refused.because(Reason.NO_OPEN_DAY if no_day else Reason.DATE_IN_THE_PAST, on=on)
    due_from = loan.due_at
    policy_id = session.scalars(
        select(LoanTerm.policy_id).where(LoanTerm.loan_id == loan.id, LoanTerm.n == loan.term)
    ).one()
    add_term(session, loan, TermKind.BY_HAND, due, at=at, by=by, policy_id=policy_id, reason=reason.strip()[:240])
    record_on_kit(
        session,
        "set_due_date",
        kit=row,
        loan=loan,
        branch_id=loan.branch_id,
        at=at,
        by=by,
        detail={
            **moved_from(due_from, due, loan),
            "rolled_from": None if due.rolled_from is None else due.rolled_from.isoformat(),
        },
    )
    return DueDateSet(loan.public_id, row.barcode, due.at, due.on, due.rolled_from, loan.term)


def _locked(session: Session, code: str) -> tuple[Kit, Loan]:
    """The kit and the loan it is out on, locked with the stock whose kits the renewal counts."""
    ids = find_kit(session, code)
    lock_stocks(session, [ids.stock_id])
    kit = lock_kit(session, ids.kit_id)
    loan = lock_unreceived_loan(session, kit.id)
    if loan is None:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit.barcode, state=kit.state.value)
    return kit, loan


def _permit_renewal(by: Actor, loan: Loan) -> None:
    """Patrons renew their own loans, staff those of their branches."""
    if by.role is Role.PATRON and by.patron_id is not None and by.patron_id == loan.patron_id:
        return
    by.permit(Act.RENEW, loan.branch_id)


def _kind(by: Actor) -> tuple[TermKind, Counter]:
    if by.role is Role.PATRON:
        return TermKind.PATRON_RENEWAL, Counter.PATRON_RENEWAL
    if by.role is Role.SYSTEM:
        return TermKind.AUTO_RENEWAL, Counter.AUTO_RENEWAL
    return TermKind.STAFF_RENEWAL, Counter.STAFF_RENEWAL


def _facts(session: Session, kit: Kit, loan: Loan, calendar: Calendar, policy: Row[Any], at: datetime) -> RenewalFacts:
    patron = session.execute(select(Patron.blocked_reason, Patron.expires_on).where(Patron.id == loan.patron_id)).one()
    waiting = session.scalars(
        select(func.count()).where(
            Reservation.stock_id == kit.stock_id,
            Reservation.cohort_id.is_(None),
            Reservation.state == ReservationState.WAITING,
        )
    ).one()
    today = calendar.local_date(at)
    current = Due(loan.due_at, calendar.local_date(loan.due_at), DueRule.LOAN_PERIOD)
    longest = (current.on - today).days + policy.loan_days
    ahead = outlook(
        session,
        kit.stock_id,
        calendar=calendar,
        at=at,
        turnaround_open_days=policy.turnaround_open_days,
        overdue_hold_days=policy.overdue_hold_days,
        renewing=loan.due_at,
    )
    last_free_day = ahead.ceiling(longest)
    ceilings = []
    if patron.expires_on is not None:
        ceilings.append(Ceiling(DueRule.CEILING_CARD_EXPIRY, patron.expires_on))
    if last_free_day is not None:
        ceilings.append(Ceiling(DueRule.CEILING_STOCK, last_free_day))
    return RenewalFacts(
        kit=kit.barcode,
        state=loan.state,
        in_cohort=loan.cohort_id is not None,
        renewals_used=loan.renewals,
        renewals_allowed=policy.renewals,
        waiting=waiting,
        free=max(ahead.free() - 1, 0),  # less its own kit, which is out
        blocked_reason=patron.blocked_reason,
        card_expires_on=patron.expires_on,
        today=today,
        due_at=loan.due_at,
        renewed=renewal_due(calendar, current, policy.loan_days, ceilings, at=at),
    )


def _since(loan: Loan, at: datetime) -> date:
    """From when on the calendar must be known, in any zone."""
    return min(loan.due_at, at).date() - timedelta(days=1)
