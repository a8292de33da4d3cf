"""Overdue and loss, stock and turnaround, sessions and outcomes: what the rows say, in words and tables."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation.reserving import cancel, reserve
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.counting import Counter, PartCounter
from lending.models.cohorts import Cohort, RecordedViews, Workshop, WorkshopMode
from lending.models.counts import DailyCount, DailyDuration, DailyPartCount, Measure, StockDay
from lending.models.kits import KitTypePart
from lending.programs.singles import SinglePlan, plan_single
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, Cast
from tests.circulation.kits_in_hand import lend
from tests.web.browsers import Browser
from tests.web.reports.reading import figure_urls, figures, headings, rows, table, text

FEBRUARY = "?period=2026-02"


def write(database: Database, *made: Any) -> None:
    database.act(lambda session: session.add_all(made))


def lent(database: Database, cast: Cast, counts: dict[tuple[date, Counter], int]) -> None:
    """So many acts on these days."""
    of = {"branch_id": cast.ela, "kit_type_id": cast.laptop_hotspot, "cohort_id": 0}
    rows = [DailyCount(**of, day=day, counter=counter.value, n=n) for (day, counter), n in counts.items()]
    database.act(lambda session: session.add_all(rows))


def day_of(cast: Cast, day: int, *, out: int, free: int, waiting: int = 0, ready: int = 0) -> StockDay:
    """The kits of East Los Angeles on a day of February."""
    return StockDay(
        day=date(2026, 2, day),
        branch_id=cast.ela,
        kit_type_id=cast.laptop_hotspot,
        in_service=out + free + ready,
        out=out,
        overdue=0,
        turnaround=0,
        ready=ready,
        free=free,
        waiting=waiting,
    )


def test_what_is_overdue_is_told_by_its_age(
    eli: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    lend(sqlite_database, cast, OPEN_KIT, LUIS)
    lend(sqlite_database, cast, KIT, ADA)
    clock.move(timedelta(days=52))
    page = text(eli.get("/reports/overdue"))
    assert figures(page)["Overdue now"] == "2"
    assert figures(page)["Overdue rate now"] == "100%"
    assert (
        sum(int(line[0]) for label, line in table(page, "Overdue now, by how long").items() if label != "Together") == 2
    )
    assert len(rows(text(eli.get(figure_urls(page)["Overdue now"])))) == 2


def test_requests_without_a_kit_lead_to_the_requests(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    def reserve_and_cancel(session: Any) -> None:
        made = reserve(session, patron=LUIS, kit_type="laptop-hotspot", pickup_branch_id=cast.ela, at=NOW, by=cast.ben)
        cancel(session, reservation=made.reservation, reason="", at=NOW, by=cast.ben)

    sqlite_database.act(reserve_and_cancel)
    page = text(eli.get("/reports/overdue"))
    assert figures(page)["Requests without a kit"] == "1"
    ((_when, kit, kind, *_),) = rows(text(eli.get(figure_urls(page)["Requests without a kit"])))
    assert (kit, kind) == ("no kit", "Laptop and hotspot")


def test_losses_and_parts_are_those_of_the_period(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    with sqlite_database.read() as session:
        charger = session.query(KitTypePart).filter_by(name="Charger", kit_type_id=cast.laptop_hotspot).one().id
    day = {"day": date(2026, 2, 10), "branch_id": cast.ela}
    of = {**day, "kit_type_id": cast.laptop_hotspot, "cohort_id": 0}
    counts = {Counter.CHECK_OUT: 50, Counter.LOST: 5, Counter.RETURN: 40, Counter.LATE_RETURN: 10}
    write(
        sqlite_database,
        *(DailyCount(**of, counter=counter.value, n=n) for counter, n in counts.items()),
        DailyPartCount(**day, kind_id=charger, counter=PartCounter.MISSING.value, n=7),
    )
    page = text(eli.get(f"/reports/overdue{FEBRUARY}"))
    shown = figures(page)
    assert (shown["Kits lost"], shown["Loss rate"], shown["Returned late"]) == ("5", "10%", "25%")
    assert table(page, "Parts in this period")["Charger (Laptop and hotspot)"] == ["7", "0", "0"]
    assert "Charger (Laptop and hotspot): 7 missing" in headings(page)


def test_utilization_is_kit_days_out_of_kit_days_in_service(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    write(sqlite_database, day_of(cast, 1, out=10, free=10), day_of(cast, 2, out=14, free=6, waiting=9))
    took = {"day": date(2026, 2, 2), "branch_id": cast.ela, "kit_type_id": cast.laptop_hotspot}
    write(
        sqlite_database,
        DailyDuration(**took, measure=Measure.TURNAROUND, bucket=5, n=6),
        DailyDuration(**took, measure=Measure.TURNAROUND, bucket=72, n=4),
    )
    page = text(eli.get(f"/reports/stock{FEBRUARY}"))
    shown = figures(page)
    assert (shown["Utilization"], shown["Out"], shown["In service"]) == ("60%", "14", "20")
    assert (shown["Turnaround, median"], shown["Turnaround, 9 of 10"]) == ("5 hours", "3 days")
    assert shown["Wait for a kit, median"] == "not known"
    assert "14 of 20 kits in service were out at the end of Mon, Feb 2" in headings(page)
    assert "0 kits were ready on the shelf, and 9 people waited for one" in headings(page)


def test_days_that_nobody_counted_are_not_known_and_not_nought(eli: Browser) -> None:
    page = text(eli.get(f"/reports/stock{FEBRUARY}"))
    assert figures(page)["Utilization"] == figures(page)["In service"] == "not known"
    assert "No day of this period has been counted yet: the kits are counted each night." in page


def test_paper_does_not_take_the_kits_in_service_for_none(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    write(sqlite_database, day_of(cast, 1, out=0, free=4))
    page = text(eli.get(f"/reports/stock{FEBRUARY}"))
    assert "0 of 4 kits in service were out at the end of Sun, Feb 1" in headings(page)
    assert "0 of 0 kits" not in page


def test_a_session_leads_to_every_kit_that_was_picked_up_for_it(
    eli: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    clock.set(NOW - timedelta(days=5))  # in the month before the session begins
    lend(sqlite_database, cast, KIT, ADA, at=clock.now())
    clock.set(NOW)
    page = text(eli.get("/reports/today"))
    assert table(page, "Session by session")["Work Ready 7"][1] == "1"
    leads = [unescape(url) for url in re.findall(r'href="(/reports/rows[^"]*cohort=WR-7[^"]*)"', page)]
    assert [len(rows(text(eli.get(url)))) for url in leads] == [1]
    (of_one_kind,) = re.findall(
        r'href="(/reports/rows[^"]*cohort=WR-7[^"]*)"', text(eli.get("/reports/sessions?kit_type=laptop-hotspot"))
    )
    assert len(rows(text(eli.get(unescape(of_one_kind))))) == 1, "the page is of kits of every kind, and so is the list"
    (of_the_session,) = [unescape(url) for url in re.findall(r'href="(/reports/[^"]*)">Work Ready 7<', page)]
    assert "<h1>Work Ready 7</h1>" in text(eli.get(of_the_session))


def test_a_sessions_funnel_counts_its_people(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    lend(sqlite_database, cast, KIT, ADA)
    page = text(eli.get("/reports/sessions"))
    shown = figures(page)
    assert (shown["Sessions held"], shown["Picked up a kit"]) == ("1", "1")
    assert table(page, "How far people came")["Came to two thirds of the workshops"] == ["not known", "not known"]
    of_one = table(text(eli.get("/reports/sessions?cohort=WR-7")), "Session by session")["Work Ready 7"]
    assert of_one[1] == "1"
    assert eli.get("/reports/sessions?cohort=NONE").status_code == 404
    assert "No session was held in this period" in headings(text(eli.get("/reports/sessions?period=2020-01")))


def test_a_session_that_is_not_over_is_said_to_have_its_last_steps_to_come(
    eli: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    lend(sqlite_database, cast, KIT, ADA)
    said = "Not over yet, with its last steps still to come: Work Ready 7."
    page = text(eli.get("/reports/sessions"))
    assert said in page
    assert [row[1] for row in table(page, "How far people came").values()][2:] == ["not known"] * 3
    clock.move(timedelta(days=90))
    over = text(eli.get("/reports/sessions?period=2026-03"))
    assert said not in over
    assert table(over, "How far people came")["Brought it back on time"][1] != "not known"


def test_an_impact_page_compares_no_part_of_a_month_with_a_whole_one(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    lent(sqlite_database, cast, {(date(2026, n, 1), Counter.CHECK_OUT): n * 20 for n in (1, 2, 3)})
    page = text(eli.get("/reports/impact"))
    assert "Feb 2026: check-outs rose 100% against Jan 2026, to 40" in headings(page)
    assert "The last month is counted up to" in page
    tones = re.findall(r"chart__bar--(now|then)", page)
    assert tones[:12].index("now") == 10
    whole = text(eli.get(f"/reports/impact{FEBRUARY}"))
    assert "Feb 2026: check-outs rose 100% against Jan 2026, to 40" in headings(whole)
    assert "The last month is counted up to" not in whole


def test_official_check_outs_are_compared_with_nothing_and_say_nothing_of_it(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    lent(sqlite_database, cast, {(date(2026, 2, 1), Counter.CHECK_OUT): 40})
    assert "February 2026: 40 check-outs" in headings(text(eli.get(f"/reports/official{FEBRUARY}")))


def test_outcomes_say_what_nobody_counted(eli: Browser) -> None:
    page = text(eli.get("/reports/outcomes"))
    shown = figures(page)
    assert (shown["Workshops held"], shown["Attended live"], shown["Reach"]) == ("0", "0", "0")
    assert shown["Inquiries"] == "not known"
    assert shown["Used in the library"] == figures(text(eli.get("/reports/circulation")))["Uses in the library"] == "0"
    assert "Too few answered to say how many agree" in headings(page)


def test_workshops_of_the_same_name_are_told_apart_by_their_days(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    for day in (7, 14):
        plan = SinglePlan("Interview practice", date(2026, 2, day), time(11), 60, WorkshopMode.VIRTUAL, None, "UTC")
        sqlite_database.act(
            lambda session, plan=plan: plan_single(session, program="work-ready", plan=plan, at=NOW, by=cast.eli)
        )
    shown = table(text(eli.get(f"/reports/outcomes{FEBRUARY}")), "Workshops by session")
    assert {"Interview practice, Sat, Feb 7, 2026", "Interview practice, Sat, Feb 14, 2026"} <= shown.keys()
    assert figures(text(eli.get(f"/reports/sessions{FEBRUARY}")))["Sessions held"] == "0"


def test_views_of_a_recording_stand_with_its_session_in_the_period_it_was_posted(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    plan = SinglePlan("Interview practice", date(2026, 1, 20), time(11), 60, WorkshopMode.VIRTUAL, None, "UTC")
    sqlite_database.act(lambda session: plan_single(session, program="work-ready", plan=plan, at=NOW, by=cast.eli))

    def post(session: Session) -> None:
        workshop = session.scalars(select(Workshop).join(Cohort).where(Cohort.name == plan.title)).one()
        workshop.posted_on = date(2026, 2, 2)
        session.add(RecordedViews(workshop_id=workshop.id, day=date(2026, 2, 3), views=12))

    sqlite_database.act(post)
    shown = table(text(eli.get(f"/reports/outcomes{FEBRUARY}")), "Workshops by session")
    assert shown["Together"][4] == shown["Interview practice"][4] == "12"
    assert shown["Interview practice"][3] == "0"
    of_january = table(text(eli.get("/reports/outcomes?period=2026-01")), "Workshops by session")
    assert of_january["Interview practice"][4] == of_january["Together"][4] == "0"


def test_paper_says_in_which_year_it_was_made_and_of_which_day_its_kits_are(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    write(sqlite_database, day_of(cast, 1, out=0, free=4))
    page = text(eli.get(f"/reports/stock{FEBRUARY}"))
    assert re.search(r"Made \w{3}, \w{3} \d+, 2026, ", page)
    assert re.findall(r'class="figure__note ([a-z-]*)">End of', page)[:1] == [""]


@pytest.mark.parametrize("report", ["outcomes", "official", "impact"])
def test_workshops_on_line_are_nobodys_branchs(cleo: Browser, eli: Browser, report: str) -> None:
    said = "Online workshops count for the whole system"
    assert said in text(cleo.get(f"/reports/{report}"))
    assert said not in text(eli.get(f"/reports/{report}"))


@pytest.mark.parametrize("report", ["overdue", "stock", "sessions", "outcomes"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_report_is_a_file_too(eli: Browser, report: str, form: str) -> None:
    answer = eli.get(f"/reports/{report}.{form}{FEBRUARY}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{report}-2026-02-28.{form}"'
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("report", ["circulation", "overdue", "stock", "sessions", "outcomes"])
def test_every_number_has_its_definition_on_the_page(eli: Browser, report: str) -> None:
    page = text(eli.get(f"/reports/{report}"))
    meaning = page.partition('id="definitions"')[2]
    for name in figures(page):
        assert f" {name}</dt>" in meaning.replace("&#39;", "'"), name
