"""Programmes, cohorts and closings as a program meets them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from lending.models.cohorts import Cohort, Program
from lending.models.journal import JournalEntry
from lending.models.people import StaffProgram
from tests.api.conftest import Door
from tests.api.test_cases import check_out
from tests.cast import ADA, KIT, LUIS, OPEN_KIT

COHORT = {
    "code": "WR-8",
    "program": "work-ready",
    "name": "Work Ready 8",
    "starts_on": "2026-05-04",
    "ends_on": "2026-06-12",
    "capacity": 20,
    "pools": [
        {"branch": "ELA", "kit_type": "work-ready", "kits": 3},
        {"branch": "COM", "kit_type": "work-ready", "kits": 1},
    ],
}
FLOOD = {"branch": "ELA", "starts_on": "2026-04-10", "ends_on": "2026-04-11", "reason": "Flood", "emergency": True}


def reasons(answer: Any) -> list[str]:
    """Why a call was refused."""
    return [block["reason"] for block in answer.json["blocks"]]


# --- Programmes ---


def test_a_programme_is_added_and_changed(both: Door) -> None:
    added = both.eli.post("/programs", {"code": "job-skills", "name": "Job Skills", "ends_on": "2027-06-30"})
    assert (added.status_code, added.json["seat_offer_hours"]) == (201, 48)
    assert [one["code"] for one in both.eli.get("/programs").json["items"]] == ["job-skills", "work-ready"]
    changed = both.eli.send("PATCH", "/programs/job-skills", {"eligibility": {"min_age": 18}, "ends_on": None})
    assert (changed.json["eligibility"], changed.json["ends_on"]) == ({"min_age": 18}, None)
    assert both.eli.send("PATCH", "/programs/job-skills", {"eligibility": {"min_age": "x"}}).status_code == 422


def test_a_lead_sees_their_own_programmes_and_others_look_as_if_there_were_none(door: Door) -> None:
    door.eli.post("/programs", {"code": "job-skills", "name": "Job Skills"})
    door.eli.post("/cohorts", {**COHORT, "code": "JS-1", "program": "job-skills", "pools": []})
    dora = door.desk("dora")
    assert [one["code"] for one in dora.get("/programs").json["items"]] == ["work-ready"]
    assert [one["code"] for one in dora.get("/cohorts").json["items"]] == ["WR-7"]
    theirs, nobodys = dora.get("/cohorts/JS-1"), dora.get("/cohorts/JS-9")
    assert (theirs.status_code, theirs.json) == (nobodys.status_code, nobodys.json)
    for method, address, body in (
        ("PATCH", "/cohorts/{}", {"name": "Mine"}),
        ("PATCH", "/cohorts/{}?preview=1", {"name": "Mine"}),
        ("POST", "/cohorts/{}/copies", {"code": "JS-2", "starts_on": "2026-09-01"}),
        ("POST", "/cohorts/{}/cancellation", {"reason": "mine", "seen": "x"}),
        ("POST", "/cohorts/{}/cancellation?preview=1", {"reason": "mine"}),
    ):
        theirs, nobodys = (dora.send(method, address.format(code), body) for code in ("JS-1", "JS-9"))
        assert (theirs.status_code, theirs.json) == (nobodys.status_code, nobodys.json), address
        assert theirs.status_code == 404
    assert dora.send("PATCH", "/programs/job-skills", {"name": "Mine"}).status_code == 404
    assert dora.post("/cohorts", {**COHORT, "program": "job-skills"}).status_code == 404
    assert door.every(select(StaffProgram.program_id)) == [door.cast.program]


@pytest.mark.parametrize("who", ["ben", "cleo"])
def test_desks_look_at_cohorts_and_do_not_plan_them(door: Door, who: str) -> None:
    desk = door.desk(who)
    assert desk.get("/cohorts/WR-7").json["name"] == "Work Ready 7"
    for method, address, body in (
        ("POST", "/cohorts", COHORT),
        ("PATCH", "/cohorts/WR-7", {"name": "Mine"}),
        ("POST", "/programs", {"code": "job-skills", "name": "Job Skills"}),
    ):
        assert reasons(desk.send(method, address, body)) == ["not_permitted"]
    assert door.every(select(JournalEntry.id)) == []


# --- Cohorts ---


def test_a_cohort_is_planned_with_its_pools_and_weekly_workshops(both: Door) -> None:
    weekly = {"first_on": "2026-05-05", "starts": "18:00", "count": 6, "titles": ["Start"], "minutes": 60}
    answer = both.desk("dora").post("/cohorts", {**COHORT, "workshops": weekly, "captains": "Ana Ruiz"})
    assert answer.status_code == 201, answer.text
    found = answer.json
    assert (found["return_by"], found["pickup_from"]) == ("2026-06-12", "2026-04-27")
    assert {(pool["branch"], pool["kits"]) for pool in found["pools"]} == {("ELA", 3), ("COM", 1)}
    assert [one["title"] for one in found["workshops"][:2]] == ["Start", "Workshop 2"]
    assert found["workshops"][0]["starts_at"] == "2026-05-05T18:00:00-07:00"
    assert both.ben.get("/cohorts/WR-8").json == found


def test_cohorts_are_listed_by_page_programme_and_phase(door: Door) -> None:
    door.eli.post("/cohorts", COHORT)
    first = door.ben.get("/cohorts", limit=1).json
    assert [one["code"] for one in first["items"]] == ["WR-7"]
    assert [one["code"] for one in door.ben.get("/cohorts", cursor=first["next"]).json["items"]] == ["WR-8"]
    for phase, codes in (("current", ["WR-7"]), ("coming", ["WR-8"]), ("past", [])):
        assert [one["code"] for one in door.ben.get("/cohorts", phase=phase).json["items"]] == codes
    assert door.ben.get("/cohorts", program="nobodys").json["items"] == []


def test_case_2_a_moved_cohort_answers_with_what_it_re_dated_and_a_preview_with_what_it_would(both: Door) -> None:
    """Memorial Day: the whole library is closed on Monday, 25 May, and so kits are due on Tuesday."""
    holiday = {"starts_on": "2026-05-25", "ends_on": "2026-05-25", "reason": "Memorial Day"}
    assert both.eli.post("/closures", holiday).status_code == 201
    loan = check_out(both.ben)
    dora, body = both.desk("dora"), {"ends_on": "2026-05-25"}
    preview = dora.send("PATCH", "/cohorts/WR-7?preview=1", body)
    assert preview.status_code == 200, preview.text
    [line] = preview.json["redated"]["moved"]
    assert (line["id"], line["label"], line["thing"], line["why"]) == (loan["id"], KIT, "loan", "cohort_moved")
    assert (line["was"], line["becomes"]) == (loan["due_at"], "2026-05-26T20:00:00-07:00")
    assert preview.json["return_by"] == "2026-04-10"
    assert both.ben.get(f"/loans/{loan['id']}").json["due_at"] == loan["due_at"]
    done = dora.send("PATCH", "/cohorts/WR-7", {**body, "seen": preview.json["redated"]["digest"]})
    assert done.json["redated"] == preview.json["redated"]
    assert done.json["return_by"] == "2026-05-25"
    assert both.ben.get(f"/loans/{loan['id']}").json["due_at"] == "2026-05-26T20:00:00-07:00"


def test_a_preview_that_no_longer_holds_is_refused(door: Door) -> None:
    dora = door.desk("dora")
    seen = dora.send("PATCH", "/cohorts/WR-7?preview=1", {"ends_on": "2026-04-17"}).json["redated"]["digest"]
    check_out(door.ben)
    answer = dora.send("PATCH", "/cohorts/WR-7", {"ends_on": "2026-04-17", "seen": seen})
    assert (answer.status_code, reasons(answer)) == (409, ["preview_outdated"])


def test_a_pool_is_refused_with_its_numbers(door: Door) -> None:
    dora = door.desk("dora")
    small = dora.send("PATCH", "/cohorts/WR-7", {"pools": [{"branch": "ELA", "kit_type": "work-ready", "kits": 0}]})
    assert reasons(small) == ["pool_below_promises"]
    assert "1 kits" in small.json["blocks"][0]["detail"]
    large = dora.post("/cohorts", {**COHORT, "pools": [{"branch": "ELA", "kit_type": "work-ready", "kits": 9}]})
    assert reasons(large) == ["pool_exceeds_stock"]
    assert door.every(select(Cohort.code)) == ["WR-7"]


def test_a_cohort_is_copied_and_cancelled_with_its_queue_going_on(both: Door) -> None:
    dora = both.desk("dora")
    copied = dora.post("/cohorts/WR-7/copies", {"code": "WR-8", "starts_on": "2026-05-05", "name": "Work Ready 8"})
    assert (copied.status_code, copied.json["ends_on"]) == (201, "2026-06-12")
    body = {"reason": "no room", "carry_to": "WR-8"}
    preview = dora.post("/cohorts/WR-7/cancellation?preview=1", body).json
    assert (preview["status"], preview["redated"]["counts"]["carried"]) == ("planned", 1)
    assert preview["redated"]["changed"] == [{"field": "carry_to", "was": "", "becomes": "Work Ready 8 (WR-8)"}]
    done = dora.post("/cohorts/WR-7/cancellation", {**body, "seen": preview["redated"]["digest"]})
    assert (done.json["status"], done.json["redated"]) == ("cancelled", preview["redated"])
    assert both.ben.get("/cohorts/WR-8").json["seats"] == 1


def test_nobody_cancels_a_cohort_unseen(door: Door) -> None:
    dora = door.desk("dora")
    unseen = dora.post("/cohorts/WR-7/cancellation", {"reason": "no room"})
    assert (unseen.status_code, reasons(unseen)) == (422, ["value_missing"])
    assert "digest of the preview" in unseen.json["blocks"][0]["detail"]
    assert door.ben.get("/cohorts/WR-7").json["status"] == "planned"


def test_a_workshop_is_held_at_another_time(door: Door) -> None:
    dora = door.desk("dora")
    weekly = {"first_on": "2026-05-05", "starts": "18:00", "branch": "ELA", "mode": "onsite"}
    first = dora.post("/cohorts", {**COHORT, "workshops": weekly}).json["workshops"][0]
    answer = dora.send("PATCH", f"/workshops/{first['id']}", {"starts_at": "2026-05-07T19:00:00-07:00", "branch": None})
    assert (answer.json["branch"], answer.json["starts_at"]) == (None, "2026-05-08T02:00:00+00:00")
    assert dora.send("PATCH", "/workshops/nobodys", {"title": "x"}).status_code == 404


def test_a_workshop_is_dropped_and_the_others_stay(door: Door) -> None:
    dora = door.desk("dora")
    weekly = {"first_on": "2026-05-05", "starts": "18:00", "branch": "ELA", "mode": "onsite", "count": 3}
    planned = dora.post("/cohorts", {**COHORT, "workshops": weekly}).json["workshops"]
    answer = dora.send("DELETE", f"/workshops/{planned[1]['id']}")
    assert (answer.status_code, answer.json["workshops"]) == (200, [planned[0], planned[2]])
    assert dora.send("DELETE", f"/workshops/{planned[1]['id']}").status_code == 404


# --- Closings ---


def test_an_emergency_closing_moves_due_dates_and_lists_them(both: Door) -> None:
    check_out(both.ben)
    preview = both.eli.post("/closures?preview=1", FLOOD)
    assert preview.status_code == 201, preview.text
    assert both.eli.get("/closures").json["items"] == []
    done = both.eli.post("/closures", {**FLOOD, "seen": preview.json["redated"]["digest"]})
    [line] = done.json["redated"]["moved"]
    assert (line["label"], line["becomes"], line["why"]) == (KIT, "2026-04-13T18:00:00-07:00", "closed")
    assert done.json["redated"] == preview.json["redated"]
    [entered] = both.ben.get("/closures", branch="ELA").json["items"]
    assert (entered["branch"], entered["emergency"]) == ("ELA", True)
    assert both.ben.get("/closures", branch="COM").json["items"] == []


def test_a_closing_is_taken_back_and_dates_stay(door: Door) -> None:
    check_out(door.ben, OPEN_KIT, LUIS)
    door.eli.post("/closures", {**FLOOD, "starts_on": "2026-04-14", "ends_on": "2026-04-14"})
    moved = door.ben.get("/loans").json["items"][0]["due_at"]
    answer = door.eli.send("DELETE", "/closures/ELA/2026-04-14/2026-04-14")
    assert (answer.status_code, door.eli.get("/closures").json["items"]) == (200, [])
    assert door.ben.get("/loans").json["items"][0]["due_at"] == moved
    for address in ("ELA/2026-04-14/2026-04-14", "XYZ/2026-04-14/2026-04-14", "ELA/never/2026-04-14"):
        assert door.eli.send("DELETE", f"/closures/{address}").status_code == 404


def test_whose_branch_it_is_not_closes_nothing(door: Door) -> None:
    assert reasons(door.ben.post("/closures", FLOOD)) == ["not_permitted"]
    assert door.cleo.post("/closures", FLOOD).status_code == 404
    assert door.cleo.post("/closures", {**FLOOD, "branch": None}).status_code == 403
    assert door.cleo.post("/closures", {**FLOOD, "branch": "COM"}).status_code == 201


def test_closings_are_listed_by_page(door: Door) -> None:
    for day in ("2026-05-01", "2026-05-02", "2026-05-03"):
        door.eli.post("/closures", {"starts_on": day, "ends_on": day, "reason": "Staff day"})
    first = door.ben.get("/closures", limit=2).json
    rest = door.ben.get("/closures", limit=2, cursor=first["next"]).json
    assert [one["starts_on"] for one in (*first["items"], *rest["items"])] == ["2026-05-01", "2026-05-02", "2026-05-03"]
    assert rest["next"] is None
    assert door.ben.get("/closures", since="2026-05-03").json["items"] == rest["items"]


def test_programmes_are_listed_by_page(door: Door) -> None:
    door.eli.post("/programs", {"code": "job-skills", "name": "Job Skills"})
    first = door.ben.get("/programs", limit=1).json
    assert [one["code"] for one in first["items"]] == ["job-skills"]
    assert [one["code"] for one in door.ben.get("/programs", cursor=first["next"]).json["items"]] == ["work-ready"]
    assert door.every(select(Program.code).order_by(Program.code)) == ["job-skills", "work-ready"]
    assert ADA not in door.ben.get("/cohorts/WR-7").text


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2200-01-01", "9999-12-31"])
def test_a_day_of_another_millennium_does_not_fit(door: Door, day: str) -> None:
    weekly = {"first_on": day, "starts": "18:00"}
    closing = {"branch": "ELA", "starts_on": "2026-05-05", "ends_on": "2026-05-05", "reason": "Flood"}
    for method, address, body in (
        ("POST", "/cohorts", {**COHORT, "starts_on": day}),
        ("POST", "/cohorts", {**COHORT, "return_by": day}),
        ("POST", "/cohorts", {**COHORT, "workshops": weekly}),
        ("POST", "/cohorts/WR-7/copies", {"code": "WR-9", "starts_on": day}),
        ("PATCH", "/cohorts/WR-7?preview=1", {"starts_on": day}),
        ("PATCH", "/cohorts/WR-7?preview=1", {"ends_on": day}),
        ("PATCH", "/programs/work-ready", {"ends_on": day}),
        ("POST", "/closures", {**closing, "starts_on": day}),
        ("POST", "/closures?preview=1", {**closing, "ends_on": day}),
    ):
        assert door.eli.send(method, address, body).status_code == 422, (method, address, body)
