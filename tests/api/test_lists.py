"""Lists by page: complete, in order, and as many statements for many rows as for few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests import cast as standing
from tests.api.conftest import Desk, Door
from tests.api.test_cases import check_out, give_back
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, OTHER_KIT, OTHER_OPEN_KIT, THIRD_KIT
from tests.databases import counting


def every(desk: Desk, address: str, **query: Any) -> list[Any]:
    """All pages of a list."""
    items, cursor = [], {}
    while True:
        page = desk.get(address, **query, **cursor).json
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = {"cursor": page["next"]}


def test_pages_hold_each_row_once_and_in_order(both: Door) -> None:
    loans = []
    for day in range(5):
        both.clock.at = NOW + timedelta(hours=day // 2)  # two of them at one instant
        loans.append(check_out(both.ben, OPEN_KIT, LUIS)["id"])
        give_back(both.ben, OPEN_KIT)
        both.ben.post("/inspections", {"kit": OPEN_KIT, "all_here": True, "steps": STEPS})
    assert [loan["id"] for loan in every(both.ben, "/loans", limit=2)] == loans[::-1]
    kits = [kit["barcode"] for kit in every(both.eli, "/kits", limit=2)]
    assert kits == sorted([KIT, OTHER_KIT, THIRD_KIT, OPEN_KIT, OTHER_OPEN_KIT, "KIT-1060"])
    assert [branch["code"] for branch in every(both.ben, "/branches", limit=1)] == ["COM", "ELA"]
    free = [(stock["branch"], stock["kit_type"]) for stock in every(both.eli, "/availability", limit=1)]
    assert free == sorted(free)
    assert {branch for branch, _ in free} == {"COM", "ELA"}
    assert [kind["code"] for kind in every(both.ben, "/kit_types", limit=1)] == ["laptop-hotspot", "work-ready"]


STEPS = {"wiped": True, "charged": True, "restocked": True}


@pytest.mark.parametrize("address", ["/loans", "/kits"])
def test_a_longer_page_takes_no_more_statements(both: Door, address: str) -> None:
    check_out(both.ben)
    with counting(both.database) as few:
        both.eli.get(address, limit=1)

    def add(session: Any) -> None:
        for number in range(3000, 3012):
            standing.kit(session, f"KIT-{number}", both.cast.laptop_hotspot, both.cast.ela)
            person = standing.patron(session, f"2999900001{number}", f"Patron {number}", both.cast.ela)
            assert person

    both.database.act(add)
    for number in range(3000, 3012):
        check_out(both.eli, f"KIT-{number}", f"2999900001{number}")
    with counting(both.database) as many:
        answer = both.eli.get(address, limit=200)
    assert len(answer.json["items"]) > 10
    assert len(many) == len(few)


def test_loans_are_found_by_state_branch_cohort_patron_and_whether_overdue(both: Door) -> None:
    ada, luis = check_out(both.ben)["id"], check_out(both.ben, OPEN_KIT, LUIS)["id"]
    both.clock.at = NOW + timedelta(days=40)  # Ada's was due with the cohort, Luis's is not yet

    def found(**query: Any) -> list[str]:
        return [loan["id"] for loan in both.ben.get("/loans", **query).json["items"]]

    assert found() == [luis, ada]
    assert found(cohort="WR-7") == found(overdue="true") == found(patron=ADA) == [ada]
    assert found(overdue="false") == [luis]
    assert found(branch="ELA", state="out") == [luis, ada]
    assert found(state="closed") == found(branch="COM") == found(cohort="WR-8") == []
    give_back(both.ben, KIT)
    assert found(overdue="true") == []
    assert found(state="received") == [ada]


def test_available_lists_what_may_be_lent_now(both: Door) -> None:
    check_out(both.ben, OPEN_KIT, LUIS)
    assert both.eli.post("/transfers", {"kit": OTHER_OPEN_KIT, "to": "COM"}).status_code == 201
    free = [kit["barcode"] for kit in both.ben.get("/kits", state="available").json["items"]]
    assert free == [KIT, OTHER_KIT, THIRD_KIT]
    typed = both.ben.get("/kits", type="laptop-hotspot", branch="ELA").json["items"]
    assert [(kit["barcode"], kit["state"], "due_at" in kit) for kit in typed] == [
        (OPEN_KIT, "on_loan", True),
        (OTHER_OPEN_KIT, "available", False),
    ]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"cursor": "%%%"}, {"cursor": "AAAA"}, {"colour": "red"}]
)
def test_a_query_that_does_not_fit_is_refused_with_its_field(door: Door, query: dict[str, Any]) -> None:
    answer = door.ben.get("/loans", **query)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(query))


def test_a_cursor_of_something_that_is_gone_gives_an_empty_page(door: Door) -> None:
    assert door.ben.get("/loans", cursor="Z29uZQ").json == {"items": [], "next": None}
