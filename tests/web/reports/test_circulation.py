"""Circulation: counts as they were made, beside those before, narrowed as one asks, with the acts behind each."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from lending.circulation.undo import undo
from lending.clock import MovingClock
from lending.db import Database
from lending.domain.counting import Counter
from tests.cast import ADA, KIT, LUIS, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast
from tests.circulation.kits_in_hand import lend, receive
from tests.web.browsers import Browser
from tests.web.reports.reading import figure_urls, figures, headings, rows, table, text

PAGE = "/reports/circulation"
FEBRUARY, DAY = "2026-02", timedelta(days=1)


@pytest.fixture
def lent(sqlite_database: Database, cast: Cast) -> Database:
    """Luis had a kit in February and brought it back today; Ada took hers today."""
    lend(sqlite_database, cast, at=NOW - 10 * DAY)
    receive(sqlite_database, cast, at=NOW)
    lend(sqlite_database, cast, KIT, ADA, at=NOW)
    return sqlite_database


@pytest.mark.usefixtures("lent")
def test_this_month_stands_beside_the_same_days_of_the_last(eli: Browser) -> None:
    page = text(eli.get(PAGE))
    assert "Mar 1 – 3, 2026" in page
    assert "compared with Feb 1 – 3, 2026" in page
    assert figures(page)["Check-outs"] == "1"
    assert figures(page)["Returns"] == "1"


@pytest.mark.usefixtures("lent")
def test_the_counts_of_a_month_are_those_of_its_days(eli: Browser) -> None:
    page = text(eli.get(f"{PAGE}?period={FEBRUARY}"))
    assert figures(page)["Check-outs"] == "1"
    assert figures(page)["Returns"] == "0"
    assert table(page, "Month by month")["Feb 2026"][0] == "1"
    assert table(page, "Check-outs by library") == {
        "East Los Angeles Library": ["0", "1"],
        "Compton Library": ["0", "0"],
        "Together": ["0", "1"],
    }


@pytest.mark.usefixtures("lent")
def test_the_tables_add_up_to_the_figure(eli: Browser) -> None:
    page = text(eli.get(f"{PAGE}?period=this-year"))
    assert figures(page)["Check-outs"] == "2"
    assert table(page, "By kind of kit")["Together"][0] == "2"
    assert {name: line[0] for name, line in table(page, "By session").items()} == {
        "Open loans": "1",
        "Work Ready 7": "1",
        "Together": "2",
    }


@pytest.mark.usefixtures("lent")
@pytest.mark.parametrize(
    ("narrowed", "n"),
    [
        ("branch=ELA", "2"),
        ("branch=COM", "0"),
        ("kit_type=work-ready", "1"),
        ("program=work-ready", "1"),
        ("kit_type=laptop-hotspot&program=work-ready", "0"),
    ],
)
def test_a_report_is_narrowed_as_one_asks(eli: Browser, narrowed: str, n: str) -> None:
    assert figures(text(eli.get(f"{PAGE}?period=this-year&{narrowed}")))["Check-outs"] == n


@pytest.mark.usefixtures("lent")
@pytest.mark.parametrize("asked", ["", "?period=this-year", "?period=2026-02", "?period=this-year&kit_type=work-ready"])
def test_every_figure_that_leads_to_acts_equals_their_number(eli: Browser, asked: str) -> None:
    page = text(eli.get(f"{PAGE}{asked}"))
    urls = {name: url for name, url in figure_urls(page).items() if url.startswith("/reports/rows")}
    assert {"Check-outs", "Returns", "Renewals by staff"} <= urls.keys()
    for name, url in urls.items():
        assert (name, len(rows(text(eli.get(url))))) == (name, int(figures(page)[name]))


@pytest.mark.usefixtures("lent")
@pytest.mark.parametrize(
    "asked",
    [
        "circulation?period=2026-02",
        "circulation?period=2026-01-25..2026-03-03&branch=ELA",
        "overdue?period=this-year",
        "official?period=2026-02-02..2026-03-02",
    ],
)
def test_every_number_of_a_table_that_leads_to_acts_equals_their_number(eli: Browser, asked: str) -> None:
    page = text(eli.get(f"/reports/{asked}"))
    found = re.findall(r'<a href="(/reports/rows[^"]*)">(\d+)</a>', page)
    together = re.findall(r"<tfoot>.*?</tfoot>", page, re.DOTALL)
    assert any("/reports/rows" in line for line in together)
    listed = {url: len(rows(text(eli.get(unescape(url))))) for url, _n in found if _n != "0"}
    assert listed == {url: int(n) for url, n in found if n != "0"}


def test_a_list_leads_back_to_the_page_that_its_number_stands_on(eli: Browser) -> None:
    for counter, name, page in (
        ("check_out", "Circulation", "circulation"),
        ("late_return", "Overdue and loss", "overdue"),
    ):
        listed = text(eli.get(f"/reports/rows?counter={counter}&period={FEBRUARY}")).partition("<main")[2]
        assert f'href="/reports/{page}?period={FEBRUARY}">{name}</a>' in listed.partition("report-ways")[0]


def test_what_was_undone_is_neither_counted_nor_listed(eli: Browser, sqlite_database: Database, cast: Cast) -> None:
    lend(sqlite_database, cast)
    sqlite_database.act(lambda s: undo(s, at=NOW + timedelta(minutes=1), by=cast.ben))
    page = text(eli.get(PAGE))
    assert figures(page)["Check-outs"] == "0"
    assert rows(text(eli.get(figure_urls(page)["Check-outs"]))) == []


@pytest.mark.usefixtures("lent")
def test_the_acts_name_kits_and_sessions_and_nobody(eli: Browser) -> None:
    page = text(eli.get("/reports/rows?counter=check_out&period=this-year")).partition("<main")[2]
    assert [row[1] for row in rows(page)] == [OPEN_KIT, KIT]
    assert "Work Ready 7" in page
    assert not any(name in page for name in ("Ada", "Luis", "Morales", "Ramos", ADA, LUIS))


def test_a_long_list_of_acts_goes_on_on_the_next_page(
    eli: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lending.web.reports import rows as module

    lend(sqlite_database, cast, at=NOW)
    receive(sqlite_database, cast, at=NOW + DAY)
    lend(sqlite_database, cast, OTHER_OPEN_KIT, LUIS, at=NOW + 2 * DAY)
    clock.move(5 * DAY)
    happened = module.happened
    monkeypatch.setattr(module, "happened", lambda *given, **more: happened(*given, **more, limit=1))
    first = text(eli.get("/reports/rows?counter=check_out"))
    (found,) = rows(first)
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    (other,) = rows(text(eli.get(following)))
    assert {found[1], other[1]} == {OPEN_KIT, OTHER_OPEN_KIT}
    assert 'rel="next"' not in text(eli.get(following))


@pytest.mark.usefixtures("lent")
def test_a_list_says_how_many_it_has_and_of_which_session(eli: Browser) -> None:
    of_all, of_one, of_none = (
        text(eli.get(f"/reports/rows?counter=check_out&period={FEBRUARY}{more}"))
        for more in ("", "&cohort=WR-7", "&cohort=none")
    )
    for page in (of_all, of_one, of_none):
        assert f"{len(rows(page))} in the list, February 2026" in page
    assert "all libraries, Work Ready 7" in of_one
    assert "all libraries, Open loans" in of_none


@pytest.mark.usefixtures("lent")
def test_a_manager_sees_their_own_library_alone(cleo: Browser) -> None:
    page = text(cleo.get(f"{PAGE}?period=this-year"))
    assert figures(page)["Check-outs"] == "0"
    assert "East Los Angeles" not in page.partition("<main")[2]
    assert cleo.get(f"{PAGE}?branch=ELA").status_code == 404
    assert rows(text(cleo.get("/reports/rows?counter=check_out&period=this-year"))) == []


@pytest.mark.usefixtures("lent")
def test_a_lead_sees_their_own_programs_alone(dora: Browser, sqlite_database: Database, cast: Cast) -> None:
    page = text(dora.get(f"{PAGE}?period=this-year"))
    assert figures(page)["Check-outs"] == "1", "Luis's loan is of no session"
    assert [row[1] for row in rows(text(dora.get("/reports/rows?counter=check_out&period=this-year")))] == [KIT]
    from lending.models.people import StaffProgram

    sqlite_database.act(lambda s: s.query(StaffProgram).filter_by(staff_id=cast.dora_id).delete())
    assert figures(text(dora.get(f"{PAGE}?period=this-year")))["Check-outs"] == "0"
    assert rows(text(dora.get("/reports/rows?counter=check_out&period=this-year"))) == []


@pytest.mark.parametrize(
    "asked",
    [
        "period=days&from=2026-03-02&to=2026-03-01",
        "period=days",
        "period=days&from=x&to=y",
        "period=2027-01",
        "period=days&from=2010-01-01&to=2026-01-01",
        "period=never",
    ],
)
def test_days_that_are_none_are_told_and_this_month_is_shown(eli: Browser, asked: str) -> None:
    answer = eli.get(f"{PAGE}?{asked}")
    assert answer.status_code == 422
    assert "These are no days that a report can be made of." in text(answer)
    assert "Mar 1 – 3, 2026" in text(answer)


@pytest.mark.parametrize("asked", ["branch=NOWHERE", "kit_type=none", "program=none"])
def test_what_there_is_not_is_not_found(eli: Browser, asked: str) -> None:
    assert eli.get(f"{PAGE}?{asked}").status_code == 404
    assert eli.get(f"/reports/circulation.csv?{asked}").status_code == 404


def test_no_act_is_listed_of_what_has_none(eli: Browser) -> None:
    for counter in ("", "undone", "everything", Counter.FOUND_AGAIN.value):
        assert eli.get(f"/reports/rows?counter={counter}").status_code == 404


@pytest.mark.usefixtures("lent")
def test_a_file_holds_what_the_page_shows_without_small_counts(eli: Browser) -> None:
    asked = f"?period={FEBRUARY}&branch=ELA"
    page = text(eli.get(f"{PAGE}{asked}"))
    assert f"/reports/circulation.csv{asked.replace('&', '&amp;')}" in page, "one press away"
    answer = eli.get(f"/reports/circulation.csv{asked}")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="circulation-2026-02-28.csv"'
    file = text(answer)
    assert "Period,February 2026" in file
    assert "Library,East Los Angeles Library" in file
    assert "Check-outs,under 5,0,number" in file
    assert ",1," not in file
    assert eli.get(f"/reports/circulation.xlsx{asked}").status_code == 200
    assert eli.get(f"/reports/circulation.pdf{asked}").status_code == 404


@pytest.mark.usefixtures("lent")
def test_the_heading_on_paper_tells_no_small_count(eli: Browser) -> None:
    page = text(eli.get(f"{PAGE}?period={FEBRUARY}"))
    assert "February 2026: 1 check-out, after 0 in January 2026; too few to speak of a trend" in headings(page)[0]
    assert '<span class="only-print">Too few to tell without telling of single people</span>' in page


def test_the_page_is_whole_in_spanish(eli: Browser) -> None:
    eli.post("/language", {"language": "es", "next": PAGE})
    answer = eli.get(PAGE)
    assert answer.status_code == 200
    assert 'lang="es"' in text(answer)


def _statements(browser: Any, database: Database, path: str) -> int:
    from tests.databases import counting

    with counting(database) as statements:
        assert browser.get(path).status_code == 200
    return len(statements)


@pytest.mark.parametrize("path", [PAGE, "/reports/today", "/reports/overdue", "/reports/stock", "/reports/sessions"])
def test_a_page_asks_as_few_questions_of_many_loans_as_of_none(
    eli: Browser, sqlite_database: Database, cast: Cast, path: str
) -> None:
    eli.get(path)
    before = _statements(eli, sqlite_database, path)
    for days, code in enumerate((OPEN_KIT, OTHER_OPEN_KIT), start=1):
        lend(sqlite_database, cast, code, at=NOW - 40 * days * DAY)
        receive(sqlite_database, cast, code, at=NOW - 39 * days * DAY)
    assert _statements(eli, sqlite_database, path) - before <= 2, "the names of what is there at all"
    assert before <= 32


@pytest.mark.parametrize("report", ["circulation", "sessions", "stock", "outcomes", "official", "impact"])
def test_days_that_no_library_has_are_said_to_be_wrong(eli: Browser, report: str) -> None:
    for asked in ("0001-01", "9999-W52", "FY0001-07", "days&from=0001-01-01&to=0001-01-09", "days&from=&to="):
        assert (asked, eli.get(f"/reports/{report}?period={asked}").status_code) == (asked, 422)


def test_an_address_that_goes_on_behind_nothing_begins_anew(eli: Browser) -> None:
    for after in ("9" * 20, "\u0663", "-1", "x"):
        answer = eli.get("/reports/rows", query_string={"counter": "check_out", "after": after, "period": "9999-W52"})
        assert (after, answer.status_code) == (after, 200)
