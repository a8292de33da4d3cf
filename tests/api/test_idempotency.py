"""The same key again is the same act: one effect and the same answer, however often and at once (BATTERY R4)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lending.circulation import acts
from lending.circulation.journal import UNCHANGED
from lending.models.journal import IdempotencyKey, JournalEntry
from lending.models.loans import Loan, LoanTerm
from lending.models.people import Card, Patron
from lending.queries.invariants import INVARIANTS
from tests.api.conftest import Door
from tests.api.test_cases import check_out, give_back
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, OTHER_KIT
from tests.programs.meetings import meeting

TIMES = 10
AT_ELA = {"kit": KIT, "branch": "ELA"}
OUT = {"patron": ADA, **AT_ELA}
EVERYTHING_HERE = {"kit": KIT, "all_here": True, "steps": {"wiped": "erased"}}


def at_once(door: Door, address: str, body: Any, *, username: str = "ben", key: str = "one key") -> list[Any]:
    """The same request ten times in parallel."""
    start = threading.Barrier(TIMES)

    def ask(_: int) -> Any:
        desk = door.desk(username)
        start.wait()
        return desk.post(address, body, key=key)

    with ThreadPoolExecutor(TIMES) as threads:
        return list(threads.map(ask, range(TIMES)))


def entries(door: Door, verb: str) -> int:
    """How often a verb is in the journal."""
    return len(door.every(select(JournalEntry.id).where(JournalEntry.verb == verb)))


def out(door: Door) -> None:
    check_out(door.ben)


def back(door: Door) -> None:
    check_out(door.ben)
    give_back(door.ben)


def open_loan(door: Door) -> None:
    check_out(door.ben, OPEN_KIT, LUIS)
    door.clock.at = NOW + timedelta(days=30)


def nothing(door: Door) -> None:
    pass


CALLS = [
    (nothing, "/checkouts", OUT, {**OUT, "patron": LUIS}, "check_out", "ben"),
    (out, "/returns", AT_ELA, {**AT_ELA, "book_drop": True}, "return", "ben"),
    (back, "/inspections", EVERYTHING_HERE, {**EVERYTHING_HERE, "steps": {}}, "inspect", "ben"),
    (open_loan, "/renewals", {"kit": OPEN_KIT}, {"kit": KIT}, "renew", "ben"),
    (
        out,
        "/exchanges",
        {"kit": KIT, "replacement": OTHER_KIT, "reason": "screen"},
        {"kit": KIT, "replacement": OTHER_KIT, "reason": "battery"},
        "exchange",
        "ben",
    ),
    (out, "/missing_parts", {"kit": KIT, "part": 1}, {"kit": KIT, "part": 2}, "report_missing_part", "ben"),
    (out, f"/kits/{KIT}/lost", {}, None, "declare_lost", "eli"),
    (nothing, f"/kits/{KIT}/missing", {}, None, "declare_missing", "eli"),
    (
        nothing,
        f"/patrons/{ADA}/cards",
        {"card": "29999000000042"},
        {"card": "29999000000059"},
        "replace_card",
        "ben",
    ),
]


@pytest.mark.parametrize(
    ("before", "address", "body", "another", "verb", "who"), CALLS, ids=[call[1] for call in CALLS]
)
def test_the_same_key_ten_times_at_once_is_one_act_with_one_answer(
    both: Door, before: Any, address: str, body: Any, another: Any, verb: str, who: str
) -> None:
    before(both)
    answers = at_once(both, address, body, username=who)
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    assert len({answer.data for answer in answers}) == 1
    assert entries(both, verb) == 1
    if another is not None:
        refused = both.desk(who).post(address, another, key="one key")
        assert (refused.status_code, refused.json["blocks"][0]["reason"]) == (409, "key_reused")
        assert entries(both, verb) == 1


def test_the_same_answer_comes_also_when_the_loan_has_gone_on(both: Door) -> None:
    first = both.ben.post("/checkouts", OUT, key="out")
    both.clock.at = NOW + timedelta(days=2)
    returned = both.ben.post("/returns", AT_ELA, key="in")
    both.ben.post(f"/patrons/{ADA}/cards", {"card": "29999000000042"})
    both.clock.at = NOW + timedelta(days=3)
    assert both.ben.post("/checkouts", OUT, key="out").data == first.data
    assert both.ben.post("/returns", AT_ELA, key="in").data == returned.data


def test_the_same_answer_comes_also_when_the_due_date_has_moved(both: Door) -> None:
    body = {"patron": LUIS, "kit": OPEN_KIT, "branch": "ELA"}
    first = both.ben.post("/checkouts", body, key="out")
    both.clock.at = NOW + timedelta(days=30)
    renewed = both.ben.post("/renewals", {"kit": OPEN_KIT}, key="again")
    assert renewed.json["loan"]["due_at"] > first.json["loan"]["due_at"]
    both.eli.post("/due_dates", {"kit": OPEN_KIT, "due_on": "2026-04-20", "reason": "exam week"})
    assert both.ben.post("/checkouts", body, key="out").data == first.data
    assert both.ben.post("/renewals", {"kit": OPEN_KIT}, key="again").data == renewed.data


def test_without_the_claim_of_the_key_the_same_request_is_done_again(
    both: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: nothing but its key keeps a renewal from being done as often as it may be."""
    monkeypatch.setattr(acts, "_claim", lambda session, **_: None)
    open_loan(both)
    answers = at_once(both, "/renewals", {"kit": OPEN_KIT})
    assert len({answer.data for answer in answers}) > 1
    assert len(both.every(select(LoanTerm.n))) > 2


