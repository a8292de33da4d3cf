"""Exchange: a faulty kit comes in and another goes out, on the same terms; or one part is swapped.

No limit and no queue stands in the way, because the patron takes nothing more than they have. The new loan is due when
the old one was, and is counted as an exchange, neither a check-out nor a return. Source: RULES 2, "Exchange".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lending.circulation import checkout_statements as sql
from lending.circulation.calendars import branch_calendar, local_day
from lending.circulation.counts import count, count_parts
from lending.circulation.loans import cancel_notices, record_on_kit
from lending.circulation.locks import find_kit, lock_kit, lock_kits, lock_patron, lock_stocks, lock_unreceived_loan
from lending.circulation.missing_parts import ask_for_repair, reorder
from lending.circulation.parts import GivenPart, kinds_of, make_part
from lending.circulation.stocks import stock_of
from lending.circulation.turnaround import lines_of
from lending.domain.actors import Actor
from lending.domain.checkout import KitFacts, kit_blocks
from lending.domain.counting import Counter
from lending.domain.due_dates import DueRule
from lending.domain.names import short_name
from lending.domain.permissions import Act
from lending.domain.states import PROMISED_RESERVATIONS, KitState, KitVerb, LoanState, LoanVerb
from lending.errors import Reason, Refused
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType, Part, PartState
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm, TermKind
from lending.models.reservations import Reservation
from lending.models.stock import Stock


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What went out for what came in. ``loan`` is the new one; ``to_branch`` is where the faulty kit has to go."""

    loan: str
    old_loan: str
    kit: str
    replacement: str
    patron_name: str
    due_at: datetime
    due_on: date
    parts: int
    to_branch: str | None


@dataclass(frozen=True, slots=True)
class Swapped:
    """One part of a kit that is out, and the one that took its place, by id."""

    loan: str
    kit: str
    name: str
    old_part_id: int
    new_part_id: int


def exchange(
    session: Session, *, kit: str, replacement: str, branch_id: int, reason: str, at: datetime, by: Actor
) -> Exchanged:
    """Take in ``kit`` and hand out ``replacement`` (their codes) at a branch, due when the first one was.

    The faulty kit goes to inspection, and travels home from another branch. Raises ``Refused``: ``NOT_PERMITTED``,
    ``KIT_UNKNOWN``, ``REASON_NEEDED``, ``NOT_ON_LOAN``, ``EXCHANGE_SAME_KIT``, ``EXCHANGE_OTHER_TYPE``, and every
    reason that lies in the replacement.
    """
    by.permit(Act.CIRCULATE, branch_id)
    if not reason.strip():
        raise Refused.because(Reason.REASON_NEEDED)
    ids, new_ids = find_kit(session, kit), find_kit(session, replacement)
    if ids.kit_id == new_ids.kit_id:
        raise Refused.because(Reason.EXCHANGE_SAME_KIT, kit=kit)
    if ids.patron_id is None:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=kit, state=_state_of(session, ids.kit_id))
    patron = lock_patron(session, ids.patron_id)
    home = stock_of(session, branch_id=branch_id, kit_type_id=ids.kit_type_id)
    lock_stocks(session, [ids.stock_id, new_ids.stock_id, home])
    kits = lock_kits(session, [ids.kit_id, new_ids.kit_id])
    faulty, fresh = kits[ids.kit_id], kits[new_ids.kit_id]
    old = lock_unreceived_loan(session, faulty.id)
    if old is None or old.state is not LoanState.OUT or old.patron_id != patron.id:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=faulty.barcode, state=faulty.state.value)
    if fresh.kit_type_id != faulty.kit_type_id:
        raise Refused.because(Reason.EXCHANGE_OTHER_TYPE, kit=fresh.barcode)
    against = kit_blocks(kit_facts(session, fresh, branch_id))
    if against:
        raise Refused(*against)
    to_branch = _take_in(session, faulty, old, branch_id, home, at=at, by=by)
    new, parts = _hand_out(session, fresh, old, branch_id, reason.strip()[:240], at=at, by=by)
    calendar = branch_calendar(session, branch_id, since=min(at, new.due_at).date() - timedelta(days=1))
    due_on = calendar.local_date(new.due_at)
    record_on_kit(
        session,
        "exchange",
        kit=fresh,
        loan=new,
        branch_id=branch_id,
        at=at,
        by=by,
        detail={
            "old_loan": old.public_id,
            "faulty": faulty.barcode,
            "due_at": new.due_at.isoformat(),
            "due_on": due_on.isoformat(),
            "parts": parts,
            "to_branch": to_branch,
        },
    )
    count(
        session,
        Counter.EXCHANGE,
        day=calendar.local_date(at),
        branch_id=branch_id,
        kit_type_id=fresh.kit_type_id,
        cohort_id=new.cohort_id,
    )
    return Exchanged(
        loan=new.public_id,
        old_loan=old.public_id,
        kit=faulty.barcode,
        replacement=fresh.barcode,
        patron_name=short_name(patron.name),
        due_at=new.due_at,
        due_on=due_on,
        parts=parts,
        to_branch=to_branch,
    )


