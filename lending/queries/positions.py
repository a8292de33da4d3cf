"""The place of a reservation among those that wait for the same: a pool's, or openly a stock's. Source: RULES 4."""

from __future__ import annotations

from sqlalchemy import and_, case, func, or_, select

from lending.domain.states import ReservationState
from lending.models.base import table_of
from lending.models.reservations import Reservation

_reservations = table_of(Reservation)
_ahead = _reservations.alias("ahead")

_same_queue = or_(
    _ahead.c.pool_id == _reservations.c.pool_id,
    and_(
        _ahead.c.pool_id.is_(None),
        _reservations.c.pool_id.is_(None),
        _ahead.c.stock_id == _reservations.c.stock_id,
    ),
)
_place = (
    select(func.count())
    .select_from(_ahead)
    .where(_ahead.c.state == ReservationState.WAITING, _ahead.c.id <= _reservations.c.id, _same_queue)
    .correlate(_reservations)
    .scalar_subquery()
)
POSITION = case((_reservations.c.state == ReservationState.WAITING, _place)).label("position")
"""1 for the next, ``NULL`` for a reservation that does not wait; a column of any statement about reservations."""
