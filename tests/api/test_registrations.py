"""Registrations and survey results as a program meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.models.outcomes import HeardFrom, HeardOf, Registration
from tests.api.conftest import Door
from tests.cast import NOW
from tests.programs.answering import answer, survey_for
from tests.programs.meetings import meeting

OMID = {"name": "Omid Rahimi", "email": "omid@example.org", "way": "onsite"}
SINGLE = {
    "program": "work-ready",
    "title": "Résumé day",
    "on": "2026-03-20",
    "starts": "18:00",
    "mode": "onsite",
    "branch": "ELA",
}
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def test_somebody_is_registered_once_and_counted(both: Door) -> None:
    workshop = meeting(both.database, both.cast, begins=NOW + timedelta(days=7))
    rule = f"/workshops/{workshop}/registrations"
    first = both.ben.post(rule, {**OMID, "heard": "friend", "friend_cohort": "WR-7"}, key="one")
    assert first.status_code == 201
    assert both.ben.post(rule, {**OMID, "heard": "friend", "friend_cohort": "WR-7"}, key="one").json == first.json
    assert both.ben.post(rule, OMID).status_code == 409
    assert both.every(select(Registration.reference)) == [first.json["reference"]]
    assert both.every(select(HeardOf.source)) == [HeardFrom.FRIEND]
    counts = both.ben.get(rule).json
    assert counts == {
        "workshop": workshop,
        "is_open": True,
        "places": None,
        "alone": 1,
        "registered": 2,
        "cancelled": 0,
        "came": 0,
    }
    assert "Omid" not in both.ben.get(rule).text


@pytest.mark.parametrize(
    "wrong",
    [{"way": "by boat"}, {"name": ""}, {"role": "admin"}, {"heard": "flyer", "friend_cohort": "WR-7"}, {"email": "x"}],
)
def test_a_body_that_does_not_fit_registers_nobody(door: Door, wrong: dict[str, Any]) -> None:
    workshop = meeting(door.database, door.cast, begins=NOW + timedelta(days=7))
    assert door.ben.post(f"/workshops/{workshop}/registrations", {**OMID, **wrong}).status_code == 422
    assert door.every(select(Registration.id)) == []


def test_survey_results_are_read_from_five_answers_on(both: Door) -> None:
    survey = survey_for(both.database, both.cast, workshop=meeting(both.database, both.cast))
    for n in range(4):
        answer(both.database, both.cast, survey, f"tap {n}", at=NOW + timedelta(hours=2), learned=1 if n else 5)
    few = both.eli.get("/reports/surveys", **MARCH).json
    assert (few["answered"], few["hidden"]) == (None, True)
    assert {(one["answered"], one["agree_percent"]) for one in few["items"]} == {(None, None)}
    answer(both.database, both.cast, survey, "tap 5", at=NOW + timedelta(hours=2), helped="The examples.")
    found = both.eli.get("/reports/surveys", program="work-ready", **MARCH)
    assert (found.json["answered"], found.json["hidden"]) == (5, False)
    assert found.json["items"][0] == {"statement": "learned", "answered": 5, "agree_percent": 40}
    assert "examples" not in found.text
    assert both.eli.get("/reports/surveys", program="another", **MARCH).status_code == 404
    nothing = both.eli.get("/reports/surveys", **{"from": "2026-05-01", "to": "2026-05-31"}).json
    assert (nothing["answered"], nothing["hidden"]) == (0, False)


def test_the_desk_reads_no_results_and_a_manager_those_of_their_library(both: Door) -> None:
    assert both.ben.get("/reports/surveys", **MARCH).status_code == 403
    assert both.cleo.get("/reports/surveys", branch="ELA", **MARCH).status_code == 404
    assert both.cleo.get("/reports/surveys", **MARCH).status_code == 200


def test_a_single_workshop_is_planned_closed_limited_and_opened_again(both: Door) -> None:
    dora = both.desk("dora")
    made = dora.post("/workshops", SINGLE).json
    assert (made["is_open"], made["places"], made["registered"]) == (True, None, 0)
    there = f"/workshops/{made['workshop']}/registrations"
    assert dora.send("PATCH", there, {"places": 1}).json["places"] == 1
    assert dora.send("PATCH", there, {"is_open": False}).json["is_open"] is False
    assert both.ben.send("PATCH", there, {"is_open": True}).status_code == 403
    assert [block["reason"] for block in both.ben.post(there, OMID).json["blocks"]] == ["registration_closed"]
    assert dora.send("PATCH", there, {"is_open": True, "places": None}).json["places"] is None
    assert both.ben.post(there, OMID).status_code == 201


def test_who_registered_attends_and_takes_it_back_and_cancels(both: Door) -> None:
    held = meeting(both.database, both.cast)
    mine = both.ben.post(f"/workshops/{held}/registrations", OMID).json["id"]
    attends = both.ben.post(f"/registrations/{mine}/attendance", {"mode": "onsite"})
    assert (attends.status_code, attends.json) == (201, {"id": mine, "cancelled": False})
    assert both.ben.get(f"/workshops/{held}/registrations").json["came"] == 1
    assert both.ben.send("DELETE", f"/registrations/{mine}/attendance").status_code == 200
    assert both.ben.send("DELETE", f"/registrations/{mine}").json == {"id": mine, "cancelled": True}
    assert both.ben.get(f"/workshops/{held}/registrations").json["cancelled"] == 1
