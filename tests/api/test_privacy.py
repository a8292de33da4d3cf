"""What the library keeps about people, requests for it, and the sealed ledger, for other programs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lending.models.journal import JournalEntry
from tests.api.conftest import Door
from tests.api.outcome_calls import DECISION, RECORDS, asked_to_open, second_administrator
from tests.api.test_cases import check_out
from tests.cast import ADA, LUIS, MINA, OPEN_KIT

OFFICER = ("Officer Lind", "Kit 14")


def reasons(answer: Any) -> list[str]:
    return [block["reason"] for block in answer.json["blocks"]]


def verbs(door: Door) -> list[str]:
    return [str(verb) for verb in door.every(select(JournalEntry.verb).order_by(JournalEntry.id))]


def test_a_record_is_erased_once_and_never_while_a_kit_is_out(both: Door) -> None:
    check_out(both.ben, OPEN_KIT, LUIS)
    assert reasons(both.eli.post("/erasures", {"patron": LUIS})) == ["kit_still_out"]
    first = both.eli.post("/erasures", {"patron": MINA}, key="once")
    assert (first.status_code, first.json) == (201, {"erased": True})
    again = both.eli.post("/erasures", {"patron": MINA}, key="once")
    assert (again.status_code, again.data) == (201, first.data), "though the card is unknown by now"
    assert both.eli.get(f"/patrons/{MINA}").status_code == 404
    assert reasons(both.eli.post("/erasures", {"patron": MINA})) == ["card_unknown"]
    assert verbs(both).count("erase_patron") == 1


def test_a_desk_erases_nobody_and_only_administrators_take_data_away(door: Door) -> None:
    assert door.ben.post("/erasures", {"patron": MINA}).status_code == 403
    for desk in (door.ben, door.cleo):
        assert desk.get(f"/patrons/{LUIS}/data").status_code == 403
    assert verbs(door) == []


def test_all_that_is_kept_about_a_patron_is_given_and_that_it_was_is_on_the_journal(door: Door) -> None:
    check_out(door.ben, OPEN_KIT, LUIS)
    answer = door.eli.get(f"/patrons/{LUIS}/data")
    assert answer.status_code == 200
    kept = answer.json["data"]
    assert [loan["kit"] for loan in kept["loans"]] == [OPEN_KIT]
    assert [card["number"] for card in kept["cards"]] == [LUIS]
    assert ADA not in answer.text
    assert verbs(door)[-1] == "look_at_patron"


def test_the_report_names_every_rule_by_table_and_counts_rows(door: Door) -> None:
    assert door.cleo.get("/reports/privacy").status_code == 403
    told = door.eli.get("/reports/privacy").json
    assert told["cut_after_days"] == 30
    by_table = {(one["table"], one["rule"]): one for one in told["items"]}
    assert by_table["cards", "erased"]["rows"] == 3
    assert "email" in by_table["patrons", "erased"]["columns"]
    assert not any(one["rule"] == "staff" for one in told["items"])


def test_a_request_for_records_is_written_down_and_its_list_names_nobody(both: Door) -> None:
    made = both.ben.post("/records_requests", RECORDS)
    assert made.status_code == 201
    assert (made.json["asker"], made.json["note"], made.json["decision"]) == (*OFFICER, None)
    listed = both.ben.get("/records_requests")
    assert [one["id"] for one in listed.json["items"]] == [made.json["id"]]
    assert not any(word in listed.text for word in OFFICER)
    assert both.cleo.get(f"/records_requests/{made.json['id']}").status_code == 404, "another branch's"
    assert both.cleo.get("/records_requests").json["items"] == []


def test_nothing_is_disclosed_without_what_the_law_asks_for(door: Door) -> None:
    there = f"/records_requests/{door.ben.post('/records_requests', RECORDS).json['id']}"
    disclosed = {"decision": "disclosed", "authority": "subpoena"}
    assert reasons(door.eli.post(f"{there}/decision", disclosed)) == ["authority_needed"]
    assert door.ben.post(f"{there}/decision", DECISION).status_code == 403
    assert door.cleo.post(f"{there}/decision", DECISION).status_code == 404
    assert door.eli.post(f"{there}/decision", DECISION).json["decision"] == "refused"
    assert reasons(door.eli.post(f"{there}/decision", DECISION)) == ["wrong_state"]


def test_requests_are_paged_by_cursor(door: Door) -> None:
    ids = [door.ben.post("/records_requests", RECORDS).json["id"] for _ in range(3)]
    first = door.ben.get("/records_requests", limit=2).json
    rest = door.ben.get("/records_requests", limit=2, cursor=first["next"]).json
    assert [one["id"] for one in (*first["items"], *rest["items"])] == ids[::-1]
    assert rest["next"] is None


def test_one_administrator_asks_and_another_approves(both: Door) -> None:
    second_administrator(both)
    (asked,) = both.eli.get("/ledger_openings").json["items"]
    assert (asked["stand"], asked["approved_by"]) == ("waiting", None)
    there = f"/ledger_openings/{asked['id']}"
    assert reasons(both.eli.post(f"{there}/approval")) == ["same_person"]
    assert both.desk("farah").post(f"{there}/approval").json["stand"] == "open"
    assert both.eli.post(f"{there}/closing").json["stand"] == "closed"
    assert reasons(both.eli.post(f"{there}/closing")) == ["wrong_state"]
    assert {"ask_to_open_ledger", "approve_ledger_opening", "close_ledger_opening"} <= set(verbs(both))


@pytest.mark.parametrize("who", ["ben", "cleo", "dora"])
def test_nobody_else_sees_or_asks_for_the_ledger(door: Door, who: str) -> None:
    asked_to_open(door)
    desk = door.desk(who)
    assert desk.get("/ledger_openings").status_code == desk.get("/reports/ecf_inventory").status_code == 403
    assert desk.post("/ledger_openings", {"reason": "curious"}).status_code == 403


def test_the_inventory_names_no_borrower(door: Door) -> None:
    assert reasons(door.eli.post("/ledger_openings", {"reason": " "})) == ["reason_needed"]
    check_out(door.ben, OPEN_KIT, LUIS)
    answer = door.eli.get("/reports/ecf_inventory")
    assert set(answer.json) == {"devices", "services"}
    assert not any(word in answer.text for word in ("Luis", "Ramos", LUIS))
