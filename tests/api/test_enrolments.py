"""Joining a session, its roster, and what becomes of a seat, through the API. Cases are those of RULES 10."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from lending.models.cohorts import Attendance, AttendanceMode, Workshop
from lending.models.people import Household, Patron
from lending.models.policies import Policy
from tests.api.conftest import Desk, Door
from tests.api.test_cases import check_out, reasons
from tests.api.test_lists import every
from tests.cast import ADA, KIT, LUIS, MINA, NOW, OTHER_KIT, put
from tests.databases import counting
from tests.programs.members import change_cohort, change_program, newcomers, next_cohort

ROSTER = "/cohorts/WR-7/enrolments"
ENROLMENT = 10
"""Token, key, branch, what the codes stand for; the locks, the counts, the rows of seat, kit, notice and journal."""


def join(desk: Desk, card: str = LUIS, cohort: str = "WR-7", **given: Any) -> Any:
    """Somebody enrols, with a kit at East Los Angeles unless told otherwise."""
    answer = desk.post(f"/cohorts/{cohort}/enrolments", {"patron": card, "pickup_branch": "ELA", **given})
    assert answer.status_code == 201, answer.text
    return answer.json


def seat_of(desk: Desk, card: str, cohort: str = "WR-7") -> Any:
    """Somebody's place, as the roster has it."""
    return next(row for row in every(desk, f"/cohorts/{cohort}/enrolments") if row["patron"] == card)


def test_enrolling_answers_with_the_seat_and_the_kit(both: Door) -> None:
    first = join(both.ben)
    assert (first["seat"], first["kit"], first["cohort"], first["patron"]) == ("enrolled", "promised", "WR-7", LUIS)
    assert "position" not in first
    second = join(both.ben, MINA)
    assert (second["seat"], second["kit"], second["position"]) == ("enrolled", "waiting", 1)
    assert join(both.ben, newcomers(both.database, both.cast, 1)[0], kit=False)["kit"] == "none"


def test_who_waits_for_a_seat_is_told_the_place(both: Door) -> None:
    change_cohort(both.database, both.cast, capacity=1)
    cards = newcomers(both.database, both.cast, 2)
    assert [join(both.ben, card)["position"] for card in cards] == [1, 2]
    assert both.ben.get(f"/enrolments/{seat_of(both.ben, cards[0])['id']}").json["seat"] == "waiting"


def test_the_reasons_against_are_all_told(both: Door) -> None:
    change_program(both.database, both.cast, eligibility={"min_age": 99, "postal_codes": ["90022"]})
    answer = both.ben.post(ROSTER, {"patron": LUIS, "pickup_branch": "ELA"})
    assert (answer.status_code, reasons(answer)) == (409, {"not_eligible"})
    assert len(answer.json["blocks"]) == 2
    assert "for people of 99 years or more" in answer.json["detail"]


def test_an_answer_to_a_question_lets_somebody_in(both: Door) -> None:
    asked = {"code": "looking", "text": "Are you looking for work?", "must": True}
    change_program(both.database, both.cast, eligibility={"questions": [asked]})
    assert both.ben.post(ROSTER, {"patron": LUIS, "pickup_branch": "ELA"}).status_code == 409
    assert join(both.ben, answers={"looking": True})["seat"] == "enrolled"


def prospect(desk: Desk, card: str = LUIS, **given: Any) -> Any:
    """What would come of enrolling somebody."""
    return desk.post("/cohorts/WR-7/prospects", {"patron": card, "pickup_branch": "ELA", **given}).json


