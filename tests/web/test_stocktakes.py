"""Stocktake pages: begin, scan, end, and the report."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from lending.db import Database
from lending.models.stocktakes import Stocktake
from tests.cast import COMPTON_KIT, KIT, OTHER_KIT
from tests.web.browsers import Browser

KEY = "k" * 16


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def begin(browser: Browser, database: Database, **more: str) -> str:
    """Begin to count at East Los Angeles; gives the count's id."""
    assert browser.post("/stocktakes", {"key": KEY, "branch": "ELA", **more}).status_code == 303
    with database.read() as session:
        return session.scalars(select(Stocktake.public_id).order_by(Stocktake.id.desc())).first() or ""


def scan(browser: Browser, stocktake: str, kit: str) -> Any:
    """See a kit."""
    return browser.scan(kit, screen="stocktake", subject=stocktake)


def test_each_scan_says_how_many_of_how_many(ben: Browser, sqlite_database: Database) -> None:
    stocktake = begin(ben, sqlite_database)
    answer = scan(ben, stocktake, KIT).json
    assert (answer["tone"], answer["say"]) == ("done", f"{KIT}: here. 1 of 5 seen.")
    assert scan(ben, stocktake, OTHER_KIT).json["say"] == f"{OTHER_KIT}: here. 2 of 5 seen."
    again = scan(ben, stocktake, KIT).json
    assert (again["tone"], again["say"]) == ("again", f"{KIT} was seen already. Nothing changed.")


def test_a_kit_of_another_branch_is_told_with_the_way_out(ben: Browser, sqlite_database: Database) -> None:
    answer = scan(ben, begin(ben, sqlite_database), COMPTON_KIT).json
    assert (answer["tone"], answer["say"]) == ("look", f"{COMPTON_KIT} should be at Compton Library. Send it there.")


def test_the_same_scan_sent_twice_counts_once(ben: Browser, sqlite_database: Database) -> None:
    stocktake = begin(ben, sqlite_database)
    first = ben.scan(KIT, screen="stocktake", subject=stocktake, key="one scan").json
    assert ben.scan(KIT, screen="stocktake", subject=stocktake, key="one scan").json == first


def test_the_report_names_what_was_not_seen(ben: Browser, sqlite_database: Database) -> None:
    stocktake = begin(ben, sqlite_database)
    scan(ben, stocktake, KIT)
    scan(ben, stocktake, COMPTON_KIT)
    assert ben.post(f"/stocktakes/{stocktake}/end", {"key": KEY + "e"}).status_code == 303
    page = text(ben.get(f"/stocktakes/{stocktake}"))
    assert "1 of 5 seen" in page
    assert f"/kits/{OTHER_KIT}" in page
    assert "Send it there." in page
    assert ben.post(f"/stocktakes/{stocktake}/end", {"key": KEY + "f"}).status_code == 409


def test_without_scripts_the_page_does_the_same(ben: Browser, sqlite_database: Database) -> None:
    stocktake = begin(ben, sqlite_database)
    form = {"code": KIT, "key": KEY + "s", "station": "ELA/Station 1", "subject": stocktake}
    assert "1 of 5 seen." in text(ben.post(f"/stocktakes/{stocktake}", form))


def test_a_second_count_of_a_place_is_refused_on_the_page(ben: Browser, sqlite_database: Database) -> None:
    begin(ben, sqlite_database)
    answer = ben.post("/stocktakes", {"key": KEY + "2", "branch": "ELA"})
    assert answer.status_code == 409
    assert "A stocktake of this place is open already." in text(answer)


def test_another_branchs_count_is_not_there(ben: Browser, cleo: Browser, sqlite_database: Database) -> None:
    stocktake = begin(ben, sqlite_database)
    assert cleo.get(f"/stocktakes/{stocktake}").status_code == 404
    assert "East Los Angeles" not in text(cleo.get("/stocktakes")).partition("<main")[2]
