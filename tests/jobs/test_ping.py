"""The watchman outside hears of the library while every job runs, and of nothing when one is late."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.error import HTTPError

import pytest

from lending import settings
from lending.circulation.jobs import begin_run
from lending.clock import MovingClock
from lending.db import Database
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from tests.cast import NOW


class Watchman:
    """Who was asked for what, and how he answers."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.status = 200
        self.url = ""


@pytest.fixture
def watchman() -> Iterator[Watchman]:
    found = Watchman()

    class Ear(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.heard.append(self.path)
            self.send_response(found.status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test hears it."""

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/kits"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


def library(database: Database, folder: Path, url: str | None) -> Library:
    return Library(database, MovingClock(NOW), None, settings.load({}, instance=folder, given={"ping_url": url}))


def test_he_is_told_while_all_is_well(sqlite_database: Database, tmp_path: Path, watchman: Watchman) -> None:
    assert SWEEPS["ping"](library(sqlite_database, tmp_path, watchman.url), NOW) == 1
    assert watchman.heard == ["/kits"]


def test_he_is_told_nothing_while_a_job_is_late(sqlite_database: Database, tmp_path: Path, watchman: Watchman) -> None:
    opened = library(sqlite_database, tmp_path, watchman.url)
    for name, told in (("ping", 1), ("overdue", 0)):
        sqlite_database.act(lambda s, name=name: begin_run(s, name, at=NOW))  # type: ignore[misc]  # mypy cannot tell
        assert SWEEPS["ping"](opened, NOW + timedelta(days=1)) == told
    assert len(watchman.heard) == 1


def test_a_watchman_who_does_not_answer_well_is_a_run_that_failed(
    sqlite_database: Database, tmp_path: Path, watchman: Watchman
) -> None:
    watchman.status = 500
    with pytest.raises(HTTPError):
        SWEEPS["ping"](library(sqlite_database, tmp_path, watchman.url), NOW)


def test_without_an_address_nobody_is_asked(sqlite_database: Database, tmp_path: Path) -> None:
    assert SWEEPS["ping"](library(sqlite_database, tmp_path, None), NOW) == 0
