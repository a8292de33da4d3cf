"""The server under slow and broken requests: it goes on answering, and its log holds nothing of what was sent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock, Semaphore

import pytest

from lending.cli.serving import Turns, in_turn
from tests.cli.test_up import free_port, listens

THREADS = 2
HURRIED = """
from lending import settings
from lending.cli import serving, web
serving.READING_SECONDS = 1.0
web.serve(settings.load())
"""


@pytest.fixture
def served(environ: dict[str, str]) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server with two threads and little patience, and its process, whose output is its log."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LENDING_")}
    given = {"LENDING_BIND": f"127.0.0.1:{port}", "LENDING_WEB_THREADS": str(THREADS)}
    with subprocess.Popen(
        [sys.executable, "-c", HURRIED],
        env=kept | environ | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        while process.poll() is None and not listens(port):
            time.sleep(0.05)
        yield port, process
        process.terminate()


def sent(port: int, text: str) -> socket.socket:
    """A connection on which ``text`` was sent and nothing was answered yet."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(text.encode())
    return connection


def answer(connection: socket.socket) -> str:
    with connection:
        return connection.recv(4096).decode("latin-1").partition("\r\n")[0]


@pytest.mark.parametrize(
    "begun",
    ["GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-More: ", "POST /sign-in HTTP/1.1\r\nHost: localhost\r\n"],
    ids=["within the head", "within the body"],
)
def test_slow_requests_do_not_keep_the_threads_from_others(
    served: tuple[int, subprocess.Popen[str]], begun: str
) -> None:
    port, _ = served
    if begun.startswith("POST"):
        begun += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 50\r\n\r\nusername="
    slow = [sent(port, begun) for _ in range(THREADS)]
    try:
        asked = sent(port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert answer(asked) == "HTTP/1.1 200 OK"
    finally:
        for connection in slow:
            connection.close()


def test_a_body_that_breaks_off_is_its_senders_fault(served: tuple[int, subprocess.Popen[str]]) -> None:
    port, process = served
    for kind in ("x-www-form-urlencoded", "json"):
        head = f"Host: localhost\r\nContent-Type: application/{kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
        for chunk in ("ZZ\r\n", "5\r\nabcdeXX\r\n0\r\n\r\n"):
            assert answer(sent(port, f"POST /sign-in HTTP/1.1\r\n{head}{chunk}")) == "HTTP/1.1 400 BAD REQUEST"
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert '"bug"' not in said


def test_a_request_that_cannot_be_read_leaves_nothing_of_itself_in_the_log(
    served: tuple[int, subprocess.Popen[str]],
) -> None:
    port, process = served
    for text in ("GET /search?q=Ada Marlowe HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nAda Marlowe\r\n\r\n"):
        assert answer(sent(port, text)) == "HTTP/1.1 400 Bad Request"
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert said.count("Invalid request from ip=127.0.0.1") == 2
    assert "Marlowe" not in said


def test_no_header_says_which_page_is_meant(served: tuple[int, subprocess.Popen[str]]) -> None:
    """What a proxy keeps from the outside, such as /metrics, it knows by the address alone."""
    port, _ = served
    text = "GET /a/healthz HTTP/1.1\r\nHost: localhost\r\nSCRIPT_NAME: /a\r\n\r\n"
    assert answer(sent(port, text)) == "HTTP/1.1 404 NOT FOUND"


def test_requests_are_worked_two_at_a_time() -> None:
    lock, working, most = Lock(), 0, 0

    def app(_environ: object, _start: object) -> list[bytes]:
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        time.sleep(0.01)
        with lock:
            working -= 1
        return []

    answer = in_turn(app, at_once=2, turn=60)
    with ThreadPoolExecutor(6) as people:
        list(people.map(lambda _n: answer({}, None), range(6)))
    assert most == 2


def test_a_turn_is_as_long_however_long_others_wait_and_no_longer() -> None:
    looked, seconds = Semaphore(0), 0.0

    def clock() -> float:
        looked.release()
        return seconds

    turns = Turns(1, 0.001, clock)
    turns.begin()
    with ThreadPoolExecutor(1) as people:
        second = people.submit(turns.begin)
        assert all(looked.acquire(timeout=60) for _ in range(10)), "it looks again and again"
        assert not second.done()
        seconds = 1.0
        assert second.result(timeout=60)


def test_two_long_requests_stop_nobody() -> None:
    over, begun = Event(), Semaphore(0)

    def app(environ: dict[str, bool], _start: object) -> list[bytes]:
        begun.release()
        if environ["is_long"]:
            assert over.wait(60)
        return []

    answer = in_turn(app, at_once=2, turn=0.01)
    with ThreadPoolExecutor(2) as people:
        for _ in range(2):
            people.submit(answer, {"is_long": True}, None)
        assert all(begun.acquire(timeout=60) for _ in range(2))
        assert answer({"is_long": False}, None) == []
        over.set()


def test_a_request_that_fails_gives_its_turn_back() -> None:
    def app(environ: dict[str, bool], _start: object) -> list[bytes]:
        if environ["fails"]:
            raise OSError
        return []

    answer = in_turn(app, at_once=1, turn=60)
    with pytest.raises(OSError):
        answer({"fails": True}, None)
    with ThreadPoolExecutor(1) as people:
        assert people.submit(answer, {"fails": False}, None).result(timeout=10) == []
