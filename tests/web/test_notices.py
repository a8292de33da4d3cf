"""The notice editor: every text is listed, shown as a patron gets it, saved, and restored."""

from __future__ import annotations

import re

import pytest

from lending.db import Database
from lending.models.notices import Channel, NoticeText
from lending.notice_words import MESSAGES
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import Browser

EMAIL, TEXT = "/administration/notices/overdue/email/en", "/administration/notices/overdue/text/en"
OWN = {"key": "n" * 16, "subject": "Back on {due_day}?", "body": "Hi {first_name}\r\n\r\n<b>Please</b> come."}


def page(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    text: str = answer.get_data(as_text=True)
    return text


def test_every_notice_is_listed_by_channel(eli: Browser) -> None:
    listed = page(eli, "/administration/notices")
    assert {
        f'href="/administration/notices/{code}/{c}/en"' in listed for code in MESSAGES for c in Channel if c != "call"
    } == {True}
    assert "<span>own words</span>" not in listed


def test_the_editor_begins_with_the_words_of_the_product_and_shows_them_filled(eli: Browser) -> None:
    text = page(eli, EMAIL)
    assert "Hello {first_name}," in text
    assert "<p>Hello Ana,</p>" in text
    assert "<b>Your kit was due Fri, Dec 18</b>" in text
    assert "{due_moment}" in text
    assert "Restore the words" not in text


def test_own_words_are_looked_at_before_they_are_saved(eli: Browser, sqlite_database: Database) -> None:
    looked = eli.post(EMAIL, {**OWN, "preview": "1"})
    assert looked.status_code == 200
    assert "&lt;b&gt;Please&lt;/b&gt; come." in looked.get_data(as_text=True)
    assert "<b>Back on Fri, Dec 18?</b>" in looked.get_data(as_text=True)
    assert rows(sqlite_database, NoticeText) == []
    assert eli.post(EMAIL, OWN).status_code == 303
    assert only(sqlite_database, NoticeText).body == "Hi {first_name}\n\n<b>Please</b> come."
    assert "<span>own words</span>" in page(eli, "/administration/notices")
    assert eli.post(f"{EMAIL}/restore", {"key": "r" * 16}).status_code == 303
    assert rows(sqlite_database, NoticeText) == []


def test_a_text_message_says_how_many_segments_it_takes(eli: Browser) -> None:
    text = page(eli, TEXT)
    assert re.search(r"1 segment, \d+ characters", text)
    assert 'id="subject"' not in text
    long = eli.post(TEXT, {"key": "n" * 16, "body": "ž" * 140, "preview": "1"}).get_data(as_text=True)
    assert "3 segments, 140 characters" in long
    assert "Say it in fewer words." in long


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"body": "{gone}"}, "body", "cannot fill the place gone"),
        ({"body": ""}, "body", "Fill this in."),
        ({"subject": "{first_name}"}, "subject", "Others may read a subject line"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    eli: Browser, sqlite_database: Database, change: dict[str, str], field: str, sentence: str
) -> None:
    answer = eli.post(EMAIL, {**OWN, **change})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in text
    assert sentence in text
    assert rows(sqlite_database, NoticeText) == []


@pytest.mark.parametrize("address", ["nothing/email/en", "overdue/call/en", "overdue/email/xx"])
def test_a_text_that_there_is_not_is_not_found(eli: Browser, address: str) -> None:
    assert eli.get(f"/administration/notices/{address}").status_code == 404
