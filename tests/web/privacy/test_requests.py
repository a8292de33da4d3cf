"""Case 13: somebody asks who had a kit. It is written down in a minute, refused without authority, and decided."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lending.db import Database
from lending.models.journal import JournalEntry
from lending.models.privacy import RecordsRequest, RequestDecision
from tests.cast import KIT
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import Browser

REQUESTS = "/records-requests"
ASKED = {
    "branch": "ELA",
    "kind": "police",
    "about": "who_had_a_kit",
    "authority": "subpoena",
    "asker": "Officer Lee Park",
    "routed_to": "County Counsel",
    "note": "KIT-1042, by telephone",
    "key": "a-request-1",
}


def decide(who: Browser, database: Database, **given: Any) -> int:
    address = f"{REQUESTS}/{only(database, RecordsRequest).public_id}"
    values = {"authority": "subpoena", "decision": "refused", "routed_to": "", "key": "decided-1", **given}
    return who.post(address, values).status_code


def test_the_desk_reads_what_to_say_and_writes_it_down(ben: Browser, sqlite_database: Database) -> None:
    page = ben.get(f"{REQUESTS}/new").get_data(as_text=True)
    assert "confidential by law" in page
    assert ben.post(f"{REQUESTS}/new", ASKED).status_code == 303
    row = only(sqlite_database, RecordsRequest)
    assert (row.asker, row.routed_to, row.decision) == ("Officer Lee Park", "County Counsel", None)
    listed = ben.get(REQUESTS).get_data(as_text=True)
    assert "who had a kit" in listed
    assert "waiting" in listed
    assert "Officer Lee Park" not in listed


def test_whoever_is_asked_who_had_a_kit_finds_the_way_on_the_kits_page(ben: Browser) -> None:
    page = ben.get(f"/kits/{KIT}").get_data(as_text=True)
    assert 'href="/records-requests/new?about=who_had_a_kit">Somebody asks who had it' in page
    asked = ben.get(f"{REQUESTS}/new?about=who_had_a_kit").get_data(as_text=True)
    (chosen,) = re.findall(r'<input[^>]*value="who_had_a_kit"[^>]*>', asked)
    assert "checked" in chosen
    assert ben.get(f"{REQUESTS}/new?about=everything").status_code == 200


def test_without_authority_nothing_is_disclosed(ben: Browser, eli: Browser, sqlite_database: Database) -> None:
    ben.post(f"{REQUESTS}/new", ASKED)
    for shown in ("none", "subpoena"):
        assert decide(eli, sqlite_database, decision="disclosed", authority=shown, key=f"decide-{shown}") == 409
    assert only(sqlite_database, RecordsRequest).decision is None
    assert decide(eli, sqlite_database, decision="disclosed", authority="court_order", key="decide-court") == 303
    assert only(sqlite_database, RecordsRequest).decision is RequestDecision.DISCLOSED


def test_what_is_decided_is_decided_once(ben: Browser, eli: Browser, sqlite_database: Database) -> None:
    ben.post(f"{REQUESTS}/new", ASKED)
    assert decide(eli, sqlite_database) == 303
    assert decide(eli, sqlite_database, decision="withdrawn", key="decided-again") == 409


def test_the_desk_decides_nothing(ben: Browser, sqlite_database: Database) -> None:
    ben.post(f"{REQUESTS}/new", ASKED)
    assert decide(ben, sqlite_database) == 403
    page = ben.get(f"{REQUESTS}/{only(sqlite_database, RecordsRequest).public_id}").get_data(as_text=True)
    assert "Save the decision" not in page


def test_another_branchs_request_is_not_there(ben: Browser, cleo: Browser, sqlite_database: Database) -> None:
    ben.post(f"{REQUESTS}/new", ASKED)
    assert cleo.get(f"{REQUESTS}/{only(sqlite_database, RecordsRequest).public_id}").status_code == 404
    assert decide(cleo, sqlite_database) == 404
    assert only(sqlite_database, RecordsRequest).public_id not in cleo.get(REQUESTS).get_data(as_text=True)
    assert cleo.post(f"{REQUESTS}/new", ASKED).status_code == 422


def test_the_list_leaves_without_a_name(ben: Browser, eli: Browser, sqlite_database: Database) -> None:
    ben.post(f"{REQUESTS}/new", ASKED)
    decide(eli, sqlite_database)
    text = eli.get(f"{REQUESTS}/list.csv").get_data(as_text=True)
    assert "who had a kit" in text
    assert "County Counsel" in text
    for inside in ("Officer", "Park", "KIT-1042"):
        assert inside not in text
    assert ben.get(f"{REQUESTS}/list.csv").status_code == 403


def test_the_journal_keeps_the_request_and_no_name(ben: Browser, eli: Browser, sqlite_database: Database) -> None:
    ben.post(f"{REQUESTS}/new", ASKED)
    decide(eli, sqlite_database)
    found = rows(sqlite_database, JournalEntry, JournalEntry.verb.like("%records_request"))
    assert [row.verb for row in found] == ["log_records_request", "decide_records_request"]
    assert "Park" not in str([row.detail for row in found])


@pytest.mark.parametrize("field", ["kind", "about", "branch"])
def test_what_has_to_be_said_is_asked_for(ben: Browser, field: str) -> None:
    assert ben.post(f"{REQUESTS}/new", {**ASKED, field: ""}).status_code == 422
