"""A county library with its API open, for a year that is played through it.

Branches, staff, kits and hours are the demonstration's; what happens comes in through the API as a desk's program would
send it, and by the sweeps as the scheduler runs them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lending import settings
from lending.app import create_app
from lending.circulation.staff import make_token
from lending.cli.demonstration import ground, stock
from lending.cli.demonstration.town import WORK_READY, Place, Town, acting
from lending.clock import MovingClock
from lending.db import Database
from lending.jobs.sweeps import SWEEPS
from lending.library import Library
from lending.models.branches import Branch
from lending.models.kits import Kit, KitType
from lending.models.people import Staff
from lending.models.stock import Stock
from lending.programs.pools import OUT_OF_SERVICE
from lending.queries.invariants import INVARIANTS


class Unexpected(AssertionError):
    """The API answered with something that no desk could go on from."""


@dataclass
class County:
    """A library, the clock everything reads, and one program for each account."""

    library: Library
    town: Town
    clock: MovingClock
    client: FlaskClient
    tokens: Mapping[str, str]
    keys: count[int] = field(default_factory=lambda: count(1))
    requests: int = 0

    @classmethod
    def open(cls, database: Database, folder: Path, *, first_day: date, kits: int, open_kits: int = 0) -> County:
        """Lay the ground in an empty ``database`` as it stands in the morning of ``first_day``."""
        # The clock is moved, so a pace would wait by the real one, night after night.
        given = {"profile": "testing", "secret_key": "k" * 40, "log_level": "WARNING", "notices_a_second": 0}
        chosen = settings.load({}, instance=folder, given=given)
        clock = MovingClock(datetime.combine(first_day, time(16), UTC))
        library = Library(database, clock, None, chosen)
        town = database.act(
            lambda s: ground.lay(s, seed=7, today=first_day, spaces=library.spaces, password_hashes={}, pin_hash="")
        )
        for box in stock.deliveries(town, kits, open_kits):
            database.act(lambda s, box=box: stock.unpack(s, town, box))
        app: Flask = create_app(library=library)
        return cls(library, town, clock, app.test_client(), _tokens(database, town, clock.now()))

    @property
    def places(self) -> list[Place]:
        """Every branch."""
        return list(self.town.places.values())

    def ask(self, who: str, method: str, address: str, body: Any = None, **query: Any) -> tuple[int, dict[str, Any]]:
        """One request by ``who``; gives the status and what was answered. A server's error is never expected."""
        self.requests += 1
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        if method != "GET":
            headers["Idempotency-Key"] = f"year-{next(self.keys)}"
        answer = self.client.open(
            f"/api/v1{address}", method=method, json=body, query_string=query or None, headers=headers
        )
        if answer.status_code >= 500 or answer.status_code in (400, 401, 403, 404, 405, 422):
            raise Unexpected(f"{method} {address} {json.dumps(body, default=str)}: {answer.status_code} {answer.text}")
        return answer.status_code, answer.get_json(silent=True) or {}

    def done(self, who: str, method: str, address: str, body: Any = None, **query: Any) -> dict[str, Any] | None:
        """The answer of a request that was carried out; ``None`` when it was refused for a reason."""
        status, answer = self.ask(who, method, address, body, **query)
        return answer if status < 400 else None

    def must(self, who: str, method: str, address: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """The answer of a request that has to be carried out."""
        status, answer = self.ask(who, method, address, body, **query)
        if status >= 400:
            raise Unexpected(f"{method} {address} {json.dumps(body, default=str)}: {status} {answer}")
        return answer

    def in_service(self) -> dict[str, int]:
        """How many Work Ready kits each branch has, wherever they are, without those that nobody can plan with."""
        chosen = (
            select(Branch.code, func.count())
            .join(Stock, Stock.branch_id == Branch.id)
            .join(KitType, KitType.id == Stock.kit_type_id)
            .join(Kit, Kit.stock_id == Stock.id)
            .where(KitType.code == WORK_READY, Kit.state.not_in(OUT_OF_SERVICE))
            .group_by(Branch.code)
        )
        with self.library.db.read() as session:
            return dict(session.execute(chosen).all())

    def sweep(self) -> None:
        """Every sweep there is, as the scheduler runs them at night."""
        for run in SWEEPS.values():
            run(self.library, self.clock.now())

    def broken(self) -> dict[str, list[dict[str, Any]]]:
        """Every law of the data that does not hold, with its rows."""
        with self.library.db.snapshot() as session:
            return {law.name: rows for law in INVARIANTS if (rows := law.find(session))}

    def at(self, place: Place, on: date, part: float) -> datetime:
        """An instant on ``on``, or on the next open day of ``place``, with ``part`` (0 to 1) of its hours passed."""
        day = place.calendar.next_open_on_or_after(on) or on
        opens, closes = place.calendar.opening_at(day), place.calendar.closing_at(day)
        return opens + (closes - opens) * part

    def local_day(self, at: datetime) -> date:
        """The branches' day of an instant."""
        return self.places[0].calendar.local_date(at)


def _tokens(database: Database, town: Town, at: datetime) -> dict[str, str]:
    """A token for every account, by the name it signs in with."""
    with database.read() as session:
        staff = {row.username: row.public_id for row in session.scalars(select(Staff))}
    return {
        username: database.act(
            lambda s, staff=public_id: make_token(s, staff=staff, name="year", at=at, by=acting(town.admin))
        )
        for username, public_id in staff.items()
    }


def weekly(first_on: date) -> dict[str, Any]:
    """Six workshops, a week apart, in the evening."""
    return {"first_on": first_on.isoformat(), "starts": "18:00", "minutes": 90, "count": 6}


DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
