"""Patrons through the API: registered, read, changed, and every look on the journal."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lending import passwords
from lending.models.journal import IdempotencyKey, JournalEntry
from lending.models.people import Household, Patron
from tests.api.conftest import Door
from tests.api.test_cases import check_out
from tests.cast import ADA, LUIS, MINA, OPEN_KIT

CARD = "29999000000042"
NOOR: dict[str, Any] = {
    "card": CARD,
    "name": "Noor  Haddad",
    "birth_date": "1991-01-02",
    "email": "noor@Example.org",
    "phone": "(213) 555-0142",
    "address": {"street": "12 Elm Street", "unit": "3", "city": "Los Angeles", "postal_code": "90022"},
    "home_branch": "ELA",
    "language": "es",
    "expires_on": "2028-01-31",
    "pin": "4711",
}


def test_a_patron_is_registered_and_read_back(both: Door) -> None:
    answer = both.ben.post("/patrons", NOOR)
    assert answer.status_code == 201, answer.text
    patron = both.ben.get(f"/patrons/{CARD}").json
    assert patron == answer.json["patron"]
    shown = {name: patron[name] for name in NOOR if name != "pin"}
    assert shown == {
        **{k: v for k, v in NOOR.items() if k != "pin"},
        "name": "Noor Haddad",
        "email": "noor@example.org",
        "phone": "+12135550142",
    }
    assert [block["reason"] for block in patron["blocks"]] == ["agreement_not_signed"]
    assert patron["loans"] == patron["reservations"] == patron["charges"] == []


def test_a_pin_is_kept_as_a_hash_and_told_to_nobody(door: Door) -> None:
    answer = door.ben.post("/patrons", NOOR, key="k")
    assert "4711" not in answer.text
    (kept,) = door.every(select(Patron.pin_hash).where(Patron.name == "Noor Haddad"))
    assert passwords.matches("4711", kept)
    door.ben.send("PATCH", f"/patrons/{CARD}", {"pin": "1147"})
    (changed,) = door.every(select(Patron.pin_hash).where(Patron.name == "Noor Haddad"))
    assert passwords.matches("1147", changed)
    assert len(door.every(select(IdempotencyKey.digest))) == 2


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"card": "KIT-1042"}, ["code_not_a_card"]),
        ({"card": "29999000000019"}, ["code_misread"]),
        ({"card": ADA}, ["code_taken"]),
        ({"birth_date": "2031-01-01", "email": "nobody"}, ["value_wrong", "value_wrong"]),
        ({"name": "..."}, ["value_wrong"]),
        ({"language": "xx-yy-zz"}, ["value_wrong"]),
    ],
)
def test_a_record_that_cannot_be_right_is_refused_with_every_reason(
    door: Door, change: Any, reasons: list[str]
) -> None:
    answer = door.ben.post("/patrons", {**NOOR, **change})
    assert answer.status_code in (409, 422)
    assert [block["reason"] for block in answer.json["blocks"]] == reasons


@pytest.mark.parametrize("pin", ["123", "1" * 13, "12a4", 1234, "١٢٣٤"])
def test_a_pin_has_four_to_twelve_digits(door: Door, pin: Any) -> None:
    answer = door.ben.post("/patrons", {**NOOR, "pin": pin})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["pin"])


def test_a_change_touches_the_named_fields_alone(both: Door) -> None:
    both.ben.post("/patrons", NOOR)
    answer = both.ben.send("PATCH", f"/patrons/{CARD}", {"email": None, "language": "en"})
    assert answer.status_code == 200
    assert answer.json["patron"] == {
        **both.ben.get(f"/patrons/{CARD}").json,
        "email": None,
        "language": "en",
        "phone": "+12135550142",
    }


@pytest.mark.parametrize(
    "line", ["12 Elm St, 3, Los Angeles, CA 90022", "12 Elm Street, Apt 3, 90022-1234", "12 Elm Street #3, 90022"]
)
def test_an_address_in_one_line_is_the_same_household(door: Door, line: str) -> None:
    door.ben.post("/patrons", NOOR)
    assert door.ben.send("PATCH", f"/patrons/{LUIS}", {"address": line}).status_code == 200
    assert len(door.every(select(Household.id))) == 1


def test_a_look_and_a_search_are_on_the_journal_without_what_was_typed(both: Door) -> None:
    both.ben.get(f"/patrons/{ADA}")
    found = both.ben.get("/patrons", q="mora").json
    assert [(one["name"], one["email"], one["kits_out"]) for one in found["items"]] == [("Ada M.", None, 0)]
    entries = both.every(select(JournalEntry).order_by(JournalEntry.id))
    assert [(entry.verb, entry.door) for entry in entries] == [("look_at_patron", "api"), ("search_patrons", "api")]
    assert not any("mora" in str(entry.detail).lower() for entry in entries)


def test_a_patron_shows_their_loans_and_what_stands_against_another(both: Door) -> None:
    loan = check_out(both.ben, OPEN_KIT, LUIS)
    both.ben.send("PUT", f"/patrons/{LUIS}/block", {"reason": "returned mail"})
    patron = both.ben.get(f"/patrons/{LUIS}").json
    assert [one["id"] for one in patron["loans"]] == [loan["id"]]
    assert [block["reason"] for block in patron["blocks"]] == ["card_blocked"]
    lifted = both.ben.send("DELETE", f"/patrons/{LUIS}/block")
    assert (lifted.status_code, lifted.json["patron"]["blocks"]) == (200, [])
    assert both.ben.get(f"/patrons/{ADA}").json["reservations"][0]["state"] == "promised"


def test_two_records_become_one(both: Door) -> None:
    loan = check_out(both.ben, OPEN_KIT, LUIS)
    answer = both.eli.post("/patron_merges", {"gone": LUIS, "stays": MINA})
    assert (answer.status_code, answer.json["patron"]["card"]) == (201, MINA)
    assert [one["id"] for one in answer.json["patron"]["loans"]] == [loan["id"]]
    assert both.eli.get(f"/patrons/{LUIS}").json["blocks"][0]["reason"] == "card_replaced"


def test_a_charge_is_paid_waived_or_cancelled_once(both: Door) -> None:
    check_out(both.ben)
    both.eli.post("/kits/KIT-1042/lost")
    (charge,) = both.ben.get(f"/patrons/{ADA}").json["charges"]
    address = f"/charges/{charge['id']}"
    assert both.cleo.post(f"{address}/payment").status_code == 404
    assert both.ben.post(f"{address}/waiver", {"reason": "hardship"}).status_code == 403
    paid = both.ben.post(f"{address}/payment", key="p")
    assert (paid.status_code, paid.json["state"]) == (201, "paid")
    assert both.ben.post(f"{address}/payment", key="p").data == paid.data
    assert both.ben.post(f"{address}/payment").json["blocks"][0]["reason"] == "wrong_state"
    assert both.eli.post(f"{address}/cancellation", {"reason": "our error"}).json["state"] == "refund_due"
    assert both.ben.post(f"{address}/refund").json["state"] == "refunded"
