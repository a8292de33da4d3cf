"""Reservations: the promise of a kit, or a place in the queue for one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from lending.domain.states import RESERVATION_MOVES, ReservationState, ReservationVerb, after
from lending.models.base import Base, Id, PublicId, enum_column

_LIVE = "state IN ('waiting', 'promised', 'pulling', 'in_transit', 'ready')"


class Reservation(Base):
    """A kit of one type asked for at one branch, for a cohort or openly.

    The queue is by ``id``, the order of acknowledgement, within a pool or, for open reservations, a stock.
    ``kit_id`` is bound only when a kit is pulled; ``pickup_code`` is what the wrap slip shows instead of a surname.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        Index(
            "uq_reservations_live_patron_id_cohort_id",
            "patron_id",
            "cohort_id",
            unique=True,
            sqlite_where=text(f"cohort_id IS NOT NULL AND {_LIVE}"),
            postgresql_where=text(f"cohort_id IS NOT NULL AND {_LIVE}"),
        ),
        Index(
            "uq_reservations_live_open_patron_id_kit_type_id",
            "patron_id",
            "kit_type_id",
            unique=True,
            sqlite_where=text(f"cohort_id IS NULL AND {_LIVE}"),
            postgresql_where=text(f"cohort_id IS NULL AND {_LIVE}"),
        ),
        Index(
            "uq_reservations_live_kit_id",
            "kit_id",
            unique=True,
            sqlite_where=text(f"kit_id IS NOT NULL AND {_LIVE}"),
            postgresql_where=text(f"kit_id IS NOT NULL AND {_LIVE}"),
        ),
        Index("ix_reservations_patron_id_state", "patron_id", "state"),
        Index("ix_reservations_stock_id_state", "stock_id", "state"),
        Index("ix_reservations_pool_id_state", "pool_id", "state"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patrons.id"))
    kit_type_id: Mapped[int] = mapped_column(ForeignKey("kit_types.id"))
    stock_id: Mapped[int] = mapped_column(ForeignKey("stocks.id"))
    pickup_branch_id: Mapped[int] = mapped_column(ForeignKey("branches.id"))
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"), index=True)
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pools.id"))
    enrolment_id: Mapped[int | None] = mapped_column(ForeignKey("enrolments.id"), index=True)
    _state: Mapped[ReservationState] = enum_column(ReservationState, "state")
    kit_id: Mapped[int | None] = mapped_column(ForeignKey("kits.id"))
    pickup_code: Mapped[str] = mapped_column(String(8))
    queued_at: Mapped[datetime]
    promised_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    ready_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(String(240))

    @hybrid_property
    def state(self) -> ReservationState:
        """How far the promise has come."""
        return self._state

    def move(self, verb: ReservationVerb) -> None:
        """Go where ``RESERVATION_MOVES`` leads; ``NoSuchMove`` when the table does not have it."""
        self._state = after(RESERVATION_MOVES, self._state, verb)
