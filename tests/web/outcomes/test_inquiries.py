"""The page of inquiries: one key a topic, by the page's script and without it."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select

from lending.db import Database
from lending.domain.permissions import Role
from lending.models.inquiries import InquiryTally
from lending.models.people import Staff
from tests.cast import Cast
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import Browser


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def press(browser: Browser, code: str, *, key: str | None = None, channel: str = "") -> Any:
    """A button, as the page's script sends it."""
    body = {"code": code, "key": key or secrets.token_hex(8), "channel": channel}
    return browser.client.post("/inquiries", json=body, headers={"X-CSRFToken": browser.token})


def test_a_key_is_one_inquiry_and_the_page_stays(ben: Browser, sqlite_database: Database) -> None:
    press(ben, "resume")
    answer = press(ben, "resume", channel="phone").json
    assert (answer["say"], answer["tone"], answer["counts"]["resume"]) == ("Resume: 2 today.", "done", 2)
    assert {row.channel: row.n for row in rows(sqlite_database, InquiryTally)} == {"unsaid": 1, "phone": 1}


def test_a_press_sent_again_counts_once(ben: Browser, sqlite_database: Database) -> None:
    answers = [press(ben, "training", key="one press").json for _ in range(2)]
    assert answers[0] == answers[1]
    assert only(sqlite_database, InquiryTally).n == 1


def test_without_scripts_the_button_stays_focused_and_the_channel_chosen(
    ben: Browser, sqlite_database: Database
) -> None:
    sent = {"key": "k" * 16, "code": "training", "channel": "in_person"}
    answer = ben.post("/inquiries", sent)
    assert answer.headers["Location"].endswith("/inquiries?last=training&channel=in_person")
    page = text(ben.get(answer.headers["Location"]))
    assert "Training: 1 today." in page
    assert 'value="training" class="btn btn-plain tally__one" data-key="5" autofocus' in page
    assert 'value="in_person" checked' in page


def test_the_last_one_is_taken_back(ben: Browser, sqlite_database: Database) -> None:
    press(ben, "resume")
    assert press(ben, "-undo").json["say"] == "The last one is taken back. Today: 0."
    refused = press(ben, "-undo")
    assert (refused.status_code, refused.json["tone"]) == (409, "stop")
    page = ben.post("/inquiries", {"key": "u" * 16, "code": "-undo"})
    assert page.status_code == 409
    assert "Error:" in text(page)


def test_a_topic_or_channel_that_nobody_knows_is_refused(ben: Browser, sqlite_database: Database) -> None:
    assert press(ben, "gossip").status_code == press(ben, "resume", channel="pigeon").status_code == 422
    for body in ([], {"code": 7, "key": "k" * 16}, {"code": "resume"}, {"code": "x" * 61, "key": "k" * 16}):
        answer = ben.client.post("/inquiries", json=body, headers={"X-CSRFToken": ben.token})
        assert answer.status_code == 422
    assert rows(sqlite_database, InquiryTally) == []


def test_a_sheet_of_paper_is_written_in_and_what_is_wrong_stands_at_its_field(
    ben: Browser, sqlite_database: Database
) -> None:
    sheet = {"key": "s" * 16, "topic": "resume", "day": "2026-02-27", "count": "17", "how": "phone"}
    assert ben.post("/inquiries/sheets", sheet).status_code == 303
    row = only(sqlite_database, InquiryTally)
    assert (row.n, row.channel, row.day.isoformat()) == (17, "phone", "2026-02-27")
    wrong = ben.post("/inquiries/sheets", {**sheet, "key": "w" * 16, "day": "2026-03-04"})
    assert wrong.status_code == 422 or wrong.status_code == 409
    assert 'id="day-error"' in text(wrong)


def test_a_manager_sees_the_month_of_the_library_and_a_counsellor_their_own(
    ben: Browser, sqlite_database: Database, cast: Cast
) -> None:
    press(ben, "resume")
    assert "This month at this library" not in text(ben.get("/inquiries"))

    def counsel(session: Any) -> None:
        session.scalars(select(Staff).where(Staff.username == "ben")).one().role = Role.MANAGER

    sqlite_database.act(counsel)
    assert "This month at this library" in text(ben.get("/inquiries"))

    def again(session: Any) -> None:
        session.scalars(select(Staff).where(Staff.username == "ben")).one().role = Role.COUNSELLOR

    sqlite_database.act(again)
    page = text(ben.get("/inquiries"))
    assert "Your tallies this month" in page
    assert "Kits in use" not in page


def test_who_works_at_several_libraries_says_at_which(eli: Browser, new_browser: Any) -> None:
    assert eli.get("/inquiries").status_code == 200
    elsewhere = new_browser()
    elsewhere.sign_in("dora")
    assert elsewhere.get("/inquiries").headers["Location"] == "/station?next=/inquiries"


def test_the_topics_are_the_librarys_own(eli: Browser, sqlite_database: Database) -> None:
    lists = {"inquiry_topics": "career = Career plans\nresume = Résumé", "referral_services": "Adult school"}
    assert eli.post("/administration/outcomes", {"key": "t" * 16, **lists}).status_code == 303
    page = text(eli.get("/inquiries"))
    assert "Career plans" in page
    assert "Unemployment benefits" not in page
    assert "Adult school" in text(eli.get("/referrals/new"))
    wrong = eli.post("/administration/outcomes", {"key": "w" * 16, **lists, "inquiry_topics": "one\none"})
    assert wrong.status_code == 422 or wrong.status_code == 409
    assert 'id="inquiry_topics-error"' in text(wrong)
    assert eli.post("/administration/outcomes", {"key": "e" * 16}).status_code == 303
    assert "Unemployment benefits" in text(eli.get("/administration/outcomes"))


def test_a_counsellor_begins_here_and_not_at_a_desk_that_is_closed_to_them(
    new_browser: Any, sqlite_database: Database, cast: Cast
) -> None:
    def counsel(session: Any) -> None:
        session.scalars(select(Staff).where(Staff.username == "ben")).one().role = Role.COUNSELLOR

    sqlite_database.act(counsel)
    browser = new_browser()
    assert browser.sign_in("ben").headers["Location"] == "/inquiries"
    assert browser.sign_in("ben", next="/desk").headers["Location"] == "/inquiries"
    assert browser.get("/").headers["Location"] == "/inquiries"
    assert browser.get("/inquiries").status_code == 200
    lead = new_browser()
    assert lead.sign_in("dora").headers["Location"] == "/station?next=/search"
