"""A mail server that stops answering: at once, or after as many answers as one likes, and keeps the line open."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.mail.peer import free_port

ANSWERS = (
    b"220 mail.example.org",
    b"250 mail.example.org",
    b"250 2.1.0 sender known",
    b"250 2.1.5 known",
    b"354 go on",
)
"""What it says, one after another: a greeting, and what a client hears until it sends the message itself."""
NOTHING, UNTIL_DATA = 0, len(ANSWERS)
"""How many it gives: none, for who is not even greeted; or all but the one to the message."""


class HangingServer(socketserver.ThreadingTCPServer):
    """How many came, and how many answers each is given."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, answers: int) -> None:
        self.answers, self.came, self.over = ANSWERS[:answers], 0, threading.Event()
        super().__init__(("127.0.0.1", port), _Line)


class _Line(socketserver.StreamRequestHandler):
    server: HangingServer

    def handle(self) -> None:
        self.server.came += 1
        for answer in self.server.answers:
            self.wfile.write(answer + b"\r\n")
            if answer is not ANSWERS[-1]:
                self.rfile.readline()
        self.server.over.wait()


@contextmanager
def hanging_server(answers: int, port: int | None = None) -> Iterator[HangingServer]:
    """Hang until the end of the block; ``answers`` is ``NOTHING`` or ``UNTIL_DATA``."""
    with HangingServer(port or free_port(), answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
