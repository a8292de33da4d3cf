"""Referral pages: no consent, no referral; a list by age; consent taken back."""

from __future__ import annotations

from typing import Any

from lending.db import Database
from lending.models.referrals import Referral
from tests.cast import LUIS, Cast
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import Browser

MADE = {
    "key": "k" * 16,
    "sent_to": "jobsla",
    "reason": "job_search",
    "consented_on": "2026-03-02",
    "referred_on": "2026-03-03",
    "patron": LUIS,
}


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def test_a_referral_is_made_listed_and_answered(
    ben: Browser, eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    assert ben.post("/referrals/new", MADE).status_code == 303
    row = only(sqlite_database, Referral)
    assert row.patron_id == cast.luis_id
    page = text(ben.get("/referrals"))
    assert "Luis R." in page
    answer = {"key": "a" * 16, "outcome": "enrolled", "source": "confirmed", "on": "2026-03-03"}
    assert ben.post(f"/referrals/{row.public_id}", answer).status_code == 303
    page = text(ben.get("/referrals"))
    assert "No referral waits for an answer" in page
    assert "This month" not in page
    assert "JobsLA" in text(eli.get("/referrals"))
    assert "the service confirmed it" in text(ben.get(f"/referrals/{row.public_id}"))


def test_without_the_day_of_the_consent_nobody_is_referred(ben: Browser, sqlite_database: Database) -> None:
    page = ben.post("/referrals/new", {**MADE, "consented_on": ""})
    assert page.status_code == 422
    assert "Nobody is referred without written consent." in text(page)
    late = ben.post("/referrals/new", {**MADE, "consented_on": "2026-03-04"})
    assert late.status_code == 409
    assert 'id="consented_on-error"' in text(late)
    assert rows(sqlite_database, Referral) == []


def test_what_is_no_card_is_told_and_nothing_is_kept(ben: Browser, sqlite_database: Database) -> None:
    page = ben.post("/referrals/new", {**MADE, "patron": "KIT-1042"})
    assert page.status_code in (409, 422)
    assert "There is a problem" in text(page)
    assert rows(sqlite_database, Referral) == []


def test_consent_taken_back_leaves_nobody_named(ben: Browser, sqlite_database: Database) -> None:
    ben.post("/referrals/new", MADE)
    there = f"/referrals/{only(sqlite_database, Referral).public_id}"
    assert ben.post(f"{there}/consent", {"key": "c" * 16}).status_code == 303
    page = text(ben.get(there))
    assert "nobody is named" in page
    assert "Luis" not in page
    late = ben.post(there, {"key": "l" * 16, "outcome": "placed", "source": "self_reported", "on": "2026-03-03"})
    assert late.status_code == 409
    assert "took their consent back" in text(late)


def test_another_librarys_referral_looks_as_if_there_were_none(
    ben: Browser, cleo: Browser, sqlite_database: Database
) -> None:
    ben.post("/referrals/new", MADE)
    there = f"/referrals/{only(sqlite_database, Referral).public_id}"
    assert cleo.get(there).status_code == cleo.get("/referrals/" + "b" * 16).status_code == 404
    assert cleo.post(f"{there}/consent", {"key": "c" * 16}).status_code == 404
    assert "No referral waits" in text(cleo.get("/referrals"))
