"""The demonstration's town: its branches with their calendars, who acts there, and the day it is.

Everything that is told about the past asks here when a door was open and who stood behind the desk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

from lending.cli.demonstration.names import Person, person
from lending.domain.actors import Actor, Door
from lending.domain.barcodes import Code, CodeSpaces, Kind, library_code, read
from lending.domain.calendars import Calendar
from lending.domain.permissions import Role
from lending.models.base import new_public_id

WORK_READY = "work-ready"
LAPTOP_HOTSPOT = "laptop-hotspot"
INSTITUTION = "9999"
"""The institution of test cards: no library has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A branch of the town: its row, its calendar, its desk, and how large it is beside the others."""

    id: int
    code: str
    name: str
    calendar: Calendar
    desk: Actor
    weight: int

    @property
    def city(self) -> str:
        """Where its readers live."""
        return self.name.removesuffix(" Library")


@dataclass(frozen=True, slots=True)
class Town:
    """Where and when the demonstration plays. ``today`` is the branches' local day, on which nothing is done yet."""

    seed: int
    today: date
    spaces: CodeSpaces
    places: Mapping[str, Place]
    manager: Actor
    lead: Actor
    admin: Actor
    pin_hash: str
    system: Actor = field(default=Actor(Role.SYSTEM, Door.JOBS, ""))

    @property
    def begins_on(self) -> date:
        """The day on which its kits arrived."""
        return self.today - timedelta(days=400)

    def person(self, sequence: int, place: Place, expires_on: date | None = None) -> Person:
        """The reader with this card, who lives near ``place``."""
        return person(sequence, seed=self.seed, today=self.today, city=place.city, expires_on=expires_on)

    def card(self, sequence: int) -> Code:
        """The card number with this sequence."""
        return read(library_code(self.spaces.patron_prefix, INSTITUTION, sequence), self.spaces)

    def kit_code(self, number: int) -> Code:
        """``KIT-1042``, or a 14-digit code in a library whose kits are not called so."""
        code = read(f"KIT-{number}", self.spaces)
        if code.kind is Kind.KIT:
            return code
        return read(library_code(self.spaces.item_prefix, INSTITUTION, number), self.spaces)

    def chance(self, *about: object) -> Random:
        """What is left to chance in one story: the same for the same seed, whatever else is told."""
        return Random(f"{self.seed} {about}")  # noqa: S311 - nobody's secret, and the same every time

    def days_ago(self, place: Place, days: int) -> date:
        """The last day at least ``days`` before today on which ``place`` was open."""
        wanted = self.today - timedelta(days=days)
        return place.calendar.last_open_on_or_before(wanted, wanted - timedelta(days=60)) or wanted

    def open_days_ago(self, place: Place, count: int) -> date:
        """The ``count``-th open day of ``place`` before today, 1 for the last one."""
        return place.calendar.add_open_days(self.today, -count) or self.today - timedelta(days=count)


def open_at(place: Place, on: date, part: float) -> datetime:
    """An instant at which ``place`` is open: ``part`` (0 to 1) of its hours on ``on``, or on the next open day."""
    day = place.calendar.next_open_on_or_after(on)
    if day is None:
        raise ValueError(f"{place.code} does not open again after {on}")
    opens, closes = place.calendar.opening_at(day), place.calendar.closing_at(day)
    return opens + timedelta(minutes=round((closes - opens) / timedelta(minutes=1) * part))


def acting(actor: Actor) -> Actor:
    """``actor`` in a new act."""
    return replace(actor, act=new_public_id())


def shares(total: int, weights: Iterable[int]) -> list[int]:
    """``total`` divided by ``weights`` into whole numbers that add up to it, the largest remainders first."""
    parts = list(weights)
    exact = [total * weight / sum(parts) for weight in parts]
    whole = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda n: (whole[n] - exact[n], n))
    for n in by_remainder[: total - sum(whole)]:
        whole[n] += 1
    return whole
