"""Hiring event pages: plan, tally, correct; offers beside the people who had them."""

from __future__ import annotations

import secrets
from typing import Any

from lending.db import Database
from lending.models.hiring import HiringEvent
from tests.circulation.kits_in_hand import only, rows
from tests.web.browsers import Browser

EXPO = {
    "key": "k" * 16,
    "name": "Hiring expo",
    "day": "2026-03-03",
    "begins": "11:00",
    "ends_at": "14:00",
    "place": "Belvedere Park",
    "program": "",
}


def text(answer: Any) -> str:
    """The page's text."""
    return str(answer.get_data(as_text=True))


def planned(browser: Browser, **more: str) -> str:
    """The address of an event."""
    return str(browser.post("/hiring-events/new", {**EXPO, **more}).headers["Location"])


def press(browser: Browser, there: str, code: str) -> Any:
    """A button, as the page's script sends it."""
    body = {"code": code, "key": secrets.token_hex(8)}
    return browser.client.post(f"{there}/tally", json=body, headers={"X-CSRFToken": browser.token})


def test_an_event_is_planned_at_the_time_of_its_library(ben: Browser, sqlite_database: Database) -> None:
    there = planned(ben)
    assert only(sqlite_database, HiringEvent).starts_at.isoformat() == "2026-03-03T19:00:00+00:00"
    page = text(ben.get(there))
    assert "Belvedere Park" in page
    assert page.count("not known</span>") == 6
    assert "still to come" in text(ben.get("/hiring-events"))


def test_one_person_with_two_offers_is_two_offers_and_one_person(ben: Browser, sqlite_database: Database) -> None:
    there = planned(ben)
    press(ben, there, "offer")
    answer = press(ben, there, "another_offer").json
    assert answer["say"] == "Offers: 2. People with an offer: 1."
    assert (answer["counts"]["offers"], answer["counts"]["hires"]) == (2, None)
    less = press(ben, there, "another_offer-").json
    assert less["counts"]["offers"] == 1
    assert press(ben, there, "hire-").status_code == 422
    assert press(ben, there, "gossip").status_code == 422


def test_without_scripts_a_button_counts_too(ben: Browser, sqlite_database: Database) -> None:
    there = planned(ben)
    answer = ben.post(f"{there}/tally", {"key": "t" * 16, "code": "attendee"})
    assert answer.headers["Location"] == f"{there}?last=attendee"
    assert "Attended: 1." in text(ben.get(answer.headers["Location"]))
    refused = ben.post(f"{there}/tally", {"key": "u" * 16, "code": "employer-"})
    assert refused.status_code == 422
    assert "Error:" in text(refused)


def test_the_figures_are_corrected_and_what_is_left_empty_is_not_known(ben: Browser, sqlite_database: Database) -> None:
    there = planned(ben)
    press(ben, there, "employer")
    was = ",,1,,,,"
    figures = {"key": "f" * 16, "was": was, "attended": "43", "offers": "5", "people_offered": "4"}
    assert ben.post(f"{there}/figures", figures).status_code == 303
    row = only(sqlite_database, HiringEvent)
    assert (row.attended, row.offers, row.people_offered, row.employers) == (43, 5, 4, None)
    wrong = ben.post(f"{there}/figures", {**figures, "key": "g" * 16, "people_offered": "6"})
    assert wrong.status_code in (409, 422)
    assert 'id="people_offered-error"' in text(wrong)


def test_what_was_tallied_since_the_page_was_read_is_not_written_over(ben: Browser, sqlite_database: Database) -> None:
    there = planned(ben)
    assert 'name="was" type="hidden" value=",,,,,,"' in text(ben.get(there))
    press(ben, there, "attendee")
    press(ben, there, "employer")
    assert ben.post(f"{there}/figures", {"key": "f" * 16, "was": ",,,,,,", "registered": "120"}).status_code == 303
    row = only(sqlite_database, HiringEvent)
    assert (row.registered, row.attended, row.employers) == (120, 1, 1)


def test_a_plan_is_changed_and_an_event_cancelled(ben: Browser, sqlite_database: Database) -> None:
    there = planned(ben)
    assert 'value="11:00"' in text(ben.get(f"{there}/edit"))
    assert ben.post(f"{there}/edit", {**EXPO, "key": "e" * 16, "name": "Expo"}).status_code == 303
    wrong = ben.post(f"{there}/edit", {**EXPO, "key": "w" * 16, "ends_at": "10:00"})
    assert 'id="ends_at-error"' in text(wrong)
    assert ben.post(f"{there}/cancel", {"key": "c" * 16}).status_code == 303
    assert "data-tally" not in text(ben.get(there))
    assert ben.post(f"{there}/cancel", {"key": "d" * 16}).status_code == 409
    assert only(sqlite_database, HiringEvent).name == "Expo"


def test_the_programme_of_an_event_is_kept_by_whoever_does_not_lead_it(
    ben: Browser, eli: Browser, sqlite_database: Database
) -> None:
    there = planned(eli, program="work-ready")
    page = text(ben.get(f"{there}/edit"))
    assert '<option selected value="work-ready">' in page


def test_another_librarys_event_looks_as_if_there_were_none(
    ben: Browser, cleo: Browser, sqlite_database: Database
) -> None:
    there = planned(ben)
    assert cleo.get(there).status_code == cleo.get(f"{there}/edit").status_code == 404
    assert press(cleo, there, "attendee").status_code == 404
    assert rows(sqlite_database, HiringEvent)[0].attended is None