def test_the_prospect_says_what_is_left_and_the_place_in_line(both: Door) -> None:
    first = prospect(both.ben)
    assert (first["seats_left"], first["position"], first["kits_left"], first["kit_position"]) == (19, None, 1, None)
    join(both.ben)
    second = prospect(both.ben, MINA)
    assert (second["seats_left"], second["kits_left"], second["kit_position"]) == (18, 0, 1)
    change_cohort(both.database, both.cast, capacity=2)
    third = prospect(both.ben, MINA)
    assert (third["seats_left"], third["position"], third["kit_position"]) == (0, 1, 1)
    assert (third["blocks"], third["card_expires_first"], third["household_has_a_kit"]) == ([], False, False)
    assert len(every(both.ben, ROSTER)) == 2, "looking changes nothing"


def test_the_prospect_names_every_reason_against_and_the_household(both: Door) -> None:
    assert [block["reason"] for block in prospect(both.ben, ADA)["blocks"]] == ["already_enrolled"]
    assert [block["reason"] for block in prospect(both.ben, kit_type="tablet")["blocks"]] == ["no_such_pool"]
    one_address(both)
    check_out(both.ben)
    assert prospect(both.ben)["household_has_a_kit"]


def test_the_prospect_of_another_branch_or_session_is_not_found(door: Door) -> None:
    for address, body in (
        ("/cohorts/WR-7/prospects", {"patron": LUIS, "pickup_branch": "COM"}),
        ("/cohorts/WR-99/prospects", {"patron": LUIS, "pickup_branch": "ELA"}),
        ("/cohorts/WR-7/prospects", {"patron": "29999000000067", "pickup_branch": "ELA"}),
    ):
        assert door.ben.post(address, body).status_code == 404


def test_the_roster_tells_each_kit_and_is_paged(both: Door) -> None:
    join(both.ben)
    check_out(both.ben)
    cards = newcomers(both.database, both.cast, 3)
    for card in cards:
        join(both.ben, card)
    rows = every(both.ben, ROSTER, limit=2)
    assert [row["patron"] for row in rows] == [ADA, LUIS, *cards]
    assert [row["kit"] for row in rows] == ["out", "promised", "waiting", "waiting", "waiting"]
    assert (rows[0]["barcode"], rows[0]["due_at"]) == (KIT, "2026-04-10T18:00:00-07:00")
    assert [row["patron"] for row in both.ben.get(ROSTER, state="waiting").json["items"]] == []


def test_a_longer_roster_takes_no_more_statements(both: Door) -> None:
    with counting(both.database) as few:
        both.ben.get(ROSTER)
    for card in newcomers(both.database, both.cast, 5):
        join(both.ben, card)
    with counting(both.database) as many:
        both.ben.get(ROSTER)
    assert len(many) == len(few)


def test_another_branch_sees_and_changes_nothing_of_it(door: Door) -> None:
    seat = seat_of(door.ben, ADA)["id"]
    assert door.cleo.get(ROSTER).json["items"] == []
    assert door.cleo.get(f"/enrolments/{seat}").status_code == 404
    for body in ({"state": "withdrawn"}, {"state": "dropped", "reason": "away"}, {"move_to": "WR-7"}):
        assert door.cleo.send("PATCH", f"/enrolments/{seat}", body).status_code == 404
    assert door.cleo.post(ROSTER, {"patron": LUIS, "pickup_branch": "ELA"}).status_code == 404
    assert seat_of(door.desk("dora"), ADA)["seat"] == "enrolled"


def test_the_lead_of_another_programme_sees_nothing(door: Door) -> None:
    from lending.models.people import StaffProgram

    seat = seat_of(door.desk("dora"), ADA)["id"]
    door.database.act(lambda session: session.query(StaffProgram).delete() and None)
    dora = door.desk("dora")
    assert dora.get(ROSTER).status_code == 404
    assert dora.send("PATCH", f"/enrolments/{seat}", {"state": "withdrawn"}).status_code == 404


def test_case_3_who_collects_in_week_three_has_the_rest_of_the_session(both: Door) -> None:
    both.clock.at = NOW + timedelta(days=16)
    join(both.ben)
    loan = check_out(both.ben, OTHER_KIT, LUIS)
    assert (loan["due_at"], loan["rule"]) == ("2026-04-10T18:00:00-07:00", "cohort_return_by")


