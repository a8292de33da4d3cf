"""The pages that add many kits and print their labels."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import delete, select

from lending.db import Database
from lending.models.kits import Kit
from tests.cast import COMPTON_KIT, KIT, OTHER_KIT
from tests.labels.scanner import pages
from tests.web.browsers import Browser

GIVEN = {"kit_type": "work-ready", "branch": "ELA", "count": "3", "first": "KIT-1043", "key": "k" * 16}


def test_the_next_free_code_is_proposed_and_the_labels_follow(ben: Browser, sqlite_database: Database) -> None:
    assert 'value="KIT-2003"' in ben.get("/kits/many").get_data(as_text=True)
    answer = ben.post("/kits/many", GIVEN)
    target = urlsplit(answer.headers["Location"])
    assert target.path == "/kits/labels"
    assert parse_qs(target.query)["codes"] == ["KIT-1045 KIT-1046 KIT-1047"]
    assert "KIT-1046" in ben.get(answer.headers["Location"]).get_data(as_text=True)


def test_what_is_wrong_stands_at_its_field(ben: Browser) -> None:
    assert ben.post("/kits/many", GIVEN | {"count": "201"}).status_code == 422
    assert ben.post("/kits/many", GIVEN | {"first": "29999000000018"}).status_code in (409, 422)
    assert ben.post("/kits/many", GIVEN | {"branch": "COM"}).status_code == 422


def test_a_library_without_kits_is_proposed_a_first_code(eli: Browser, sqlite_database: Database) -> None:
    from lending.models.kits import Part
    from lending.models.lines import LinePlacement
    from lending.models.reservations import Reservation

    def empty(session: Any) -> None:
        for model in (LinePlacement, Part, Reservation, Kit):
            session.execute(delete(model))

    sqlite_database.act(empty)
    assert 'value="KIT-1001"' in eli.get("/kits/many").get_data(as_text=True)


def test_labels_begin_where_the_sheet_was_left_and_scan_back(ben: Browser) -> None:
    url = f"/kits/labels.pdf?codes={KIT}%0A{OTHER_KIT.lower()},{KIT}&sheet=5160&start_at=4&qr=y&right=0&down=0"
    answer = ben.get(url)
    assert answer.mimetype == "application/pdf"
    [page] = list(pages(answer.data, 300))
    assert {scan.code for scan in page} == {KIT, OTHER_KIT}


def test_a_kit_of_another_branch_has_no_label_here(ben: Browser, eli: Browser) -> None:
    url = f"/kits/labels.pdf?codes={COMPTON_KIT}&sheet=single"
    theirs, none = ben.get(url), ben.get("/kits/labels.pdf?codes=KIT-999999&sheet=single")
    assert theirs.status_code == none.status_code == 422
    assert eli.get(url).status_code == 200


def test_the_test_page_is_a_pdf_and_wild_offsets_are_not_printed(ben: Browser) -> None:
    assert ben.get("/kits/labels/test.pdf?sheet=5167&right=1&down=-1").mimetype == "application/pdf"
    assert ben.get("/kits/labels/test.pdf?sheet=5167&right=50").status_code == 302
    assert ben.get(f"/kits/labels.pdf?codes={KIT}&sheet=none").status_code == 422


def test_every_kit_that_was_added_is_there(ben: Browser, sqlite_database: Database) -> None:
    ben.post("/kits/many", GIVEN)
    with sqlite_database.read() as session:
        codes = set(session.scalars(select(Kit.barcode)))
    assert {"KIT-1045", "KIT-1046", "KIT-1047"} <= codes
