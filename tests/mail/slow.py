"""Servers that are slow on purpose."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager


def read_request(connection: socket.socket) -> None:
    """Read all of a request: a server that closes with something unread takes its own answer back."""
    request = b""
    while not _is_whole(request) and (more := connection.recv(10_000)):
        request += more


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    return bool(end) and len(body) >= int(length[1] if length else 0)


@contextmanager
def saying(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and then does as it likes; gives its address."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(5)
                read_request(connection)
                try:
                    speak(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join()


def drip(connection: socket.socket) -> None:
    """A letter every moment, for ever: each of them would keep an ordinary timeout awake."""
    for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 400:
        connection.sendall(bytes([letter]))
        time.sleep(0.03)
