"""Workshops of one day in the demonstration: people register by name, without a card; who came is counted, not named.

One every third week for a year, in the room, online or both ways, and one or two that are still to come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from lending.cli.demonstration.names import Person
from lending.cli.demonstration.rehearsal import Do, Step, Story
from lending.cli.demonstration.sessions import viewed
from lending.cli.demonstration.told import NEWCOMER, answering, heard
from lending.cli.demonstration.town import WORK_READY, Place, Town, acting
from lending.domain.actors import Actor
from lending.models.cohorts import HeadCountKind, WorkshopMode
from lending.models.outcomes import RegistrationWay
from lending.programs.registrations import register
from lending.programs.singles import SinglePlan, plan_single
from lending.programs.surveys import open_survey
from lending.programs.workshops import post_recording, set_head_count

_KINDS = (
    ("Résumé clinic", "ELA", WorkshopMode.ONSITE),
    ("Safe online while you look for work", "ELA", WorkshopMode.VIRTUAL),
    ("Interview practice", "COM", WorkshopMode.ONSITE),
    ("Free certificates from the college", "ELA", WorkshopMode.VIRTUAL),
    ("Meet three employers", "NOR", WorkshopMode.HYBRID),
    ("First steps with a Chromebook", "LAN", WorkshopMode.ONSITE),
)
"""What is held in turn, at which library, and how; one held online is of none."""

_EVERY = timedelta(weeks=3)
_PAST, _COMING = 17, 1
"""How many were held before this week's, and how many are planned after it."""

_DAY = timedelta(days=1)
_FIRST = 50_001
"""The first sequence of people who register without a card: no card has it."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """One of them: what, when, where and how. ``first`` is the sequence of the first who registers."""

    title: str
    place: Place
    mode: WorkshopMode
    on: date
    first: int

    @property
    def way(self) -> RegistrationWay:
        """How people register for it: of one that is held both ways, they need not say yet."""
        return RegistrationWay.EITHER if self.mode is WorkshopMode.HYBRID else RegistrationWay(self.mode.value)

    @property
    def counted(self) -> HeadCountKind:
        """What is counted: heads in the room, or devices online."""
        return HeadCountKind.DEVICES if self.mode is WorkshopMode.VIRTUAL else HeadCountKind.ONSITE


def held(town: Town) -> Iterator[Story]:
    """All of them, the earliest first."""
    saturday = town.today + timedelta(days=5 - town.today.weekday())
    for number in range(_PAST + _COMING + 1):
        title, code, mode = _KINDS[number % len(_KINDS)]
        place = town.places[code]
        wanted = saturday - (_PAST - number) * _EVERY
        on = place.calendar.next_open_on_or_after(wanted) or wanted
        yield _one(town, Gathering(title, place, mode, on, _FIRST + 20 * number))


def _one(town: Town, what: Gathering) -> Story:
    """It is planned, people register, and after it somebody writes down how many came and what they said."""
    chance = town.chance("gathering", what.first)
    workshop: str = yield Step(what.place, what.on - 35 * _DAY, 0.2, _planning(what), by=town.lead)
    people = [town.person(what.first + n, what.place) for n in range(chance.randint(5, 7))]
    for days, some in ((28, people[::2]), (9, people[1::2])):
        signing_up = _registering(workshop, what.way, some, chance)
        yield Step(what.place, what.on - days * _DAY, chance.random(), signing_up, by=NEWCOMER)
    if what.on >= town.today - _DAY:
        return
    came = chance.randint(11, 26)
    survey: str = yield Step(what.place, what.on + _DAY, 0.1, _counting(what, workshop, came, chance), by=town.lead)
    yield Step(what.place, what.on + 2 * _DAY, 0.6, answering(survey, came * 2 // 5, chance), by=NEWCOMER)
    if what.mode is not WorkshopMode.ONSITE:
        views = viewed(what.place, workshop, chance.randint(9, 38))
        yield Step(what.place, what.on + 6 * _DAY, 0.9, views, by=town.lead)


def _planning(what: Gathering) -> Do:
    plan = SinglePlan(
        title=what.title,
        on=what.on,
        starts=time(11),
        minutes=90,
        mode=what.mode,
        branch_id=None if what.mode is WorkshopMode.VIRTUAL else what.place.id,
        zone=what.place.calendar.zone,
        places=40,
        languages="en, es",
    )
    return lambda session, at, by: plan_single(session, program=WORK_READY, plan=plan, at=at, by=by)


def _registering(workshop: str, way: RegistrationWay, people: list[Person], chance: Random) -> Do:
    """People register by themselves, each from their own address; half say how they heard of it."""
    answers = [heard(chance, ()) if chance.random() < 0.5 else None for _ in people]

    def do(session: Session, at: datetime, by: Actor) -> None:
        for person, said in zip(people, answers, strict=True):
            details = {"name": person.name, "email": person.email, "phone": person.phone, "language": person.language}
            register(
                session,
                workshop=workshop,
                details={name: value for name, value in details.items() if value},
                way=way,
                heard=said,
                address=f"made up {person.sequence}",
                at=at,
                by=acting(by),
            )

    return do


def _counting(what: Gathering, workshop: str, came: int, chance: Random) -> Do:
    """Who was in the room or online is counted, and the calendar's registrations; gives the survey's public id."""
    numbers = {what.counted: came, HeadCountKind.REGISTERED: came + chance.randint(2, 12)}
    if what.mode is WorkshopMode.HYBRID:
        numbers[HeadCountKind.DEVICES] = chance.randint(5, 14)

    def do(session: Session, at: datetime, by: Actor) -> str:
        for kind, n in numbers.items():
            set_head_count(session, workshop=workshop, kind=kind, n=n, at=at, by=acting(by))
        if what.mode is not WorkshopMode.ONSITE:
            posted_on = what.place.calendar.local_date(at)
            post_recording(session, workshop=workshop, posted_on=posted_on, at=at, by=acting(by))
        return open_survey(session, workshop=workshop, at=at, by=acting(by))

    return do
