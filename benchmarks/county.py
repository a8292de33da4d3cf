"""What a whole county costs: every stock's availability over a year, and a cohort whose loans are dated anew."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from benchmarks import rows
from benchmarks.engines import Engine
from benchmarks.figures import Figure
from benchmarks.rows import HOURS, LONG_AGO
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.calendars import WeeklyHours
from lending.domain.permissions import Role
from lending.domain.states import EnrolmentState, KitState, LoanState, ReservationState
from lending.models.base import Base, new_public_id, table_of
from lending.models.branches import Branch
from lending.models.cohorts import Cohort, Enrolment, Pool, Program
from lending.models.kits import Kit, KitType
from lending.models.loans import Loan, LoanTerm, TermKind
from lending.models.policies import Policy
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort
from lending.queries.availability import availability

BRANCHES, KIT_TYPES, KITS_A_STOCK, COHORTS = 20, 5, 200, 10
"""100 stocks of 20,000 kits, with a pool each in one of ten cohorts that begin all through the year."""

ROUNDS = 30
COHORT = 200


def availability_of_a_county(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """The timeline of every stock for a year from today."""
    url = engine.migrated()
    database = Database.from_url(url)
    try:
        database.act(lambda session: _fill(session, today))
        if not database.is_sqlite:
            with database.write_engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
        at = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=18)

        def ask() -> int:
            with database.read() as session:
                found = availability(session, branch_ids=None, until=today + timedelta(days=365), at=at)
            return sum(len(stock.points) for stock in found)

        points = ask()
        milliseconds = _timed(ask, 5 if quick else ROUNDS)
    finally:
        database.close()
    yield Figure(
        "Availability",
        engine.name,
        "availability of 100 pools over a year with 20,000 kits",
        milliseconds,
        "ms",
        reach=50.0,
        beside={"change points": points},
    )


def cohort_dated_anew(engine: Engine, *, today: date, quick: bool) -> Iterator[Figure]:
    """A cohort of 200 whose kits are all out ends a day later: every loan, its notice and its row on the journal."""
    url = engine.migrated()
    database = Database.from_url(url)
    try:
        rows.fill(database, today=today)
        database.act(lambda session: _hand_out(session, today))
        at = datetime.combine(today, datetime.min.time(), UTC) + timedelta(hours=18)
        days = iter(range(41, 100))

        def move() -> int:
            on = today + timedelta(days=next(days))
            change, lead = CohortChange(ends_on=on, return_by=on), Actor(Role.ADMIN, Door.WEB, secrets.token_hex(8))
            return len(database.act(lambda s: change_cohort(s, cohort="WR-7", change=change, at=at, by=lead)).moved)

        moved = move()
        milliseconds = _timed(move, 3 if quick else ROUNDS)
    finally:
        database.close()
    yield Figure(
        "Re-dating",
        engine.name,
        f"a cohort of {COHORT} re-dated",
        milliseconds / 1000,
        "s",
        reach=1.0,
        beside={"dates moved": moved},
    )


def _hand_out(session: Session, today: date) -> None:
    """Lend a kit to each of the cohort's first people, as if a week ago; the others leave it."""
    out = datetime.combine(today, datetime.min.time(), UTC) - timedelta(days=7)
    due = out + timedelta(days=47)
    loans = [
        {
            **_loan(1, n, today),
            "branch_id": 1,
            "kit_type_id": 1,
            "patron_id": n,
            "cohort_id": 1,
            "checked_out_at": out,
            "recorded_at": out,
            "due_at": due,
        }
        for n in range(1, COHORT + 1)
    ]
    connection = session.connection()
    connection.execute(insert(table_of(Loan)), loans)
    ids = connection.execute(select(table_of(Loan).c.id)).scalars().all()
    terms = {
        "n": 1,
        "kind": TermKind.CHECK_OUT,
        "due_at": due,
        "cohort_id": 1,
        "rule": "cohort_return_by",
        "made_at": out,
    }
    connection.execute(insert(table_of(LoanTerm)), [{"loan_id": id_, **terms} for id_ in ids])
    lent = [loan["kit_id"] for loan in loans]
    kits, promises, seats = table_of(Kit), table_of(Reservation), table_of(Enrolment)
    connection.execute(update(kits).where(kits.c.id.in_(lent)).values(state=KitState.ON_LOAN))
    picked_up = {"state": ReservationState.PICKED_UP, "ended_at": out}
    connection.execute(update(promises).where(promises.c.patron_id.in_(lent)).values(picked_up))
    gone = {"state": ReservationState.CANCELLED, "ended_at": out}
    connection.execute(update(promises).where(promises.c.patron_id.not_in(lent)).values(gone))
    left = {"state": EnrolmentState.WITHDRAWN, "ended_at": out}
    connection.execute(update(seats).where(seats.c.patron_id.not_in(lent)).values(left))


