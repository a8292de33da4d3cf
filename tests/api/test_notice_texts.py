"""The words of notices through the API: listed, set and restored by an administrator."""

from __future__ import annotations

from lending.notice_words import MESSAGES
from tests.api.conftest import Door

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
