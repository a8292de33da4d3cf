"""Lending rules for other programs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from lending.models.policies import Policy
from tests.api.conftest import Door
from tests.api.test_cases import check_out
from tests.cast import LUIS, OPEN_KIT

LATER = "2026-04-01T07:00:00+00:00"


def rules_of(door: Door, **place: str) -> Any:
    """The rules of a place, as an administrator reads them."""
    answer = door.eli.get("/policies/place", **place)
    assert answer.status_code == 200, answer.text
    return answer.json


def set_rules(door: Door, rules: dict[str, Any], *, valid_from: str | None = None, **place: str) -> Any:
    body = {**place, "seen": rules_of(door, **place)["seen"], "rules": rules, "valid_from": valid_from}
    return door.eli.post("/policies", body)


def test_the_rules_are_read_with_what_the_product_comes_with(door: Door) -> None:
    listed = door.eli.get("/policies").json
    (everywhere,) = listed["items"]
    assert (everywhere["kit_type"], everywhere["branch"], everywhere["own"]) == (None, None, [])
    assert everywhere["rules"] == listed["defaults"]
    assert (listed["defaults"]["loan_days"], listed["defaults"]["household_limit"]) == (42, None)
    assert (listed["defaults"]["agreement"], listed["planned"]) == ("once", [])


def test_a_rule_is_set_for_a_kit_type_at_a_branch_and_no_due_date_moves(door: Door) -> None:
    due = check_out(door.ben, OPEN_KIT, LUIS)["due_at"]
    answer = set_rules(door, {"loan_days": 7, "household_limit": 2}, kit_type="laptop-hotspot", branch="ELA")
    assert (answer.status_code, answer.json["own"]) == (201, ["loan_days", "household_limit"])
    (loan,) = door.ben.get("/loans").json["items"]
    assert loan["due_at"] == due
    assert [one["branch"] for one in door.eli.get("/policies").json["items"]] == [None, "ELA"]


def test_who_has_not_seen_the_last_change_is_told(door: Door) -> None:
    seen = rules_of(door)["seen"]
    assert set_rules(door, {"loan_days": 28}).status_code == 201
    answer = door.eli.post("/policies", {"seen": seen, "rules": {"renewals": 1}})
    assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (409, "changed_since")


def test_a_planned_change_is_listed_and_taken_back(door: Door) -> None:
    assert set_rules(door, {"loan_days": 28}, valid_from=LATER).status_code == 201
    (planned,) = door.eli.get("/policies").json["planned"]
    assert (planned["valid_from"], planned["rules"]["loan_days"]) == (LATER, 28)
    early = set_rules(door, {"renewals": 1})
    assert (early.status_code, early.json["blocks"][0]["reason"]) == (409, "change_planned")
    gone = door.eli.send("DELETE", "/policies/planned?valid_from=2026-04-01T07:00:00Z")
    assert (gone.status_code, gone.json["planned"]) == (200, [])


def test_an_exception_ends_and_the_changes_are_told(door: Door) -> None:
    seen = set_rules(door, {"auto_renews": True}, branch="COM").json["seen"]
    ended = door.eli.send("DELETE", f"/policies?branch=COM&seen={seen}")
    assert (ended.status_code, ended.json["own"]) == (200, [])
    told = [(one["who"], one["branch"], one["changes"]) for one in door.eli.get("/policies/changes").json["items"]]
    assert told == [
        ("Eli H.", "COM", {"auto_renews": [True, False]}),
        ("Eli H.", "COM", {"auto_renews": [False, True]}),
    ]


def test_what_is_no_rule_or_out_of_bounds_changes_nothing(door: Door) -> None:
    wrong = set_rules(door, {"loan_days": 0, "owes_limit_cents": -5})
    assert (wrong.status_code, [block["reason"] for block in wrong.json["blocks"]]) == (
        422,
        ["number_outside", "amount_outside"],
    )
    assert wrong.json["blocks"][0]["detail"] == "Choose a number from 1 to 365 (days of a loan)."
    for rules in ({"fines": 1}, {"loan_days": True}, {"agreement": "sometimes"}, {"auto_renews": 1}):
        assert set_rules(door, rules).status_code == 422
    assert door.every(select(func.count()).select_from(Policy)) == [1]


def test_only_an_administrator_reads_and_sets_rules(door: Door) -> None:
    seen = rules_of(door)["seen"]
    assert door.cleo.get("/policies").status_code == 403
    assert door.cleo.post("/policies", {"branch": "COM", "seen": seen, "rules": {"renewals": 1}}).status_code == 403
    assert door.cleo.send("DELETE", f"/policies?branch=COM&seen={seen}").status_code == 403
