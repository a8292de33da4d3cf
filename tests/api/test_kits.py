"""Kits, kit types and branches through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.models.kits import Kit, Part
from tests.api.conftest import Door
from tests.api.test_cases import check_out, give_back
from tests.cast import KIT, LUIS, NOW, OPEN_KIT

NEW = {"barcode": "KIT-7000", "type": "laptop-hotspot", "branch": "ELA", "place": "shelf 4"}


def test_a_kit_shows_its_parts_and_no_key_of_a_row_nor_a_password(both: Door) -> None:
    shown = both.ben.get(f"/kits/{KIT.lower()}").json
    names = [part["name"] for part in shown["parts"]]
    assert (shown["barcode"], shown["type"], shown["branch"], shown["state"]) == (KIT, "work-ready", "ELA", "available")
    assert names == ["Laptop", "Hotspot", "Charger", "Case", "Notebook"]
    assert [part["id"] for part in shown["parts"]] == [1, 2, 3, 4, 5]
    assert "due_at" not in shown
    assert not {"network_password", "network_name", "imei"} & shown["parts"][1].keys()


def test_a_kit_is_added_with_what_its_type_expects_or_with_what_is_given(both: Door) -> None:
    answer = both.ben.post("/kits", NEW)
    assert answer.status_code == 201, answer.text
    assert (answer.json["kit"]["place"], len(answer.json["kit"]["parts"])) == ("shelf 4", 5)
    laptop = {"kind": "Laptop", "serial": "Xy1", "tag": "PT-7001", "network_password": "secret"}
    other = both.ben.post("/kits", {**NEW, "barcode": "KIT-7001", "parts": [laptop]})
    assert [(part["name"], part["tag"]) for part in other.json["kit"]["parts"]] == [("Laptop", "PT-7001")]
    assert "secret" not in other.text
    assert both.ben.post("/kits", NEW).json["blocks"][0]["reason"] == "code_taken"
    assert both.ben.post("/kits", {**NEW, "barcode": LUIS}).json["blocks"][0]["reason"] == "code_not_a_kit"
    assert both.ben.post("/kits", {**NEW, "barcode": "KIT-7002", "type": "boat"}).status_code == 404


def test_a_kit_is_withdrawn_with_a_reason_and_brought_back(both: Door) -> None:
    assert both.eli.post(f"/kits/{KIT}/withdrawal", {"reason": " "}).json["blocks"][0]["reason"] == "reason_needed"
    assert both.eli.post(f"/kits/{KIT}/withdrawal", {"reason": "worn"}).json["kit"]["state"] == "withdrawn"
    assert both.eli.post(f"/kits/{KIT}/reinstatement").json["kit"]["state"] == "to_inspect"
    assert both.eli.post(f"/kits/{KIT}/missing").json["kit"]["state"] == "missing"
    assert both.ben.post(f"/kits/{KIT}/found", {"branch": "ELA"}).json["kit"]["state"] == "to_inspect"


def test_a_kit_that_is_out_cannot_be_withdrawn(door: Door) -> None:
    check_out(door.ben)
    answer = door.eli.post(f"/kits/{KIT}/withdrawal", {"reason": "worn"})
    assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (409, "wrong_state")


def test_a_swapped_part_keeps_its_number_and_the_new_one_gets_the_next(both: Door) -> None:
    check_out(both.ben)
    answer = both.ben.post("/swaps", {"kit": KIT, "part": 2})
    assert answer.status_code == 201, answer.text
    assert [part["id"] for part in answer.json["kit"]["parts"]] == [1, 6, 3, 4, 5]
    give_back(both.ben)
    found = [{"part": number, "state": "here"} for number in (1, 3, 4, 6)]
    inspected = both.ben.post("/inspections", {"kit": KIT, "parts": found})
    assert inspected.json["loan"]["state"] == "closed"


def test_a_part_is_added_and_replaced_in_the_library(both: Door) -> None:
    added = both.ben.post(f"/kits/{KIT}/parts", {"kind": "Charger", "serial": "C2"})
    assert added.json["kit"]["parts"][3]["serial"] == "C2"
    replaced = both.ben.post(f"/kits/{KIT}/parts/6/replacement", {"part": {"kind": "Charger", "serial": "C3"}})
    assert (replaced.status_code, replaced.json["kit"]["parts"][3]["id"]) == (201, 7)
    assert both.ben.post(f"/kits/{KIT}/parts/99/replacement").json["blocks"][0]["reason"] == "part_unknown"
    assert both.ben.send("PATCH", f"/kits/{KIT}", {"note": "new charger"}).status_code == 200
    assert both.every(select(Kit.note).where(Kit.barcode == KIT)) == ["new charger"]
    assert len(both.every(select(Part.id).where(Part.serial == "C3"))) == 1


ANOTHER = {"number": "+12135550777", "iccid": "8944501234567890124", "carrier": "Cellco"}


@pytest.mark.parametrize("line", [ANOTHER, {"number": "+12135551042"}], ids=["another", "the same again"])
def test_a_lost_kit_that_returned_is_free_with_a_line_that_works(both: Door, line: dict[str, str]) -> None:
    check_out(both.ben)
    both.eli.post(f"/kits/{KIT}/lost")
    give_back(both.ben)
    looked = both.ben.post(
        "/inspections", {"kit": KIT, "all_here": True, "steps": {"wiped": True, "charged": True, "restocked": True}}
    )
    assert looked.json["kit"]["state"] == "turnaround"
    wrong = both.ben.post(f"/kits/{KIT}/steps", {"step": "line_active"})
    assert (wrong.status_code, wrong.json["blocks"][0]["reason"]) == (409, "line_ended")
    answer = both.ben.post(f"/kits/{KIT}/parts/2/line", line)
    assert (answer.status_code, answer.json["kit"]["state"]) == (201, "available")


def test_a_damaged_kit_is_mended_and_made_ready(both: Door) -> None:
    check_out(both.ben, OPEN_KIT, LUIS)
    give_back(both.ben, OPEN_KIT)
    seen = [{"part": n, "state": "damaged" if n == 1 else "here", "note": "cracked"} for n in (1, 2, 3, 4)]
    answer = both.ben.post("/inspections", {"kit": OPEN_KIT, "parts": seen, "steps": {"wiped": True}})
    assert answer.json["kit"]["state"] == "repair"
    assert both.ben.post(f"/kits/{OPEN_KIT}/repair").json["kit"]["state"] == "turnaround"
    assert both.ben.post(f"/kits/{OPEN_KIT}/steps", {"step": "charged"}).json["kit"]["state"] == "turnaround"
    assert both.ben.post(f"/kits/{OPEN_KIT}/steps", {"step": "restocked"}).json["kit"]["state"] == "available"


@pytest.mark.parametrize(
    "body",
    [
        {"parts": [{"part": 1, "state": "here"}], "all_here": True},
        {"parts": [{"part": 1, "state": "here"}, {"part": 1, "state": "missing"}]},
        {"parts": [{"part": 1, "state": "stolen"}]},
        {"parts": [{"part": True, "state": "here"}]},
        {"all_here": True, "steps": {"polished": True}},
        {"all_here": True, "steps": {"wiped": 1}},
    ],
)
def test_an_inspection_that_does_not_fit_is_refused(door: Door, body: Any) -> None:
    assert door.ben.post("/inspections", {"kit": KIT, **body}).status_code == 422


def test_an_inspection_names_every_part_and_none_of_another_kit(door: Door) -> None:
    check_out(door.ben)
    give_back(door.ben)
    some = [{"part": 1, "state": "here"}]
    assert door.ben.post("/inspections", {"kit": KIT, "parts": some}).json["blocks"][0]["reason"] == "parts_not_counted"
    strange = door.ben.post("/inspections", {"kit": KIT, "parts": [*some, {"part": 77, "state": "here"}]})
    assert (strange.status_code, strange.json["blocks"][0]["reason"]) == (422, "part_unknown")


def test_a_loan_is_renewed_dated_by_hand_claimed_and_undone(both: Door) -> None:
    loan = check_out(both.ben, OPEN_KIT, LUIS, station="Station 1")
    assert loan["due_at"] == "2026-04-14T20:00:00-07:00"
    undone = both.ben.post("/undo", {"branch": "ELA", "station": "Station 1"})
    assert (undone.status_code, undone.json) == (201, {"verb": "check_out", "kit": OPEN_KIT, "loan": loan["id"]})
    check_out(both.ben, OPEN_KIT, LUIS)
    both.clock.at = NOW + timedelta(days=30)
    renewed = both.ben.post("/renewals", {"kit": OPEN_KIT})
    assert (renewed.status_code, renewed.json["loan"]["rule"]) == (201, "renewal")
    by_hand = both.eli.post("/due_dates", {"kit": OPEN_KIT, "due_on": "2026-04-20", "reason": "exam week"})
    assert by_hand.json["loan"]["due_at"] == "2026-04-20T18:00:00-07:00"
    claimed = both.ben.post("/claims", {"kit": OPEN_KIT, "branch": "ELA"})
    assert claimed.json["loan"]["state"] == "claimed"


def test_a_cohort_loan_is_not_renewed(door: Door) -> None:
    check_out(door.ben)
    answer = door.ben.post("/renewals", {"kit": KIT})
    assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (409, "cohort_loan")


def test_kit_types_and_branches_are_added_by_the_administrator(both: Door) -> None:
    kind = {
        "code": "tablet",
        "name": "Tablet",
        "description": "",
        "whole_price_cents": 20000,
        "cohort_only": False,
        "parts": [
            {"name": "Tablet", "quantity": 1, "returnable": True, "price_cents": 18000, "bills_alone": False},
            {"name": "Cloth", "quantity": 1, "returnable": False, "price_cents": 0, "bills_alone": False},
        ],
    }
    assert both.eli.post("/kit_types", kind).json == {"kit_type": kind}
    assert both.eli.post("/kit_types", kind).json["blocks"][0]["reason"] == "already_exists"
    week = "; ".join(f"{day} 10:00-18:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat")) + "; sun closed"
    haw = {"code": "HAW", "name": "Hawaiian Gardens Library", "zone": "America/Los_Angeles", "hours": week}
    answer = both.eli.post("/branches", haw)
    assert answer.json == {"branch": {**haw, "address": "", "phone": "", "floats": False}}
    wrong = both.eli.post("/branches", {**haw, "code": "x y", "zone": "Mars", "hours": "always"})
    assert [block["reason"] for block in wrong.json["blocks"]] == ["value_wrong"] * 3
