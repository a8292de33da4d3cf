"""The statements of check-out, built once because it is the busiest path of the product.

Order: the branch is locked for share as ids are found; the cohort is locked for share; patron, stock and kit are locked
for update in one statement (PostgreSQL locks in the order of ``FOR NO KEY UPDATE OF``); only then is anything counted,
by a statement that sees what the locks protect. Measured: building them for each call halves the throughput.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, case, exists, func, insert, literal_column, or_, select, update

from lending.circulation.policies import applicable_policy_id, policies
from lending.domain.library_settings import FISCAL_YEAR
from lending.domain.states import (
    LIVE_RESERVATIONS,
    PROMISED_RESERVATIONS,
    ChargeState,
    EnrolmentState,
    LineState,
    LoanState,
    ReservationState,
)
from lending.models.base import constant, constants, table_of, whole_sum
from lending.models.branches import Branch
from lending.models.charges import Charge
from lending.models.cohorts import Cohort, CohortStatus, Enrolment, Pool, Program
from lending.models.counts import PeriodKey
from lending.models.kits import Kit, KitType, KitTypePart, Part, PartState, TurnaroundStep
from lending.models.lines import Line, LinePlacement
from lending.models.loans import Loan, LoanPart, LoanPartState, LoanTerm
from lending.models.notices import Notice
from lending.models.people import Card, Household, Patron, PatronStatus
from lending.models.policies import Agreement, AgreementAcceptance
from lending.models.reservations import Reservation
from lending.models.setting_up import LibrarySetting
from lending.models.stock import Stock

kits, kit_types, kinds, parts = table_of(Kit), table_of(KitType), table_of(KitTypePart), table_of(Part)
cards, patrons, households, stocks = table_of(Card), table_of(Patron), table_of(Household), table_of(Stock)
branches, steps, charges = table_of(Branch), table_of(TurnaroundStep), table_of(Charge)
cohorts, programs, pools, enrolments = table_of(Cohort), table_of(Program), table_of(Pool), table_of(Enrolment)
reservations, acceptances, agreements = table_of(Reservation), table_of(AgreementAcceptance), table_of(Agreement)
lines, placements = table_of(Line), table_of(LinePlacement)
settings, period_keys = table_of(LibrarySetting), table_of(PeriodKey)
loans, terms, loan_parts, notices = table_of(Loan), table_of(LoanTerm), table_of(LoanPart), table_of(Notice)

_ID = kits.c.id.type
_AT = bindparam("at", type_=loans.c.due_at.type)
_UTC_DAY = bindparam("utc_day", type_=cohorts.c.return_by.type)
_BRANCH_ID = bindparam("branch_id", type_=_ID)
_PATRON_ID = bindparam("patron_id", type_=_ID)
_KIT_ID = bindparam("kit_id", type_=_ID)
_COHORT_ID = bindparam("cohort_id", type_=_ID)

unreceived = and_(loans.c.received_at.is_(None), loans.c.state != constant(LoanState.UNDONE))
"""A loan whose kit is not back: the predicate of its partial indexes."""

_earliest = (
    select(reservations.c.id)
    .where(
        reservations.c.patron_id == cards.c.patron_id,
        reservations.c.kit_type_id == kits.c.kit_type_id,
        reservations.c.state.in_(constants(LIVE_RESERVATIONS)),
    )
    # What this kit was put aside for comes first, then any promise, then a place in a queue; of equals, the order of
    # acknowledgement. One whose own kit lies on the shelf is fulfilled by another kit too: that one goes back.
    .order_by(
        case((reservations.c.kit_id == kits.c.id, constant(0)), else_=constant(1)),
        case((reservations.c.state == constant(ReservationState.WAITING), constant(1)), else_=constant(0)),
        reservations.c.id,
    )
    .limit(constant(1))
    .correlate(cards, kits)
    .scalar_subquery()
)
_seat = (
    select(enrolments.c.cohort_id)
    .join(cohorts, cohorts.c.id == enrolments.c.cohort_id)
    .where(
        enrolments.c.patron_id == cards.c.patron_id,
        enrolments.c.state == constant(EnrolmentState.ENROLLED),
        cohorts.c.status == constant(CohortStatus.PLANNED),
        cohorts.c.return_by >= bindparam("yesterday", type_=cohorts.c.return_by.type),
        exists()
        .where(
            pools.c.cohort_id == cohorts.c.id,
            pools.c.stock_id == stocks.c.id,
            stocks.c.kit_type_id == kits.c.kit_type_id,
        )
        .correlate(cohorts, kits),
    )
    # The branch's day is known only after this statement; a cohort that is surely not over comes first.
    .order_by(
        case((cohorts.c.return_by >= _UTC_DAY, constant(0)), else_=constant(1)), cohorts.c.starts_on, enrolments.c.id
    )
    .limit(constant(1))
    .correlate(cards, kits)
    .scalar_subquery()
)
_one = select(constant(1).label("one")).subquery("one")

RESOLVE = (
    select(
        kits.c.id.label("kit_id"),
        kits.c.stock_id,
        cards.c.patron_id,
        cards.c.ended_at.label("card_ended_at"),
        reservations.c.id.label("reservation_id"),
        reservations.c.cohort_id.label("reserved_cohort_id"),
        _seat.label("seat_cohort_id"),
        branches.c.id.label("branch_id"),
        branches.c.name.label("branch"),
        branches.c.zone,
        branches.c.hours,
        policies.c.id.label("policy_id"),
        policies.c.loan_days,
        policies.c.kit_limit,
        policies.c.household_limit,
        policies.c.cool_down_hours,
        policies.c.owes_limit_cents,
        policies.c.adult_age,
        policies.c.agreement,
        policies.c.needs_wipe,
        policies.c.needs_charge,
        policies.c.needs_restock,
        policies.c.turnaround_open_days,
        policies.c.overdue_hold_days,
        select(settings.c.value).where(settings.c.name == FISCAL_YEAR).scalar_subquery().label("fiscal_year_begins"),
    )
    .select_from(
        branches.outerjoin(kits, kits.c.barcode == bindparam("kit"))
        .outerjoin(cards, cards.c.number == bindparam("card"))
        .outerjoin(reservations, reservations.c.id == _earliest)
        .outerjoin(policies, policies.c.id == applicable_policy_id(kits.c.kit_type_id, _BRANCH_ID, _AT))
    )
    .where(branches.c.id == _BRANCH_ID)
    .with_for_update(read=True, of=branches)
)
"""Codes to ids, the patron's seat or promise that a check-out would use, the branch and the policy.

