"""A message to another program over HTTP: one request, one answer, and nothing that the answer could lead to.

A redirect is an answer like any other and is not followed. Never called in a transaction. Source: RFC 9110.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lending.mail.carriers import Away
from lending.mail.timed import Timed

LONGEST_ANSWER = 10_000
"""Bytes of an answer that are read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: its status, and its body when that is a JSON object."""

    status: int
    said: Mapping[str, Any] | None

    @property
    def is_good(self) -> bool:
        """Whether it took the message."""
        return 200 <= self.status < 300


def post_json(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Answer:
    """Post a JSON body to an address. Raises ``Away`` when the whole answer is not there within ``timeout`` seconds."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        called: http.client.HTTPConnection = http.client.HTTPSConnection(
            host, parts.port, timeout=timeout, context=context
        )
    else:
        called = http.client.HTTPConnection(host, parts.port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    until = time.monotonic() + timeout
    try:
        called.connect()
        with closing(called.sock) as connection:
            called.sock = Timed(connection, until)
            called.request("POST", target, body, {"Content-Type": "application/json", **headers})
            answer = called.getresponse()
            return Answer(answer.status, _object(answer.read(LONGEST_ANSWER)))
    except (http.client.HTTPException, OSError) as gone:
        raise Away(type(gone).__name__) from None
    finally:
        called.close()


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
