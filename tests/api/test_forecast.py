"""Transfers and the forecast as a program meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lending.programs.enrolment import enrol
from tests.api.conftest import Door
from tests.api.test_cases import check_out, give_back
from tests.cast import LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast


def two_at_compton(door: Door) -> None:
    """Mina gets Compton's only kit promised, Luis waits there."""

    def join(session: Any) -> None:
        cast: Cast = door.cast
        for card in (MINA, LUIS):
            enrol(session, patron=card, cohort="WR-7", pickup_branch_id=cast.com, at=NOW, by=cast.eli)

    door.database.act(join)


def test_case_6_a_kit_returned_elsewhere_is_on_its_way_and_should_have_arrived(both: Door) -> None:
    check_out(both.ben, OPEN_KIT, LUIS)
    give_back(both.cleo, OPEN_KIT, branch="COM")
    (kit,) = both.ben.get("/transfers").json["incoming"]
    assert (kit["kit"], kit["from_branch"], kit["to_branch"], kit["late"]) == (OPEN_KIT, "COM", "ELA", False)
    both.clock.at = NOW + timedelta(days=4)
    assert both.ben.get("/transfers", branch="ELA").json["incoming"][0]["late"] is True
    assert both.cleo.get("/transfers").json["outgoing"][0]["kit"] == OPEN_KIT


def test_transfers_of_another_branch_are_not_told(door: Door) -> None:
    door.ben.post("/transfers", {"kit": OTHER_OPEN_KIT, "to": "COM"})
    assert door.ben.get("/transfers", branch="COM").status_code == 404


def test_a_gap_and_the_transfer_that_closes_it(both: Door) -> None:
    two_at_compton(both)
    (found,) = both.desk("dora").get("/forecast", cohort="WR-7").json["items"]
    assert (found["cohort"], found["on"], found["gap"]) == ("WR-7", "2026-03-03", 1)
    assert found["transfers"] == [
        {"from_branch": "ELA", "to_branch": "COM", "kit_type": "work-ready", "kits": 1},
    ]
    compton = next(row for row in found["branches"] if row["branch"] == "COM")
    assert (compton["expected"], compton["promised"], compton["waiting"]) == (1, 1, 1)
    assert both.desk("dora").get("/forecast", program="work-ready").json["items"] == [found]


@pytest.mark.parametrize("query", [{}, {"cohort": "WR-7", "program": "work-ready"}])
def test_a_forecast_is_of_a_cohort_or_a_programme(door: Door, query: dict[str, str]) -> None:
    assert door.eli.get("/forecast", **query).status_code == 422


@pytest.mark.parametrize("query", [{"cohort": "WR-99"}, {"program": "nothing"}])
def test_what_is_not_there_has_no_forecast(door: Door, query: dict[str, str]) -> None:
    assert door.eli.get("/forecast", **query).status_code == 404
