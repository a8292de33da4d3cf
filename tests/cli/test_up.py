"""``lending up``: everything together, from the first start to the end of the last child."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lending import settings
from lending.cli import demo
from lending.cli.saying import Said
from lending.cli.up import Door, run
from lending.cli.web import ensure_free, options
from lending.library import open_library


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def started(environ: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LENDING_")}
    command = [sys.executable, "-m", "lending.cli", *words]
    with subprocess.Popen(
        command, env=kept | environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int) -> bool:
    """Whether the library is ready within ten seconds: the jobs are open a little after the pages."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10):
                return True
        except urllib.error.HTTPError as not_yet:
            not_yet.close()
            time.sleep(0.1)
    return False


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_asked_to_stop_and_leaves_nobody_behind(
    environ: dict[str, str], stop: signal.Signals
) -> None:
    port = free_port()
    with started(environ, "up", "--bind", f"127.0.0.1:{port}", "--threads", "2") as process:
        assert process.stdout is not None
        said = ""
        while f"web: http://127.0.0.1:{port}" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert answer.status == 200
        assert is_ready(port), "nobody runs the jobs"
        process.send_signal(stop)
        assert process.wait(30) == 0
    assert not listens(port)


@pytest.fixture
def taken() -> Iterator[str]:
    """An address at which somebody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize("command", ["up", "web"])
def test_a_taken_port_is_one_sentence_that_names_it_and_the_setting(
    environ: dict[str, str], taken: str, command: str
) -> None:
    with started(environ, command, "--bind", taken) as process:
        said, _ = process.communicate(timeout=30)
    assert (process.returncode, said.count("\n")) == (78, 1)
    assert said.startswith(f"Port {taken.rpartition(':')[2]} of 127.0.0.1 is taken: ")
    assert said.endswith("Give another address with LENDING_BIND or --bind.\n")


def test_an_address_of_another_machine_is_a_sentence(environ: dict[str, str]) -> None:
    with started(environ, "up", "--bind", "192.0.2.1:8000") as process:
        said, _ = process.communicate(timeout=30)
    assert (process.returncode, said.partition(":8000: ")[0]) == (78, "Nobody can listen at 192.0.2.1")
    assert "LENDING_BIND" in said


def test_a_socket_that_was_handed_over_is_not_tried_again(taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUNICORN_FD", "3")
    ensure_free(taken)
    monkeypatch.delenv("GUNICORN_FD")
    with pytest.raises(Said):
        ensure_free(taken)


def test_everything_ends_when_a_door_ends_by_itself(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the signals of the tests stay theirs
    assert run([Door("db", ["db", "--no-such-option"], f"127.0.0.1:{free_port()}")], ["a line"]) == 2
    said, told = capfd.readouterr()
    assert (said, "db ended by itself (2), so everything ends." in told) == ("", True)


def test_more_than_one_process_on_sqlite_is_refused(environ: dict[str, str]) -> None:
    with started(environ, "up", "--workers", "2") as process:
        said, _ = process.communicate(timeout=30)
    assert (process.returncode, "WEB_WORKERS must be 1 on SQLite" in said) == (78, True)


def test_the_server_has_no_control_socket_and_shares_its_memory(environ: dict[str, str]) -> None:
    chosen = options(settings.load(environ))
    assert chosen["control_socket_disable"]
    assert chosen["preload_app"]
    assert (chosen["workers"], chosen["threads"]) == (1, 8)


def test_a_demonstration_that_was_interrupted_leaves_no_library(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = open_library(settings.load(environ))
    file = Path(library.db.write_engine.url.database or "")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_make", interrupted)
    with pytest.raises(KeyboardInterrupt):
        demo.make(library)
    assert not file.exists()
    monkeypatch.setattr(demo, "_make", lambda *_: time.sleep(0))
    demo.make(library)
    assert file.exists()
    assert library.db.check().pending == ()
    assert sorted(each.name for each in file.parent.glob("lending.sqlite3*")) == [
        "lending.sqlite3",
        "lending.sqlite3-shm",
        "lending.sqlite3-wal",
    ]
    library.db.close()
