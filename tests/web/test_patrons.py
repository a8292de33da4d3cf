"""A patron's charges on their page: paid, waived and handed back, and what a page says when a button came too late."""

from __future__ import annotations

import secrets

import pytest
from sqlalchemy import select

from lending.db import Database
from lending.domain.states import ChargeState
from lending.models.charges import Charge
from lending.models.people import Patron
from tests.cast import ADA, KIT, Cast
from tests.waits import waited_openly, waiting
from tests.web.browsers import Browser


def key() -> str:
    return secrets.token_hex(8)


def charge(database: Database) -> Charge:
    with database.read() as session:
        return session.scalars(select(Charge).order_by(Charge.id.desc())).first() or pytest.fail("no charge")


@pytest.fixture
def ada(ben: Browser, eli: Browser, sqlite_database: Database, cast: Cast) -> str:
    """Ada's page; she has lost her kit and owes for it."""
    assert ben.scan(KIT, patron=ADA).json["tone"] == "done"
    assert eli.post(f"/kits/{KIT}/lost", {"key": key()}).status_code == 303
    with sqlite_database.read() as session:
        return f"/patrons/{session.get_one(Patron, cast.ada_id).public_id}"


def test_the_desk_takes_a_payment_once(ben: Browser, ada: str, sqlite_database: Database) -> None:
    owed = charge(sqlite_database)
    url = f"{ada}/charges/{owed.public_id}/payment"
    page = ben.get(ada).get_data(as_text=True)
    assert f'action="{url}"' in page
    assert "/waiver" not in page
    assert ben.post(url, {"key": key()}).status_code == 303
    assert charge(sqlite_database).state is ChargeState.PAID
    page = ben.get(ada).get_data(as_text=True)
    assert "is paid." in page
    assert f'action="{url}"' not in page


def test_who_paid_gets_a_receipt(ben: Browser, eli: Browser, ada: str, sqlite_database: Database) -> None:
    one = charge(sqlite_database).public_id
    receipt = f"/slips{ada}/charges/{one}"
    assert ben.get(receipt).status_code == 404, "nothing was paid yet"
    ben.post(f"{ada}/charges/{one}/payment", {"key": key()})
    assert f'href="{receipt}"' in ben.get(ada).get_data(as_text=True)
    page = ben.get(receipt).get_data(as_text=True)
    assert all(words in page for words in ("Paid on Tue, Mar 3", "$450.00", "lost kit", KIT, "Ada M."))
    assert "Morales" not in page
    ben.scan(KIT, screen="returns")
    assert ben.get(receipt).status_code == 404, "it is handed back"


def test_no_receipt_tells_of_somebody_elses_charge(
    ben: Browser, cleo: Browser, ada: str, sqlite_database: Database, cast: Cast
) -> None:
    one = charge(sqlite_database).public_id
    ben.post(f"{ada}/charges/{one}/payment", {"key": key()})
    with sqlite_database.read() as session:
        luis = session.get_one(Patron, cast.luis_id).public_id
    assert ben.get(f"/slips/patrons/{luis}/charges/{one}").status_code == 404
    assert cleo.get(f"/slips{ada}/charges/{one}").status_code == 404


def test_a_payment_that_came_too_late_is_told_on_the_patrons_page(
    ben: Browser, ada: str, sqlite_database: Database
) -> None:
    url = f"{ada}/charges/{charge(sqlite_database).public_id}/payment"
    ben.post(url, {"key": key()})
    again = ben.post(url, {"key": key()})
    page = again.get_data(as_text=True)
    assert again.status_code == 409
    assert "That cannot be done now: it is paid." in page
    assert "Ada Morales" in page
    assert "<title>Error: Ada M." in page


def test_a_manager_waives_a_charge_with_a_reason(
    ben: Browser, eli: Browser, ada: str, sqlite_database: Database
) -> None:
    url = f"{ada}/charges/{charge(sqlite_database).public_id}/waiver"
    assert ben.get(url).status_code == 403
    assert eli.post(url, {"key": key(), "reason": ""}).status_code == 422
    assert eli.post(url, {"key": key(), "reason": "house fire"}).status_code == 303
    assert charge(sqlite_database).state is ChargeState.WAIVED


def test_what_was_paid_for_a_lost_kit_is_handed_back_when_it_returns(
    ben: Browser, ada: str, sqlite_database: Database
) -> None:
    base = f"{ada}/charges/{charge(sqlite_database).public_id}"
    ben.post(f"{base}/payment", {"key": key()})
    assert ben.scan(KIT, screen="returns").json["tone"] == "look"
    assert charge(sqlite_database).state is ChargeState.REFUND_DUE
    assert f'action="{base}/refund"' in ben.get(ada).get_data(as_text=True)
    assert ben.post(f"{base}/refund", {"key": key()}).status_code == 303
    assert charge(sqlite_database).state is ChargeState.REFUNDED


def test_a_charge_of_somebody_else_is_not_found_on_this_page(
    ben: Browser, ada: str, sqlite_database: Database, cast: Cast
) -> None:
    with sqlite_database.read() as session:
        luis = session.get_one(Patron, cast.luis_id).public_id
    url = f"/patrons/{luis}/charges/{charge(sqlite_database).public_id}/payment"
    assert ben.post(url, {"key": key()}).status_code == 404
    assert charge(sqlite_database).state is ChargeState.OWED


def test_staff_see_a_patrons_place_in_a_queue_and_about_when(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    sqlite_database.act(lambda session: waited_openly(session, cast))
    sqlite_database.act(lambda session: waiting(session, cast, cast.luis_id))
    with sqlite_database.read() as session:
        luis = session.get_one(Patron, cast.luis_id).public_id
    stands = "waiting, number 1 in the queue. Between Sat, Mar 14 and Sun, Mar 15, if things go as they did."
    for url, words in (
        (f"/patrons/{luis}", f"Laptop and hotspot, East Los Angeles Library: {stands}"),
        (f"/reservations/new?patron={luis}", stands),
    ):
        assert words in ben.get(url).get_data(as_text=True)
