"""The API as a program meets it: an application of its own over the standing cast, and tokens for its people."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lending import api, paths
from lending.circulation.staff import token_digest
from lending.db import Database
from lending.library import Library
from lending.models.people import ApiToken, Staff
from lending.settings import load
from tests.cast import NOW, Cast, assemble
from tests.databases import opened


@dataclass
class Hands:
    """A clock that a test sets."""

    at: datetime = NOW

    def now(self) -> datetime:
        """The instant the test says it is."""
        return self.at


@dataclass
class Desk:
    """One program with one token. Keys are made where a test does not give one."""

    client: FlaskClient
    token: str
    keys: Iterator[int]

    def get(self, address: str, **query: Any) -> Any:
        """Read something."""
        return self.client.get(f"/api/v1{address}", query_string=query, headers=self._headers(None))

    def send(self, method: str, address: str, body: Any = None, *, key: str | None = "") -> Any:
        """Change something; without ``key`` one is made, with ``None`` none is sent."""
        key = f"{self.token}-{next(self.keys)}" if key == "" else key
        return self.client.open(f"/api/v1{address}", method=method, json=body, headers=self._headers(key))

    def post(self, address: str, body: Any = None, *, key: str | None = "") -> Any:
        """Change something by POST."""
        return self.send("POST", address, {} if body is None else body, key=key)

    def _headers(self, key: str | None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.token}"}
        return headers if key is None else {**headers, "Idempotency-Key": key}


@dataclass
class Door:
    """The API over one library, with what a test needs to look behind it."""

    app: Flask
    database: Database
    cast: Cast
    clock: Hands
    keys: Iterator[int] = field(default_factory=lambda: count(1))

    def desk(self, username: str) -> Desk:
        """A program with the token of ``ben``, ``cleo``, ``dora``, ``eli`` or of somebody the test added."""
        return Desk(self.app.test_client(), f"token-of-{username}", self.keys)

    @property
    def ben(self) -> Desk:
        """Ben's, at East Los Angeles."""
        return self.desk("ben")

    @property
    def cleo(self) -> Desk:
        """Cleo's, who manages Compton."""
        return self.desk("cleo")

    @property
    def eli(self) -> Desk:
        """Eli's, who administers."""
        return self.desk("eli")

    def every(self, chosen: Any) -> list[Any]:
        """All rows that a statement finds."""
        with self.database.read() as session:
            return list(session.scalars(chosen))


def give_tokens(database: Database) -> None:
    """Every staff member's token is ``token-of-`` and their name."""

    def add(session: Any) -> None:
        for staff in session.scalars(select(Staff)):
            digest = token_digest(f"token-of-{staff.username}")
            session.add(ApiToken(staff_id=staff.id, name="program", digest=digest, created_at=NOW))

    database.act(add)


def door_to(database: Database, instance: Path, app: Flask) -> Door:
    """The API over ``database``, with the standing cast in it."""
    cast = assemble(database)
    give_tokens(database)
    clock = Hands()
    settings = load({}, instance=instance, given={"profile": "testing", "secret_key": "k" * 32})
    app.extensions["lending"] = Library(database, clock, None, settings)
    return Door(app, database, cast, clock)


def an_app() -> Flask:
    """The API without a library."""
    from flask_babel import Babel

    app = Flask("lending", template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC))
    app.testing = True
    Babel(app)
    api.register(app)
    return app


@cache
def the_app() -> Flask:
    """The API, put together once in a run, which takes a quarter of a second: each test gives it its library."""
    return an_app()


@pytest.fixture(scope="module")
def module_door(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The API over one library for a whole module, for requests that change nothing."""
    folder = tmp_path_factory.mktemp("door")
    shutil.copyfile(migrated_file, folder / "library.db")
    with opened(f"sqlite:///{folder / 'library.db'}") as database:
        yield door_to(database, folder, an_app())


@pytest.fixture
def door(sqlite_database: Database, tmp_path: Path) -> Door:
    """The API over the standing cast, on SQLite."""
    return door_to(sqlite_database, tmp_path, the_app())


@pytest.fixture
def both(database: Database, tmp_path: Path) -> Door:
    """The same on each engine."""
    return door_to(database, tmp_path, the_app())
