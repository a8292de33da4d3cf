"""Our application without a server: the same requests, answered in this process, where statements can be counted."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event

from lending.db import Database


class InsideLine:
    """Requests handed to the application itself."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client(use_cookies=False)

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, list[str], bytes]:
        """Answer at once."""
        answer = self._client.open(path, method=method, headers=headers, data=body)
        return answer.status_code, answer.headers.getlist("Set-Cookie"), answer.data


@contextmanager
def application(url: str) -> Iterator[tuple[Flask, Database]]:
    """The application on the database at ``url``, and that database."""
    from lending import settings
    from lending.app import create_app
    from lending.library import open_library

    with tempfile.TemporaryDirectory(prefix="lending-bench-") as folder:
        given = {"database_url": url, "secret_key": secrets.token_hex(32), "log_level": "WARNING"}
        chosen = settings.load({}, instance=Path(folder), given=given)
        library = open_library(chosen)
        try:
            yield create_app(chosen, library), library.db
        finally:
            library.db.close()


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements sent meanwhile, in order; BEGIN and COMMIT are the driver's and not among them (P3)."""
    statements: list[str] = []

    def note(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)
