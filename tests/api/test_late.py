"""The calls are made when somebody first calls, once, and answer beside the pages as if they had always been there."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask

from lending.api.late import LateCalls, calls_of
from lending.app import create_app
from lending.db import Database
from lending.library import Library
from lending.settings import load
from tests.api.conftest import Hands, give_tokens
from tests.cast import assemble

ROOT = Path(__file__).parents[2]
OF_THE_CALLS = {"marshmallow", "flask_smorest", "apispec", "lending.api.calls", "lending.api.circulation"}
OF_MIGRATIONS = {"alembic", "mako", "pygments"}
WORKER = f"""
import sys
from lending import settings
from lending.app import create_app
from lending.cli.database import ensure_up_to_date

chosen = settings.load({{}}, given={{"profile": "testing", "secret_key": "k" * 32, "database_url": sys.argv[1]}})
app = create_app(chosen)
ensure_up_to_date(app.extensions["lending"])
client = app.test_client()
for address in ("/sign-in", "/readyz", "/api/v1/kits"):
    found = ({OF_THE_CALLS!r} | {OF_MIGRATIONS!r}) & sys.modules.keys()
    print(client.get(address).status_code, *sorted(found))
print(*sorted({OF_THE_CALLS!r} & sys.modules.keys()))
"""


@pytest.fixture
def app(sqlite_database: Database, tmp_path: Path) -> Flask:
    assemble(sqlite_database)
    give_tokens(sqlite_database)
    given = {
        "profile": "testing",
        "secret_key": "k" * 32,
        "trusted_hosts": "library.example,localhost",
        "proxy_hops": 1,
    }
    chosen = load({}, instance=tmp_path, given=given)
    return create_app(library=Library(sqlite_database, Hands(), None, chosen))


def test_a_worker_that_shows_pages_alone_has_no_calls_and_no_migrations_in_its_memory(app: Flask) -> None:
    url = app.extensions["lending"].db.write_engine.url.render_as_string()
    command = [sys.executable, "-c", WORKER, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    lines = [line for line in told.splitlines() if not line.startswith("{")]
    assert lines == ["200", "503", "401", " ".join(sorted(OF_THE_CALLS))]


def test_those_who_call_first_at_the_same_time_get_one_application() -> None:
    made: list[Flask] = []

    def make() -> Flask:
        time.sleep(0.02)  # as long as others need to find that there is none yet
        made.append(Flask("calls"))
        return made[-1]

    pages, together = Flask("pages"), Barrier(8)
    pages.extensions["lending"] = object()
    late = LateCalls(pages, make)

    def call(_: int) -> Flask:
        together.wait()
        return late.app()

    with ThreadPoolExecutor(8) as crowd:
        found = list(crowd.map(call, range(8)))
    assert len(made) == 1
    assert set(map(id, found)) == {id(made[0])}


def test_calls_and_pages_serve_one_library(app: Flask) -> None:
    assert calls_of(app).extensions["lending"] is app.extensions["lending"]
    other = app.extensions["lending"] = Library(
        app.extensions["lending"].db, Hands(), None, app.extensions["lending"].settings
    )
    assert calls_of(app).extensions["lending"] is other


def test_calls_end_as_pages_do(app: Flask) -> None:
    client = app.test_client()
    headers = {"Authorization": "Bearer token-of-ben"}
    answer, page = client.get("/api/v1/kits", headers=headers), client.get("/help")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options"):
        assert answer.headers[name] == page.headers[name]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-ID"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("address", ["/api/v1/kits", "/api/v1/nothing", "/api/v1", "/help"])
def test_another_host_is_answered_by_neither(app: Flask, address: str) -> None:
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        assert app.test_client().get(address, headers=headers).status_code == 400
    proxied = app.test_client().get(address, headers={"Host": "inside", "X-Forwarded-Host": "library.example"})
    assert proxied.status_code != 400


@pytest.mark.parametrize(
    ("address", "content_type"),
    [
        ("/api/v1", "application/problem+json"),
        ("/api/v1/", "application/problem+json"),
        ("/api/v1/nothing", "application/problem+json"),
        ("/api/v10", "text/html; charset=utf-8"),
        ("/api/v2/kits", "text/html; charset=utf-8"),
        ("/api", "text/html; charset=utf-8"),
    ],
)
def test_what_is_no_call_is_answered_by_the_door_that_it_lies_behind(
    app: Flask, address: str, content_type: str
) -> None:
    answer = app.test_client().get(address)
    assert (answer.status_code, answer.content_type) == (404, content_type)
    assert ("<main" in answer.text) is (content_type != "application/problem+json"), "a page of the library's own"
