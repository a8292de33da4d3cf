"""Many people at once before real web processes: everyone waits at one barrier, then all ask in the same moment."""

from __future__ import annotations

import http.client
import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier, Thread
from typing import Any

from benchmarks.serving import OURS, command, free_port, wait_until_alive


@dataclass(frozen=True, slots=True)
class Asked:
    """What one person asked, and what they were told when."""

    status: int
    answer: dict[str, Any]
    seconds: float


@contextmanager
def web(url: str, *, workers: int) -> Iterator[int]:
    """``lending web`` on the database at ``url``, with this many processes; gives the port."""
    port = free_port()
    with tempfile.TemporaryFile() as log, command(OURS, url, port, workers=workers) as (words, environ):
        process = subprocess.Popen(words, stdout=log, stderr=log, env=environ)
        try:
            wait_until_alive(process, port)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=60)


def at_once(port: int, token: str, requests: Sequence[tuple[str, str, dict[str, Any]]]) -> list[Asked]:
    """Send every request (method, path, body) from a line of its own, all in the same moment."""
    barrier = Barrier(len(requests))
    found: list[Asked | None] = [None] * len(requests)

    def ask(place: int) -> None:
        method, path, body = requests[place]
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        line.connect()
        barrier.wait(timeout=120)
        found[place] = one(line, token, method, path, body)
        line.close()

    people = [Thread(target=ask, args=(place,)) for place in range(len(requests))]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return [asked or Asked(0, {}, 0.0) for asked in found]


def one(line: http.client.HTTPConnection, token: str, method: str, path: str, body: dict[str, Any]) -> Asked:
    """One request on an open line."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Idempotency-Key": secrets.token_hex(8),
        "Content-Type": "application/json",
    }
    began = time.perf_counter()
    line.request(method, f"/api/v1{path}", json.dumps(body), headers)
    answer = line.getresponse()
    text = answer.read()
    return Asked(answer.status, json.loads(text) if text else {}, time.perf_counter() - began)
