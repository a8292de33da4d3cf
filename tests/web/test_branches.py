"""The pages of branches: a list, one branch, and the forms."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import select

from lending.circulation.checkout import check_out
from lending.db import Database
from lending.domain.calendars import DAY_NAMES
from lending.models.branches import Branch, Station
from tests.cast import LUIS, NOW, OPEN_KIT, Cast
from tests.web.browsers import Browser

LIST = "/administration/branches"


def given(**more: str) -> dict[str, Any]:
    week = dict.fromkeys(DAY_NAMES, "10-6")
    texts = {"name": "Lennox Library", "code": "len", "zone": "America/Los_Angeles"}
    return {"key": secrets.token_hex(8), **texts, **week, **more}


def branch(database: Database, code: str) -> Branch | None:
    with database.read() as session:
        return session.scalars(select(Branch).where(Branch.code == code)).one_or_none()


def test_a_branch_is_added_with_its_hours_and_a_station(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post(f"{LIST}/new", given(sun="closed"))
    assert answer.headers["Location"] == f"{LIST}/LEN"
    made = branch(sqlite_database, "LEN")
    assert made is not None
    assert made.hours.format().endswith("sat 10:00-18:00; sun closed")
    with sqlite_database.read() as session:
        assert session.scalars(select(Station.name).where(Station.branch_id == made.id)).all() == ["Desk 1"]
    page = eli.get(f"{LIST}/LEN").get_data(as_text=True)
    assert "Mon – Sat: 10:00" in page.replace("\u202f", " ")


def test_a_line_in_words_goes_before_the_seven_fields(eli: Browser, sqlite_database: Database) -> None:
    eli.post(f"{LIST}/new", given(week="Mon-Fri 9-5, Sat 10-2, Sun closed"))
    made = branch(sqlite_database, "LEN")
    assert made is not None
    assert made.hours.format().startswith("mon 09:00-17:00")


def test_what_cannot_be_read_stands_at_its_field(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post(f"{LIST}/new", given(mon="ten to six", week="Mon-Fri 9-5", name=""))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Write hours such as 10-6" in page
    assert "Name all seven days" in page
    assert "Fill this in." in page
    taken = eli.post(f"{LIST}/new", given(code="ELA"))
    assert taken.status_code == 409
    assert branch(sqlite_database, "LEN") is None


def test_hours_that_move_dates_are_shown_before_they_are_saved(
    eli: Browser, sqlite_database: Database, cast: Cast
) -> None:
    by = cast.ben
    sqlite_database.act(lambda s: check_out(s, kit=OPEN_KIT, patron=LUIS, branch_id=cast.ela, at=NOW, by=by))
    wanted = given(code="ELA", name="East Los Angeles", week="Mon, Wed-Sat 10-6, Tue and Sun closed")
    page = eli.post(f"{LIST}/ELA/edit", wanted).get_data(as_text=True)
    assert OPEN_KIT in page
    assert "Apr 15" in page
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    answer = eli.post(f"{LIST}/ELA/edit", wanted | {"seen": seen})
    assert answer.headers["Location"] == f"{LIST}/ELA"
    changed = branch(sqlite_database, "ELA")
    assert changed is not None
    assert "tue closed" in changed.hours.format()


def test_a_change_that_moves_nothing_is_saved_at_once(eli: Browser, sqlite_database: Database) -> None:
    answer = eli.post(f"{LIST}/ELA/edit", given(code="ELA", name="East LA"))
    assert answer.status_code == 303
    changed = branch(sqlite_database, "ELA")
    assert changed is not None
    assert changed.name == "East LA"


def test_stations_are_added_renamed_and_refused_on_the_page(eli: Browser, sqlite_database: Database) -> None:
    url = f"{LIST}/ELA/stations"
    assert eli.post(url, {"key": "k" * 16, "name": "Window"}).status_code == 303
    assert eli.post(url, {"key": "l" * 16, "name": "Front", "station": "Station 1"}).status_code == 303
    again = eli.post(url, {"key": "m" * 16, "name": "Window"})
    assert again.status_code == 409
    assert "That exists already." in again.get_data(as_text=True)
    with sqlite_database.read() as session:
        assert {"Window", "Front"} <= set(session.scalars(select(Station.name)))


def test_a_branch_that_is_not_there_is_not_found(eli: Browser) -> None:
    assert eli.get(f"{LIST}/NONE").status_code == 404