The branch alone is locked, for share: whoever closes it waits for the loans being made, and they for the new calendar.
"""

LOCK_COHORT = (
    select(
        cohorts.c.id,
        cohorts.c.program_id,
        cohorts.c.code,
        cohorts.c.name,
        cohorts.c.return_by,
        cohorts.c.pickup_from,
        programs.c.last_borrow_on,
        programs.c.agreement_code,
    )
    .join(programs, programs.c.id == cohorts.c.program_id)
    .where(cohorts.c.id == _COHORT_ID)
    .with_for_update(read=True, of=cohorts)
)
"""For share: check-outs do not wait for each other, but whoever moves the cohort waits for them, and they for it."""

HOUSEHOLD = (
    select(households.c.id, households.c.exempt)
    .join(patrons, patrons.c.household_id == households.c.id)
    .where(patrons.c.id == _PATRON_ID)
    .with_for_update(of=households, key_share=True)
)
HOUSEHOLD_UNRECEIVED = (
    select(func.count())
    .select_from(loans.join(patrons, patrons.c.id == loans.c.patron_id))
    .where(patrons.c.household_id == bindparam("household_id"), loans.c.patron_id != _PATRON_ID, unreceived)
)

_kit_branch = branches.alias("kit_branch")
LOCK = (
    select(
        patrons.c.public_id.label("patron_public_id"),
        patrons.c.pseudonym,
        patrons.c.name.label("patron_name"),
        patrons.c.birth_date,
        patrons.c.guardian_agreed_on,
        patrons.c.provisional_since,
        patrons.c.expires_on,
        patrons.c.blocked_reason,
        patrons.c.email,
        patrons.c.language,
        kits.c.barcode,
        kits.c.state.label("kit_state"),
        kits.c.branch_id.label("kit_branch_id"),
        kits.c.in_transit_to_id,
        kits.c.round,
        kit_types.c.id.label("kit_type_id"),
        kit_types.c.code.label("kit_type"),
        kit_types.c.cohort_only,
        _kit_branch.c.name.label("kit_branch"),
    )
    .select_from(
        patrons.join(stocks, stocks.c.id == bindparam("stock_id"))
        .join(kits, and_(kits.c.id == _KIT_ID, kits.c.stock_id == stocks.c.id))
        .join(kit_types, kit_types.c.id == kits.c.kit_type_id)
        .join(_kit_branch, _kit_branch.c.id == kits.c.branch_id)
    )
    .where(patrons.c.id == _PATRON_ID, patrons.c.status == constant(PatronStatus.ACTIVE))
    .with_for_update(of=[patrons, stocks, kits], key_share=True)
)

LINE_STATES = (
    LineState.ACTIVE,
    LineState.RESTORING,
    LineState.SUSPENDING,
    LineState.SUSPENDED,
    LineState.ENDED,
)
"""From the readiest to the least ready; ``FACTS`` gives the rank of the kit's worst line."""

