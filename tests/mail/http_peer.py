"""A real HTTP server on loopback for tests: a gateway or another program, as obliging or as rude as one likes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request, as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpPeer:
    """What came in, in order, and what is answered: status, body and headers."""

    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], tuple[int, bytes]] = lambda _: (200, b"{}")
    headers: dict[str, str] = field(default_factory=dict)
    silent_for: float = 0.0


@contextmanager
def http_server(peer: HttpPeer) -> Iterator[str]:
    """Serve until the end of the block; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = Asked(self.path, dict(self.headers), body)
            peer.asked.append(asked)
            time.sleep(peer.silent_for)
            status, said = peer.answer(asked)
            self.send_response(status)
            for name, value in peer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            with suppress(ConnectionError):  # whoever asked may have gone
                self.wfile.write(said)

        do_GET = do_POST  # noqa: N815 - the same

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
