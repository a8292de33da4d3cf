"""A library made up for measuring: rows in bulk, the same on both engines, nobody in it real.

One branch lends cohort kits: each patron is enrolled, has the promise of one kit and an e-mail address, so that a
check-out writes everything a check-out can write. A past of any length lies beside it. Written behind the verbs' back,
because a million loans through the verbs would take hours; used for measuring alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from lending.db import Database
from lending.domain.barcodes import library_code
from lending.domain.calendars import WeeklyHours
from lending.domain.periods import token_periods
from lending.domain.permissions import Role
from lending.domain.states import EnrolmentState, KitState, LineState, ReservationState
from lending.models.base import Base, table_of
from lending.models.branches import Branch, Closure, Station
from lending.models.cohorts import Cohort, Enrolment, Pool, Program
from lending.models.counts import PeriodKey
from lending.models.kits import Kit, KitType, KitTypePart, Part
from lending.models.lines import Line, LinePlacement
from lending.models.people import Card, Patron, Staff, StaffBranch
from lending.models.policies import AgreementAcceptance, Policy, Signing
from lending.models.reservations import Reservation
from lending.models.stock import Stock
from lending.passwords import hash_password

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
USERNAME, PASSWORD = "desk", "measured by day and night"
KITS = 1_000
"""Kits and patrons of the measured branch; a check-out takes one of each."""

PARTS = (
    ("Laptop", True, 30_000),
    ("Hotspot", True, 9_000),
    ("Charger", True, 4_000),
    ("Case", True, 2_500),
    ("Notebook", False, 0),
)
HOURS = (
    "mon 10:00-18:00; tue 10:00-20:00; wed 10:00-20:00; thu 10:00-20:00; fri 10:00-18:00; sat 10:00-17:00; sun closed"
)


def card(n: int) -> str:
    """The card of the ``n``-th patron, of the institution that is nobody's."""
    return library_code("2", "9999", n)


def kit(n: int) -> str:
    """The code of the ``n``-th kit."""
    return f"KIT-{n:05}"


def fill(database: Database, *, today: date, past_loans: int = 0) -> None:
    """Put the library into empty tables, and then its past."""
    database.act(lambda session: _fill(session, today))
    if past_loans:
        with database.write_engine.connect() as connection:
            connection.execute(text(_past_loans(connection.dialect.name)), {"loans": past_loans, "kits": KITS})
            connection.execute(text(_TERMS))
            connection.commit()
    if not database.is_sqlite:
        # The server would do it by itself, but not before the measuring begins. Nothing does it on SQLite.
        with database.write_engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


def _fill(session: Session, today: date) -> None:
    def add(row: type[Base], rows: list[dict[str, Any]]) -> None:
        session.connection().execute(insert(table_of(row)), rows)

    ids = range(1, KITS + 1)
    add(
        Branch,
        [{"id": 1, "code": "ELA", "name": "East", "zone": "America/Los_Angeles", "hours": WeeklyHours.parse(HOURS)}],
    )
    add(Station, [{"id": 1, "branch_id": 1, "name": "Desk 1"}])
    add(Closure, [_closed(today + timedelta(days=n)) for n in (3, 5, 30, 40, 90, 120)])
    add(Policy, [{"id": 1, "valid_from": LONG_AGO}])
    add(
        Staff,
        [
            {
                "id": 1,
                "username": USERNAME,
                "name": "Ben Okafor",
                "role": Role.DESK,
                "created_at": LONG_AGO,
                "password_hash": hash_password(PASSWORD),
            }
        ],
    )
    add(StaffBranch, [{"staff_id": 1, "branch_id": 1}])
    add(
        KitType,
        [{"id": 1, "code": "work-ready", "name": "Work Ready", "whole_price_cents": 45_000, "cohort_only": True}],
    )
    add(
        KitTypePart,
        [
            {"id": n, "kit_type_id": 1, "position": n, "name": name, "returnable": back, "price_cents": cents}
            for n, (name, back, cents) in enumerate(PARTS, start=1)
        ],
    )
    add(Stock, [{"id": 1, "branch_id": 1, "kit_type_id": 1}])
    add(Program, [{"id": 1, "code": "work-ready", "name": "Work Ready"}])
    add(Cohort, [_cohort(today)])
    add(Pool, [{"id": 1, "cohort_id": 1, "stock_id": 1, "kits": KITS}])
    add(Kit, [_kit(n) for n in ids])
    add(Part, list(_parts()))
    add(Line, [_line(n) for n in ids])
    add(LinePlacement, [{"line_id": n, "part_id": (n - 1) * len(PARTS) + 2, "since": LONG_AGO.date()} for n in ids])
    add(Patron, [patron(n) for n in ids])
    add(Card, [{"number": card(n), "patron_id": n, "issued_at": LONG_AGO} for n in ids])
    add(AgreementAcceptance, [{"patron_id": n, "accepted_at": LONG_AGO, "how": Signing.AT_DESK} for n in ids])
    add(Enrolment, [_enrolment(n) for n in ids])
    add(Reservation, [_reservation(n) for n in ids])
    periods = {period.name for day in (today, today - timedelta(days=1)) for period in token_periods(day)}
    add(PeriodKey, [{"period": name, "key": bytes(range(32)), "made_at": LONG_AGO} for name in sorted(periods)])
    if session.connection().dialect.name == "postgresql":
        # Rows that came with their keys do not move the counters that give the next ones.
        for table in _COUNTED:
            session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"))  # noqa: S608 - our own names


