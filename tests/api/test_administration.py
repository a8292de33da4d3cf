"""The library's own settings and the accounts of its staff, for other programs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Door
from tests.api.outcome_calls import NEW_STAFF


def reasons(answer: Any) -> list[str]:
    return [block["reason"] for block in answer.json["blocks"]]


@pytest.mark.parametrize("who", ["ben", "cleo", "dora"])
@pytest.mark.parametrize("address", ["/settings", "/staff"])
def test_administrators_alone_read_and_change_them(door: Door, who: str, address: str) -> None:
    assert door.desk(who).get(address).status_code == 403
    assert door.desk(who).send("PATCH", "/settings", {"cut_after_days": 0}).status_code == 403
    assert door.desk(who).post("/staff", NEW_STAFF).status_code == 403


def test_what_is_named_changes_and_everything_else_stays(both: Door) -> None:
    before = both.eli.get("/settings").json
    topics = [{"code": "resume", "name": "Résumé"}]
    given = {"cut_after_days": 20, "second_factor_roles": ["admin", "manager"], "inquiry_topics": topics}
    changed = both.eli.send("PATCH", "/settings", given).json
    assert changed == before | given
    assert both.eli.get("/settings").json == changed
    assert both.app.extensions["lending"].own_settings().cut_after_days == 20, "from now on"
    assert both.eli.send("PATCH", "/settings", {"contact": None}).json == changed | {"contact": ""}


def test_colours_that_nobody_could_read_are_refused(door: Door) -> None:
    assert reasons(door.eli.send("PATCH", "/settings", {"main_colour": "#fefefe"})) == ["colour_contrast"]
    assert door.eli.send("PATCH", "/settings", {"cut_after_days": -1}).status_code == 422


def test_an_account_is_added_changed_closed_and_opened_again(both: Door) -> None:
    made = both.eli.post("/staff", NEW_STAFF).json
    assert (made["branches"], made["has_password"], made["active"]) == (["ELA"], False, True)
    there = f"/staff/{made['id']}"
    changed = both.eli.send("PATCH", there, {"role": "manager", "branches": ["ELA", "COM"]}).json
    assert changed == made | {"role": "manager", "branches": ["COM", "ELA"]}
    assert both.eli.send("PATCH", there, {"active": False}).json["active"] is False
    assert both.eli.send("PATCH", there, {"active": True, "name": "Gita Rao-Lind"}).json["name"] == "Gita Rao-Lind"
    assert made["username"] in [one["username"] for one in both.eli.get("/staff").json["items"]]


def test_no_account_is_made_with_a_place_that_there_is_not_or_a_name_that_is_taken(door: Door) -> None:
    assert reasons(door.eli.post("/staff", {**NEW_STAFF, "branches": ["XXX"]})) == ["value_wrong"]
    assert reasons(door.eli.post("/staff", {**NEW_STAFF, "username": "ben"})) == ["already_exists"]
    for role in ("patron", "system"):
        assert door.eli.post("/staff", {**NEW_STAFF, "role": role}).status_code == 422
    eli = next(one for one in door.eli.get("/staff").json["items"] if one["username"] == "eli")
    assert reasons(door.eli.send("PATCH", f"/staff/{eli['id']}", {"active": False})) == ["last_administrator"]


def test_accounts_are_paged_by_cursor(door: Door) -> None:
    first = door.eli.get("/staff", limit=3).json
    rest = door.eli.get("/staff", cursor=first["next"]).json
    assert [one["username"] for one in (*first["items"], *rest["items"])] == ["ben", "cleo", "dora", "eli"]
    assert rest["next"] is None
