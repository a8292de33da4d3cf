"""Agreements through the API: published by an administrator, read by everybody who works with them."""

from __future__ import annotations

from tests.api.conftest import Door

SPANISH = {"code": "borrowing", "language": "es", "title": "Acuerdo", "body": "Devuelvo el equipo."}


def test_the_next_version_is_published_once_for_its_key(both: Door) -> None:
    made = both.eli.post("/agreements", SPANISH, key="one")
    assert (made.status_code, made.json["version"], made.json["current"]) == (201, 1, True)
    later = both.eli.post("/agreements", {**SPANISH, "body": "Devuelvo el equipo completo."})
    assert later.json["version"] == 2
    assert both.eli.post("/agreements", SPANISH, key="one").json["version"] == 1
    listed = both.ben.get("/agreements").json["items"]
    assert [(one["language"], one["version"], one["current"]) for one in listed] == [
        ("en", 1, True),
        ("es", 2, True),
        ("es", 1, False),
    ]


def test_the_list_goes_on_behind_its_cursor(door: Door) -> None:
    door.eli.post("/agreements", SPANISH)
    first = door.ben.get("/agreements", limit=1).json
    assert [one["language"] for one in first["items"]] == ["en"]
    assert [one["language"] for one in door.ben.get("/agreements", cursor=first["next"]).json["items"]] == ["es"]


def test_a_lead_publishes_nothing(door: Door) -> None:
    refused = door.desk("dora").post("/agreements", SPANISH)
    assert (refused.status_code, [one["reason"] for one in refused.json["blocks"]]) == (403, ["not_permitted"])