def swap_part(
    session: Session,
    *,
    kit: str,
    part_id: int,
    branch_id: int,
    part: GivenPart | None = None,
    at: datetime,
    by: Actor,
) -> Swapped:
    """Give the patron another of one part of ``kit``, which stays out; by itself one without marks of its own.

    The old part leaves the kit: for repair, or, if it was reported missing, to be ordered anew. Raises ``Refused``:
    ``NOT_PERMITTED``, ``KIT_UNKNOWN``, ``NOT_ON_LOAN``, ``PART_UNKNOWN``, and what is wrong with the new part's marks.
    """
    by.permit(Act.CIRCULATE, branch_id)
    row = lock_kit(session, find_kit(session, kit).kit_id)
    loan = lock_unreceived_loan(session, row.id)
    if loan is None or loan.state is not LoanState.OUT:
        raise Refused.because(Reason.NOT_ON_LOAN, kit=row.barcode, state=row.state.value)
    went_out = session.scalars(
        select(LoanPart).where(
            LoanPart.loan_id == loan.id,
            LoanPart.part_id == part_id,
            LoanPart.state.in_([LoanPartState.OUT, LoanPartState.GIVEN]),
        )
    ).one_or_none()
    if went_out is None:
        raise Refused.because(Reason.PART_UNKNOWN, kit=row.barcode, parts=[part_id])
    old = session.get_one(Part, part_id)
    kinds = kinds_of(session, row.kit_type_id)
    kind = next(known for known in kinds.values() if known.id == old.kind_id)
    new = make_part(session, row, kinds, part or GivenPart(kind.name, old.quantity), by=by)
    if new.kind_id != old.kind_id:
        raise Refused.because(Reason.VALUE_WRONG, field="kind")
    old.kit_id = None
    if went_out.reported_missing_at is not None:
        old.state, went_out.state = PartState.MISSING, LoanPartState.MISSING
        reorder(session, row, old.id, kind.name, loan=loan, at=at)
    else:
        old.state, went_out.state = PartState.DAMAGED, LoanPartState.SWAPPED
        ask_for_repair(session, row, old.id, kind.name, loan=loan, at=at)
    went_out.settled_at = at
    session.add(
        LoanPart(
            loan_id=loan.id,
            part_id=new.id,
            name=kind.name,
            quantity=new.quantity,
            returnable=kind.returnable,
            bills_alone=kind.bills_alone,
            price_cents=kind.price_cents if new.price_cents is None else new.price_cents,
            manufacturer=new.manufacturer,
            model=new.model,
            serial=new.serial,
            fund=new.fund,
            state=LoanPartState.OUT if kind.returnable else LoanPartState.GIVEN,
        )
    )
    detail = {"old_part_id": old.id, "part_to": old.state.value, "new_part_id": new.id}
    record_on_kit(session, "swap_part", kit=row, loan=loan, branch_id=branch_id, at=at, by=by, detail=detail)
    count_parts(session, "swap_part", detail, day=local_day(session, branch_id, at), branch_id=branch_id)
    return Swapped(loan.public_id, row.barcode, kind.name, old.id, new.id)


def _state_of(session: Session, kit_id: int) -> str:
    return str(session.scalars(select(Kit.state).where(Kit.id == kit_id)).one().value)


