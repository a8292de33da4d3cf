"""The sealed ledger's page: the inventory names nobody, and names leave with two people alone."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from python_calamine import load_workbook
from sqlalchemy import select

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.permissions import Role
from lending.models.journal import JournalEntry
from lending.models.people import Staff
from lending.models.privacy import LedgerOpening
from tests.cast import NOW, Cast, put
from tests.circulation.kits_in_hand import back_without, lend, only, rows
from tests.circulation.test_ledger import bought_with_ecf
from tests.web.browsers import HASH, Browser, signed_in

LEDGER = "/administration/ledger"


@pytest.fixture
def fay(sqlite_database: Database, new_browser: Callable[[], Browser], cast: Cast, eli: Browser) -> Browser:
    """Fay, who administers as Eli does."""
    person = {"username": "fay", "name": "Fay Okafor", "role": Role.ADMIN, "created_at": NOW, "password_hash": HASH}
    sqlite_database.act(lambda session: put(session, Staff(**person)))
    return signed_in(new_browser(), "fay")


@pytest.fixture
def lent(sqlite_database: Database, cast: Cast) -> None:
    """Luis had a laptop that ECF money paid for."""
    bought_with_ecf(sqlite_database)
    lend(sqlite_database, cast)
    back_without(sqlite_database, cast)


def ask(eli: Browser, database: Database) -> str:
    assert eli.post(LEDGER, {"reason": "Audit of 2026", "key": "ask-the-ledger-1"}).status_code == 303
    return only(database, LedgerOpening).public_id


def press(who: Browser, opening: str, what: str, key: str = "press-the-button-1") -> int:
    return who.post(f"{LEDGER}/{opening}/{what}", {"key": key}).status_code


@pytest.mark.usefixtures("lent")
def test_the_inventory_leaves_without_a_name(eli: Browser) -> None:
    sheets = load_workbook(io.BytesIO(eli.get(f"{LEDGER}/inventory.xlsx").data))
    devices = sheets.get_sheet_by_name("Devices").to_python()
    assert "Sn-0" in devices[1]
    assert "Ramos" not in str([sheets.get_sheet_by_name(name).to_python() for name in sheets.sheet_names])
    text = eli.get(f"{LEDGER}/devices.csv").get_data(as_text=True)
    assert "Sn-0" in text
    assert "Ramos" not in text
    assert eli.get(f"{LEDGER}/services.csv").status_code == 200
    assert eli.get(f"{LEDGER}/patrons.csv").status_code == 404


@pytest.mark.usefixtures("lent")
def test_names_leave_when_another_approved_and_the_reading_is_on_the_journal(
    eli: Browser, fay: Browser, sqlite_database: Database
) -> None:
    opening = ask(eli, sqlite_database)
    assert press(eli, opening, "approval", "eli-approves-eli") == 409
    assert press(eli, opening, "reading", "eli-reads-early") == 409
    assert press(fay, opening, "approval") == 303
    answer = eli.post(f"{LEDGER}/{opening}/reading", {"key": "eli-reads-1"})
    assert answer.status_code == 200
    (ledger,) = (load_workbook(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python(),)
    assert "Luis Ramos" in ledger[1]
    read = rows(sqlite_database, JournalEntry, JournalEntry.verb == "read_ledger")
    assert [row.detail for row in read] == [{"opening": opening, "rows": 1}]
    assert press(fay, opening, "reading", "fay-reads-1") == 404


@pytest.mark.usefixtures("lent")
def test_a_key_that_read_the_names_reads_them_no_second_time(
    eli: Browser, fay: Browser, sqlite_database: Database
) -> None:
    opening = ask(eli, sqlite_database)
    press(fay, opening, "approval")
    assert press(eli, opening, "reading", "eli-reads-1") == 200
    assert press(eli, opening, "reading", "eli-reads-1") == 303
    assert press(fay, opening, "closing", "fay-closes-1") == 303
    assert press(eli, opening, "reading", "eli-reads-1") == 303
    assert press(eli, opening, "reading", "eli-reads-2") == 409
    assert len(rows(sqlite_database, JournalEntry, JournalEntry.verb == "read_ledger")) == 1


def test_the_page_shows_the_other_what_waits_for_approval(
    eli: Browser, fay: Browser, sqlite_database: Database
) -> None:
    opening = ask(eli, sqlite_database)
    theirs, own = fay.get(LEDGER).get_data(as_text=True), eli.get(LEDGER).get_data(as_text=True)
    assert f"{LEDGER}/{opening}/approval" in theirs
    assert f"{LEDGER}/{opening}/approval" not in own
    assert "Audit of 2026" in theirs
    assert press(fay, opening, "closing") == 303
    assert "taken back" in eli.get(LEDGER).get_data(as_text=True)


def test_one_alone_waits_a_day(eli: Browser, sqlite_database: Database, clock: MovingClock, cast: Cast) -> None:
    from lending.circulation.ledger_openings import note_told

    opening = ask(eli, sqlite_database)
    key = only(sqlite_database, LedgerOpening).id
    sqlite_database.act(lambda session: note_told(session, opening_id=key, at=NOW, by=cast.system))
    clock.move(timedelta(hours=11))
    assert press(eli, opening, "reading", "too-early-1") == 409


def test_a_reason_is_asked_for(eli: Browser, sqlite_database: Database) -> None:
    assert eli.post(LEDGER, {"reason": "", "key": "no-reason-1"}).status_code == 422
    with sqlite_database.read() as session:
        assert session.scalars(select(LedgerOpening)).all() == []


def test_a_name_is_kept_of_who_answers_for_equipment(eli: Browser) -> None:
    given = {"branch": "ELA", "name": "Rosa Diaz, branch manager", "key": "keeper-1"}
    assert eli.post(f"{LEDGER}/keepers", given).status_code == 303
    assert "Rosa Diaz, branch manager" in eli.get(f"{LEDGER}/keepers").get_data(as_text=True)
    assert eli.post(f"{LEDGER}/keepers", {"branch": "NOWHERE", "name": "X", "key": "keeper-nowhere"}).status_code == 422


def test_nobody_else_sees_the_page(ben: Browser, cleo: Browser) -> None:
    for who in (ben, cleo):
        for page in ("", "/inventory.xlsx", "/devices.csv", "/keepers"):
            assert who.get(f"{LEDGER}{page}").status_code == 403