def _timed(act: Callable[[], Any], rounds: int) -> float:
    """The median of ``rounds``, in milliseconds."""
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)
    return median(seconds) * 1000


def _fill(session: Session, today: date) -> None:
    def add(row: type[Base], values: list[dict[str, Any]]) -> None:
        session.connection().execute(insert(table_of(row)), values)

    hours, stocks = WeeklyHours.parse(HOURS), range(1, BRANCHES * KIT_TYPES + 1)
    add(Policy, [{"id": 1, "valid_from": LONG_AGO}])
    add(
        Branch,
        [
            {"id": n, "code": f"B{n:02}", "name": f"Branch {n}", "zone": "America/Los_Angeles", "hours": hours}
            for n in range(1, BRANCHES + 1)
        ],
    )
    add(
        KitType,
        [
            {"id": n, "code": f"kind-{n}", "name": f"Kind {n}", "whole_price_cents": 47_000, "cohort_only": False}
            for n in range(1, KIT_TYPES + 1)
        ],
    )
    add(
        Stock,
        [{"id": n, "branch_id": (n - 1) // KIT_TYPES + 1, "kit_type_id": (n - 1) % KIT_TYPES + 1} for n in stocks],
    )
    add(Program, [{"id": 1, "code": "work-ready", "name": "Work Ready"}])
    add(Cohort, [_cohort(n, today + timedelta(days=35 * (n - 1))) for n in range(1, COHORTS + 1)])
    add(Pool, [{"id": n, "cohort_id": (n - 1) % COHORTS + 1, "stock_id": n, "kits": 80} for n in stocks])
    kits = [(stock, (stock - 1) * KITS_A_STOCK + n) for stock in stocks for n in range(1, KITS_A_STOCK + 1)]
    add(Kit, [_kit(stock, n) for stock, n in kits])
    add(Loan, [_loan(stock, n, today) for stock, n in kits if _is_out(n)])


def _is_out(n: int) -> bool:
    return n % 3 == 0


def _cohort(n: int, starts_on: date) -> dict[str, Any]:
    return {
        "id": n,
        "code": f"WR-{n}",
        "program_id": 1,
        "name": f"Work Ready {n}",
        "starts_on": starts_on,
        "ends_on": starts_on + timedelta(days=41),
        "return_by": starts_on + timedelta(days=41),
        "pickup_from": starts_on - timedelta(days=7),
        "capacity": 2_000,
        "created_at": LONG_AGO,
    }


def _kit(stock: int, n: int) -> dict[str, Any]:
    return {
        "id": n,
        "barcode": f"KIT-{n:05}",
        "kit_type_id": (stock - 1) % KIT_TYPES + 1,
        "stock_id": stock,
        "branch_id": (stock - 1) // KIT_TYPES + 1,
        "state": KitState.ON_LOAN if _is_out(n) else KitState.AVAILABLE,
        "created_at": LONG_AGO,
    }


def _loan(stock: int, n: int, today: date) -> dict[str, Any]:
    out = datetime.combine(today, datetime.min.time(), UTC) - timedelta(days=n % 30)
    return {
        "public_id": new_public_id(),
        "kit_id": n,
        "kit_type_id": (stock - 1) % KIT_TYPES + 1,
        "branch_id": (stock - 1) // KIT_TYPES + 1,
        "checked_out_at": out,
        "recorded_at": out,
        "door": Door.WEB,
        "state": LoanState.OUT,
        "term": 1,
        "due_at": out + timedelta(days=42),
        "renewals": 0,
        "book_drop": False,
    }
