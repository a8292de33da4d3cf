"""The statements of an enrolment, built once because everybody enrols in the minute a session opens.

Order: ids, the programme's rules and the pools are found without a lock; cohort, patron and stock are locked in one
statement (PostgreSQL locks in the order of ``FOR NO KEY UPDATE OF``); only then is anything counted, by one statement
that sees what the locks protect. Whoever waits for the cohort waits for one count and the rows that are written.
"""

from __future__ import annotations

from sqlalchemy import and_, bindparam, exists, func, insert, or_, select

from lending.circulation.checkout_statements import (
    branches,
    cards,
    cohorts,
    enrolments,
    kit_types,
    loans,
    patrons,
    pools,
    programs,
    reservations,
    stocks,
    unreceived,
)
from lending.circulation.reservations import LEFT_IN_POOL
from lending.circulation.telling import CONTACT
from lending.domain.states import (
    HOLDS_A_SEAT,
    LIVE_ENROLMENTS,
    LIVE_RESERVATIONS,
    EnrolmentState,
    LoanState,
    ReservationState,
)
from lending.models.base import constant, constants
from lending.models.people import PatronStatus

_ID = cohorts.c.id.type
_COHORT_ID, _PATRON_ID = bindparam("cohort_id", type_=_ID), bindparam("patron_id", type_=_ID)
_POOL_ID = bindparam("pool_id", type_=_ID)

RESOLVE = (
    select(
        branches.c.id.label("branch_id"),
        branches.c.zone,
        cohorts.c.id.label("cohort_id"),
        cohorts.c.program_id,
        programs.c.eligibility,
        programs.c.ends_on.label("program_ends_on"),
        programs.c.last_borrow_on,
        programs.c.agreement_code,
        cards.c.patron_id,
        cards.c.ended_at.label("card_ended_at"),
        pools.c.id.label("pool_id"),
        stocks.c.id.label("stock_id"),
        stocks.c.kit_type_id,
        pools.c.kits,
        kit_types.c.code.label("kit_type"),
    )
    .select_from(
        branches.join(cohorts, cohorts.c.code == bindparam("cohort"))
        .join(programs, programs.c.id == cohorts.c.program_id)
        .outerjoin(cards, cards.c.number == bindparam("card"))
        .outerjoin(
            pools.join(stocks, stocks.c.id == pools.c.stock_id).join(kit_types, kit_types.c.id == stocks.c.kit_type_id),
            and_(pools.c.cohort_id == cohorts.c.id, stocks.c.branch_id == branches.c.id),
        )
    )
    .where(branches.c.id == bindparam("branch_id", type_=_ID))
    .order_by(pools.c.id)
)
"""Codes to ids: one row for each pool that the cohort has at the branch, or one without a pool; none without both."""

_LOCKED = (
    cohorts.c.name,
    cohorts.c.status,
    cohorts.c.pickup_from,
    cohorts.c.ends_on,
    cohorts.c.return_by,
    cohorts.c.capacity,
    patrons.c.provisional_since,
    patrons.c.blocked_reason,
    patrons.c.expires_on,
    patrons.c.birth_date,
    patrons.c.postal_code,
    patrons.c.street,
    patrons.c.language,
    *CONTACT,
)
_SEAT = cohorts.join(patrons, and_(patrons.c.id == _PATRON_ID, patrons.c.status == constant(PatronStatus.ACTIVE)))
LOCK_SEAT = (
    select(*_LOCKED)
    .select_from(_SEAT)
    .where(cohorts.c.id == _COHORT_ID)
    .with_for_update(of=[cohorts, patrons], key_share=True)
)
LOCK_SEAT_AND_STOCK = (
    select(*_LOCKED)
    .select_from(_SEAT.join(stocks, stocks.c.id == bindparam("stock_id", type_=_ID)))
    .where(cohorts.c.id == _COHORT_ID)
    .with_for_update(of=[cohorts, patrons, stocks], key_share=True)
)
"""No row when the patron's record was merged meanwhile."""

_this, _other = cohorts.alias("this_cohort"), cohorts.alias("other_cohort")
_waits_or_promised = select(reservations.c.cohort_id).where(
    reservations.c.patron_id == _PATRON_ID, reservations.c.state.in_(constants(LIVE_RESERVATIONS))
)
_out_with_a_seat = (
    select(loans.c.cohort_id)
    .join(
        enrolments,
        and_(enrolments.c.cohort_id == loans.c.cohort_id, enrolments.c.patron_id == loans.c.patron_id),
    )
    .where(loans.c.patron_id == _PATRON_ID, unreceived, enrolments.c.state.in_(constants(LIVE_ENROLMENTS)))
)
KIT_IN_THE_SAME_WEEKS = (
    select(_other.c.name)
    .select_from(
        _other.join(
            _this,
            and_(
                _this.c.id == _COHORT_ID,
                _other.c.starts_on <= _this.c.ends_on,
                _other.c.ends_on >= _this.c.starts_on,
            ),
        )
    )
    .where(
        or_(_other.c.id.in_(_waits_or_promised), _other.c.id.in_(_out_with_a_seat)),
        _other.c.id != bindparam("besides", type_=_ID),
    )
    .order_by(_other.c.id)
    .limit(1)
)
"""The cohort, held in the weeks of this one, in which somebody has a kit, the promise of one, or a place in line; all
``besides`` one, which is this one itself for who joins it, or the one they leave for it."""

_in_cohort = enrolments.c.cohort_id == _COHORT_ID
_queued = and_(reservations.c.pool_id == _POOL_ID, reservations.c.state == constant(ReservationState.WAITING))
COUNT = select(
    select(func.count())
    .select_from(enrolments)
    .where(_in_cohort, enrolments.c.state.in_(constants(HOLDS_A_SEAT)))
    .scalar_subquery()
    .label("seated"),
    select(func.count())
    .select_from(enrolments)
    .where(_in_cohort, enrolments.c.state == constant(EnrolmentState.WAITING))
    .scalar_subquery()
    .label("waiting"),
    exists()
    .where(_in_cohort, enrolments.c.patron_id == _PATRON_ID, enrolments.c.state.in_(constants(LIVE_ENROLMENTS)))
    .label("already"),
    exists()
    .where(
        loans.c.patron_id == _PATRON_ID,
        loans.c.cohort_id == _COHORT_ID,
        loans.c.state != constant(LoanState.UNDONE),
    )
    .label("borrowed"),
    KIT_IN_THE_SAME_WEEKS.scalar_subquery().label("kit_of"),
    LEFT_IN_POOL.scalar_subquery().label("kits_left"),
    select(func.count()).select_from(reservations).where(_queued).scalar_subquery().label("queued"),
    select(func.count())
    .select_from(reservations.outerjoin(enrolments, enrolments.c.id == reservations.c.enrolment_id))
    .where(_queued, or_(enrolments.c.id.is_(None), enrolments.c.state == constant(EnrolmentState.ENROLLED)))
    .scalar_subquery()
    .label("ready"),
)
"""Who has a seat and who waits for one; what this person has here already, and for the same weeks elsewhere; the kits
that are left in the pool (``NULL`` without one), who waits for them, and how many of those have their seat."""

ADD_ENROLMENT = insert(enrolments).inline()
ADD_RESERVATION = (
    insert(reservations)
    .inline()
    .values(
        enrolment_id=select(enrolments.c.id).where(enrolments.c.public_id == bindparam("enrolment")).scalar_subquery()
    )
)
"""By the public id, so that it need not wait for the answer about the enrolment before it."""
