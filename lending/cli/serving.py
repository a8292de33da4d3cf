"""How gunicorn serves a library: nobody keeps its few threads by sending slowly, and its log holds no codes or names.

What it adds to gunicorn's own worker and log: a request that is not read whole in time is cut off, a request that
cannot be read is noted without a word of what was sent, and beside a file requests take turns. Source: BATTERY S13,
"slow connections", and P5; RULES 8, "no card number ... in any log".
"""

from __future__ import annotations

import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event, Lock
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

READING_SECONDS = 5.0
"""How long a request may take to come in. The largest is a megabyte, and eight slow senders must not stop a desk."""

AT_ONCE = 1
"""How many requests are worked at the same time by a process whose database is a file, and that hardly ever waits for
anything but its own interpreter: eight at a time take the interpreter from one another at each statement, and then a
reservation costs 58 ms of the processor where it costs 40 with two and 32 alone."""
TURN_SECONDS = 0.03
"""How long a turn lasts. Whoever works longer, on a long report, for a slow sender or a slow disk, goes on beside the
others, and stops nobody."""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A worker whose threads wait for a request only so long."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._until: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """Read one request and answer it, in a thread."""
        self._until[conn] = time.monotonic() + READING_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._until.pop(conn, None)

    def notify(self) -> None:
        """Called about once a second beside the threads: what has not come in by now does not come any more.

        Closing the reading half ends a wait for more; a request that was read already is answered all the same.
        """
        super().notify()
        now = time.monotonic()
        for conn in [conn for conn, until in list(self._until.items()) if until < now]:
            self._until.pop(conn, None)
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RD)


class Log(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn's log, less what was sent: an address holds a card's number, a broken line may hold a name."""

    def warning(self, msg: str, *arguments: Any, **named: Any) -> None:
        """A request that cannot be read: that there was one, and from where."""
        if msg.startswith("Invalid request from"):
            msg = msg.partition(":")[0]
        super().warning(msg, *arguments, **named)

    def exception(self, msg: str, *arguments: Any, **named: Any) -> None:
        """A failure outside the application: its kind and its place, where gunicorn would add the address."""
        if not msg.startswith("Error handling request"):
            super().exception(msg, *arguments, **named)
            return
        kind, _, where = sys.exc_info()
        name = "failure" if kind is None else kind.__name__
        super().error("Error handling a request: %s\n%s", name, "".join(traceback.format_tb(where)[-6:]))


class _Body:
    """A body that breaks off as a broken line does, which is its sender's fault; gunicorn's error looks like a bug."""

    def __init__(self, sent: Any) -> None:
        self._sent = sent

    def read(self, size: int = -1) -> bytes:
        """The next bytes; ``OSError`` where what comes is no body."""
        try:
            found: bytes = self._sent.read(size)
        except ParseException:
            raise OSError("the body breaks off") from None
        return found


def with_whole_bodies(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """``app``, told of a broken body as it expects to be."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = _Body(environ["wsgi.input"])
        return app(environ, start)

    return answer


class Turns:
    """Who works and who waits, in the order in which they came; ``clock`` tells seconds."""

    def __init__(self, at_once: int, turn: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once, self._turn, self._clock = at_once, turn, clock
        self._lock = Lock()
        self._working: dict[Event, float] = {}
        self._waiting: deque[Event] = deque()

    def begin(self) -> Event:
        """Wait for a turn; what is given back ends it."""
        mine = Event()
        with self._lock:
            self._waiting.append(mine)
            self._let_in()
        while not mine.wait(self._turn):
            with self._lock:
                self._let_in()
        return mine

    def end(self, mine: Event) -> None:
        """Let the next one in."""
        with self._lock:
            self._working.pop(mine, None)
            self._let_in()

    def _let_in(self) -> None:
        now = self._clock()
        self._working = {one: began for one, began in self._working.items() if now - began < self._turn}
        while self._waiting and len(self._working) < self._at_once:
            first = self._waiting.popleft()
            self._working[first] = now
            first.set()


def in_turn(
    app: Callable[..., Iterable[bytes]], *, at_once: int = AT_ONCE, turn: float = TURN_SECONDS
) -> Callable[..., Iterable[bytes]]:
    """``app``, that works on ``at_once`` requests at the same time, and on more while some work longer than ``turn``
    (seconds). That many wait does not shorten a turn: a crowd is served as quickly as one after another can be.
    """
    turns = Turns(at_once, turn)

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        mine = turns.begin()
        try:
            return app(environ, start)
        finally:
            turns.end(mine)

    return answer
