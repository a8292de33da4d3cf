"""A programme lead reads what is of their own program, and of kits the kinds set aside for it, on every page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lending.clock import MovingClock
from lending.db import Database
from lending.models.counts import StockDay
from lending.models.people import StaffProgram
from lending.queries.today import Wait
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import lend
from tests.web.browsers import Browser
from tests.web.reports.reading import figure_urls, figures, rows, table, text


@pytest.fixture
def both_late(sqlite_database: Database, cast: Cast, clock: MovingClock) -> None:
    """Ada's kit of Work Ready 7 and Luis's of no session, both weeks overdue."""
    lend(sqlite_database, cast, OPEN_KIT, LUIS)
    lend(sqlite_database, cast, KIT, ADA)
    clock.move(timedelta(days=60))


@pytest.mark.usefixtures("both_late")
def test_today_tells_a_lead_of_their_own_program_alone(dora: Browser, eli: Browser) -> None:
    page = text(dora.get("/reports/today"))
    assert list(figures(page)) == ["to pick up", "due today", "overdue", "to pull for the shelf", "waiting for a kit"]
    assert (figures(page)["overdue"], figures(text(eli.get("/reports/today")))["overdue"]) == ("1", "2")
    assert [row[0] for row in rows(text(dora.get(figure_urls(page)["overdue"])))] == [KIT]
    for wait in (Wait.INSPECT, Wait.TASKS):
        assert dora.get(f"/reports/today/{wait.value}").status_code == 404


@pytest.mark.usefixtures("both_late")
def test_what_is_overdue_now_is_that_of_the_leads_program(dora: Browser, eli: Browser) -> None:
    page = text(dora.get("/reports/overdue"))
    assert figures(page)["Overdue now"] == "1"
    assert [row[0] for row in rows(text(dora.get(figure_urls(page)["Overdue now"])))] == [KIT]
    assert table(page, "Late and lost by library")["East Los Angeles Library"][:2] == ["1", "1"]
    of_one = text(eli.get("/reports/overdue?program=work-ready"))
    assert (figures(of_one)["Overdue now"], figure_urls(of_one)["Overdue now"]) == ("1", "#ages"), "no list is as short"


def test_stock_is_that_of_the_kinds_set_aside_for_the_program(
    dora: Browser, eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    day = {"day": (NOW - timedelta(days=1)).date(), "branch_id": cast.ela, "overdue": 0, "turnaround": 0, "ready": 0}
    kinds = ((cast.work_ready, 20), (cast.laptop_hotspot, 70))

    def write(session: object) -> None:
        for kind, free in kinds:
            row = StockDay(**day, kit_type_id=kind, in_service=free, out=0, free=free, waiting=0)
            session.add(row)  # type: ignore[attr-defined]  # a session, as act gives

    sqlite_database.act(write)
    shown = {who: figures(text(browser.get("/reports/stock"))) for who, browser in (("dora", dora), ("eli", eli))}
    assert (shown["dora"]["In service"], shown["eli"]["In service"]) == ("20", "90")
    assert dora.get("/reports/stock?kit_type=laptop-hotspot").status_code == 404
    sqlite_database.act(lambda s: s.query(StaffProgram).filter_by(staff_id=cast.dora_id).delete())
    assert figures(text(dora.get("/reports/stock")))["In service"] == "not known"


def test_the_funders_list_tells_a_lead_of_the_kits_of_those_kinds(dora: Browser, eli: Browser) -> None:
    mine, all_of_them = (figures(text(who.get("/reports/official"))) for who in (dora, eli))
    assert (mine["Kits assembled, to date"], all_of_them["Kits assembled, to date"]) == ("4", "6")
