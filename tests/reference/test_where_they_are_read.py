"""The same figures where people read them: on the pages, in the files, through the API, and on the printed page."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from itertools import count

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from lending.clock import MovingClock
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from tests.api.conftest import Desk, give_tokens
from tests.reference.feed import Feed, day
from tests.web.browsers import Browser, an_app, signed_in
from tests.web.reports.reading import figures, table, text

MARCH = "period=2026-03&kit_type=laptop-hotspot"
SINCE = "period=2025-12-01..2026-03-31&program=work-ready"
MONTH = {
    "Check-outs": "772",
    "Kits assembled, to date": "400",
    "Workshops held": "28",
    "Registered": "8,450",
    "Attended live": "2,907",
    "Kits ready on the hold shelf": "14",
    "People waiting for a kit": "563",
}


@pytest.fixture(scope="module")
def counted(fed: Feed, tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Library]:
    """The application on the day after, the nights counted."""
    app = an_app(fed.database, MovingClock(day(2026, 4, 1)), tmp_path_factory.mktemp("instance"))
    opened: Library = app.extensions["lending"]
    SWEEPS["counts"](opened, day(2026, 4, 1))
    give_tokens(fed.database)
    return app, opened


@pytest.fixture
def library(counted: tuple[Flask, Library]) -> Flask:
    """The application, which a worker shares, with this library in it."""
    app, opened = counted
    app.extensions["lending"] = opened
    return app


@pytest.fixture
def eli(library: Flask) -> Iterator[Browser]:
    """Eli, who sees the whole system."""
    with library.test_client() as client:
        yield signed_in(Browser(client), "eli")


@pytest.fixture
def api(library: Flask) -> Iterator[Desk]:
    """A program that sees the whole system."""
    with library.test_client() as client:
        yield Desk(client, "token-of-eli", count())


def test_the_countys_month_on_the_page(eli: Browser) -> None:
    found = figures(text(eli.get(f"/reports/official?{MARCH}")))
    assert {name: found[name] for name in MONTH} == MONTH


def test_on_hold_are_those_ready_and_those_waiting(eli: Browser) -> None:
    found = figures(text(eli.get(f"/reports/official?{MARCH}")))
    ready, waiting = found["Kits ready on the hold shelf"], found["People waiting for a kit"]
    assert int(ready) + int(waiting) == 577


def test_the_same_in_both_files(eli: Browser) -> None:
    plain = {name: number.replace(",", "") for name, number in MONTH.items()}
    assert in_both_files(eli, f"/reports/official.%s?{MARCH}", plain) == [plain, plain]


def test_work_ready_since_december_in_both_files(eli: Browser) -> None:
    asked = {"Check-outs": "678", "Reach": "8087"}
    for page in ("official", "impact"):
        assert in_both_files(eli, f"/reports/{page}.%s?{SINCE}", asked) == [asked, asked]


def in_both_files(eli: Browser, path: str, asked: Collection[str]) -> list[dict[str, str]]:
    """The numbers beside these names in the CSV and in the workbook, whose definitions have a sheet of their own."""
    lines = list(csv.reader(io.StringIO(eli.get(path % "csv").get_data(as_text=True))))
    book = CalamineWorkbook.from_filelike(io.BytesIO(eli.get(path % "xlsx").data))
    cells = {row[0]: row[1] for row in book.get_sheet_by_name("Figures").to_python() if row[0] in asked}
    assert "Definitions" in book.sheet_names
    return [
        {line[0]: line[1] for line in reversed(lines) if line and line[0] in asked},
        {str(name): str(int(float(n))) for name, n in cells.items()},
    ]


def test_work_ready_since_december_on_the_page(eli: Browser) -> None:
    found = figures(text(eli.get(f"/reports/official?{SINCE}")))
    assert (found["Check-outs"], found["Reach"]) == ("678", "8,087")


def test_the_printed_page_holds_the_same(eli: Browser) -> None:
    page = text(eli.get(f"/reports/impact?{SINCE}"))
    found = figures(page)
    assert (found["Check-outs"], found["Reach"], len(found)) == ("678", "8,087", 6)
    march = figures(text(eli.get("/reports/impact?period=2026-03")))
    shown = ("Check-outs", "Workshops held", "Attended live", "Registered")
    assert [march[name] for name in shown] == ["772", "28", "2,907", "8,450"]
    assert table(page, "Check-outs by month")["Jan 2026"] == ["292"]


def test_the_survey_of_the_month_on_the_page(eli: Browser) -> None:
    page = text(eli.get("/reports/official?period=2026-03"))
    assert "Public Libraries Survey: totals by age and by format agree" in page
    survey = table(page, "Public Libraries Survey")
    asked = ("553. Circulation of physical items", "600. Live sessions, by age", "618. Online attendance")
    assert [survey[name] for name in asked] == [["772"], ["28"], ["2,907"]]


def test_the_job_and_career_center_on_the_page_and_in_the_file(fed: Feed, eli: Browser) -> None:
    """Two offers for one person are two offers, and one person."""
    raw = fed.raw
    page = text(eli.get("/reports/outcomes?period=2026-03"))
    found, referred, events = figures(page), table(page, "Referrals by service"), table(page, "Hiring events")
    assert (raw.sum("inquiry"), found["Inquiries"]) == (3826, "3,826")
    assert raw.sum("jobsla enrolled") == 295
    assert referred["JobsLA"][:2] == ["300", "295"]
    assert (raw.sum("hiring event"), found["Hiring events"]) == (6, "6")
    assert (events["Together"][1], events["Together"][4]) == (str(raw.sum("hiring attendee")), "2")
    assert (raw.sum("hiring offer", "hiring another_offer"), found["Offers, not people"]) == (2, "2")


def test_the_job_and_career_center_in_the_file_without_the_few_offers(eli: Browser) -> None:
    """Two offers are a count under five: staff read them on the page, and no file has them."""
    lines = list(csv.reader(io.StringIO(eli.get("/reports/outcomes.csv?period=2026-03").get_data(as_text=True))))
    rows = {line[0]: line[1:] for line in reversed(lines) if line}
    assert (rows["JobsLA"][:2], rows["Inquiries"][0]) == (["300", "295"], "3826")
    assert [line[2] for line in lines if line[:1] == ["Together"] and len(line) == 7] == ["253"]
    assert (rows["Hiring events"][0], rows["Offers, not people"][0]) == ("6", "under 5")


def test_the_job_and_career_center_through_the_api(api: Desk) -> None:
    march = {"from": "2026-03-01", "to": "2026-03-31"}
    found = api.get("/reports/outcomes", **march).json
    assert (found["inquiries"], found["hiring_events"]) == ({"n": 3826, "hidden": False}, 6)
    assert {one["topic"]: one["n"] for one in found["topics"]}["job_search"] == 1826
    jobsla, _, together = found["referrals"]
    assert (jobsla["service"], jobsla["made"]["n"], jobsla["enrolled"]["n"]) == ("jobsla", 300, 295)
    assert (together["service"], together["enrolled"]["n"]) == (None, 300)
    figures = {one["figure"]: (one["n"], one["hidden"], one["not_counted"]) for one in found["hiring"]}
    assert (figures["attended"], figures["offers"], figures["hires"]) == (
        (253, False, 0),
        (None, True, 5),
        (None, False, 6),
    )
    events = api.get("/hiring_events").json["items"]
    assert sum(one["attended"] for one in events) == 253
    assert [(one["offers"], one["people_offered"]) for one in events if one["offers"]] == [(2, 1)]


def test_the_same_through_the_api(api: Desk) -> None:
    items = api.get("/reports/indicators", **{"from": "2026-03-01", "to": "2026-03-31"}).json["items"]
    found = {one["indicator"]: one["n"] for one in items}
    asked = ("check_outs", "events", "registered", "attended", "kits_ready", "kits_queued")
    assert [found[name] for name in asked] == [772, 28, 8450, 2907, 14, 563]
    since = {"from": "2025-12-01", "to": "2026-03-31", "program": "work-ready"}
    of_work_ready = {one["indicator"]: one["n"] for one in api.get("/reports/indicators", **since).json["items"]}
    assert (of_work_ready["check_outs"], of_work_ready["reach"]) == (678, 8087)
