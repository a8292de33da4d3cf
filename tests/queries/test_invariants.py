"""The laws of the data: they hold in a library at work, and each is seen to fail when its rows are broken by hand."""

# ruff: noqa: S608 - the statements are this file's own words
from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session

from lending.circulation.missing_parts import settle_incomplete_loans
from lending.circulation.undo import undo
from lending.db import Database
from lending.models.cohorts import Pool
from lending.queries.invariants import INVARIANTS, MOST_ROWS
from tests.cast import MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, assemble, kit, patron, promise
from tests.circulation.kits_in_hand import back_without, lend

NOOR = "29999000000042"

AN_OPEN_LOAN = "received_at IS NULL AND state = 'out'"
BREAKS: Mapping[str, str] = {
    "kit_on_loan": "UPDATE kits SET state = 'available' WHERE state = 'on_loan'",
    "kit_in_use": "UPDATE kits SET state = 'in_use' WHERE state = 'available'",
    "kit_lost": "UPDATE kits SET state = 'lost' WHERE state = 'available'",
    "kit_withdrawn": "UPDATE kits SET withdrawn_at = created_at WHERE state = 'available'",
    "kit_in_transit": "UPDATE kits SET in_transit_to_id = branch_id WHERE state = 'available'",
    "stock_type": f"UPDATE kits SET stock_id = (SELECT min(id) FROM stocks) WHERE barcode = '{OPEN_KIT}'",
    "loan_term": f"UPDATE loans SET due_at = checked_out_at WHERE {AN_OPEN_LOAN}",
    "loan_received": "UPDATE loans SET received_branch_id = NULL WHERE received_at IS NOT NULL",
    "loan_times": f"UPDATE loans SET recorded_at = '2000-01-01 00:00:00' WHERE {AN_OPEN_LOAN}",
    "loan_settled": "UPDATE loans SET settled_at = NULL WHERE state = 'closed'",
    "loan_incomplete": "UPDATE loan_parts SET state = 'here' WHERE state = 'missing'",
    "loan_kit_type": f"UPDATE loans SET kit_type_id = (SELECT min(id) FROM kit_types) WHERE {AN_OPEN_LOAN}",
    "loan_on_journal": "DELETE FROM journal WHERE loan_id IS NOT NULL",
    "loan_snapshot": "UPDATE parts SET kind_id = (SELECT min(id) FROM kit_type_parts)",
    "bill_ceiling": "UPDATE charges SET amount_cents = 1000000",
    "part_kind": "UPDATE parts SET kind_id = (SELECT max(id) FROM kit_type_parts)",
    "part_retired": "UPDATE parts SET retired_at = '2026-01-01 00:00:00' WHERE state = 'here'",
    "codes_disjoint": "UPDATE parts SET tag = (SELECT max(number) FROM cards) WHERE id = (SELECT min(id) FROM parts)",
    "current_card": """UPDATE cards SET ended_at = issued_at, "end" = 'replaced'""",
    "card_end": "UPDATE cards SET ended_at = issued_at",
    "patron_merged": "UPDATE patrons SET status = 'merged'",
    "promised_kit": "UPDATE reservations SET kit_id = (SELECT min(id) FROM kits WHERE state = 'available') "
    "WHERE id = (SELECT min(id) FROM reservations)",
    "ready_kit": "UPDATE reservations SET state = 'ready'",
    "pool_promises": "UPDATE pools SET kits = 0",
    "enrolments": "UPDATE cohorts SET capacity = 1",
    "daily_counts": "UPDATE daily_counts SET n = n + 1",
    "act_on_journal": (
        "INSERT INTO idempotency_keys (actor, key, digest, act, claimed_at) "
        "VALUES ('staff:1', 'k', 'd', 'never-happened', '2026-03-03 18:00:00')"
    ),
}
"""One way to break each law, behind the back of every verb."""


@pytest.fixture
def at_work(database: Database) -> Database:
    """A library with a kit out, one back and billed, one back with a part missing, an act undone and two promises."""
    cast = assemble(database)
    database.act(lambda session: more_people_and_kits(session, cast))
    lend(database, cast, OTHER_OPEN_KIT, MINA)
    database.act(lambda session: undo(session, at=NOW, by=cast.ben))
    lend(database, cast)
    lend(database, cast, OTHER_OPEN_KIT, MINA)
    back_without(database, cast, "Charger", kit=OTHER_OPEN_KIT)
    later = NOW + timedelta(days=14)
    database.act(lambda session: settle_incomplete_loans(session, at=later, by=cast.system))
    lend(database, cast, "KIT-2003", NOOR, at=later)
    back_without(database, cast, "Charger", kit="KIT-2003", at=later)
    return database


def more_people_and_kits(session: Session, cast: Cast) -> None:
    for code in ("KIT-2003", "KIT-2004"):
        kit(session, code, cast.laptop_hotspot, cast.ela)
    noor = patron(session, NOOR, "Noor Rahimi", cast.ela)
    promise(session, cast, patron_id=noor, pool_id=session.scalars(select(Pool.id).order_by(Pool.id)).first())


def broken(database: Database) -> dict[str, int]:
    with database.snapshot() as session:
        return {law.name: len(rows) for law in INVARIANTS if (rows := law.find(session))}


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """A connection on which nothing but CHECKs and unique indexes stands in the way."""
    with database.write_engine.connect() as connection:
        if database.is_sqlite:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys = OFF")
            for (name,) in driver.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                driver.execute(f"DROP TRIGGER {name}")
        yield connection
        connection.invalidate()


def found_when_broken(connection: Connection, name: str) -> list[dict[str, Any]]:
    """What the law ``name`` finds when its rows are broken by hand; the library is whole again afterwards."""
    (law,) = (law for law in INVARIANTS if law.name == name)
    with connection.begin() as transaction:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        assert connection.execute(text(BREAKS[name])).rowcount > 0, f"{name}: the library has no such row to break"
        rows = law.find(Session(connection))
        transaction.rollback()
    return rows


def test_every_law_holds_in_a_library_at_work(at_work: Database) -> None:
    assert broken(at_work) == {}


def test_every_law_holds_in_an_empty_library(database: Database) -> None:
    assert broken(database) == {}


def test_every_law_has_a_name_of_its_own_and_a_way_to_break_it() -> None:
    assert sorted(BREAKS) == sorted(law.name for law in INVARIANTS)
    assert all(law.law.endswith(".") for law in INVARIANTS)


def test_each_law_is_found_broken(at_work: Database) -> None:
    with unguarded(at_work) as connection:
        found = {name: len(found_when_broken(connection, name)) for name in BREAKS}
    assert {name: n for name, n in found.items() if not 0 < n <= MOST_ROWS} == {}


def test_a_broken_law_names_its_rows_without_a_patrons_data(at_work: Database) -> None:
    with unguarded(at_work) as connection:
        row, *_ = found_when_broken(connection, "current_card")
        told = repr([found_when_broken(connection, name) for name in BREAKS])
    assert row.keys() == {"patron_id", "status", "current_cards"}
    assert not any(secret in told for secret in ("Noor", "Rahimi", "Luis", "Ramos", "Kaur", "1990", MINA, NOOR))
