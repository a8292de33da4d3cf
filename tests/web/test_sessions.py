"""Session and closing pages: planning, and what is previewed before it is done."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from lending.clock import MovingClock
from lending.db import Database
from lending.models.branches import Closure
from lending.models.cohorts import Cohort, CohortStatus, Pool, Workshop
from lending.models.loans import Loan
from tests.cast import ADA, KIT, Cast
from tests.web.browsers import Browser, signed_in

PLAN = {
    "key": "k" * 16,
    "code": "WR-8",
    "program": "work-ready",
    "name": "Work Ready 8",
    "starts_on": "2026-05-04",
    "ends_on": "2026-06-12",
    "capacity": "20",
    "languages": "en",
    "first_on": "2026-05-05",
    "starts": "18:00",
    "minutes": "90",
    "count": "6",
    "mode": "virtual",
}
AS_IT_IS = {
    "key": "e" * 16,
    "name": "Work Ready 7",
    "starts_on": "2026-03-03",
    "ends_on": "2026-04-10",
    "return_by": "2026-04-10",
    "pickup_from": "2026-02-24",
    "capacity": "20",
    "languages": "en",
}
CLOSING = {"key": "c" * 16, "branch": "ELA", "starts_on": "2026-04-10", "ends_on": "2026-04-11", "reason": "Flood"}


@pytest.fixture
def dora(new_browser: Callable[[], Browser], cast: Cast) -> Browser:
    """Dora, who leads Work Ready, signed in."""
    return signed_in(new_browser(), "dora")


def every(database: Database, chosen: Any) -> list[Any]:
    """All that a statement finds."""
    with database.read() as session:
        return list(session.scalars(chosen))


def digest(page: str) -> str:
    """The digest that a preview's button sends along."""
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found, page
    return found[1]


def test_sessions_are_listed_and_shown_with_their_numbers(ben: Browser) -> None:
    listed = ben.get("/sessions").get_data(as_text=True)
    assert "Work Ready 7" in listed
    assert "0 of 3" in listed
    page = ben.get("/sessions/WR-7").get_data(as_text=True)
    assert "Fri, Apr 10, 2026" in page
    assert "1 of 20" in page
    assert "Change or move" not in page
    assert "Work Ready kit" in page
    assert "English" in page
    assert ben.get("/sessions/WR-99").status_code == 404


def test_a_session_is_planned_with_kits_and_weekly_workshops(dora: Browser, sqlite_database: Database) -> None:
    form = dora.get("/sessions/new").get_data(as_text=True)
    found = re.search(r'name="(pool_\d+_\d+)"', form.partition("Compton Library: Work Ready kit")[2])
    assert found
    answer = dora.post("/sessions/new", {**PLAN, found[1]: "1"})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = dora.get(answer.headers["Location"]).get_data(as_text=True)
    assert "Workshop 6" in page
    assert "Tue, May 5, 6:00" in page
    assert every(sqlite_database, select(Pool.kits).join(Cohort).where(Cohort.code == "WR-8")) == [1]


