"""Servers under measure, and a client that scans as a desk's page does: one line kept open, one scan at a time.

Ours is the command that a library starts, ``lending web``; ``python -m benchmarks.serving URL`` serves the bare
view with the same gunicorn settings.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import psutil  # type: ignore[import-untyped]  # it ships no types
from flask import Flask

from benchmarks.rows import PASSWORD, USERNAME, card, kit

OURS: Final = "ours"
BARE: Final = "bare"
READY_SECONDS = 30.0
_TOKEN = re.compile(rb'name="csrf(?:_token|-token)"[^>]*?(?:value|content)="([^"]+)"')


@dataclass(frozen=True)
class Server:
    """A server that listens: its port, and the master process with its one worker."""

    port: int
    pid: int
    ready_seconds: float
    """From the start of the process to the first answer."""

    def worker(self) -> psutil.Process:
        """The process that answers."""
        return psutil.Process(self.pid).children()[0]


@contextmanager
def serving(which: str, url: str) -> Iterator[Server]:
    """Serve the database at ``url`` with ours or with the bare view; stopped afterwards."""
    port = free_port()
    with tempfile.TemporaryFile() as log, command(which, url, port) as (words, environ):
        began = time.perf_counter()
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environ)
        try:
            wait_until_alive(process, port)
            yield Server(port, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.seek(0)
            said = log.read().decode()
            if "Traceback" in said:
                print(said[-4000:], file=sys.stderr)


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def command(which: str, url: str, port: int, *, workers: int = 1) -> Iterator[tuple[list[str], dict[str, str]]]:
    """How one of the two is started: its words, and an environment with settings and an instance folder of its own."""
    bind = f"127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="lending-bench-") as folder:
        given = {
            "INSTANCE": folder,
            "DATABASE_URL": url,
            "BIND": bind,
            "WEB_WORKERS": str(workers),
            "SECRET_KEY": secrets.token_hex(32),
            "PROFILE": "production",
            "SECURE_COOKIES": "no",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LENDING_")}
        ours = [sys.executable, "-c", "from lending.cli import main; main()", "web"]
        words = ours if which == OURS else [sys.executable, "-m", "benchmarks.serving", url]
        yield words, {**kept, **{f"LENDING_{name}": value for name, value in given.items()}}


def wait_until_alive(process: subprocess.Popen[bytes], port: int) -> None:
    """Return when a server answers; ``RuntimeError`` when it ended, or does not within ``READY_SECONDS``."""
    until = time.perf_counter() + READY_SECONDS
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError("The server ended before it answered")
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/healthz")
            if line.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("The server did not answer")


class Line(Protocol):
    """What carries requests: a socket kept open, or the application itself."""

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, list[str], bytes]:
        """The status, the cookies that are set, and the body."""
        ...


class HttpLine:
    """One HTTP connection, kept open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, list[str], bytes]:
        """Send and wait for the answer."""
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.headers.get_all("Set-Cookie", []), answer.read()


class Browser:
    """Somebody's browser on one line: its cookies, and the token of its session once it has one."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._cookies: dict[str, str] = {}
        self._token: str | None = None

    def get(self, path: str) -> bytes:
        """A page; anything but 200 or a redirect raises ``RuntimeError``."""
        return self._send("GET", path)

    def post(self, path: str, **form: str) -> bytes:
        """A form sent off; anything but 200 or a redirect raises ``RuntimeError``."""
        given = form if self._token is None else {"csrf_token": self._token, **form}
        return self._send("POST", path, urlencode(given).encode(), "application/x-www-form-urlencoded")

    def move_to(self, line: Line) -> None:
        """Go on with another line."""
        self._line = line

    def take_token(self, page: bytes) -> None:
        """Send the token of a page with every form from now on."""
        self._token = token_of(page)

    def _send(self, method: str, path: str, body: bytes | None = None, kind: str | None = None) -> bytes:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if kind is not None:
            headers["Content-Type"] = kind
        if self._token is not None:
            headers["X-CSRFToken"] = self._token
        status, cookies, answer = self._line.send(method, path, headers, body)
        for cookie in cookies:
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        if status not in (200, 302, 303):
            raise RuntimeError(f"{path} was answered with {status}: {answer[:400]!r}")
        return answer


class Desk(Browser):
    """One page at one desk, signed in, with its token."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self.post("/sign-in", username=USERNAME, password=PASSWORD, csrf_token=token_of(self.get("/sign-in")))
        self.take_token(self.get("/desk"))

    def check_out(self, n: int) -> float:
        """Scan the ``n``-th kit for the ``n``-th patron; the seconds it took."""
        return self._scan({"code": kit(n), "screen": "desk", "patron": card(n)})

    def take_back(self, n: int) -> float:
        """Scan the ``n``-th kit at Returns; the seconds it took."""
        return self._scan({"code": kit(n), "screen": "returns", "patron": None})

    def _scan(self, scan: dict[str, Any]) -> float:
        body = json.dumps({**scan, "key": secrets.token_hex(8), "station": "ELA/Desk 1"}).encode()
        began = time.perf_counter()
        answer = self._send("POST", "/desk/scans", body, "application/json")
        seconds = time.perf_counter() - began
        if json.loads(answer)["tone"] != "done":
            raise RuntimeError(f"A scan was not done: {answer[:400]!r}")
        return seconds


def token_of(page: bytes) -> str:
    """The token that a page's forms carry; ``RuntimeError`` where it has none."""
    found = _TOKEN.search(page)
    if found is None:
        raise RuntimeError("The page carries no token")
    return found[1].decode()


def main(url: str) -> None:
    """Serve the bare view until asked to stop, with the settings of ``lending web``."""
    from gunicorn.app.base import BaseApplication

    from lending import settings
    from lending.cli.web import options

    chosen = settings.load()

    class Bare(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
        def load_config(self) -> None:
            for name, value in options(chosen).items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            from benchmarks.bare import create_app

            return create_app(url, chosen.secret_key)

    Bare().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
