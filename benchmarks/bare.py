"""A bare Flask view that lends and takes back: signed in by flask-login, guarded by Flask-WTF, hand-made SQL below.

Served by the same gunicorn settings as ours, on the same kind of connection: SQLite in WAL mode with one writer behind
a lock, PostgreSQL at READ COMMITTED with a connection a thread. Nothing else: no log, no languages, no headers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import flask_login
import psycopg
import pysqlite3.dbapi2
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from psycopg.rows import dict_row

from benchmarks.bare_acts import check_out, return_kit
from benchmarks.bare_sql import POSTGRESQL, SQLITE, NotAllowed, Staff, account
from lending.clock import SystemClock
from lending.passwords import matches

clock = SystemClock()


class Sqlite:
    """One connection that writes, one for each thread that reads."""

    sql = SQLITE

    def __init__(self, url: str) -> None:
        self._file = url.removeprefix("sqlite:///")
        self._writer = self._connect()
        self._turn = threading.Lock()
        self._readers = threading.local()

    def _connect(self) -> Any:
        connection = pysqlite3.dbapi2.connect(
            self._file, isolation_level=None, check_same_thread=False, timeout=3, cached_statements=512
        )
        connection.row_factory = pysqlite3.dbapi2.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def reader(self) -> Any:
        """This thread's connection, outside any transaction."""
        if not hasattr(self._readers, "connection"):
            self._readers.connection = self._connect()
        return self._readers.connection

    def close(self) -> None:
        """Close what this thread opened."""
        self.reader().close()
        self._writer.close()

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The writing connection, inside a transaction."""
        with self._turn:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise


class Postgresql:
    """A connection for each thread."""

    sql = POSTGRESQL

    def __init__(self, url: str) -> None:
        self._url = url
        self._connections = threading.local()

    def reader(self) -> psycopg.Connection[dict[str, Any]]:
        """This thread's connection, outside any transaction."""
        if not hasattr(self._connections, "connection"):
            options = "-c lock_timeout=3s -c timezone=UTC"
            self._connections.connection = psycopg.connect(
                self._url, options=options, autocommit=True, row_factory=dict_row
            )
        found: psycopg.Connection[dict[str, Any]] = self._connections.connection
        return found

    def close(self) -> None:
        """Close what this thread opened."""
        self.reader().close()

    @contextmanager
    def writing(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """This thread's connection, inside a transaction."""
        connection = self.reader()
        with connection.transaction():
            yield connection


def opened(url: str) -> Sqlite | Postgresql:
    """The connections to the database at ``url``."""
    return Sqlite(url) if url.startswith("sqlite") else Postgresql(url)


class Person(flask_login.UserMixin):  # type: ignore[misc]  # flask-login ships no types
    """Who is signed in."""

    def __init__(self, public_id: str, staff: Staff) -> None:
        self.id = f"{public_id}.{staff.session_version}"
        self.staff = staff


def create_app(url: str, secret_key: str) -> Flask:
    """The bare application on the database at ``url``."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=secret_key, WTF_CSRF_TIME_LIMIT=None, SESSION_COOKIE_SAMESITE="Lax")
    CSRFProtect(app)
    manager = flask_login.LoginManager(app)
    database = opened(url)

    @manager.user_loader  # type: ignore[untyped-decorator]  # flask-login has no types
    def load(kept: str) -> Person | None:
        public_id, _, version = kept.partition(".")
        staff = account(database.reader(), database.sql, public_id)
        return Person(public_id, staff) if staff is not None and staff.session_version == version else None

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return jsonify(status="ok")

    @app.get("/sign-in")
    def form() -> ResponseReturnValue:
        return f'<form><input name="csrf_token" value="{generate_csrf()}"></form>'

    @app.post("/sign-in")
    def sign_in() -> ResponseReturnValue:
        row: Any = database.reader().execute("SELECT public_id, username, password_hash FROM staff").fetchone()
        if row["username"] != request.form["username"] or not matches(request.form["password"], row["password_hash"]):
            return "no", 403
        staff = account(database.reader(), database.sql, row["public_id"])
        flask_login.login_user(Person(row["public_id"], staff)) if staff else None
        return "yes"

    @app.get("/desk")
    @flask_login.login_required  # type: ignore[untyped-decorator]  # flask-login has no types
    def desk() -> ResponseReturnValue:
        return f'<meta name="csrf-token" content="{generate_csrf()}">'

    @app.post("/desk/scans")
    @flask_login.login_required  # type: ignore[untyped-decorator]  # flask-login has no types
    def scans() -> ResponseReturnValue:
        body, staff, at = request.get_json(), flask_login.current_user.staff, clock.now()
        act: Callable[..., dict[str, Any]] = return_kit if body["screen"] == "returns" else check_out
        given = {"kit": body["code"], "key": body["key"], "body": body, "staff": staff, "at": at}
        if act is check_out:
            given["card"] = body["patron"]
        try:
            with database.writing() as connection:
                return jsonify({**act(connection, database.sql, **given), "tone": "done"})
        except NotAllowed as refused:
            return jsonify(say=str(refused), tone="stop"), 409

    return app
