"""A small town for the tests of people and kits: two branches, the people of both, and a kit type.

Ada is the patron, Ben stands at the desk of East Los Angeles, Mona manages it, Cleo manages Compton, Ida administers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation import kits, patrons
from lending.db import Database
from lending.domain.actors import Actor, Door
from lending.domain.barcodes import Code, CodeSpaces, Kind, library_code, read
from lending.domain.calendars import WeeklyHours
from lending.domain.permissions import Role
from lending.errors import Block, Reason, Refused
from lending.models.base import new_public_id
from lending.models.branches import Branch, Station
from lending.models.journal import JournalEntry
from lending.models.people import Patron, Staff
from lending.models.policies import Policy

T = TypeVar("T")

AT = datetime(2026, 5, 4, 18, 0, tzinfo=UTC)
"""A Monday, 11:00 in Los Angeles."""

SPACES = CodeSpaces()
HOURS = WeeklyHours.parse("; ".join(f"{day} 10:00-18:00" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")))


def card(sequence: int) -> Code:
    """The card number with this sequence."""
    return read(library_code("2", "9999", sequence), SPACES)


def scan(text: str) -> Code:
    """What a scanner sent."""
    return read(text, SPACES)


@dataclass(frozen=True, slots=True)
class Town:
    """The ids of what is always there, and the people as they act."""

    database: Database
    ela: int
    com: int
    ben: Actor
    mona: Actor
    cleo: Actor
    ida: Actor
    work_ready: str

    def act(self, verb: Callable[..., T], /, *, by: Actor, at: datetime = AT, **arguments: Any) -> T:
        """One act of its own, committed."""
        actor = replace(by, act=new_public_id())
        return self.database.act(lambda session: verb(session, at=at, by=actor, **arguments))

    def refused(self, verb: Callable[..., Any], /, *, by: Actor, at: datetime = AT, **arguments: Any) -> list[Block]:
        """The blocks of an act that is refused."""
        with pytest.raises(Refused) as refused:
            self.act(verb, by=by, at=at, **arguments)
        return list(refused.value.blocks)

    def reasons(self, verb: Callable[..., Any], /, *, by: Actor, at: datetime = AT, **arguments: Any) -> list[Reason]:
        """The reasons why an act is refused."""
        return [block.reason for block in self.refused(verb, by=by, at=at, **arguments)]

    def one(self, chosen: Any) -> Any:
        """What a statement finds, when it finds one thing."""
        with self.database.read() as session:
            return session.scalars(chosen).one()

    def every(self, chosen: Any) -> list[Any]:
        """All that a statement finds."""
        with self.database.read() as session:
            return list(session.scalars(chosen))

    def journal(self, verb: str) -> list[JournalEntry]:
        """The journal's rows of one verb, in order."""
        return self.every(select(JournalEntry).where(JournalEntry.verb == verb).order_by(JournalEntry.id))

    def register(self, sequence: int = 1, *, branch_id: int | None = None, **details: object) -> str:
        """A patron with the card of this sequence; Ada unless another name is given."""
        given = {"name": "Ada Okafor", "birth_date": "1990-02-28", **details}
        home = self.ela if branch_id is None else branch_id
        return self.act(patrons.register, card=card(sequence), details=given, home_branch_id=home, by=self.ida).patron

    def patron(self, public_id: str) -> Patron:
        """A patron's row."""
        found: Patron = self.one(select(Patron).where(Patron.public_id == public_id))
        return found

    def add_kit(self, code: str = "KIT-00042", **given: Any) -> str:
        """A kit of the type work-ready at East Los Angeles, whole."""
        return self.act(
            kits.add_kit,
            **{"code": scan(code), "kit_type": self.work_ready, "branch_id": self.ela, "by": self.ben, **given},
        ).kit


def town_in(database: Database) -> Town:
    """Build the town in an empty library."""

    def build(session: Session) -> dict[str, Any]:
        ela, com = (
            Branch(code=code, name=name, zone="America/Los_Angeles", hours=HOURS)
            for code, name in (("ELA", "East Los Angeles Library"), ("COM", "Compton Library"))
        )
        session.add_all([ela, com, Policy(valid_from=datetime(2020, 1, 1, tzinfo=UTC))])
        session.flush()
        session.add(Station(branch_id=ela.id, name="Desk 1"))
        people = {
            "ben": ("Ben Nguyen", Role.DESK, {ela.id}),
            "mona": ("Mona Haddad", Role.MANAGER, {ela.id}),
            "cleo": ("Cleo Park", Role.MANAGER, {com.id}),
            "ida": ("Ida Lindqvist", Role.ADMIN, set()),
        }
        found: dict[str, Any] = {"ela": ela.id, "com": com.id}
        for username, (name, role, branch_ids) in people.items():
            staff = Staff(username=username, name=name, role=role, created_at=AT)
            session.add(staff)
            session.flush()
            found[username] = Actor(
                role=role, door=Door.WEB, act="", staff_id=staff.id, branch_ids=frozenset(branch_ids)
            )
        return found

    found = database.act(build)
    town = Town(database=database, work_ready="work-ready", **found)
    town.act(
        kits.add_kit_type,
        by=town.ida,
        code="work-ready",
        name="Work Ready kit",
        whole_price_cents=60_000,
        cohort_only=False,
        parts=[
            kits.ExpectedPart("Chromebook", price_cents=30_000),
            kits.ExpectedPart("Hotspot", price_cents=12_000),
            kits.ExpectedPart("Charger", quantity=2, price_cents=2_500),
            kits.ExpectedPart("Case", price_cents=1_500, bills_alone=True),
            kits.ExpectedPart("Planner", returnable=False),
        ],
    )
    return town


__all__ = ["AT", "SPACES", "Kind", "Town", "card", "scan", "town_in"]
