"""Today: every number is the number of rows in the list that it leads to, whatever waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lending.circulation.reserving import reserve
from lending.circulation.returns import return_kit
from lending.circulation.shelf import capture
from lending.circulation.tasks import open_task
from lending.clock import MovingClock
from lending.db import Database
from lending.models.tasks import TaskKind
from lending.queries.today import Wait
from tests.cast import ADA, COMPTON_KIT, KIT, LUIS, MINA, NOW, OPEN_KIT, OTHER_OPEN_KIT, Cast, kit, patron
from tests.circulation.kits_in_hand import lend
from tests.web.browsers import Browser
from tests.web.reports.reading import figure_urls, figures, headings, rows, text

CARDS = ("29999000000919", "29999000000927")


@pytest.fixture
def busy(sqlite_database: Database, cast: Cast, clock: MovingClock) -> None:
    """One kit on the shelf, one due today, two overdue, one to inspect, one asked for, one task; and Compton's own."""
    database = sqlite_database
    days = timedelta(days=1)

    def fill(session: object) -> None:
        for number, card in enumerate(CARDS):
            patron(session, card, f"Rosa {number}", cast.ela)  # type: ignore[arg-type]  # a session, as act gives
            kit(session, f"KIT-210{number}", cast.laptop_hotspot, cast.ela)  # type: ignore[arg-type]  # the same

    database.act(fill)
    for code, card, at in (
        (OPEN_KIT, LUIS, NOW - 60 * days),
        ("KIT-2100", CARDS[0], NOW - 50 * days),
        (OTHER_OPEN_KIT, CARDS[1], NOW - 42 * days),
        ("KIT-2101", MINA, NOW - 3 * days),
    ):
        lend(database, cast, code, card, at=at)
    database.act(lambda s: return_kit(s, kit="KIT-2101", branch_id=cast.ela, at=NOW, by=cast.ben))
    asks = {"patron": ADA, "kit_type": "laptop-hotspot", "pickup_branch_id": cast.ela, "at": NOW, "by": cast.ben}
    database.act(lambda s: reserve(s, **asks))
    database.act(lambda s: capture(s, kit=KIT, branch_id=cast.ela, at=NOW, by=cast.ben))
    database.act(
        lambda s: open_task(s, TaskKind.REPAIR, subject="a screen", branch_id=cast.ela, what="A screen.", at=NOW)
    )
    clock.move(timedelta(hours=1))


@pytest.mark.usefixtures("busy")
def test_the_numbers_say_what_waits(ben: Browser) -> None:
    page = text(ben.get("/reports/today"))
    assert figures(page) == {
        "to pick up": "1",
        "due today": "1",
        "overdue": "2",
        "to inspect": "1",
        "free": "2",
        "to pull for the shelf": "0",
        "waiting for a kit": "1",
        "tasks": "1",
    }
    assert "oldest: " in page
    assert "of 7 in service" in page


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("who", ["ben", "cleo", "eli"])
def test_every_number_equals_the_rows_of_its_list(request: pytest.FixtureRequest, who: str) -> None:
    browser = request.getfixturevalue(who)
    page = text(browser.get("/reports/today"))
    urls = figure_urls(page)
    assert urls.keys() == figures(page).keys(), "every number leads somewhere"
    for name, shown in figures(page).items():
        listed = text(browser.get(urls[name]))
        assert (name, len(rows(listed))) == (name, int(shown))


@pytest.mark.usefixtures("busy")
def test_the_lists_name_kits_and_no_patron(eli: Browser) -> None:
    for wait in Wait:
        page = text(eli.get(f"/reports/today/{wait.value}")).partition("<main")[2]
        assert not any(name in page for name in ("Ada", "Luis", "Rosa", "Mina", "Morales", "Ramos"))
    assert OPEN_KIT in text(eli.get("/reports/today/overdue"))
    assert KIT in text(eli.get("/reports/today/pick-up"))


