"""What needs a person, lines and ladders, for other programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.circulation.overdue import Stretch, climb
from lending.domain.ladders import DEFAULT
from lending.models.base import new_public_id
from lending.models.journal import JournalEntry
from lending.models.people import StaffBranch
from tests.api.conftest import Door
from tests.api.test_cases import check_out
from tests.cast import LUIS, NOW, OPEN_KIT

STEPS = [{"code": "due_today", "days": 0}, {"code": "overdue", "days": 2, "suspends_lines": True}]


@pytest.fixture
def late(door: Door) -> Door:
    """Luis's kit is sixteen days late: somebody is to call, and its line to be suspended."""
    check_out(door.ben, OPEN_KIT, LUIS)
    door.clock.at = NOW + timedelta(days=58)
    stretch, at, by = Stretch(door.cast.ela, door.cast.laptop_hotspot), door.clock.at, door.cast.system
    door.database.act(lambda session: climb(session, stretch, DEFAULT, at=at, by=by, limit=10) and None)
    return door


def items(desk: Any, address: str, **query: Any) -> list[Any]:
    """What a list holds."""
    answer = desk.get(address, **query)
    assert answer.status_code == 200, answer.text
    return list(answer.json["items"])


def test_open_tasks_are_listed_and_found_by_kind(late: Door) -> None:
    assert [task["kind"] for task in items(late.ben, "/tasks")] == ["suspend_line", "call"]
    (asked,) = items(late.ben, "/tasks", kind="call", branch="ELA")
    assert (asked["kit"], asked["branch"], asked["tries"], asked["patron"]) == (OPEN_KIT, "ELA", 0, "Luis R.")
    assert late.ben.get(f"/tasks/{asked['id']}").json == asked


def test_another_branchs_tasks_look_as_if_there_were_none(late: Door) -> None:
    assert items(late.cleo, "/tasks") == []
    assert late.cleo.get("/tasks", branch="ELA").status_code == 404
    (asked,) = items(late.ben, "/tasks", kind="call")
    before = late.every(select(JournalEntry.id))
    for body, act in (({"outcome": "met"}, "finish"), ({"outcome": "reached"}, "calls")):
        theirs = late.cleo.post(f"/tasks/{asked['id']}/{act}", body)
        nobodys = late.cleo.post(f"/tasks/{new_public_id()}/{act}", body)
        assert (theirs.status_code, theirs.json["blocks"]) == (nobodys.status_code, nobodys.json["blocks"])
        assert theirs.status_code == 404
    assert late.cleo.get(f"/tasks/{asked['id']}").status_code == 404
    assert late.every(select(JournalEntry.id)) == before


def test_a_call_that_nobody_answers_is_due_again(late: Door) -> None:
    (asked,) = items(late.ben, "/tasks", kind="call")
    noted = late.ben.post(f"/tasks/{asked['id']}/calls", {"outcome": "no_answer"}).json
    assert (noted["tries"], noted["closed_at"], noted["due_at"][:16]) == (1, None, "2026-05-01T15:00")


def test_a_task_whose_work_is_an_act_is_not_finished_by_hand(late: Door) -> None:
    (suspend,) = items(late.ben, "/tasks", kind="suspend_line")
    answer = late.ben.post(f"/tasks/{suspend['id']}/finish", {"outcome": "did it"})
    assert (answer.status_code, answer.json["blocks"][0]["reason"]) == (409, "task_closes_itself")


def test_what_the_carriers_are_asked_is_listed_and_confirmed(late: Door) -> None:
    (asked,) = items(late.ben, "/lines")
    assert (asked["action"], asked["kit"], asked["asked"]) == ("suspend", OPEN_KIT, 0)
    numbers = {"numbers": [asked["number"]]}
    late.ben.post("/lines/requests", numbers)
    assert items(late.ben, "/lines")[0]["asked"] == 1
    theirs, nobodys = (late.cleo.post("/lines/confirmations", {"numbers": [n]}) for n in (asked["number"], "+1"))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.text.replace(asked["number"], "+1") == nobodys.text
    confirmed = late.ben.post("/lines/confirmations", numbers).json
    assert confirmed == {"lines": [{"number": asked["number"], "state": "suspended"}]}
    assert items(late.ben, "/lines") == items(late.cleo, "/lines") == []


def test_an_answer_that_is_repeated_shows_no_line_to_who_has_lost_the_branch(late: Door) -> None:
    (asked,) = items(late.ben, "/lines")
    confirmed = {"numbers": [asked["number"]]}
    assert len(late.ben.post("/lines/confirmations", confirmed, key="once").json["lines"]) == 1
    late.database.act(lambda session: session.query(StaffBranch).delete() and None)
    assert late.ben.post("/lines/confirmations", confirmed, key="once").json == {"lines": []}


def test_a_ladder_is_set_for_a_kind_of_kit_and_taken_away(door: Door) -> None:
    wanted = {"kit_type": "laptop-hotspot", "steps": STEPS}
    given = door.eli.send("PUT", "/ladders", wanted)
    assert (given.status_code, given.json["kit_type"]) == (200, "laptop-hotspot")
    assert [step["suspends_lines"] for step in given.json["steps"]] == [False, True]
    assert [ladder["kit_type"] for ladder in items(door.eli, "/ladders")] == [None, "laptop-hotspot"]
    gone = door.eli.send("DELETE", "/ladders?kit_type=laptop-hotspot", None)
    assert len(gone.json["steps"]) == len(DEFAULT)
    assert len(items(door.eli, "/ladders")) == 1


def test_all_that_is_wrong_with_a_ladder_is_told_at_once(door: Door) -> None:
    wrong = [{"code": "a", "days": 0, "calls": True}, {"code": "b", "days": 0}]
    answer = door.eli.send("PUT", "/ladders", {"steps": wrong})
    assert answer.status_code == 422
    assert [block["reason"] for block in answer.json["blocks"]] == ["step_on_the_same_day", "step_too_early"]
    assert door.cleo.send("PUT", "/ladders", {"steps": STEPS}).status_code == 403
