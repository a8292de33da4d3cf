"""The API's application, made when somebody first calls it.

Most workers never hear from another program, and would keep the calls' schemas in megabytes of memory and a fifth of
their start for nothing. Source: BATTERY P9; decision 19.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING, cast

from lending.api import PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

_NAME = "lending_calls"


class LateCalls:
    """The calls beside an application of pages, of the library that those serve."""

    def __init__(self, pages: Flask, make: Callable[[], Flask]) -> None:
        self._pages, self._make = pages, make
        self._making = Lock()
        self._made: Flask | None = None

    def app(self) -> Flask:
        """The application of the calls; whoever asks first waits while it is made, and so does who comes meanwhile."""
        if self._made is None:
            with self._making:
                if self._made is None:
                    self._made = self._make()
        self._made.extensions["lending"] = self._pages.extensions["lending"]
        return self._made

    def beside(self, pages: WSGIApplication) -> WSGIApplication:
        """``pages``, and the calls at every address below theirs."""

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if path == PREFIX or path.startswith(f"{PREFIX}/"):
                return self.app().wsgi_app(environ, start)
            return pages(environ, start)

        return answer


def install(app: Flask, make: Callable[[], Flask]) -> None:
    """Answer calls beside the pages of ``app``, by the application that ``make`` makes of them at the first one."""
    calls = LateCalls(app, make)
    app.extensions[_NAME] = calls
    app.wsgi_app = calls.beside(app.wsgi_app)  # type: ignore[method-assign, assignment]  # as Flask's manual does


def calls_of(app: Flask) -> Flask:
    """The application of the calls beside ``app``."""
    return cast(LateCalls, app.extensions[_NAME]).app()