def test_a_refusal_leaves_its_key_free(both: Door) -> None:
    check_out(both.ben)
    assert both.ben.post("/checkouts", {**OUT, "kit": OTHER_KIT}, key="k").status_code == 409
    give_back(both.ben)
    assert both.every(select(IdempotencyKey.key).where(IdempotencyKey.key == "k")) == []
    assert both.ben.post("/returns", {**AT_ELA, "kit": OTHER_KIT}, key="k").status_code == 409


def test_one_key_never_means_two_calls(door: Door) -> None:
    check_out(door.ben)
    door.ben.post("/returns", AT_ELA, key="k")
    answer = door.ben.post("/claims", AT_ELA, key="k")
    assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (409, "key_reused")


def test_keys_belong_to_whoever_sent_them(door: Door) -> None:
    assert door.ben.post("/checkouts", OUT, key="k").status_code == 201
    answer = door.eli.post("/checkouts", OUT, key="k")
    assert answer.json["blocks"][0]["reason"] == "on_loan_to_this_patron"


@pytest.mark.parametrize("key", [None, "", " " * 81, "x" * 81, "tab\tbed", "café"])
def test_a_circulation_call_without_a_proper_key_is_refused_and_says_so(door: Door, key: str | None) -> None:
    answer = door.ben.client.post(
        "/api/v1/checkouts",
        json=OUT,
        headers={"Authorization": "Bearer token-of-ben"} | ({} if key is None else {"Idempotency-Key": key}),
    )
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json["detail"]
    assert door.every(select(Loan)) == []


def test_registering_a_patron_takes_a_key_and_does_without_one(door: Door) -> None:
    body = {"card": "29999000000042", "name": "Noor Haddad", "birth_date": "1991-01-02", "home_branch": "ELA"}
    body |= {"pin": "4711"}
    first = door.ben.post("/patrons", body, key="k")
    again = door.ben.post("/patrons", body, key="k")
    assert (first.status_code, again.data) == (201, first.data)
    assert door.ben.post("/patrons", {**body, "pin": "4712"}, key="k").status_code == 409
    assert door.ben.post("/patrons", body, key=None).json["blocks"][0]["reason"] == "code_taken"
    assert door.every(select(func.count()).select_from(Patron).where(Patron.name == "Noor Haddad")) == [1]
    assert door.every(select(func.count()).select_from(Card).where(Card.number == "29999000000042")) == [1]


CHANGING_NOTHING: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("ben", "POST", "/stocktakes/{stocktake}/kits", {"kit": OTHER_KIT}),
    ("ben", "POST", "/workshops/{workshop}/attendance", {"patron": LUIS, "mode": "onsite"}),
    ("dora", "POST", "/cohorts/WR-7/no_shows", {}),
    ("eli", "PATCH", "/programs/work-ready", {"name": "Work Ready"}),
    ("eli", "POST", "/agreements", {"code": "kits", "language": "en", "title": "Kits", "body": "I bring it back."}),
    ("ben", "POST", "/kits/{kit}/steps", {"step": "wiped", "proof": "erased"}),
)


@pytest.mark.parametrize(("who", "method", "address", "body"), CHANGING_NOTHING)
def test_an_act_that_changes_nothing_is_on_the_journal_of_acts_as_well(
    both: Door, who: str, method: str, address: str, body: dict[str, Any]
) -> None:
    back(both)
    names = {
        "kit": KIT,
        "stocktake": both.ben.post("/stocktakes", {"branch": "ELA"}).json["stocktake"]["id"],
        "workshop": meeting(both.database, both.cast),
    }
    for _ in range(2):
        answer = both.desk(who).send(method, address.format(**names), body)
        assert answer.status_code in (200, 201), answer.text
    with both.database.snapshot() as session:
        assert {law.name: rows for law in INVARIANTS if (rows := law.find(session))} == {}
    assert entries(both, UNCHANGED) > 0
