"""The book of a pool: which kits a cohort's allotment has promised, handed out, and still to give.

One book for all who count: for whoever promises a kit of the pool (``reservations.left_in_pool``), and for whoever asks
what a stock can spare (``availability.outlook``). A loan draws on the pool that promised its kit, if the kit is of that
pool's stock. What was lent as a spare kit of the building, without a promise or on one of another branch, is none of
it. Source: RULES 4, "Pool"; ``docs/decisions/0007`` and ``0009``.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import and_, bindparam, false, func, not_, select

from lending.circulation.checkout_statements import unreceived
from lending.domain.states import PROMISED_RESERVATIONS, LoanState, ReservationState
from lending.models.base import constant, constants, table_of
from lending.models.cohorts import Cohort, Pool
from lending.models.kits import Kit
from lending.models.loans import Loan
from lending.models.reservations import Reservation

_pools, _reservations, _kits, _loans = table_of(Pool), table_of(Reservation), table_of(Kit), table_of(Loan)
_collected, _before = _reservations.alias("collected"), _reservations.alias("collected_before")
_now_in = table_of(Cohort).alias("now_in")
_SET_ASIDE_BY = bindparam("set_aside_by", type_=_now_in.c.pickup_from.type)
_kit_of_loan = _kits.c.id == _loans.c.kit_id

PROMISED = (
    select(func.count())
    .select_from(_reservations)
    .where(_reservations.c.pool_id == _pools.c.id, _reservations.c.state.in_(constants(PROMISED_RESERVATIONS)))
    .correlate(_pools)
    .scalar_subquery()
)
"""The promises of a pool whose kits were not collected yet."""

_from_pool = and_(_collected.c.pool_id == _pools.c.id, _collected.c.promised_at.is_not(None))
_collected_from_pool = (
    select(func.count())
    .select_from(_collected.join(_loans, _loans.c.reservation_id == _collected.c.id).join(_kits, _kit_of_loan))
    .where(_from_pool, unreceived, _kits.c.stock_id == _pools.c.stock_id)
    .correlate(_pools)
    .scalar_subquery()
)
_gone_along = (
    select(func.count(_loans.c.id.distinct()))
    .select_from(
        _before.join(_loans, _loans.c.patron_id == _before.c.patron_id)
        .join(_kits, _kit_of_loan)
        .join(_collected, _collected.c.id == _loans.c.reservation_id)
        .join(_now_in, _now_in.c.id == _loans.c.cohort_id)
    )
    .where(
        _before.c.pool_id == _pools.c.id,
        _before.c.state == constant(ReservationState.PICKED_UP),
        _before.c.promised_at.is_not(None),
        unreceived,
        _kits.c.stock_id == _pools.c.stock_id,
        _now_in.c.pickup_from > _SET_ASIDE_BY,
        not_(func.coalesce(_from_pool, false())),
    )
    .correlate(_pools)
    .scalar_subquery()
)
OUT = _collected_from_pool + _gone_along
"""The kits of a pool that are out. One that went along with its borrower into a cohort whose own kits are not set aside
yet is still missing here: nobody is promised what is not there.

Two counts and not one with an OR, which no index helps to find.
"""

BACK = (
    select(func.count())
    .select_from(
        _collected.join(
            _loans, and_(_loans.c.reservation_id == _collected.c.id, _loans.c.kit_id == _collected.c.kit_id)
        )
    )
    .where(
        _collected.c.pool_id == _pools.c.id,
        _collected.c.state == constant(ReservationState.PICKED_UP),
        _collected.c.promised_at.is_not(None),
        _loans.c.received_at.is_not(None),
        _loans.c.state != constant(LoanState.UNDONE),
    )
    .correlate(_pools)
    .scalar_subquery()
)
"""The kits of a pool that were brought back: they are its own again, as soon as they are turned around."""

LEFT = _pools.c.kits - PROMISED - OUT
"""What a pool may still promise; below 0 when it was made smaller."""


def set_aside_by(at: datetime) -> date:
    """A day that is over at every branch, whatever its zone: cohorts picked up by then have their kits set aside."""
    return (at - timedelta(days=1)).date()