def test_what_is_wrong_with_a_plan_stands_at_its_fields(dora: Browser, sqlite_database: Database) -> None:
    answer = dora.post("/sessions/new", {**PLAN, "ends_on": "2026-05-01"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="ends_on-error"' in page
    assert every(sqlite_database, select(Cohort.code)) == ["WR-7"]


def test_a_move_is_previewed_before_one_button_does_it(dora: Browser, ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    moved = {**AS_IT_IS, "ends_on": "2026-04-17"}
    preview = dora.post("/sessions/WR-7/edit", moved)
    page = preview.get_data(as_text=True)
    assert preview.status_code == 200
    assert "Nothing is changed yet" in page
    row = page[page.index(KIT) :]
    assert row.index("Apr 10") < row.index("Apr 17") < row.index("The session is moved.")
    assert every(sqlite_database, select(Loan.term)) == [1]
    done = dora.post("/sessions/WR-7/edit", {**moved, "seen": digest(page)})
    assert done.status_code == 303
    assert every(sqlite_database, select(Loan.term)) == [2]
    assert "its kits follow" in dora.get("/sessions/WR-7").get_data(as_text=True)


def test_a_preview_says_names_where_the_plan_has_codes(dora: Browser) -> None:
    form = dora.get("/sessions/WR-7/edit").get_data(as_text=True)
    found = re.search(r'name="(pool_\d+_\d+)"', form.partition("Compton Library: Work Ready kit")[2])
    assert found
    changed = {**AS_IT_IS, "languages": "en, es", found[1]: "0"}
    page = dora.post("/sessions/WR-7/edit", changed).get_data(as_text=True)
    assert "English and Spanish" in page
    assert "Compton Library, Work Ready kit: 1" in page
    assert "Compton Library, Work Ready kit: 0" in page


def test_what_has_changed_since_the_preview_is_shown_again(
    dora: Browser, ben: Browser, sqlite_database: Database
) -> None:
    moved = {**AS_IT_IS, "ends_on": "2026-04-17"}
    seen = digest(dora.post("/sessions/WR-7/edit", moved).get_data(as_text=True))
    ben.scan(KIT, patron=ADA)
    answer = dora.post("/sessions/WR-7/edit", {**moved, "seen": seen})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, KIT in page, "Something changed since you looked" in page) == (409, True, True)
    assert dora.post("/sessions/WR-7/edit", {**moved, "seen": digest(page)}).status_code == 303
    assert every(sqlite_database, select(Loan.term)) == [2]


def test_from_the_preview_one_goes_back_to_the_filled_form(dora: Browser, sqlite_database: Database) -> None:
    moved = {**AS_IT_IS, "ends_on": "2026-04-17", "seen": "x", "again": "1"}
    page = dora.post("/sessions/WR-7/edit", moved)
    assert (page.status_code, 'value="2026-04-17"' in page.get_data(as_text=True)) == (200, True)
    assert every(sqlite_database, select(Cohort.ends_on))[0].day == 10


def test_the_form_of_a_session_holds_what_it_is(dora: Browser) -> None:
    page = dora.get("/sessions/WR-7/edit").get_data(as_text=True)
    for value in ("Work Ready 7", "2026-03-03", "2026-04-10", "2026-02-24", "20"):
        assert f'value="{value}"' in page
    field = page.partition("East Los Angeles Library: Work Ready kit")[2].partition("<input")[2].partition(">")[0]
    assert 'value="2"' in field


def test_a_pool_below_its_promises_is_refused_on_the_page(dora: Browser) -> None:
    form = dora.get("/sessions/WR-7/edit").get_data(as_text=True)
    found = re.search(r'name="(pool_\d+_\d+)"[^>]*value="2"|value="2"[^>]*name="(pool_\d+_\d+)"', form)
    assert found
    answer = dora.post("/sessions/WR-7/edit", {**AS_IT_IS, found[1] or found[2]: "0"})
    assert answer.status_code == 409
    assert "1 kits of this session are promised" in answer.get_data(as_text=True)


def test_a_session_is_copied_and_cancelled(dora: Browser, sqlite_database: Database) -> None:
    copied = dora.post(
        "/sessions/WR-7/copy", {"key": "d" * 16, "code": "WR-8", "name": "Work Ready 8", "starts_on": "2026-05-05"}
    )
    assert copied.status_code == 303
    body = {"key": "f" * 16, "reason": "no room", "carry_to": "WR-8"}
    page = dora.post("/sessions/WR-7/cancel", body).get_data(as_text=True)
    assert "People who go on to the next session" in page
    done = dora.post("/sessions/WR-7/cancel", {**body, "seen": digest(page)})
    assert done.status_code == 303
    states = every(sqlite_database, select(Cohort.status).order_by(Cohort.id))
    assert states == [CohortStatus.CANCELLED, CohortStatus.PLANNED]
    shown = dora.get("/sessions/WR-7").get_data(as_text=True)
    assert "Session canceled" in shown
    assert "Change or move" not in shown


def test_a_workshop_is_held_on_another_day(dora: Browser, sqlite_database: Database) -> None:
    dora.post("/sessions/new", PLAN)
    first = every(sqlite_database, select(Workshop).order_by(Workshop.n))[0]
    address = f"/sessions/WR-8/workshops/{first.public_id}"
    assert 'value="18:00"' in dora.get(address).get_data(as_text=True)
    change = {"key": "w" * 16, "title": "Start", "on": "2026-05-06", "starts": "17:30", "minutes": "60"}
    answer = dora.post(address, {**change, "mode": "virtual", "branch": ""})
    assert answer.status_code == 303
    assert "Wed, May 6, 5:30" in dora.get("/sessions/WR-8").get_data(as_text=True)
    assert dora.get("/sessions/WR-7/workshops/" + first.public_id).status_code == 404


def test_a_workshop_is_dropped_after_a_page_that_says_what_that_means(dora: Browser, sqlite_database: Database) -> None:
    dora.post("/sessions/new", PLAN)
    first = every(sqlite_database, select(Workshop).order_by(Workshop.n))[0]
    address = f"/sessions/WR-8/workshops/{first.public_id}"
    assert f'href="{address}/drop"' in dora.get(address).get_data(as_text=True)
    assert "will not be held" in dora.get(f"{address}/drop").get_data(as_text=True)
    assert dora.post(f"/sessions/WR-7/workshops/{first.public_id}/drop", {"key": "d" * 16}).status_code == 404
    assert first.public_id in every(sqlite_database, select(Workshop.public_id))
    assert dora.post(f"{address}/drop", {"key": "e" * 16}).status_code == 303
    assert first.public_id not in every(sqlite_database, select(Workshop.public_id))
    assert dora.get(address).status_code == 404


def test_a_closing_is_previewed_entered_and_taken_back(eli: Browser, ben: Browser, sqlite_database: Database) -> None:
    ben.scan(KIT, patron=ADA)
    page = eli.post("/closures/new", CLOSING).get_data(as_text=True)
    assert "The library is closed that day." in page
    assert "<td>East Los Angeles Library</td>" in page, "its name, and not its code"
    assert "Fri, Apr 10, 2026 to Sat, Apr 11, 2026: closed" in page
    assert every(sqlite_database, select(Closure)) == []
    assert eli.post("/closures/new", {**CLOSING, "seen": digest(page)}).status_code == 303
    listed = eli.get("/closures").get_data(as_text=True)
    assert "Flood" in listed
    taken_back = eli.post("/closures/ELA/2026-04-10/2026-04-11/remove", {"key": "r" * 16})
    assert taken_back.status_code == 303
    assert every(sqlite_database, select(Closure)) == []
    assert every(sqlite_database, select(Loan.term)) == [2]


def test_a_manager_closes_their_own_library_alone(cleo: Browser, sqlite_database: Database) -> None:
    assert "East Los Angeles" not in cleo.get("/closures/new").get_data(as_text=True)
    assert cleo.post("/closures/new", CLOSING).status_code == 422
    own = {**CLOSING, "branch": "COM"}
    page = cleo.post("/closures/new", own).get_data(as_text=True)
    assert cleo.post("/closures/new", {**own, "seen": digest(page)}).status_code == 303
    assert cleo.post("/closures/ELA/2026-04-10/2026-04-11/remove", {"key": "r" * 16}).status_code == 404
    assert cleo.post("/closures/library/2026-04-10/2026-04-11/remove", {"key": "r" * 16}).status_code == 403


def test_a_session_is_not_past_before_the_librarys_day_is(
    new_browser: Callable[[], Browser], cast: Cast, clock: MovingClock
) -> None:
    clock.set(datetime(2026, 4, 11, 3, 0, tzinfo=UTC))  # 8 p.m. in Los Angeles on the day its kits come back
    dora = signed_in(new_browser(), "dora")
    assert "Past" not in dora.get("/sessions").text
    clock.set(clock.now() + timedelta(hours=5))
    assert "Past" in dora.get("/sessions").text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_of_another_millennium_is_no_day(
    dora: Browser, eli: Browser, sqlite_database: Database, day: str
) -> None:
    with sqlite_database.read() as session:
        code = session.scalars(select(Cohort.code)).one()
    for who, page, form in (
        (dora, "/sessions/new", PLAN | {"starts_on": day}),
        (dora, "/sessions/new", PLAN | {"first_on": day}),
        (dora, f"/sessions/{code}/edit", AS_IT_IS | {"starts_on": day}),
        (dora, f"/sessions/{code}/copy", {"key": "y" * 16, "code": "WR-9", "name": "Next", "starts_on": day}),
        (eli, "/closures/new", CLOSING | {"starts_on": day}),
        (eli, "/closures/new", CLOSING | {"ends_on": day}),
    ):
        assert who.post(page, form).status_code == 422, (page, form)