def one_address(door: Door) -> None:
    """Ada and Luis live at one address, and a household may have one kit."""

    def write(session: Any) -> None:
        household = put(session, Household(address_key="12 elm street|2b|90022"))
        for patron_id in (door.cast.ada_id, door.cast.luis_id):
            session.get_one(Patron, patron_id).household_id = household.id
        session.add(Policy(valid_from=NOW - timedelta(days=1), household_limit=1))

    door.database.act(write)


def test_case_7_a_second_card_at_one_address_enrols_and_is_refused_the_kit(both: Door) -> None:
    one_address(both)
    join(both.ben)
    check_out(both.ben)
    body = {"patron": LUIS, "kit": OTHER_KIT, "branch": "ELA"}
    refused = both.ben.post("/checkouts", body)
    assert (refused.status_code, reasons(refused)) == (409, {"household_limit"})
    by_role = {"override": {"reasons": ["household_limit"], "note": "two flats"}}
    assert reasons(both.ben.post("/checkouts", {**body, **by_role})) == {"household_limit"}
    assert both.eli.post("/checkouts", {**body, **by_role}).status_code == 201


def test_case_11_who_withdraws_in_week_two_passes_the_seat_on_and_has_seven_days(both: Door) -> None:
    change_cohort(both.database, both.cast, capacity=1)
    luis = join(both.ben)["id"]
    check_out(both.ben)
    both.clock.at = NOW + timedelta(days=7)
    seat = seat_of(both.ben, ADA)["id"]
    answer = both.ben.send("PATCH", f"/enrolments/{seat}", {"state": "withdrawn", "reason": "a job"})
    assert (answer.status_code, answer.json["seat"]) == (200, "withdrawn")
    assert answer.json["due_at"] == "2026-03-17T20:00:00-07:00"
    assert both.ben.get(f"/enrolments/{luis}").json["seat"] == "enrolled"


def test_an_offer_is_accepted_by_its_state(both: Door) -> None:
    change_cohort(both.database, both.cast, capacity=1)
    change_program(both.database, both.cast, seat_offer_hours=48)
    luis = join(both.ben)["id"]
    both.ben.send("PATCH", f"/enrolments/{seat_of(both.ben, ADA)['id']}", {"state": "withdrawn"})
    offered = both.ben.get(f"/enrolments/{luis}").json
    assert (offered["seat"], offered["offered_until"]) == ("offered", "2026-03-05T10:00:00-08:00")
    accepted = both.ben.send("PATCH", f"/enrolments/{luis}", {"state": "enrolled"}).json
    assert (accepted["seat"], accepted["kit"], accepted["offered_until"]) == ("enrolled", "promised", None)


@pytest.mark.parametrize(("roll_over", "old", "rule"), [(False, "transferred", "out"), (True, "enrolled", "out")])
def test_somebody_moves_on_with_the_kit(both: Door, roll_over: bool, old: str, rule: str) -> None:
    next_cohort(both.database, both.cast)
    loan = check_out(both.ben)
    seat = seat_of(both.ben, ADA)["id"]
    both.clock.at = NOW + timedelta(days=30)
    answer = both.ben.send("PATCH", f"/enrolments/{seat}", {"move_to": "WR-8", "roll_over": roll_over})
    assert (answer.status_code, answer.json["cohort"], answer.json["kit"]) == (200, "WR-8", rule)
    assert both.ben.get(f"/enrolments/{seat}").json["seat"] == old
    now = both.ben.get(f"/loans/{loan['id']}").json
    assert (now["cohort"], now["due_at"]) == ("WR-8", "2026-05-22T18:00:00-07:00")


