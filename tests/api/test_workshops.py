"""Workshops as a program meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.domain.permissions import Role
from lending.models.branches import Branch
from lending.models.cohorts import Attendance, WorkshopMode
from lending.models.journal import JournalEntry
from tests.api.conftest import Desk, Door
from tests.api.test_access import hire
from tests.cast import ADA, HOURS, LUIS, MINA, NOW, put
from tests.programs.meetings import BEGINS, meeting


def held(door: Door, mode: WorkshopMode = WorkshopMode.HYBRID, **more: Any) -> str:
    """A workshop of Work Ready 7."""
    return meeting(door.database, door.cast, mode, **more)


def attend(desk: Desk, workshop: str, **body: Any) -> Any:
    """Sign somebody in, or set a count."""
    return desk.post(f"/workshops/{workshop}/attendance", body)


def test_a_patron_signs_in_once(both: Door) -> None:
    workshop = held(both)
    first = attend(both.ben, workshop, patron=ADA, mode="onsite")
    assert (first.status_code, first.json["again"]) == (201, False)
    assert attend(both.ben, workshop, patron=ADA, mode="onsite").json["again"] is True
    sheet = both.ben.get(f"/workshops/{workshop}/attendance").json
    assert [(one["patron"], one["mode"]) for one in sheet["attendees"]] == [(ADA, "onsite")]


def test_a_sign_in_is_taken_back(door: Door) -> None:
    workshop = held(door)
    attend(door.ben, workshop, patron=ADA, mode="onsite")
    (signed_in,) = door.ben.get(f"/workshops/{workshop}/attendance").json["attendees"]
    taken_back = door.ben.send("DELETE", f"/workshops/{workshop}/attendance/{signed_in['id']}")
    assert taken_back.status_code == 200
    assert door.ben.get(f"/workshops/{workshop}/attendance").json["attendees"] == []


def test_counts_and_views_are_kept_apart(both: Door) -> None:
    workshop = held(both)
    attend(both.ben, workshop, mode="onsite", count=7)
    attend(both.ben, workshop, mode="virtual", count=12)
    both.clock.at = NOW + timedelta(days=40)
    dora = both.desk("dora")
    assert dora.post(f"/workshops/{workshop}/recording", {"posted_on": "2026-03-04"}).status_code == 201
    for day, views in (("2026-03-10", 20), ("2026-04-09", 6)):
        assert dora.post(f"/workshops/{workshop}/views", {"day": day, "views": views}).status_code == 201
    found = both.ben.get("/cohorts/WR-7/workshops").json
    assert found["counted"] == {
        "sessions": 1,
        "registered": 1,
        "onsite": 7,
        "virtual": 12,
        "attended": 19,
        "uncounted": 0,
        "survey_views": 20,
        "all_views": 26,
        "reach": 45,
    }
    assert (found["registered"], found["items"][0]["starts_at"]) == (1, "2026-03-03T11:00:00-08:00")


def test_a_stream_counts_its_most_viewers_and_a_count_may_be_unknown_again(door: Door) -> None:
    workshop = held(door, WorkshopMode.VIRTUAL)
    given = attend(door.ben, workshop, mode="virtual", kind="peak_viewers", count=31)
    assert given.status_code == 201
    door.clock.at = BEGINS
    assert door.ben.get("/cohorts/WR-7/workshops").json["counted"]["virtual"] == 31
    attend(door.ben, workshop, mode="virtual", kind="peak_viewers", count=None)
    assert door.ben.get("/cohorts/WR-7/workshops").json["counted"]["virtual"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "onsite"},
        {"mode": "onsite", "patron": ADA, "count": 3},
        {"mode": "onsite", "count": -1},
        {"mode": "onsite", "count": "3"},
        {"mode": "onsite", "count": 3, "kind": "devices"},
        {"mode": "onsite", "patron": ADA, "kind": "onsite"},
        {"mode": "recorded", "patron": ADA},
        {"patron": ADA},
    ],
)
def test_a_body_is_a_patron_or_a_count(door: Door, body: dict[str, Any]) -> None:
    assert attend(door.ben, held(door), **body).status_code == 422
    assert door.every(select(Attendance.id)) == []


def test_a_list_of_participants_is_matched_and_answers_by_places(both: Door) -> None:
    workshop = held(both, WorkshopMode.VIRTUAL)
    body = {
        "participants": [{"name": "Ada Morales"}, {"name": "iPad"}, {"name": "Mina Kaur", "email": "m@example.org"}]
    }
    first = both.desk("dora").post(f"/workshops/{workshop}/participants", body, key="list")
    assert first.status_code == 201
    assert [first.json[name] for name in ("matched", "again", "unmatched", "devices")] == [[1], [], [2, 3], 3]
    assert both.desk("dora").post(f"/workshops/{workshop}/participants", body, key="list").json == first.json
    details = " ".join(str(detail) for detail in both.every(select(JournalEntry.detail)))
    assert "iPad" not in details
    assert "example.org" not in details


def test_a_workshop_in_the_room_takes_nobody_on_line(door: Door) -> None:
    answer = attend(door.ben, held(door, WorkshopMode.ONSITE), patron=LUIS, mode="virtual")
    assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (422, "value_wrong")


def test_the_staff_of_a_branch_that_has_nothing_to_do_with_it_find_nothing(door: Door) -> None:
    workshop = held(door)
    calls = [
        ("GET", f"/workshops/{workshop}/attendance", None),
        ("GET", "/cohorts/WR-7/workshops", None),
        ("POST", f"/workshops/{workshop}/attendance", {"patron": MINA, "mode": "onsite"}),
        ("POST", f"/workshops/{workshop}/participants", {"participants": [{"name": "Mina Kaur"}]}),
    ]
    hire_stranger(door)
    for method, address, body in calls:
        assert door.desk("stranger").send(method, address, body).status_code == 404
    assert door.every(select(JournalEntry.id)) == []


def hire_stranger(door: Door) -> None:
    """Somebody at the desk of a branch that lends nothing for Work Ready."""
    row = Branch(code="NOR", name="Norwalk Library", zone="America/Los_Angeles", hours=HOURS)
    hire(door, "stranger", Role.DESK, door.database.act(lambda session: put(session, row).id))
