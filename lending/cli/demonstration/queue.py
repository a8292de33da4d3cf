"""The demonstration's queue: a library whose few kits are all out, and the people who wait for one.

Here are the waits of a year from which a patron is told between which days a kit may come (``queries/waiting.py``).
Source: RULES 0, the pilot: "60 kits gone in a week, over 300 holds".
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lending.circulation.reserving import cancel, reserve
from lending.cli.demonstration.desk import lending, registering
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.past import coming_back, days_late
from lending.cli.demonstration.rehearsal import Do, Step, Story
from lending.cli.demonstration.town import LAPTOP_HOTSPOT, Place, Town, acting
from lending.domain.actors import Actor
from lending.domain.states import ReservationState
from lending.models.branches import Branch
from lending.models.kits import KitType
from lending.models.reservations import Reservation

AT = "LAN"
"""The library where people wait: Lancaster, far from the others."""

BEGINS_DAYS_AGO = 390
LAST_DAYS_AGO = (3, 2, 1)
"""Open days ago on which the last three came, who wait today."""

_LONGEST = 8
"""Whoever would be further back goes home without a place."""
_ROUND_DAYS = 45
"""From one check-out of a kit to the next, nearly."""
_COME = 1.25
"""How many people come for each kit that comes back."""

_DAY = timedelta(days=1)


def arrivals(town: Town, place: Place, kits: int) -> Iterator[date]:
    """The days on which somebody asks for a kit: a rush in the first week, and a few every week from then on."""
    chance = town.chance("arrivals", place.code)
    begins_on = town.today - BEGINS_DAYS_AGO * _DAY
    for _ in range(kits + _LONGEST):
        yield begins_on + chance.randint(0, 6) * _DAY
    days = 7.0
    last = BEGINS_DAYS_AGO - 7
    while (days := days + chance.expovariate(_COME * kits / _ROUND_DAYS)) < last:
        yield begins_on + int(days) * _DAY


@dataclass(slots=True)
class Waiting:
    """The stories of everybody who ever waited there, and whose place to look at."""

    told: list[Story] = field(default_factory=list)
    hints: list[tuple[str, str]] = field(default_factory=list)


def waiting(town: Town, kits: Sequence[Place], person: Callable[[Place], Person]) -> Waiting:
    """Who waits for a kit at one library. ``kits`` are the owners of all kits of the type; ``person`` the next one."""
    made, place = Waiting(), town.places[AT]
    owned = sum(owner.code == AT for owner in kits)
    made.told += [_hopeful(town, place, person(place), on) for on in arrivals(town, place, owned)]
    for open_days in LAST_DAYS_AGO:
        somebody = person(place)
        made.told.append(_hopeful(town, place, somebody, town.open_days_ago(place, open_days), comes_anyway=True))
        made.hints.append((f"{place.name}: waits for a kit, and is told about when", town.card(somebody.sequence).text))
    return made


def _hopeful(town: Town, place: Place, somebody: Person, on: date, *, comes_anyway: bool = False) -> Story:
    """Somebody reserves, looks every day whether a kit is kept, borrows it, and brings it back; a few give up."""
    chance = town.chance("hopeful", somebody.sequence)
    patience = chance.randint(10, 40) if chance.random() < 0.08 else BEGINS_DAYS_AGO
    asking = _reserving(town, place, somebody, longest=BEGINS_DAYS_AGO if comes_anyway else _LONGEST)
    reservation = yield Step(place, on, chance.uniform(0.05, 0.95), asking)
    if reservation is None:
        return
    kept_on = yield from _looking(place, reservation, on, on + patience * _DAY)
    if kept_on is None:
        yield Step(place, on + patience * _DAY, 0.5, _giving_up(reservation))
        return
    out_on = kept_on + chance.randint(0, 4) * _DAY
    kit = yield Step(place, out_on, chance.uniform(0.05, 0.95), lending(town, place, somebody, LAPTOP_HOTSPOT))
    due_on = out_on + 42 * _DAY
    yield from coming_back(town, place, kit, due_on, due_on + days_late(chance) * _DAY, chance)


def _looking(place: Place, reservation: str, on: date, until: date) -> Generator[Step, Any, date | None]:
    """The day on which a kit is kept for a reservation; ``None`` when it is not before ``until``."""

    def is_kept(session: Session, _at: datetime, _by: Actor) -> bool:
        state = session.scalar(select(Reservation.state).where(Reservation.public_id == reservation))
        return state is ReservationState.PROMISED

    while on < until:
        on += _DAY
        if (yield Step(place, on, 0.9, is_kept)):
            return on
    return None


def _reserving(town: Town, place: Place, somebody: Person, *, longest: int) -> Do:
    """Ask for a kit, unless so many people wait already; gives the reservation's public id."""

    def do(session: Session, at: datetime, by: Actor) -> str | None:
        registering(town, place, somebody)(session, at, by)
        before = session.scalars(
            select(func.count(Reservation.id))
            .join(Branch, Branch.id == Reservation.pickup_branch_id)
            .join(KitType, KitType.id == Reservation.kit_type_id)
            .where(
                Branch.code == place.code,
                KitType.code == LAPTOP_HOTSPOT,
                Reservation.state == ReservationState.WAITING,
            )
        ).one()
        if before >= longest:
            return None
        made = reserve(
            session,
            patron=town.card(somebody.sequence).text,
            kit_type=LAPTOP_HOTSPOT,
            pickup_branch_id=place.id,
            at=at,
            by=acting(by),
        )
        return made.reservation

    return do


def _giving_up(reservation: str) -> Do:
    return lambda session, at, by: cancel(session, reservation=reservation, reason="found another", at=at, by=by)
