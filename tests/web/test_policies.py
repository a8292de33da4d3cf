"""The administrator's page of lending rules."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from lending.circulation.policies import RULES
from lending.db import Database
from lending.models.base import new_public_id
from lending.models.policies import Policy
from lending.web.policy_form import GROUPS, HINTS
from tests.circulation.kits_in_hand import rows
from tests.web.browsers import Browser

PAGE = "/administration/rules"


def form_of(answer: TestResponse, **changes: str) -> dict[str, str]:
    """What a page's form would send, with some values typed anew; an empty box is not ticked."""
    page = unescape(answer.text)
    form: dict[str, str] = {}
    for found in re.finditer(r"<input\b[^>]*>", page):
        told: dict[str, Any] = dict(re.findall(r'\b(name|value|type)="([^"]*)"', found[0]))
        if "name" in told and (told.get("type") != "checkbox" or " checked" in found[0]):
            form.setdefault(told["name"], told.get("value", ""))
    form |= dict(re.findall(r'<select[^>]*name="(\w+)".*?<option selected value="(\w+)"', page, re.DOTALL))
    return {**form, "key": new_public_id(), **changes}


def change(browser: Browser, address: str, **changes: str) -> TestResponse:
    url = PAGE + address
    return browser.post(url, form_of(browser.get(url), **changes))


def test_every_rule_stands_in_one_group_with_a_sentence() -> None:
    grouped = [name for _heading, names in GROUPS for name in names]
    assert sorted(grouped) == sorted(RULES) == sorted(HINTS)


def test_rules_are_changed_everywhere_and_the_page_says_what_they_were(eli: Browser, sqlite_database: Database) -> None:
    page = eli.get(PAGE + "/edit").text
    assert "due so many calendar days after check-out. Comes with: 42." in page
    done = change(eli, "/edit", loan_days="28", owes_limit_cents="12.50", household_limit="3", auto_renews="y")
    assert done.status_code == 303
    new = rows(sqlite_database, Policy)[-1]
    assert (new.loan_days, new.owes_limit_cents, new.household_limit) == (28, 1250, 3)
    assert (new.auto_renews, new.needs_wipe, new.agreement) == (True, True, "once")
    told = unescape(eli.get(PAGE).text)
    for sentence in (
        "Days of a loan: 42, now 28",
        "Amount a patron may owe: $20.00, now $12.50",
        "off, now 3",
        "Eli H.",
    ):
        assert sentence in told


def test_an_exception_says_what_is_different_and_ends_with_a_button(eli: Browser, sqlite_database: Database) -> None:
    address = "/edit?kit_type=laptop-hotspot&branch=ELA"
    assert "As elsewhere." in eli.get(PAGE + address).text
    assert "End the exception" not in eli.get(PAGE + address).text
    assert change(eli, address, renewals="1").status_code == 303
    assert "Renewals of a loan: 1" in eli.get(PAGE).text
    page = eli.get(PAGE + address)
    assert "Otherwise: 3." in page.text
    seen = form_of(page)["seen"]
    ended = eli.post(f"{PAGE}/as-elsewhere?kit_type=laptop-hotspot&branch=ELA", {"key": new_public_id(), "seen": seen})
    assert (ended.status_code, rows(sqlite_database, Policy)[-1].renewals) == (303, 3)
    again = eli.post(f"{PAGE}/as-elsewhere?kit_type=laptop-hotspot&branch=ELA", {"key": new_public_id(), "seen": seen})
    assert (again.status_code, "Somebody changed this in the meantime" in again.text) == (409, True)


def test_a_change_is_planned_for_a_day_and_taken_back(eli: Browser, sqlite_database: Database) -> None:
    assert change(eli, "/edit", loan_days="28", from_on="2026-03-20").status_code == 303
    page = eli.get(PAGE).text
    assert "A change is planned from Fri, Mar 20, 2026." in page
    assert "These rules are planned from" in eli.get(PAGE + "/edit").text
    early = change(eli, "/edit?branch=COM", renewals="1", from_on="2026-03-19")
    assert (early.status_code, "is planned already" in early.text) == (409, True)
    begins = form_of(eli.get(PAGE))["from"]
    for answer in (303, 409):
        taken = eli.post(f"{PAGE}/planned/take-back", {"key": new_public_id(), "from": begins})
        assert taken.status_code == answer
    assert len(rows(sqlite_database, Policy)) == 1
    for no_instant in ("", "tomorrow", "2026-03-20"):
        assert eli.post(f"{PAGE}/planned/take-back", {"key": new_public_id(), "from": no_instant}).status_code == 404


def test_of_two_administrators_the_second_is_told_and_keeps_what_was_typed(eli: Browser) -> None:
    seen = form_of(eli.get(PAGE + "/edit"))
    change(eli, "/edit", loan_days="28")
    second = eli.post(PAGE + "/edit", {**seen, "loan_days": "14"})
    assert (second.status_code, "Somebody changed this in the meantime" in second.text) == (409, True)
    assert form_of(second)["loan_days"] == "14"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("loan_days", "0", "Choose a number from 1 to 365 (days of a loan)."),
        ("loan_days", "", "Fill this in."),
        ("owes_limit_cents", "5000", "Choose an amount from $0.00 to $1,000.00 (amount a patron may owe)."),
        ("owes_limit_cents", "NaN", "That is no amount of money."),
        ("owes_limit_cents", "1e999999", "That is no amount of money."),
        ("agreement", "sometimes", "Not a valid choice"),
        ("from_on", "2026-03-02", "That day has passed."),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    eli: Browser, sqlite_database: Database, field: str, typed: str, sentence: str
) -> None:
    answer = change(eli, "/edit", **{field: typed, "renewals": "9"})
    assert (answer.status_code, sentence in unescape(answer.text)) == (422, True), answer.text
    assert len(rows(sqlite_database, Policy)) == 1


def test_a_place_that_is_not_there_is_not_found(eli: Browser) -> None:
    assert eli.get(PAGE + "/edit?kit_type=tablet").status_code == 404
    assert eli.get(PAGE + "/edit?branch=XYZ").status_code == 404
