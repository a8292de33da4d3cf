"""Notices through the API: their log, and their words listed, set and restored by an administrator."""

from __future__ import annotations

from lending.circulation.telling import tell
from lending.notice_words import MESSAGES
from tests.api.conftest import Door
from tests.cast import NOW

ADDRESS = "/notice_texts/overdue/email/en"
OWN = {"subject": "Back on {due_day}?", "body": "Please come."}


def test_words_are_set_and_restored(both: Door) -> None:
    made = both.eli.send("PUT", ADDRESS, OWN)
    assert (made.status_code, made.json["own"], made.json["subject"]) == (200, True, "Back on {due_day}?")
    listed = both.eli.get("/notice_texts").json["items"]
    assert {one["step"] for one in listed} == set(MESSAGES)
    assert [one["step"] for one in listed if one["own"]] == ["overdue"]
    restored = both.eli.send("DELETE", ADDRESS)
    assert (restored.json["own"], restored.json["subject"]) == (False, "Your kit was due {due_day}")
    assert "due_day" in restored.json["places"]


def test_a_place_that_nothing_fills_is_named(door: Door) -> None:
    refused = door.eli.send("PUT", ADDRESS, {**OWN, "body": "{gone}"})
    assert (refused.status_code, refused.json["blocks"][0]["reason"]) == (422, "place_unknown")


def test_a_text_that_there_is_not_is_not_found(door: Door) -> None:
    for address in ("nothing/email/en", "overdue/call/en", "overdue/fax/en", "overdue/email/xx"):
        assert door.eli.send("PUT", f"/notice_texts/{address}", OWN).status_code == 404


def test_the_log_names_nobody_and_goes_on_behind_its_cursor(both: Door) -> None:
    steps = ("one", "two", "three")
    both.database.act(
        lambda session: [
            tell(session, step, subject="programme:1", patron_id=both.cast.ada_id, at=NOW) for step in steps
        ]
    )
    first = both.eli.get("/notices", limit=2).json
    assert [(one["step"], one["state"], one["channel"]) for one in first["items"]] == [
        ("three", "pending", "letter"),
        ("two", "pending", "letter"),
    ]
    assert "Ada" not in str(first)
    assert [one["step"] for one in both.eli.get("/notices", cursor=first["next"]).json["items"]] == ["one"]
    assert [one["step"] for one in both.eli.get("/notices", step="two").json["items"]] == ["two"]
    assert both.eli.get("/notices", state="sent").json == {"items": [], "next": None}
    assert both.eli.get("/notices", state="lost").status_code == 422


def test_nobody_else_reads_the_log(door: Door) -> None:
    for who in ("ben", "cleo", "dora"):
        assert door.desk(who).get("/notices").status_code == 403
