"""A past in which people waited for kits, so that whoever waits today can be told between which days one may come."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.domain.actors import Door
from lending.domain.states import LoanState, ReservationState
from lending.models.cohorts import Cohort, Pool
from lending.models.kits import Kit
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.reservations import Reservation
from tests.cast import NOW, OPEN_KIT, Cast, put, stock

DAY = timedelta(days=1)
DUE_IN, LATE = 9 * DAY, 2 * DAY
"""The kit that is out now is due in nine days; each time before, the next person had it two days after it was due."""


def waited_openly(session: Session, cast: Cast, times: int = 30) -> None:
    """A kit at East Los Angeles that went from hand to hand, ``times`` times; it is out now."""
    stock_id = stock(session, cast.ela, cast.laptop_hotspot)
    for n in range(times, 0, -1):
        out_at = NOW - n * 12 * DAY
        _lent(session, cast, out_at, out_at + 10 * DAY, received_at=out_at + 11 * DAY)
        _waited(session, cast, stock_id, cast.laptop_hotspot, out_at + DAY, out_at + 10 * DAY + LATE)
    _lent(session, cast, NOW - DAY, NOW + DUE_IN, received_at=None)


def waited_for_a_session(session: Session, cast: Cast, days: range) -> None:
    """A session before this one, at Compton, in whose queue one after another waited for each number of ``days``."""
    before = put(
        session,
        Cohort(
            code="WR-6",
            program_id=cast.program,
            name="Work Ready 6",
            starts_on=date(2026, 1, 6),
            ends_on=date(2026, 2, 13),
            return_by=date(2026, 2, 13),
            pickup_from=date(2025, 12, 30),
            capacity=60,
            created_at=NOW - 200 * DAY,
        ),
    )
    stock_id = stock(session, cast.com, cast.work_ready)
    pool = put(session, Pool(cohort_id=before.id, stock_id=stock_id, kits=10))
    since = NOW - sum(days) * DAY
    for waited in days:
        until = since + waited * DAY
        _waited(session, cast, stock_id, cast.work_ready, since, until, cohort_id=before.id, pool_id=pool.id)
        since = until


def waiting(session: Session, cast: Cast, patron_id: int, *, at: datetime = NOW, pool_id: int | None = None) -> str:
    """Somebody who waits at East Los Angeles since ``at``, openly or for the pool of a session; the public id."""
    kit_type_id = cast.laptop_hotspot if pool_id is None else cast.work_ready
    return put(
        session,
        Reservation(
            patron_id=patron_id,
            kit_type_id=kit_type_id,
            stock_id=stock(session, cast.ela, kit_type_id),
            pickup_branch_id=cast.ela,
            cohort_id=None if pool_id is None else cast.cohort,
            pool_id=pool_id,
            _state=ReservationState.WAITING,
            pickup_code="WAIT",
            queued_at=at,
        ),
    ).public_id


def _lent(session: Session, cast: Cast, out_at: datetime, due_at: datetime, *, received_at: datetime | None) -> None:
    loan = put(
        session,
        Loan(
            kit_id=session.scalars(select(Kit.id).where(Kit.barcode == OPEN_KIT)).one(),
            kit_type_id=cast.laptop_hotspot,
            branch_id=cast.ela,
            checked_out_at=out_at,
            recorded_at=out_at,
            door=Door.WEB,
            _state=LoanState.OUT if received_at is None else LoanState.CLOSED,
            due_at=due_at,
            received_at=received_at,
        ),
    )
    put(
        session,
        LoanTerm(loan_id=loan.id, n=1, kind=TermKind.CHECK_OUT, due_at=due_at, rule="loan_period", made_at=out_at),
    )


def _waited(
    session: Session, cast: Cast, stock_id: int, kit_type_id: int, since: datetime, until: datetime, **session_s: int
) -> None:
    put(
        session,
        Reservation(
            kit_type_id=kit_type_id,
            stock_id=stock_id,
            pickup_branch_id=cast.ela,
            _state=ReservationState.PICKED_UP,
            pickup_code="PAST",
            queued_at=since,
            promised_at=until,
            ended_at=until + DAY,
            **session_s,
        ),
    )