IS_NO_STATEMENT = or_(
    acceptances.c.agreement_id.is_(None),
    acceptances.c.agreement_id.not_in(
        select(agreements.c.id).join(kit_types, kit_types.c.statement == agreements.c.code)
    ),
)
"""Whether what was signed is an agreement to borrow, and not what some kits ask for besides, as a statement of need."""

_queue, _put_aside = reservations.alias("queue"), kits.alias("put_aside")
_line_rank = case(
    *((lines.c.state == constant(state), constant(rank)) for rank, state in enumerate(LINE_STATES)), else_=constant(9)
)
_theirs = loans.c.patron_id == _PATRON_ID
_goes_out = and_(parts.c.kit_id == _KIT_ID, parts.c.state == constant(PartState.HERE))
FACTS = select(
    select(func.count()).select_from(loans).where(_theirs, unreceived).scalar_subquery().label("unreceived"),
    select(func.count())
    .select_from(loans)
    # A claim stops the clock, and a lost kit is a charge: neither is brought back by asking for it.
    .where(_theirs, unreceived, loans.c.state == constant(LoanState.OUT), loans.c.due_at < _AT)
    .scalar_subquery()
    .label("overdue"),
    select(func.coalesce(whole_sum(charges.c.amount_cents), constant(0)))
    .where(charges.c.patron_id == _PATRON_ID, charges.c.state == constant(ChargeState.OWED))
    .scalar_subquery()
    .label("owes_cents"),
    select(func.max(loans.c.received_at)).where(_theirs).scalar_subquery().label("last_received_at"),
    select(loans.c.patron_id).where(loans.c.kit_id == _KIT_ID, unreceived).scalar_subquery().label("held_by_id"),
    exists().where(acceptances.c.patron_id == _PATRON_ID, IS_NO_STATEMENT).label("signed_once"),
    exists()
    .where(acceptances.c.patron_id == _PATRON_ID, acceptances.c.cohort_id == _COHORT_ID, IS_NO_STATEMENT)
    .label("signed_for_cohort"),
    exists()
    .where(
        enrolments.c.patron_id == _PATRON_ID,
        enrolments.c.cohort_id == _COHORT_ID,
        enrolments.c.state == constant(EnrolmentState.ENROLLED),
    )
    .label("seated"),
    exists()
    .where(
        reservations.c.kit_id == _KIT_ID,
        reservations.c.state.in_(constants(PROMISED_RESERVATIONS)),
        reservations.c.patron_id.is_distinct_from(_PATRON_ID),
    )
    .label("promised_to_another"),
    select(func.max(_line_rank))
    .select_from(
        parts.join(placements, placements.c.part_id == parts.c.id).join(lines, lines.c.id == placements.c.line_id)
    )
    .where(parts.c.kit_id == _KIT_ID, placements.c.until.is_(None))
    .scalar_subquery()
    .label("line_rank"),
    select(func.count())
    .where(
        _queue.c.stock_id == bindparam("stock_id", type_=_ID),
        _queue.c.cohort_id.is_(None),
        _queue.c.state == constant(ReservationState.WAITING),
        # Whoever waits too has those before them; whoever does not, everybody.
        _queue.c.id < func.coalesce(reservations.c.id, constant(2**62)),
    )
    .correlate(reservations)
    .scalar_subquery()
    .label("waiting_before"),
    select(func.count())
    .select_from(_queue.outerjoin(enrolments, enrolments.c.id == _queue.c.enrolment_id))
    .where(
        _queue.c.stock_id == bindparam("stock_id", type_=_ID),
        _queue.c.cohort_id == _COHORT_ID,
        _queue.c.state == constant(ReservationState.WAITING),
        or_(enrolments.c.id.is_(None), enrolments.c.state == constant(EnrolmentState.ENROLLED)),
        _queue.c.id < func.coalesce(reservations.c.id, constant(2**62)),
    )
    .correlate(reservations)
    .scalar_subquery()
    .label("waiting_in_pool"),
    select(func.count()).select_from(parts).where(_goes_out).scalar_subquery().label("parts"),
    select(households.c.id)
    .join(patrons, patrons.c.household_id == households.c.id)
    .where(patrons.c.id == _PATRON_ID, households.c.exempt.is_(False))
    .scalar_subquery()
    .label("household_id"),
    *(
        select(period_keys.c.key).where(period_keys.c.period == bindparam(name)).scalar_subquery().label(f"{name}_key")
        for name in ("month", "fiscal_year")
    ),
    reservations.c.state.label("reservation_state"),
    reservations.c.stock_id.label("reservation_stock_id"),
    reservations.c.cohort_id.label("reserved_cohort_id"),
    select(_put_aside.c.barcode)
    .where(_put_aside.c.id == reservations.c.kit_id, _put_aside.c.id != _KIT_ID)
    .correlate(reservations)
    .scalar_subquery()
    .label("left_on_shelf"),
).select_from(_one.outerjoin(reservations, reservations.c.id == bindparam("reservation_id")))
"""Everything that is counted, after the locks, in one round trip."""

