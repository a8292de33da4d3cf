"""A library with something of every kind, served for a module of tests, and the windows that look at its pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import abort
from playwright.sync_api import Browser

from lending import settings
from lending.app import create_app
from lending.clock import MovingClock
from lending.library import Library
from lending.web.access import public
from tests.cast import NOW, assemble
from tests.databases import opened
from tests.journeys.conftest import WINDOW, read_in, sign_in
from tests.journeys.pages import populate
from tests.journeys.serving import Served, serving
from tests.journeys.station import PATIENCE_MS, Station
from tests.web.browsers import an_app

FORGET = "() => { sessionStorage.clear(); Storage.prototype.setItem = () => undefined; }"
"""Nothing of the page before is left for the next one, nor what it writes as it closes."""

Populated = tuple[Served, dict[str, str]]
"""A library, and what the paths of its pages name."""


@contextmanager
def a_whole_library(migrated_file: Path, folder: Path) -> Iterator[Populated]:
    """One library that every page is looked at in; a page that fails on purpose is added to it."""
    file = folder / "library.db"
    file.write_bytes(migrated_file.read_bytes())
    with opened(f"sqlite:///{file}") as database:
        cast = assemble(database)
        clock = MovingClock(NOW)
        an_app(database, clock, folder)  # for the passwords; the page below needs an application of its own
        chosen = settings.load({}, instance=folder, given={"profile": "testing", "secret_key": "k" * 40})
        app = create_app(library=Library(database, clock, None, chosen))
        app.add_url_rule("/failing/<int:status>", "failing", public(lambda status: abort(status)))
        with serving(app) as url:
            library = Served(url, app, database, cast, clock)
            yield library, populate(library)


@dataclass
class Windows:
    """The windows of people who read the pages in a language: each signs in once, and it is emptied for each page."""

    browser: Browser
    url: str
    opened: dict[tuple[str | None, str], Station] = field(default_factory=dict)

    def __call__(self, who: str | None, language: str) -> Station:
        if (who, language) not in self.opened:
            self.opened[who, language] = self._open(who, language)
        page = self.opened[who, language].page
        page.evaluate(FORGET)
        page.emulate_media(media="null")
        page.set_viewport_size(WINDOW)
        return self.opened[who, language]

    def _open(self, who: str | None, language: str) -> Station:
        context = self.browser.new_context(base_url=self.url, viewport=WINDOW)
        context.set_default_timeout(PATIENCE_MS)
        if who is not None:
            sign_in(context.request, who)
        read_in(context.request, language)
        page = context.new_page()
        page.goto("/healthz")  # a page of the library, so that there is a storage to forget
        return Station(page)

    def close(self) -> None:
        """Close every window."""
        for station in self.opened.values():
            station.page.context.close()
