"""Claims about the sealed ledger: the name is on the loan or sealed, kept ten years, and never in the open."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from lending.circulation.ledger import key_marks
from lending.circulation.lost import declare_lost
from lending.db import Database
from lending.domain.sealed_names import KEY_BYTES, NameSeal
from lending.models.kits import Part
from lending.models.lines import Line, LinePlacement
from lending.models.loans import LoanPart
from lending.models.privacy import LedgerEnd, LedgerEntry, LedgerKind
from lending.queries.ledger import LedgerRow, assets, ledger_rows, services
from tests.cast import NOW, OPEN_KIT, Cast, put
from tests.circulation.clocks import LATER, SEAL, strike
from tests.circulation.kits_in_hand import back_without, lend, look, only, part_id, receive, rows, seen

TODAY = date(2026, 3, 3)


def bought_with_ecf(database: Database, *parts: str) -> None:
    """Parts of the open kit, by name, that ECF money paid for."""
    ids = [part_id(database, name) for name in parts or ("Laptop",)]
    values = {"fund": "ECF 2021", "manufacturer": "Acme", "model": "A1", "serial": "Sn-7", "delivered_on": TODAY}

    def write(session: Session) -> None:
        for n, key in enumerate(ids):
            session.execute(update(Part).where(Part.id == key).values(values | {"serial": f"Sn-{n}"}))

    database.act(write)


def ledger(database: Database, seal: NameSeal = SEAL) -> list[LedgerRow]:
    with database.read() as session:
        return list(ledger_rows(session, seal))


def test_what_ecf_money_paid_for_is_sealed_when_the_link_is_cut(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    lend(database, cast)
    back_without(database, cast, at=NOW + timedelta(days=2))
    strike(database, cast, LATER + timedelta(days=2))
    entry = only(database, LedgerEntry)
    assert (entry.kind, entry.part_type, entry.make, entry.model, entry.serial) == (
        *(LedgerKind.DEVICE, "Laptop", "Acme", "A1", "Sn-0"),
    )
    assert (entry.out_on, entry.in_on, entry.notified_as) == (TODAY, date(2026, 3, 5), None)
    assert entry.keep_until == date(2036, 3, 5)
    assert b"Ramos" not in entry.sealed_name
    (row,) = ledger(database)
    assert (row.name, row.branch) == ("Luis Ramos", "East Los Angeles Library")


def test_what_other_money_paid_for_leaves_nothing(database: Database, cast: Cast) -> None:
    lend(database, cast)
    back_without(database, cast)
    strike(database, cast)
    assert ledger(database) == []


def test_before_the_cut_the_loan_itself_says_it(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    lend(database, cast)
    (row,) = ledger(database)
    assert (row.name, row.held.out_on, row.held.in_on) == ("Luis Ramos", TODAY, None)
    assert rows(database, LedgerEntry) == []


def test_a_missing_and_a_damaged_part_and_a_lost_kit_say_since_when(database: Database, cast: Cast) -> None:
    bought_with_ecf(database, "Laptop", "Charger")
    lend(database, cast)
    back_without(database, cast, "Charger", at=NOW + timedelta(days=1))
    laptop, charger = ledger(database)
    assert (laptop.held.notified_as, laptop.held.in_on) == (None, date(2026, 3, 4))
    assert (charger.held.notified_as, charger.held.notified_on, charger.held.in_on) == (
        *(LedgerEnd.MISSING, date(2026, 3, 4), None),
    )


def test_a_kit_that_was_given_up_is_notified_lost(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    lend(database, cast)
    day = NOW + timedelta(days=60)
    database.act(lambda session: declare_lost(session, kit=OPEN_KIT, at=day, by=cast.eli))
    (row,) = ledger(database)
    assert (row.held.notified_as, row.held.notified_on, row.held.in_on) == (LedgerEnd.LOST, date(2026, 5, 2), None)


def test_the_service_of_a_line_is_kept_with_its_plan_and_speeds(database: Database, cast: Cast) -> None:
    hotspot = part_id(database, "Hotspot")

    def write(session: Session) -> None:
        of: dict[str, Any] = {"carrier": "Example Mobile", "plan": "Unlimited", "fund": "ECF 2021"}
        speeds = {"upload_mbps": 5, "download_mbps": 50, "data_cap_gb": 30}
        line = put(session, Line(number="+12135550100", iccid="8901000000000000001", **of, **speeds))
        put(session, LinePlacement(line_id=line.id, part_id=hotspot, since=date(2026, 1, 1)))
        before = put(session, Line(number="+12135550101", iccid="8901000000000000002", **of))
        gone = {"since": date(2025, 1, 1), "until": date(2025, 12, 31)}
        put(session, LinePlacement(line_id=before.id, part_id=hotspot, **gone))

    database.act(write)
    lend(database, cast)
    back_without(database, cast)
    strike(database, cast)
    (row,) = ledger(database)
    assert (row.held.kind, row.held.make, row.held.model) == (LedgerKind.SERVICE, "Example Mobile", "Unlimited")
    assert (row.held.download_mbps, row.held.upload_mbps, row.held.data_cap_gb) == (50, 5, 30)
    assert row.name == "Luis Ramos"
    with database.read() as session:
        assert [one.plan for one in services(session)] == ["Unlimited", "Unlimited"]


def test_a_second_strike_seals_nothing_twice(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    for day in (0, 2):
        lend(database, cast, at=NOW + timedelta(days=day))
        back_without(database, cast, at=NOW + timedelta(days=day, hours=1))
    strike(database, cast, LATER + timedelta(days=2))
    strike(database, cast, LATER + timedelta(days=3))
    assert len(rows(database, LedgerEntry)) == 2


def test_another_key_shows_every_row_and_no_name(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    lend(database, cast)
    back_without(database, cast)
    strike(database, cast)
    (row,) = ledger(database, NameSeal(b"x" * KEY_BYTES))
    assert (row.name, row.held.serial) == (None, "Sn-0")
    with database.read() as session:
        assert key_marks(session) == {SEAL.mark: 1}


def test_a_device_is_forgotten_ten_years_after_its_last_day_and_not_before(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    lend(database, cast)
    back_without(database, cast)
    lend(database, cast, at=NOW + timedelta(days=365))
    back_without(database, cast, at=NOW + timedelta(days=365))
    years = timedelta(days=3653)
    strike(database, cast, NOW + years + timedelta(days=2))
    assert len(rows(database, LedgerEntry)) == 2, "the first loan is old enough, but not the device"
    strike(database, cast, NOW + years + timedelta(days=400))
    assert rows(database, LedgerEntry) == []


def test_the_inventory_names_no_borrower_and_says_who_answers_for_it(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    database.act(lambda session: session.execute(text("UPDATE branches SET equipment_keeper = 'Rosa Diaz'")))
    lend(database, cast)
    with database.read() as session:
        (asset,) = assets(session)
    assert (asset.part_type, asset.serial, asset.kit) == ("Laptop", "Sn-0", OPEN_KIT)
    assert asset.branch == "East Los Angeles Library"
    assert (asset.loans, asset.last_out_on, asset.delivered_on, asset.keeper) == (1, TODAY, TODAY, "Rosa Diaz")
    assert "Ramos" not in repr(asset)


def test_the_list_that_went_out_counts_and_not_todays(database: Database, cast: Cast) -> None:
    bought_with_ecf(database)
    lend(database, cast)
    receive(database, cast)
    look(database, cast, seen(database))
    database.act(lambda session: session.execute(update(Part).values(fund=None, serial=None)))
    strike(database, cast)
    assert only(database, LedgerEntry).serial == "Sn-0"
    assert len([part for part in rows(database, LoanPart) if part.fund]) == 1
