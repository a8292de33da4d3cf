"""How the library shows itself: on its pages, in its style sheet, and with files and colours that do not do."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from lending.circulation.library_settings import change_settings
from lending.db import Database
from lending.library import KEPT_FOR
from lending.models.setting_up import LibrarySetting, Picture
from tests.cast import NOW, Cast
from tests.circulation.kits_in_hand import rows
from tests.picture_files import file_of
from tests.web.browsers import Browser
from tests.web.looking import key

PAGE = "/administration/library"
GIVEN = {"name": "Compton Library", "main_colour": "#0a5a68", "accent_colour": "#ffc24b"}


def send(browser: Browser, **given: Any) -> Any:
    return browser.post(PAGE, {**GIVEN, **given, "key": key()}, content_type="multipart/form-data")


def test_the_name_and_the_contact_line_are_shown_to_everybody(eli: Browser, new_browser: Callable[[], Browser]) -> None:
    assert send(eli, name="Los Ángeles & más", contact="Call 213 555 0142").status_code == 303
    page = new_browser().get("/").get_data(as_text=True)
    assert "Los Ángeles &amp; más" in page
    assert "Call 213 555 0142" in page


def test_a_fiscal_year_begins_in_the_month_that_is_chosen(eli: Browser, sqlite_database: Database) -> None:
    assert '<option selected value="7">July</option>' in eli.get(PAGE).get_data(as_text=True)
    assert send(eli, fiscal_year_begins="10").status_code == 303
    assert '<option selected value="10">October</option>' in eli.get(PAGE).get_data(as_text=True)
    assert {row.name: row.value for row in rows(sqlite_database, LibrarySetting)}["fiscal_year_begins"] == "10"
    assert send(eli, fiscal_year_begins="13").status_code == 422


def test_a_slip_says_whose_it_is(eli: Browser, ben: Browser) -> None:
    send(eli, contact="Call 213 555 0142")
    page = ben.get("/slips/kits/KIT-1042/parts").get_data(as_text=True)
    assert "Compton Library" in page
    assert "Call 213 555 0142" in page


def test_a_logo_is_drawn_anew_and_shown_instead_of_the_name(eli: Browser, new_browser: Callable[[], Browser]) -> None:
    send(eli, logo=(io.BytesIO(file_of((900, 300))), "logo.png"))
    page = new_browser().get("/").get_data(as_text=True)
    address = page.partition('class="bar__logo" src="')[2].partition('"')[0]
    assert 'alt="Compton Library"' in page
    answer = new_browser().get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert send(eli, no_logo="y").status_code == 303
    assert "bar__logo" not in new_browser().get("/").get_data(as_text=True)
    assert new_browser().get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("logo.png", b"<script>alert(1)</script>"),
        ("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("logo.png", b"\x89PNG\r\n\x1a\n" + b"\xff" * 50),
        ("../../logo.png", b"x"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_a_sentence(
    eli: Browser, sqlite_database: Database, name: str, content: bytes
) -> None:
    answer = send(eli, logo=(io.BytesIO(content), name))
    assert answer.status_code == 422
    assert "no picture that we can read" in answer.get_data(as_text=True)
    assert rows(sqlite_database, Picture) == rows(sqlite_database, LibrarySetting) == []


# --- Colours ---------------------------------------------------------------------------------------------------


def test_own_colours_come_as_a_style_sheet_that_is_kept_as_long_as_its_address_names_them(
    eli: Browser, new_browser: Callable[[], Browser]
) -> None:
    assert "library.css" not in eli.get("/desk").get_data(as_text=True)
    send(eli, main_colour="#5b2a86")
    page = new_browser().get("/").get_data(as_text=True)
    address = "/library.css" + page.partition('href="/library.css')[2].partition('"')[0]
    sheet = new_browser().get(address)
    assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
    assert "--teal: #5b2a86;" in sheet.get_data(as_text=True)
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "Set-Cookie" not in sheet.headers
    old = new_browser().get("/library.css?v=older")
    assert old.headers["Cache-Control"] == "no-store"
    again = new_browser().get(address, headers={"If-None-Match": sheet.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("page", ["/", "/desk", "/slips/kits/KIT-1042/parts", "/my/sign-in"])
def test_every_layout_wears_the_colours(eli: Browser, page: str) -> None:
    send(eli, main_colour="#5b2a86")
    assert "/library.css?v=" in eli.get("/help" if page == "/" else page, follow_redirects=True).get_data(as_text=True)


def test_a_pale_colour_is_refused_with_the_figure_and_the_nearest_that_works(eli: Browser) -> None:
    answer = send(eli, main_colour="#8ecae6")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "must be 4.5 or more" in text
    nearest = text.partition("The nearest color that works is ")[2][:7]
    assert send(eli, main_colour=nearest).status_code == 303


@pytest.mark.parametrize("colour", ["teal", "#12", "#0a5a68;}*{display:none", "url(//evil.example)", "", "x" * 10_000])
def test_what_is_no_colour_never_reaches_the_style_sheet(eli: Browser, colour: str) -> None:
    send(eli, main_colour=colour)
    sheet = eli.get("/library.css").get_data(as_text=True)
    assert "evil" not in sheet
    assert "display" not in sheet
    assert "--teal: #0a5a68;" in sheet


def test_the_first_colours_come_back(eli: Browser, sqlite_database: Database) -> None:
    send(eli, main_colour="#5b2a86")
    send(eli, main_colour="#5b2a86", first_colours="y")
    assert {row.name for row in rows(sqlite_database, LibrarySetting)} == {"name"}


# --- What it costs ---------------------------------------------------------------------------------------------


def test_pages_do_not_read_the_settings_each_time(
    ben: Browser, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "library_settings" in statement:
            asked.append(statement)

    now = time.monotonic() + KEPT_FOR + 1
    monkeypatch.setattr("lending.library.time.monotonic", lambda: now)
    ben.get("/kits")
    event.listen(sqlite_database.read_engine, "before_cursor_execute", hear)
    try:
        for _ in range(5):
            ben.get("/kits")
        assert asked == []
        now += KEPT_FOR + 1
        for _ in range(3):
            ben.get("/kits")
        assert len(asked) == 1
    finally:
        event.remove(sqlite_database.read_engine, "before_cursor_execute", hear)


def test_another_process_shows_a_change_within_seconds(
    eli: Browser, cast: Cast, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic() + KEPT_FOR + 1
    monkeypatch.setattr("lending.library.time.monotonic", lambda: now)
    before = eli.get("/help").get_data(as_text=True)
    assert "/library.css" not in before
    sqlite_database.act(lambda s: change_settings(s, given={"main_colour": "#5b2a86"}, at=NOW, by=cast.eli))
    assert "/library.css" not in eli.get("/help").get_data(as_text=True)
    now += KEPT_FOR + 1
    assert "/library.css" in eli.get("/help").get_data(as_text=True)