def kit_facts(session: Session, kit: Kit, branch_id: int) -> KitFacts:
    """What counts about a kit that would be handed out; one on the hold shelf is somebody's, whoever that is."""
    promised = select(exists().where(Reservation.kit_id == kit.id, Reservation.state.in_(PROMISED_RESERVATIONS)))
    states = {line.state for line in lines_of(session, kit)}
    return KitFacts(
        barcode=kit.barcode,
        state=kit.state,
        cohort_only=session.scalars(select(KitType.cohort_only).where(KitType.id == kit.kit_type_id)).one(),
        held_by_this_patron=False,
        promised_to_another=kit.state is KitState.ON_SHELF or bool(session.scalar(promised)),
        at_branch=session.scalars(select(Branch.name).where(Branch.id == kit.branch_id)).one(),
        here=kit.branch_id == branch_id,
        in_transit=kit.in_transit_to_id is not None,
        steps_missing=(),
        line_state=max(states, key=sql.LINE_STATES.index, default=None),
    )


def _take_in(
    session: Session, kit: Kit, loan: Loan, branch_id: int, home: int, *, at: datetime, by: Actor
) -> str | None:
    """Receive the faulty kit; gives the code of the branch it travels to, if it does not stay. ``home``: this stock."""
    owner = session.scalars(
        select(Branch).join(Stock, Stock.branch_id == Branch.id).where(Stock.id == kit.stock_id)
    ).one()
    here = session.get_one(Branch, branch_id)
    detail = {
        "kit_from": kit.state.value,
        "loan_from": loan.state.value,
        "branch_from": kit.branch_id,
        "stock_from": kit.stock_id,
        "owner": owner.id,
    }
    kit.move(KitVerb.RETURN)
    kit.round += 1
    kit.turnaround_since, kit.place, kit.branch_id = at, None, branch_id
    if owner.id != branch_id and here.floats:
        kit.stock_id = home
    elif owner.id != branch_id:
        kit.in_transit_to_id, kit.sent_at = owner.id, at
    loan.move(LoanVerb.RETURN)
    loan.received_at = loan.received_recorded_at = at
    loan.received_door, loan.received_branch_id, loan.received_by_id = by.door, branch_id, by.staff_id
    cancel_notices(session, loan)
    record_on_kit(session, "exchange_in", kit=kit, loan=loan, branch_id=branch_id, at=at, by=by, detail=detail)
    return owner.code if kit.in_transit_to_id is not None else None


def _hand_out(
    session: Session, kit: Kit, old: Loan, branch_id: int, reason: str, *, at: datetime, by: Actor
) -> tuple[Loan, int]:
    """Lend the other kit on the old loan's terms; gives the new loan and how many parts went out."""
    policy_id = session.scalars(
        select(LoanTerm.policy_id).where(LoanTerm.loan_id == old.id, LoanTerm.n == old.term)
    ).one()
    kit.move(KitVerb.CHECK_OUT)
    kit.place = None
    new = Loan(
        kit_id=kit.id,
        kit_type_id=kit.kit_type_id,
        patron_id=old.patron_id,
        cohort_id=old.cohort_id,
        reservation_id=old.reservation_id,
        exchange_of_id=old.id,
        branch_id=branch_id,
        station_id=by.station_id,
        checked_out_by_id=by.staff_id,
        collected_by=old.collected_by,
        checked_out_at=at,
        recorded_at=at,
        door=by.door,
        _state=LoanState.OUT,
        term=1,
        due_at=old.due_at,
        renewals=old.renewals,
        override=None,
    )
    session.add(new)
    session.flush()  # its term, its parts and the journal need the loan's id
    session.add(
        LoanTerm(
            loan_id=new.id,
            n=1,
            kind=TermKind.EXCHANGE,
            due_at=new.due_at,
            cohort_id=new.cohort_id,
            policy_id=policy_id,
            rule=DueRule.EXCHANGE.value,
            reason=reason,
            staff_id=by.staff_id,
            made_at=at,
        )
    )
    session.connection().execute(sql.SNAPSHOT, {"loan_id": new.id, "kit_id": kit.id})
    parts = session.scalars(select(func.count()).where(LoanPart.loan_id == new.id)).one()
    return new, parts