_locked, _seen = LOCK.subquery("locked"), FACTS.subquery("seen")
LOCK_AND_FACTS = select(*_locked.c, *_seen.c).join_from(_locked, _seen, literal_column("1") == literal_column("1"))
"""Both as one statement, for SQLite: its one writer holds everything already, so nothing is counted too early."""

STEPS_DONE = select(steps.c.kind).where(steps.c.kit_id == _KIT_ID, steps.c.round == bindparam("round"))

KIT_OUT = (
    update(kits)
    .where(kits.c.id == bindparam("kit_id_"), kits.c.state == bindparam("old"))
    .values(state=bindparam("new"), place=None)
)
PICK_UP = (
    update(reservations)
    .where(reservations.c.id == bindparam("reservation_id_"), reservations.c.state == bindparam("old"))
    .values(state=bindparam("new"), kit_id=bindparam("kit_id_"), ended_at=bindparam("ended"))
    .returning(reservations.c.id)
)
ADD_LOAN = insert(loans).returning(loans.c.id)
ADD_TERM = insert(terms).inline()
SNAPSHOT = insert(loan_parts).from_select(
    [
        "loan_id",
        "part_id",
        "name",
        "quantity",
        "returnable",
        "bills_alone",
        "price_cents",
        "manufacturer",
        "model",
        "serial",
        "fund",
        "state",
    ],
    select(
        bindparam("loan_id", type_=_ID),
        parts.c.id,
        kinds.c.name,
        parts.c.quantity,
        kinds.c.returnable,
        kinds.c.bills_alone,
        func.coalesce(parts.c.price_cents, kinds.c.price_cents),
        parts.c.manufacturer,
        parts.c.model,
        parts.c.serial,
        parts.c.fund,
        case((kinds.c.returnable, constant(LoanPartState.OUT)), else_=constant(LoanPartState.GIVEN)),
    )
    .join(kinds, kinds.c.id == parts.c.kind_id)
    .where(_goes_out)
    .order_by(kinds.c.position, parts.c.id),
)
"""The parts that go out, copied where they are, in one statement."""

SIGN = (
    insert(acceptances)
    .inline()
    .values(
        agreement_id=select(agreements.c.id)
        .where(agreements.c.code == bindparam("agreement_code"))
        # The newest version in the patron's language, or in whichever language there is.
        .order_by(
            case((agreements.c.language == bindparam("language"), constant(0)), else_=constant(1)),
            agreements.c.version.desc(),
        )
        .limit(constant(1))
        .scalar_subquery()
    )
)
TELL = insert(notices).inline()