def test_why_the_kit_did_not_go_along_is_answered_and_again_for_the_same_key(both: Door) -> None:
    next_cohort(both.database, both.cast, kits=0)
    check_out(both.ben)
    address, body = f"/enrolments/{seat_of(both.ben, ADA)['id']}", {"move_to": "WR-8", "roll_over": True}
    first, again = (both.ben.send("PATCH", address, body, key="one key") for _ in range(2))
    assert [block["reason"] for block in first.json["why"]] == ["no_kit_to_roll_over"]
    assert "Work Ready 8 has no kit left" in first.json["why"][0]["detail"]
    assert again.data == first.data
    assert both.ben.send("PATCH", address, {"state": "withdrawn"}).json["why"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "withdrawn", "move_to": "WR-8"},
        {"state": "transferred"},
        {"state": "withdrawn", "roll_over": True},
        {"state": "withdrawn", "due_at": "2026-04-01"},
    ],
)
def test_a_change_that_says_two_things_or_none_does_not_fit(door: Door, body: dict[str, Any]) -> None:
    assert door.ben.send("PATCH", f"/enrolments/{seat_of(door.ben, ADA)['id']}", body).status_code == 422


def test_no_shows_are_released_but_for_who_is_excused(both: Door) -> None:
    luis, mina = join(both.ben)["id"], join(both.desk("dora"), MINA, kit=False)["id"]
    change_cohort(both.database, both.cast, first_day_mandatory=True, starts_on=date(2026, 3, 4))
    tomorrow = NOW + timedelta(days=1)

    def first_day(session: Any) -> None:
        ends = tomorrow + timedelta(hours=1)
        first = put(session, Workshop(cohort_id=both.cast.cohort, n=1, title="Start", starts_at=tomorrow, ends_at=ends))
        there = Attendance(workshop_id=first.id, patron_id=both.cast.ada_id, mode=AttendanceMode.VIRTUAL, at=tomorrow)
        session.add(there)

    both.database.act(first_day)
    assert both.desk("dora").post(f"/enrolments/{mina}/excuse").status_code == 201
    both.clock.at = tomorrow + timedelta(hours=2)
    answer = both.desk("dora").post("/cohorts/WR-7/no_shows")
    assert (answer.status_code, answer.json) == (201, {"released": [luis]})
    assert both.desk("dora").get(f"/enrolments/{mina}").json["seat"] == "enrolled"


def again(desk: Desk, key: str, **given: Any) -> Any:
    """Luis enrols, with a key of the test's own."""
    sent = {"patron": LUIS, "pickup_branch": "ELA", **given}
    return desk.post(ROSTER, sent, key=key).json


@pytest.mark.parametrize("given", [{}, {"kit": False}, {"pickup_branch": " ela "}], ids=["kit", "seat", "sloppy"])
@pytest.mark.parametrize("seats", [1, 20], ids=["waiting", "seated"])
def test_the_same_key_tells_the_same_of_an_enrolment(both: Door, seats: int, given: dict[str, Any]) -> None:
    change_cohort(both.database, both.cast, capacity=seats)
    first = again(both.ben, "once", **given)
    assert first["patron"] == LUIS
    assert again(both.ben, "once", **given) == first


def test_who_enrols_again_with_the_kit_still_out_is_told_of_that_kit(both: Door) -> None:
    join(both.ben)
    check_out(both.ben, KIT, LUIS)
    left = seat_of(both.ben, LUIS)["id"]
    assert both.ben.send("PATCH", f"/enrolments/{left}", {"state": "withdrawn"}).status_code == 200
    first = again(both.ben, "back")
    assert (first["kit"], first["barcode"]) == ("out", KIT)
    assert again(both.ben, "back") == first


@pytest.mark.parametrize("enrolled", [1, 30])
def test_an_enrolment_takes_a_fixed_number_of_statements(both: Door, enrolled: int) -> None:
    for card in newcomers(both.database, both.cast, enrolled):
        join(both.ben, card)
    with counting(both.database) as statements:
        join(both.ben)
    assert len(statements) == ENROLMENT, statements
