"""Stocktakes as a program meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.conftest import Desk, Door
from tests.api.test_cases import check_out
from tests.api.test_lists import every
from tests.cast import COMPTON_KIT, KIT, NOW, OTHER_KIT


def begun(desk: Desk, branch: str = "ELA", **more: Any) -> str:
    """A count that was begun; gives its id."""
    answer = desk.post("/stocktakes", {"branch": branch, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json["stocktake"]["id"])


def scan(desk: Desk, stocktake: str, kit: str) -> Any:
    """A kit that was seen."""
    return desk.post(f"/stocktakes/{stocktake}/kits", {"kit": kit})


def test_a_count_from_beginning_to_report(both: Door) -> None:
    check_out(both.ben)
    stocktake = begun(both.ben)
    first = scan(both.ben, stocktake, OTHER_KIT).json
    assert (first["kit"]["standing"], first["again"]) == ("expected", False)
    assert (first["stocktake"]["seen"], first["stocktake"]["expected"]) == (1, 4)
    assert scan(both.ben, stocktake, OTHER_KIT).json["again"] is True
    assert scan(both.ben, stocktake, KIT).json["kit"]["standing"] == "out"
    assert scan(both.ben, stocktake, COMPTON_KIT).json["kit"]["branch"] == "Compton Library"
    assert both.ben.post(f"/stocktakes/{stocktake}/end").json["stocktake"]["ended_at"] == "2026-03-03T10:00:00-08:00"
    report = both.ben.get(f"/stocktakes/{stocktake}").json
    names = {name: [kit["barcode"] for kit in report[name]] for name in ("seen", "missing", "left", "unexpected")}
    assert names == {
        "seen": [OTHER_KIT],
        "missing": ["KIT-1044", "KIT-2001", "KIT-2002"],
        "left": [],
        "unexpected": [KIT, COMPTON_KIT],
    }


def test_an_ended_count_and_a_second_open_one_are_refused(door: Door) -> None:
    stocktake = begun(door.ben)
    again = door.ben.post("/stocktakes", {"branch": "ELA"})
    assert (again.status_code, again.json["blocks"][0]["reason"]) == (409, "stocktake_open")
    door.ben.post(f"/stocktakes/{stocktake}/end")
    late = scan(door.ben, stocktake, KIT)
    assert (late.status_code, late.json["blocks"][0]["reason"]) == (409, "stocktake_ended")


def test_another_branchs_count_is_not_there(door: Door) -> None:
    stocktake = begun(door.ben)
    assert door.cleo.get(f"/stocktakes/{stocktake}").status_code == 404
    assert scan(door.cleo, stocktake, COMPTON_KIT).status_code == 404
    assert door.cleo.post(f"/stocktakes/{stocktake}/end").status_code == 404
    assert door.cleo.post("/stocktakes", {"branch": "ELA"}).status_code == 404
    assert door.cleo.get("/stocktakes").json["items"] == []


def test_the_list_is_complete_by_pages(both: Door) -> None:
    made = []
    for day in range(3):
        both.clock.at = NOW + timedelta(days=day)
        made.append(begun(both.ben, place=f"Shelf {day}"))
    assert [one["id"] for one in every(both.ben, "/stocktakes", limit=1)] == made[::-1]
