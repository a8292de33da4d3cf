"""What circulated and the months that were reported, through the API, with what may not leave."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, insert

from lending.models.cohorts import Program
from lending.models.counts import DailyCount
from lending.models.people import StaffProgram
from tests.api.conftest import Door
from tests.api.test_cases import check_out
from tests.cast import LUIS, NOW, OPEN_KIT, put

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
FEBRUARY = {"month": "2026-02", "branch": "COM"}
COUNTED = ("checkouts", "renewals", "auto_renewals", "in_library")


def counted(door: Door, counter: str, n: int, *, branch_id: int | None = None, cohort_id: int = 0) -> None:
    """A roll-up of the day, without the acts behind it."""
    row = {
        "day": NOW.date(),
        "branch_id": branch_id or door.cast.ela,
        "kit_type_id": door.cast.work_ready,
        "cohort_id": cohort_id,
        "counter": counter,
        "n": n,
    }
    door.database.act(lambda session: session.execute(insert(DailyCount), row))


def items(door: Door, who: str = "eli", **query: str) -> list[dict[str, Any]]:
    answer = door.desk(who).get("/reports/circulation", **(MARCH | query))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_what_circulated_is_told_by_what_was_asked(both: Door) -> None:
    counted(both, "check_out", 12, cohort_id=both.cast.cohort)
    counted(both, "check_out", 7)
    counted(both, "check_out", 5, branch_id=both.cast.com)
    counted(both, "auto_renewal", 6)
    rows = items(both, by="branch, month,program")
    assert [(row["month"], row["branch"], row["program"], row["checkouts"]) for row in rows] == [
        ("2026-03-01", "COM", "", 5),
        ("2026-03-01", "ELA", "", 7),
        ("2026-03-01", "ELA", "work-ready", 12),
    ]
    assert [row["auto_renewals"] for row in rows] == [0, 6, 0]
    assert "kit_type" not in rows[0]


def test_renewals_that_somebody_asked_for_are_together_and_the_others_apart(both: Door) -> None:
    for counter, n in (("staff_renewal", 5), ("patron_renewal", 6), ("auto_renewal", 7), ("in_library", 8)):
        counted(both, counter, n)
    [row] = items(both)
    assert [row[name] for name in COUNTED] == [0, 11, 7, 8]


def test_a_number_under_five_does_not_leave_and_says_so(both: Door) -> None:
    check_out(both.ben, OPEN_KIT, LUIS)
    [row] = items(both, by="month")
    assert (row["checkouts"], row["patrons"], row["households"]) == (None, None, None)
    assert row["hidden"] == ["checkouts", "households", "patrons"]


def test_people_are_unknown_and_not_hidden_where_they_are_not_counted(both: Door) -> None:
    check_out(both.ben, OPEN_KIT, LUIS)
    [row] = items(both, by="cohort")
    assert (row["patrons"], row["hidden"]) == (None, ["checkouts"])


def test_a_manager_reads_the_own_branches_alone(both: Door) -> None:
    counted(both, "check_out", 12)
    counted(both, "check_out", 5, branch_id=both.cast.com)
    assert [row["checkouts"] for row in items(both, "cleo", by="branch")] == [5]
    assert both.cleo.get("/reports/circulation", branch="ELA", **MARCH).status_code == 404


@pytest.mark.parametrize("by", ["weather", "month,day", "month;branch"])
def test_what_counts_cannot_be_by_is_refused(door: Door, by: str) -> None:
    assert door.eli.get("/reports/circulation", by=by, **MARCH).status_code == 422


def test_a_month_is_closed_and_read_as_it_was_reported(both: Door) -> None:
    both.clock.at = datetime(2026, 4, 1, 18, tzinfo=UTC)
    counted(both, "check_out", 9, branch_id=both.cast.com)
    made = both.cleo.post("/reports/months", {"month": "2026-03", "branch": "COM"})
    assert (made.status_code, made.json["month"], made.json["branch"]) == (201, "2026-03-01", "COM")
    counted(both, "return", 6, branch_id=both.cast.com)
    figures = both.cleo.get("/reports/months/2026-03").json["items"]
    assert [(row["figure"], row["reported"], row["now"], row["difference"]) for row in figures] == [
        ("check_out", 9, 9, 0),
        ("return", 0, 6, 6),
    ]
    listed = both.cleo.get("/reports/months").json["items"]
    assert [row["month"] for row in listed if row["closed_at"]] == ["2026-03-01"]
    assert len(listed) == 13


def test_a_month_that_is_not_over_and_one_that_was_closed_are_refused(both: Door) -> None:
    early = both.cleo.post("/reports/months", FEBRUARY | {"month": "2026-03"})
    assert (early.status_code, [one["reason"] for one in early.json["blocks"]]) == (409, ["month_not_over"])
    assert both.cleo.post("/reports/months", FEBRUARY).status_code == 201
    again = both.cleo.post("/reports/months", FEBRUARY, key="another")
    assert (again.status_code, [one["reason"] for one in again.json["blocks"]]) == (409, ["month_closed"])


@pytest.mark.parametrize("month", ["2026-13", "FY2025-07", "March", "2026-W09"])
def test_what_is_no_month_is_refused(door: Door, month: str) -> None:
    assert door.cleo.post("/reports/months", FEBRUARY | {"month": month}).status_code in (409, 422)
    assert door.cleo.get(f"/reports/months/{month}").status_code in (409, 422)


def test_the_desk_reads_no_reports_and_a_lead_closes_no_month(both: Door) -> None:
    assert both.ben.get("/reports/circulation", **MARCH).status_code == 403
    assert both.desk("dora").post("/reports/months", FEBRUARY).status_code == 403
    assert both.cleo.post("/reports/months", FEBRUARY | {"branch": "ELA"}).status_code == 404


def test_a_lead_reads_their_own_program_alone(both: Door) -> None:
    counted(both, "check_out", 12, cohort_id=both.cast.cohort)
    counted(both, "check_out", 7)
    dora = both.desk("dora")
    assert [(row["program"], row["checkouts"]) for row in items(both, "dora", by="program")] == [("work-ready", 12)]
    funder = dora.get("/reports/indicators", **MARCH).json["items"]
    assert [one["n"] for one in funder if one["indicator"] == "check_outs"] == [12]
    survey = dora.get("/reports/public_survey", **MARCH).json["items"]
    assert [one["n"] for one in survey if one["element"] == 553] == [12]
    assert [row["checkouts"] for row in items(both, program="work-ready")] == [12]


def test_a_lead_of_several_programs_names_one_of_them_and_no_other(both: Door) -> None:
    def lead_two(session: Any) -> None:
        for code, is_led in (("job-skills", True), ("night-school", False)):
            program = put(session, Program(code=code, name=code))
            if is_led:
                put(session, StaffProgram(staff_id=both.cast.dora_id, program_id=program.id))

    both.database.act(lead_two)
    counted(both, "check_out", 12, cohort_id=both.cast.cohort)
    for report in ("circulation", "indicators", "public_survey", "surveys"):
        asked = [{}, {"program": "night-school"}, {"program": "job-skills"}]
        answers = [both.desk("dora").get(f"/reports/{report}", **MARCH, **program) for program in asked]
        assert (report, [answer.status_code for answer in answers]) == (report, [422, 404, 200])
    assert [row["checkouts"] for row in items(both, "dora", program="work-ready")] == [12]


def test_a_lead_without_a_program_reads_of_none(both: Door) -> None:
    both.database.act(lambda session: session.execute(delete(StaffProgram)))
    counted(both, "check_out", 12, cohort_id=both.cast.cohort)
    counted(both, "check_out", 7)
    assert [row["checkouts"] for row in items(both, "dora")] == [0]


def test_what_was_reported_of_all_programs_is_for_who_closes_months(both: Door) -> None:
    assert both.desk("dora").get("/reports/months").status_code == 403
    assert both.desk("dora").get("/reports/months/2026-02").status_code == 403
