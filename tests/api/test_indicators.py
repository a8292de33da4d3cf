"""The funder's list and the Public Libraries Survey through the API, with what may not leave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lending.models.cohorts import HeadCountKind, WorkshopMode
from lending.programs.workshops import set_head_count
from tests.api.conftest import Door
from tests.api.test_cases import check_out
from tests.cast import NOW
from tests.programs.meetings import meeting

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


def numbers(answer: Any) -> dict[str, tuple[int | None, bool]]:
    return {one["indicator"]: (one["n"], one["hidden"]) for one in answer.json["items"]}


def test_a_count_under_five_does_not_leave_and_unknown_is_not_hidden(both: Door) -> None:
    check_out(both.ben, station="Station 1")
    found = numbers(both.eli.get("/reports/indicators", **MARCH))
    assert found["check_outs"] == (None, True)
    assert found["events"] == found["attended"] == (0, False)
    assert found["kits_assembled"] == (6, False)
    assert found["kits_distributed"] == (1, False)
    of_some_days = numbers(both.eli.get("/reports/indicators", **{"from": "2026-03-02", "to": "2026-03-20"}))
    assert of_some_days["households_served"] == (None, False)


def test_a_lead_reads_of_the_kits_that_are_set_aside_for_their_program(both: Door) -> None:
    assert numbers(both.desk("dora").get("/reports/indicators", **MARCH))["kits_assembled"] == (4, False)


def test_a_split_of_check_outs_tells_no_more_than_their_sum(both: Door) -> None:
    check_out(both.ben, station="Station 1")
    answer = both.eli.get("/reports/indicators", **MARCH).json
    assert answer["by_month"] == [{"month": "2026-03-01", "checkouts": None}]
    assert answer["by_branch"] == [{"branch": "ELA", "checkouts": None}]


def test_every_number_has_its_definition(both: Door) -> None:
    items = both.eli.get("/reports/indicators", **MARCH).json["items"]
    assert len(items) == 11
    assert all(one["definition"].endswith(".") and one["name"] for one in items)


def test_the_survey_counts_what_was_held_and_checks_itself(both: Door) -> None:
    workshop = meeting(both.database, both.cast, WorkshopMode.VIRTUAL)
    both.clock.at = NOW + timedelta(days=1)
    count = {"workshop": workshop, "kind": HeadCountKind.DEVICES, "n": 41, "at": both.clock.now(), "by": both.cast.dora}
    both.database.act(lambda session: set_head_count(session, **count))
    answer = both.eli.get("/reports/public_survey", **MARCH).json
    found = {one["element"]: one["n"] for one in answer["items"]}
    assert (found[600], found[604], found[610], found[618]) == (1, 1, 41, 41)
    assert (answer["sessions_agree"], answer["attendance_agrees"], answer["uncounted"]) == (True, True, 0)


def test_a_branch_reads_its_own_and_no_other(both: Door) -> None:
    check_out(both.ben, station="Station 1")
    found = numbers(both.cleo.get("/reports/indicators", **MARCH))
    assert (found["check_outs"], found["kits_assembled"]) == ((0, False), (1, False))
    assert both.cleo.get("/reports/indicators", branch="ELA", **MARCH).status_code == 404


@pytest.mark.parametrize("rule", ["/reports/indicators", "/reports/public_survey"])
def test_the_desk_reads_no_reports(both: Door, rule: str) -> None:
    assert both.ben.get(rule, **MARCH).status_code == 403


@pytest.mark.parametrize(
    "days", [{"from": "2026-03-02", "to": "2026-03-01"}, {"from": "2000-01-01", "to": "2026-01-01"}]
)
def test_days_in_the_wrong_order_or_too_many_are_refused(both: Door, days: dict[str, str]) -> None:
    assert both.eli.get("/reports/indicators", **days).status_code == 422
