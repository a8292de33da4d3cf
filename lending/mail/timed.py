"""A connection that is left at one instant, whatever comes in: who answers byte by byte holds nobody up for long."""

from __future__ import annotations

import io
import socket
import time
from typing import Any


class Timed:
    """A connection all of whose waits end at one instant: a drop every second would keep any other timeout awake."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until

    def sendall(self, data: bytes) -> None:
        """Send all of it in time."""
        self._connection.settimeout(left(self._until))
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What comes in, as far as it comes in time."""
        return io.BufferedReader(_Incoming(self._connection, self._until))

    def close(self) -> None:
        """Nothing: whoever made the connection ends it."""


class _Incoming(io.RawIOBase):
    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection, self._until = connection, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(left(self._until))
        return self._connection.recv_into(buffer)


def left(until: float) -> float:
    """The seconds that are left; ``TimeoutError`` when none is."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds
