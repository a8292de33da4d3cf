"""No small count is worked out from what stands elsewhere in the same report, in a file as on paper."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from lending.clock import MovingClock
from lending.db import Database
from lending.domain.counting import Counter
from lending.models.cohorts import HeadCount, HeadCountKind, RecordedViews, Workshop, WorkshopMode
from lending.models.counts import DailyCount
from lending.models.hiring import HiringEvent
from lending.models.outcomes import Survey, SurveyAnswer
from lending.queries.funnels import Funnel
from lending.web.reports import funnels as reports
from tests.cast import ADA, KIT, Cast
from tests.circulation.kits_in_hand import lend
from tests.web.browsers import Browser
from tests.web.reports.reading import figures, table, text
from tests.web.reports.test_other_reports import day_of, lent

FEBRUARY = "period=2026-02"


def exported(browser: Browser, address: str) -> dict[str, str]:
    """The lines of a file by their first cells, of the same ones the first: figures stand before their definitions."""
    answer = browser.get(address)
    assert answer.status_code == 200
    lines = csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")))
    found: dict[str, str] = {}
    for line in lines:
        if len(line) > 1:
            found.setdefault(line[0], line[1])
    return found


def held(database: Database, cast: Cast, mode: WorkshopMode, n: int, *counts: Any) -> int:
    """A workshop of February, and what was counted of it."""

    def write(session: Any) -> int:
        begins = datetime(2026, 2, 10, 20, tzinfo=UTC) + timedelta(days=n)
        where = None if mode is WorkshopMode.VIRTUAL else cast.ela
        row = Workshop(
            cohort_id=cast.cohort,
            n=90 + n,
            title="Résumés",
            starts_at=begins,
            ends_at=begins + timedelta(hours=1),
            mode=mode,
            branch_id=where,
        )
        session.add(row)
        session.flush()
        for kind, people in counts:
            session.add(HeadCount(workshop_id=row.id, kind=kind, n=people, at=begins))
        return row.id

    return database.act(write)


def test_few_in_the_room_are_not_told_by_the_surveys_sums(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    held(sqlite_database, cast, WorkshopMode.ONSITE, 0, (HeadCountKind.ONSITE, 3))
    held(sqlite_database, cast, WorkshopMode.VIRTUAL, 1, (HeadCountKind.DEVICES, 40))
    found = exported(eli, f"/reports/official.csv?{FEBRUARY}")
    assert found["616. Attendance in the library"] == "under 5"
    hidden = [
        name for name in ("618. Online attendance", "619. Live attendance, by format") if not found[name].isdigit()
    ]
    assert hidden, "43 less 40 are the three of the room"


def test_few_kits_ready_for_somebody_are_hidden_in_every_report(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    row = day_of(cast, 10, out=20, free=10, ready=3)
    sqlite_database.act(lambda session: session.add(row))
    found = exported(eli, f"/reports/official.csv?{FEBRUARY}")
    assert found["Kits ready on the hold shelf"] == "under 5"


def test_few_renewals_are_not_circulation_less_check_outs(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    day = date(2026, 2, 10)
    lent(sqlite_database, cast, {(day, Counter.CHECK_OUT): 40, (day, Counter.STAFF_RENEWAL): 2})
    found = exported(eli, f"/reports/official.csv?{FEBRUARY}")
    told = (found["Check-outs"], found["553. Circulation of physical items"])
    assert told == ("40", "not shown"), "the funder's number stays, and the survey's gives way"


@pytest.mark.parametrize("report", ["official", "impact"])
def test_few_views_are_not_reach_less_attendance(
    eli: Browser, sqlite_database: Database, cast: Cast, report: str
) -> None:
    workshop = held(sqlite_database, cast, WorkshopMode.VIRTUAL, 0, (HeadCountKind.DEVICES, 40))
    seen = RecordedViews(workshop_id=workshop, day=date(2026, 2, 20), views=3)
    sqlite_database.act(lambda session: session.add(seen))
    found = exported(eli, f"/reports/{report}.csv?{FEBRUARY}")
    assert {found["Attended live"], found["Reach"]} != {"40", "43"}


def test_few_at_the_workshops_are_hidden_whatever_the_hiring_events_had(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    held(sqlite_database, cast, WorkshopMode.ONSITE, 0, (HeadCountKind.ONSITE, 3))
    begins = datetime(2026, 2, 12, 20, tzinfo=UTC)
    fair = HiringEvent(
        branch_id=cast.ela,
        name="Spring fair",
        starts_at=begins,
        ends_at=begins + timedelta(hours=2),
        registered=60,
        attended=50,
        created_at=begins,
    )
    sqlite_database.act(lambda session: session.add(fair))
    found = exported(eli, f"/reports/outcomes.csv?{FEBRUARY}")
    shown = figures(text(eli.get(f"/reports/outcomes?{FEBRUARY}")))
    assert (shown["Registered"], shown["Attended live"]) == ("1", "3")
    assert (found["Registered"], found["Attended live"]) == ("under 5", "under 5")


def test_a_chart_of_few_alone_is_not_on_paper(
    eli: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    lend(sqlite_database, cast, KIT, ADA)
    clock.move(timedelta(days=90))
    page = text(eli.get("/reports/overdue"))
    of_ages = page.partition('<h2 id="ages"')[2].partition("</table>")[0]
    assert re.findall(r'class="(chart[ a-z-]*)"', of_ages) == ["chart no-print"], "its table says under 5"


@pytest.mark.parametrize("report", ["circulation", "impact"])
def test_a_small_month_is_not_the_period_less_the_other_months(
    eli: Browser, sqlite_database: Database, cast: Cast, report: str
) -> None:
    months = {1: 30, 2: 3}
    lent(sqlite_database, cast, {(date(2026, month, 10), Counter.CHECK_OUT): n for month, n in months.items()})
    found = exported(eli, f"/reports/{report}.csv?period=2026-01-01..2026-02-28")
    assert found["Feb 2026"] == "under 5"
    assert {found["Check-outs"], found["Jan 2026"]} != {"33", "30"}


def test_a_sum_of_sessions_that_is_hidden_is_hidden_in_their_funnel_too(
    eli: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        Funnel(f"WR-{n}", f"Work Ready {n}", date(2026, 2, 2), date(2026, 3, 9), 20, 4, 0, 0, 4, 6, 0) for n in (7, 8)
    )
    monkeypatch.setattr(reports, "_read", lambda *_chosen: [first, second])
    found = exported(eli, f"/reports/sessions.csv?{FEBRUARY}")
    assert found["Work Ready 7"] == found["Work Ready 8"] == "under 5"
    assert found["Had a seat"] == "not shown", "8 would say that each was 4"
    told = text(eli.get(f"/reports/sessions.csv?{FEBRUARY}"))
    assert "Had a seat,8" not in told


def answered(database: Database, cast: Cast, agree: int, others: int) -> None:
    """A workshop of February whose survey so many answered."""
    workshop = held(database, cast, WorkshopMode.VIRTUAL, 0, (HeadCountKind.DEVICES, 40))

    def write(session: Any) -> None:
        survey = Survey(workshop_id=workshop)
        session.add(survey)
        session.flush()
        for n, rating in enumerate([5] * agree + [1] * others):
            session.add(SurveyAnswer(mark=str(n), survey_id=survey.id, learned=rating))

    database.act(write)


def test_few_who_agree_are_not_told_to_a_funder(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    answered(sqlite_database, cast, 1, 6)
    assert "Learned something" not in figures(text(eli.get(f"/reports/impact?{FEBRUARY}")))


def test_the_same_share_stands_on_both_pages(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    answered(sqlite_database, cast, 5, 3)
    assert figures(text(eli.get(f"/reports/impact?{FEBRUARY}")))["Learned something"] == "63%"
    agreed = table(text(eli.get(f"/reports/outcomes?{FEBRUARY}")), "Who agrees, of those who answered")
    assert agreed["I learned something"][0] == "63%"


def test_few_check_outs_of_a_closed_month_are_not_told_by_what_came_to_them(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    def lend(branch_id: int, n: int) -> None:
        row = DailyCount(
            day=date(2026, 2, 10 + n % 7),
            branch_id=branch_id,
            kit_type_id=cast.laptop_hotspot,
            cohort_id=0,
            counter=Counter.CHECK_OUT.value,
            n=n,
        )
        sqlite_database.act(lambda session: session.add(row))

    lend(cast.com, 30)
    lend(cast.ela, 4)
    assert eli.post("/reports/months/2026-02/close", {"key": "close-february"}).status_code == 303
    lend(cast.ela, 1)
    answer = eli.get("/reports/months/2026-02.csv").get_data(as_text=True)
    (whole,), (of_ela,) = (
        [line.split(",")[-3:] for line in answer.splitlines() if line.startswith(head)]
        for head in ("Check-outs,", '"Check-outs, East Los Angeles Library')
    )
    assert of_ela[0] == "under 5"
    assert of_ela[2] == "not shown"
    # Four more in what is counted now: one of the three that tell it is hidden as well, and so is the difference.
    assert "not shown" in {*whole[:2], of_ela[1]}
    assert whole[2] == "not shown"