@pytest.mark.usefixtures("busy")
def test_the_oldest_is_the_first_of_what_is_overdue(eli: Browser) -> None:
    assert [row[0] for row in rows(text(eli.get("/reports/today/overdue")))] == [OPEN_KIT, "KIT-2100"]


@pytest.mark.usefixtures("busy")
def test_a_manager_sees_their_own_library_alone(cleo: Browser) -> None:
    assert figures(text(cleo.get("/reports/today")))["overdue"] == "0"
    assert OPEN_KIT not in text(cleo.get("/reports/today/overdue"))
    assert cleo.get("/reports/today?branch=ELA").status_code == 404
    assert cleo.get("/reports/today/overdue?branch=ELA").status_code == 404


@pytest.mark.usefixtures("busy")
def test_one_library_of_several_can_be_chosen(eli: Browser) -> None:
    everywhere, compton = (figures(text(eli.get(f"/reports/today{asked}"))) for asked in ("", "?branch=COM"))
    assert (everywhere["overdue"], compton["overdue"]) == ("2", "0")
    assert (everywhere["free"], compton["free"]) == ("3", "1")
    assert COMPTON_KIT in text(eli.get(figure_urls(text(eli.get("/reports/today?branch=COM")))["free"]))


def test_what_is_due_at_midnight_of_the_branch_belongs_to_the_day_before(
    ben: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    """The day ends where the branch is, eight hours after it has ended in Greenwich."""
    lend(sqlite_database, cast)
    (due,) = rows(text(ben.get("/reports/today/due"))) or [None]
    assert due is None, "due in six weeks"
    clock.move(timedelta(days=42))
    assert figures(text(ben.get("/reports/today")))["due today"] == "1"
    clock.move(timedelta(hours=10))
    page = figures(text(ben.get("/reports/today")))
    assert (page["due today"], page["overdue"]) == ("0", "1"), "after closing it is overdue, though the day goes on"


def test_what_was_due_last_night_is_a_day_overdue_in_the_morning(
    ben: Browser, sqlite_database: Database, cast: Cast, clock: MovingClock
) -> None:
    lend(sqlite_database, cast)
    clock.move(timedelta(days=42, hours=10))
    assert "since today" in text(ben.get("/reports/today")), "it was due at closing"
    clock.move(timedelta(hours=14))
    assert "oldest: 1 day" in text(ben.get("/reports/today"))


def test_the_desk_sees_today_and_no_other_report(ben: Browser) -> None:
    page = text(ben.get("/reports/today"))
    assert "/reports/circulation" not in page
    assert "/reports/today.csv" not in page
    assert headings(page) == ["What these numbers mean"]
    for path in ("circulation", "sessions", "overdue", "stock", "rows?counter=check_out", "today.csv", "today.xlsx"):
        assert ben.get(f"/reports/{path}").status_code == 403, path


def test_a_manager_sees_how_the_months_went_and_the_sessions_under_way(cleo: Browser) -> None:
    found = headings(text(cleo.get("/reports/today")))
    assert found[0] == "Feb 2026: no check-outs"
    assert found[1].startswith("Work Ready 7: ")


def test_the_file_says_the_same_without_small_counts(eli: Browser, busy: None) -> None:
    file = text(eli.get("/reports/today.csv"))
    assert "overdue,under 5,number" in file
    assert "free,3,number" in file, "kits are nobody's"
    assert "on-print" not in file
    assert 'class="only-print">under 5<' in text(eli.get("/reports/today"))


def test_nobody_waits_for_what_is_unknown(eli: Browser) -> None:
    assert eli.get("/reports/today/everything").status_code == 404
    assert figures(text(eli.get("/reports"))) == figures(text(eli.get("/reports/today"))), "it is the first of them"


def test_ada_waits_for_her_kit_to_be_pulled(ben: Browser) -> None:
    page = text(ben.get("/reports/today"))
    assert figures(page)["to pull for the shelf"] == "1"
    ((code, kit_code, *_),) = rows(text(ben.get("/reports/today/pull")))
    assert (len(code) > 0, kit_code) == (True, "none yet")
    assert ADA not in text(ben.get("/reports/today/pull"))
