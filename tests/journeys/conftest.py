"""A real browser before the real application: sign-in with a password, a station chosen, a scanner in the hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, BrowserContext, ViewportSize, expect

from lending.clock import MovingClock
from lending.db import Database
from tests.cast import NOW, assemble
from tests.journeys.serving import Served, serving
from tests.journeys.station import PATIENCE_MS, Station
from tests.web.browsers import PASSWORD, PIN, an_app

# The shell is the same browser without a window around the page: a third less work for each page.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WINDOW: ViewportSize = {"width": 1366, "height": 768}

Enter = Callable[..., Station]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The distribution's own browser: a download of its own is not reachable everywhere."""
    found = [path for name in BROWSERS if (path := shutil.which(name))]
    assert found, f"None of {', '.join(BROWSERS)} is installed; `make browser` installs one."
    return {**browser_type_launch_args, "executable_path": found[0], "args": list(ARGUMENTS)}


@pytest.fixture(scope="session")
def base_url() -> None:
    """None: each library is served at its own address."""


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock(NOW)


@pytest.fixture
def library(request: pytest.FixtureRequest, clock: MovingClock, tmp_path: Path) -> Iterator[Served]:
    """The standing cast's library on SQLite, or on the engine whose fixture is named by a parameter, and served."""
    database: Database = request.getfixturevalue(getattr(request, "param", "sqlite_database"))
    cast = assemble(database)
    app = an_app(database, clock, tmp_path)
    with serving(app) as url:
        yield Served(url, app, database, cast, clock)


@pytest.fixture
def enter(new_context: Callable[..., BrowserContext], library: Served) -> Iterator[Enter]:
    """Somebody opens a browser, signs in with their password and goes to a page."""
    opened: list[Station] = []

    def enter(username: str = "ben", path: str = "/desk", **options: Any) -> Station:
        context = new_context(base_url=library.url, locale="en-US", viewport=WINDOW, **options)
        context.set_default_timeout(PATIENCE_MS)
        station = Station(context.new_page())
        opened.append(station)
        sign_in(context.request, username)
        return station.open(path)

    yield enter
    troubles = [trouble for station in opened for trouble in station.troubles]
    assert not troubles, f"{troubles}: the desk path knows no dialog, no error of a script and no 5xx."


@pytest.fixture
def desk(enter: Enter) -> Station:
    """Ben at the desk of East Los Angeles."""
    return enter("ben", "/desk")


@pytest.fixture
def returns(enter: Enter) -> Station:
    """Ben at the returns of East Los Angeles."""
    return enter("ben", "/returns")


@pytest.fixture(autouse=True)
def patience() -> None:
    expect.set_options(timeout=PATIENCE_MS)


def sign_in(browser: APIRequestContext, username: str) -> None:
    """Send the forms that ``test_sign_in.py`` fills in by hand, with the real password: half a second sooner.

    A patron is named by the number of their card.
    """
    if username.isdigit():
        token = _token(browser.get("/my/sign-in").text())
        browser.post("/my/sign-in", form={"card": username, "pin": PIN, "csrf_token": token})
        return
    page = browser.get("/sign-in").text()
    given: dict[str, str | float | bool] = {"username": username, "password": PASSWORD, "csrf_token": _token(page)}
    given["next"] = "/desk"  # where whoever has no station yet is asked for one
    page = browser.post("/sign-in", form=given).text()
    if 'name="station"' in page:
        browser.post("/station", form={"station": "ELA/Station 1", "csrf_token": _token(page)})


def read_in(browser: APIRequestContext, language: str) -> None:
    """Choose the language of the pages."""
    browser.post("/language", form={"language": language, "csrf_token": _token(browser.get("/help").text())})


def _token(page: str) -> str:
    return page.partition('name="csrf-token" content="')[2].partition('"')[0]
