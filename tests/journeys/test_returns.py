"""Returns, as fast as a person can hold kits under a scanner."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route

from lending.circulation.returns import return_kit
from lending.domain.states import LoanState
from tests.journeys.conftest import Enter
from tests.journeys.crowd import lend_to_everybody
from tests.journeys.serving import Served
from tests.journeys.station import Station

on_both_engines = pytest.mark.parametrize("library", ["sqlite_database", "postgres_database"], indirect=True)

WHOLE_ROWS = """() => {
    const inside = (inner, outer) => inner.top >= outer.top && inner.bottom <= outer.bottom;
    const sheet = document.querySelector(".log").getBoundingClientRect();
    const window_ = {top: 0, bottom: innerHeight};
    return [...document.querySelectorAll("#log tr")].map((row) => row.getBoundingClientRect())
        .filter((row) => inside(row, sheet) && inside(row, window_)).length;
}"""


@on_both_engines
def test_thirty_kits_scanned_in_a_row_all_come_back(library: Served, returns: Station) -> None:
    kits = lend_to_everybody(library)
    under_way: list[Any] = []
    most: list[int] = []

    def begins(request: Any) -> None:
        if request.url.endswith("/desk/scans"):
            under_way.append(request)
            most.append(len(under_way))

    def ends(request: Any) -> None:
        if request in under_way:
            under_way.remove(request)

    returns.page.on("request", begins)
    returns.page.on("requestfinished", ends)

    returns.scan_all(kits, seed=30).counts(in_=30, waiting=0, not_done=0)

    assert [loan.state for loan in library.loans()] == [LoanState.RECEIVED] * 30
    assert all(loan.received_at == library.clock.now() for loan in library.loans())
    assert returns.log() == [f"{kit} is back. Put it on the inspection cart." for kit in reversed(kits)]
    assert set(returns.tones()) == {"done"}
    assert [scan["code"] for scan in returns.sent] == kits
    assert len({scan["key"] for scan in returns.sent}) == 30
    assert max(most) == 1, "One request at a time keeps the scans in their order."
    assert returns.focus() == "code"


def test_at_least_fourteen_rows_of_the_log_are_whole_at_1366_by_768(library: Served, enter: Enter) -> None:
    for kit in lend_to_everybody(library):
        library.act(return_kit, kit=kit, branch_id=library.cast.ela)
    for screen in ("/returns", "/desk"):
        station = enter("ben", screen)
        assert len(station.log()) == 30
        assert station.page.evaluate(WHOLE_ROWS) >= 14, screen


def test_the_same_label_read_twice_takes_one_kit_back(library: Served, returns: Station) -> None:
    kit = lend_to_everybody(library, 1)[0]
    returns.scan(kit).says("KIT-3001 is back. Put it on the inspection cart.")
    returns.scan(kit).says("Same scan twice. Nothing changed.").counts(in_=1, waiting=0, not_done=0)
    assert returns.tones() == ["again", "done"]
    assert returns.page.locator("#log tr .code").all_text_contents() == [kit, kit]
    names = returns.page.locator("#log tr .who").all_text_contents()
    assert names[0].strip() == names[1].strip() != ""
    assert len(returns.sent) == 1


def test_a_label_read_again_and_again_before_the_answer_is_sent_once(library: Served, returns: Station) -> None:
    kit = lend_to_everybody(library, 1)[0]
    held: list[Route] = []
    returns.page.route("**/desk/scans", lambda route: held.append(route))
    returns.scan(kit).scan(kit).scan(kit).says("Same scan twice. Nothing changed.").counts(waiting=1)
    held[0].continue_()
    returns.says("KIT-3001 is back. Put it on the inspection cart.").counts(in_=1, waiting=0, not_done=0)
    assert returns.tones() == ["done", "again"], "one row for a label that lies under a scanner"
    assert returns.page.locator("#log tr .code").all_text_contents() == [kit, kit]
    assert len(held) == 1