_COUNTED = (
    *("branches", "stations", "policies", "staff", "kits", "parts", "patrons", "lines", "reservations"),
    *("kit_types", "stocks", "programs", "cohorts", "pools", "enrolments"),
)
"""The tables whose rows come with their keys."""


def _closed(on: date) -> dict[str, Any]:
    return {"branch_id": 1, "starts_on": on, "ends_on": on, "reason": "Holiday"}


def _cohort(today: date) -> dict[str, Any]:
    return {
        "id": 1,
        "code": "WR-7",
        "program_id": 1,
        "name": "Work Ready 7",
        "starts_on": today - timedelta(days=1),
        "ends_on": today + timedelta(days=40),
        "return_by": today + timedelta(days=40),
        "pickup_from": today - timedelta(days=8),
        "capacity": KITS,
        "created_at": LONG_AGO,
    }


def _kit(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "barcode": kit(n),
        "kit_type_id": 1,
        "stock_id": 1,
        "branch_id": 1,
        "state": KitState.AVAILABLE,
        "created_at": LONG_AGO,
    }


def _parts() -> Iterator[dict[str, Any]]:
    for n in range(1, KITS + 1):
        for kind, (name, back, _) in enumerate(PARTS, start=1):
            yield {
                "id": (n - 1) * len(PARTS) + kind,
                "kit_id": n,
                "kind_id": kind,
                "tag": f"PT-{n:05}{kind}",
                "manufacturer": "Makers",
                "model": f"{name} 1",
                "serial": f"S{n:05}{kind}" if back else None,
            }


def _line(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "number": f"+1213{n:07}",
        "iccid": f"89{n:017}",
        "carrier": "Cellco",
        "state": LineState.ACTIVE,
    }


def patron(n: int) -> dict[str, Any]:
    """The values of the ``n``-th patron."""
    return {
        "id": n,
        "name": f"Ada Morales {n}",
        "name_key": f"ada morales {n}",
        "birth_date": date(1990, 5, 17),
        "email": f"ada.{n}@example.org",
        "home_branch_id": 1,
        "expires_on": date(2099, 6, 30),
        "created_at": LONG_AGO,
    }


def _enrolment(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "cohort_id": 1,
        "patron_id": n,
        "pickup_branch_id": 1,
        "state": EnrolmentState.ENROLLED,
        "created_at": LONG_AGO,
        "seated_at": LONG_AGO,
    }


def _reservation(n: int) -> dict[str, Any]:
    return {
        "id": n,
        "patron_id": n,
        "kit_type_id": 1,
        "stock_id": 1,
        "pickup_branch_id": 1,
        "cohort_id": 1,
        "pool_id": 1,
        "enrolment_id": n,
        "state": ReservationState.PROMISED,
        "pickup_code": "K7QD",
        "queued_at": LONG_AGO,
        "promised_at": LONG_AGO,
    }


# Each past loan: one day apart over the kits, a week out, closed; three in four have no patron any more, because the
# privacy clock has cut it, the rest are spread over all patrons.
_SERIES = {
    "sqlite": "WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :loans)",
    "postgresql": "WITH series AS (SELECT generate_series(1, CAST(:loans AS bigint)) AS n)",
}
_INSTANT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%S.000000', '2021-01-01', '+' || (n % 1500 + {days}) || ' days')",
    "postgresql": "TIMESTAMPTZ '2021-01-01 00:00Z' + make_interval(days => CAST(n % 1500 + {days} AS int))",
}
_PUBLIC_ID = {"sqlite": "printf('past%012d', n)", "postgresql": "'past' || lpad(n::text, 12, '0')"}


_LOANS = """
    INSERT INTO loans (public_id, kit_id, kit_type_id, patron_id, branch_id, checked_out_at, recorded_at, door, state,
        term, due_at, renewals, received_at, received_recorded_at, received_door, received_branch_id, book_drop,
        settled_at)
    {series} SELECT {public_id}, n % :kits + 1, 1, CASE WHEN n % 4 = 0 THEN (n / 4) % :kits + 1 END, 1, {out}, {out},
        'web', 'closed', 1, {due}, 0, {back}, {back}, 'web', 1, n < 0, {back}
    FROM series"""
_TERMS = """
    INSERT INTO loan_terms (loan_id, n, kind, due_at, policy_id, rule, made_at)
    SELECT id, 1, 'check_out', due_at, 1, 'loan_period', checked_out_at FROM loans"""


def _past_loans(dialect: str) -> str:
    instants = {name: _INSTANT[dialect].format(days=days) for name, days in (("out", 0), ("back", 7), ("due", 9))}
    return _LOANS.format(series=_SERIES[dialect], public_id=_PUBLIC_ID[dialect], **instants)
