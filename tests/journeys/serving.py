"""The real application behind a real socket, for a browser to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from lending.clock import MovingClock
from lending.db import Database
from lending.models.loans import Loan
from tests.cast import Cast


class Quiet(WSGIRequestHandler):
    """Answers without a line on the screen for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@dataclass(frozen=True)
class Served:
    """A library with its standing cast, open at ``url``; the clock is the server's and stands still."""

    url: str
    app: Flask
    database: Database
    cast: Cast
    clock: MovingClock

    def loans(self) -> list[Loan]:
        """Every loan there is, in the order in which they were made."""
        with self.database.read() as session:
            return list(session.scalars(select(Loan).order_by(Loan.id)))

    def act(self, verb: Any, /, **arguments: Any) -> Any:
        """One act by Ben, unless another actor is given, at the library's own time, committed."""
        given = {"at": self.clock.now(), "by": self.cast.ben, **arguments}
        return self.database.act(lambda session: verb(session, **given))


def whole(app: Flask) -> Any:
    """``app``, whose answers are read and closed before they are sent.

    A browser that reloads resets its connection, and Werkzeug's server then forgets to close the file it was sending.
    """

    def answer(environ: Any, start_response: Any) -> Any:
        return Response.from_app(app, environ, buffered=True)(environ, start_response)

    return answer


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve ``app`` at the address that is given, one thread for each connection."""
    server = make_server("127.0.0.1", 0, whole(app), threaded=True, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
