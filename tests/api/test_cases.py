"""The cases a circulation librarian would try (RULES 10), through the API alone, on each engine."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from lending.circulation.missing_parts import settle_incomplete_loans
from lending.models.branches import Closure
from lending.models.charges import Charge
from lending.models.cohorts import Cohort
from lending.models.loans import Loan, LoanPart
from lending.models.policies import Policy
from tests.api.conftest import Desk, Door
from tests.cast import ADA, IMEI, KIT, LUIS, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT

DONE = {"wiped": "erased in four passes", "charged": True, "restocked": True}


def check_out(desk: Desk, kit: str = KIT, card: str = ADA, **given: Any) -> dict[str, Any]:
    """Hand out a kit at East Los Angeles; gives the loan."""
    answer = desk.post("/checkouts", {"patron": card, "kit": kit, "branch": "ELA", **given})
    assert answer.status_code == 201, answer.text
    loan: dict[str, Any] = answer.json["loan"]
    return loan


def give_back(desk: Desk, kit: str = KIT, branch: str = "ELA", **given: Any) -> dict[str, Any]:
    """Take a kit back."""
    answer = desk.post("/returns", {"kit": kit, "branch": branch, **given})
    assert answer.status_code == 201, answer.text
    returned: dict[str, Any] = answer.json
    return returned


def parts(desk: Desk, kit: str, **found: str) -> list[dict[str, Any]]:
    """Every returnable part here, but for those named otherwise."""
    listed = desk.get(f"/kits/{kit}").json["parts"]
    return [{"part": part["id"], "state": found.get(part["name"], "here")} for part in listed if part["returnable"]]


def reasons(answer: Any) -> set[str]:
    """The reasons of a refusal."""
    return {block["reason"] for block in answer.json["blocks"]}


def change(door: Door, statement: Any) -> None:
    """Something that happened before the case begins."""
    door.database.act(lambda session: session.execute(statement) and None)


def test_case_1_a_kit_without_its_charger_keeps_the_loan_open_and_bills_only_the_charger(both: Door) -> None:
    check_out(both.ben)
    both.clock.at = NOW + timedelta(days=3)
    assert give_back(both.ben)["loan"]["state"] == "received"
    answer = both.ben.post(
        "/inspections", {"kit": KIT, "parts": parts(both.ben, KIT, Charger="missing"), "steps": DONE}
    )
    assert answer.status_code == 201
    assert (answer.json["loan"]["state"], answer.json["kit"]["state"]) == ("incomplete", "incomplete")
    assert [part["name"] for part in answer.json["kit"]["parts"] if part["state"] == "missing"] == ["Charger"]
    refused = both.ben.post("/checkouts", {"patron": LUIS, "kit": KIT, "branch": "ELA"})
    assert refused.status_code == 409
    assert "incomplete" in reasons(refused)
    deadline = NOW + timedelta(days=11)
    both.database.act(lambda session: settle_incomplete_loans(session, at=deadline, by=both.cast.system))
    assert [charge["amount_cents"] for charge in both.ben.get(f"/patrons/{ADA}").json["charges"]] == [4000]


def test_case_1_a_charger_that_is_brought_back_closes_the_loan(both: Door) -> None:
    check_out(both.ben)
    give_back(both.ben)
    seen = parts(both.ben, KIT, Charger="missing")
    both.ben.post("/inspections", {"kit": KIT, "parts": seen, "steps": DONE})
    charger = next(part["part"] for part in seen if part["state"] == "missing")
    answer = both.ben.post("/found_parts", {"kit": KIT, "part": charger})
    assert (answer.status_code, answer.json["loan"]["state"], answer.json["kit"]["state"]) == (
        201,
        "closed",
        "available",
    )


def test_case_2_a_cohort_that_ends_on_memorial_day_is_due_the_next_day(both: Door) -> None:
    holiday = date(2026, 5, 25)
    change(both, update(Cohort).values(ends_on=holiday, return_by=holiday))
    both.database.act(lambda s: s.add(Closure(starts_on=holiday, ends_on=holiday, reason="Memorial Day")))
    assert check_out(both.ben)["due_at"] == "2026-05-26T20:00:00-07:00"


def test_case_2_a_branch_closed_on_that_day_too_is_due_on_its_next_open_day(both: Door) -> None:
    holiday = date(2026, 5, 25)
    change(both, update(Cohort).values(ends_on=holiday, return_by=holiday))
    closure = {"starts_on": holiday, "ends_on": date(2026, 5, 26), "reason": "Repairs"}
    both.database.act(lambda s: s.add(Closure(branch_id=both.cast.ela, **closure)))
    assert check_out(both.ben)["due_at"] == "2026-05-27T20:00:00-07:00"


def test_case_3_a_pick_up_in_week_three_is_due_at_the_cohorts_end_and_says_so(both: Door) -> None:
    both.clock.at = NOW + timedelta(weeks=3)
    loan = check_out(both.ben)
    assert (loan["due_at"], loan["rule"]) == ("2026-04-10T18:00:00-07:00", "cohort_return_by")


def test_case_4_a_kit_in_the_book_drop_is_dated_back_and_waits_for_inspection(both: Door) -> None:
    check_out(both.ben)
    both.clock.at = NOW + timedelta(days=3)
    answer = give_back(both.ben, book_drop=True)
    assert answer["loan"]["received_at"] == "2026-03-05T20:00:00-08:00"
    assert (answer["next"], answer["days_late"]) == ("inspection", 0)
    assert both.every(select(Loan.book_drop)) == [True]
    assert both.ben.get(f"/kits/{KIT}").json["state"] == "to_inspect"
    assert both.every(select(Charge)) == []


def test_case_6_a_kit_received_elsewhere_travels_home_and_is_inspected_there(both: Door) -> None:
    check_out(both.ben)
    both.clock.at = NOW + timedelta(days=3)
    answer = give_back(both.cleo, branch="COM")
    assert (answer["next"], answer["owner"], answer["loan"]["state"]) == (
        "transit",
        "East Los Angeles Library",
        "received",
    )
    looked_at = {"kit": KIT, "all_here": True, "steps": DONE}
    assert reasons(both.cleo.post("/inspections", looked_at)) == {"in_transit"}
    arrived = both.ben.post("/arrivals", {"kit": KIT, "branch": "ELA"})
    assert (arrived.json["kit"]["branch"], arrived.json["kit"]["in_transit_to"]) == ("ELA", None)
    inspected = both.ben.post("/inspections", looked_at)
    assert (inspected.json["loan"]["state"], inspected.json["kit"]["state"]) == ("closed", "available")


def household(door: Door) -> None:
    """One kit for each household; Ada and Luis live behind the same door."""
    change(door, update(Policy).values(household_limit=1))
    for card, address in (
        (ADA, {"street": "120 Sunset Avenue", "unit": "Apt 4", "postal_code": "90022"}),
        (LUIS, "120 Sunset Ave, #4, Los Angeles, CA 90022"),
    ):
        answer = door.ben.send("PATCH", f"/patrons/{card}", {"address": address})
        assert answer.status_code == 200, answer.text


def test_case_7_a_second_card_of_the_household_is_refused_and_overridden_with_a_reason(both: Door) -> None:
    household(both)
    check_out(both.ben)
    body: dict[str, Any] = {"patron": LUIS, "kit": OPEN_KIT, "branch": "ELA"}
    refused = both.ben.post("/checkouts", body)
    (block,) = refused.json["blocks"]
    assert (refused.status_code, block["reason"], block["overridable"]) == (409, "household_limit", False)
    allowed = {"reasons": ["household_limit"], "note": "two students in one flat"}
    assert both.ben.post("/checkouts", {**body, "override": allowed}).status_code == 409
    assert both.eli.post("/checkouts", body).json["blocks"][0]["overridable"] is True
    assert reasons(both.eli.post("/checkouts", {**body, "override": {**allowed, "note": " "}})) == {"reason_needed"}
    assert both.eli.post("/checkouts", {**body, "override": allowed}).status_code == 201


def test_case_9_a_kit_declared_lost_is_billed_once_and_the_charge_goes_when_it_returns(both: Door) -> None:
    check_out(both.ben)
    both.clock.at = NOW + timedelta(days=60)
    assert both.ben.post(f"/kits/{KIT}/lost").status_code == 403
    lost = both.eli.post(f"/kits/{KIT}/lost")
    assert (lost.status_code, lost.json["loan"]["state"]) == (201, "lost")
    assert reasons(both.eli.post(f"/kits/{KIT}/lost")) == {"lost"}
    assert [charge["amount_cents"] for charge in both.ben.get(f"/patrons/{ADA}").json["charges"]] == [45000]
    answer = give_back(both.ben)
    assert (answer["was_lost"], answer["loan"]["state"]) == (True, "received")
    patron = both.ben.get(f"/patrons/{ADA}").json
    assert [charge["state"] for charge in patron["charges"]] == ["cancelled"]
    assert patron["owes_cents"] == 0


def test_case_10_a_hotspots_imei_says_what_it_is_and_lends_nothing(both: Door) -> None:
    answer = both.ben.post("/checkouts", {"patron": ADA, "kit": IMEI, "branch": "ELA"})
    assert (answer.status_code, reasons(answer)) == (422, {"code_is_a_device_number"})
    assert KIT in answer.json["detail"]
    assert "Hotspot" in answer.json["detail"]
    assert both.every(select(Loan)) == []


def test_case_12_new_loan_rules_leave_existing_due_dates_alone(both: Door) -> None:
    loan = check_out(both.ben, OPEN_KIT, LUIS)
    both.clock.at = NOW + timedelta(days=1)
    both.database.act(lambda s: s.add(Policy(valid_from=both.clock.at, loan_days=7)))
    assert both.ben.get(f"/loans/{loan['id']}").json["due_at"] == loan["due_at"] == "2026-04-14T20:00:00-07:00"
    both.clock.at = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
    give_back(both.ben, OPEN_KIT)
    later = check_out(both.ben, OTHER_OPEN_KIT, LUIS)
    assert later["due_at"] == "2026-03-17T20:00:00-07:00"


def test_an_exchange_hands_out_another_kit_on_the_same_terms(both: Door) -> None:
    old = check_out(both.ben)
    both.clock.at = NOW + timedelta(days=7)
    answer = both.ben.post("/exchanges", {"kit": KIT, "replacement": OTHER_KIT, "reason": "screen flickers"})
    assert answer.status_code == 201, answer.text
    new = answer.json["loan"]
    assert (new["kit"], new["patron"], new["cohort"], new["state"]) == (OTHER_KIT, ADA, "WR-7", "out")
    assert new["due_at"] == old["due_at"]
    assert both.ben.get(f"/loans/{old['id']}").json["state"] == "received"
    assert both.ben.get(f"/kits/{KIT}").json["state"] == "to_inspect"


def test_a_replaced_card_says_so_and_loans_follow_to_the_new_one(both: Door) -> None:
    loan = check_out(both.ben)
    new = "29999000000042"
    answer = both.ben.post(f"/patrons/{ADA}/cards", {"card": new})
    assert (answer.status_code, answer.json["patron"]["card"]) == (201, new)
    assert [one["id"] for one in answer.json["patron"]["loans"]] == [loan["id"]]
    refused = both.ben.post("/checkouts", {"patron": ADA, "kit": OPEN_KIT, "branch": "ELA"})
    assert (refused.status_code, reasons(refused)) == (409, {"card_replaced"})
    assert both.ben.get(f"/patrons/{ADA}").status_code == 409
    assert both.ben.get(f"/loans/{loan['id']}").json["patron"] == new


def test_a_part_reported_missing_within_48_hours_is_not_billed(both: Door) -> None:
    check_out(both.ben)
    seen = parts(both.ben, KIT, Charger="missing")
    charger = next(part["part"] for part in seen if part["state"] == "missing")
    both.clock.at = NOW + timedelta(hours=47)
    reported = both.ben.post("/missing_parts", {"kit": KIT, "part": charger})
    assert (reported.status_code, reported.json["part"], reported.json["loan"]["state"]) == (201, charger, "out")
    give_back(both.ben)
    answer = both.ben.post("/inspections", {"kit": KIT, "parts": seen, "steps": DONE})
    assert (answer.json["loan"]["state"], answer.json["kit"]["state"]) == ("closed", "incomplete")
    assert both.every(select(Charge)) == []


def test_a_part_reported_missing_after_48_hours_is_refused(both: Door) -> None:
    check_out(both.ben)
    both.clock.at = NOW + timedelta(hours=49)
    number = both.ben.get(f"/kits/{KIT}").json["parts"][0]["id"]
    answer = both.ben.post("/missing_parts", {"kit": KIT, "part": number})
    assert (answer.status_code, reasons(answer)) == (409, {"too_late_to_report"})
    assert both.every(select(LoanPart.reported_missing_at)) == [None] * 5
