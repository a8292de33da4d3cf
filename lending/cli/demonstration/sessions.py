"""What there is to see of sessions today: the workshops that the running one has held, and the next one, which is full.

Of the next one all seats are taken, people wait for a kit at two branches and for a seat, and one seat is on offer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.cli.demonstration.desk import enrolling
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.past import CohortDates, planning
from lending.cli.demonstration.rehearsal import Step, Story
from lending.cli.demonstration.town import Place, Town, acting
from lending.domain.actors import Actor
from lending.domain.states import EnrolmentState
from lending.models.cohorts import AttendanceMode, Cohort, Enrolment, HeadCountKind, Workshop
from lending.models.people import Card
from lending.programs.withdrawal import withdraw
from lending.programs.workshops import post_recording, record_views, set_head_count, sign_in

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_TOO_MANY = 2
"""At each branch, how many more people than kits."""


def held(town: Town, cohort: CohortDates) -> Iterator[Story]:
    """Every workshop of the running session until yesterday: who came, who was counted, who viewed its recording."""
    place = town.places["ELA"]
    for n in range(1, 7):
        on = cohort.starts_on + 2 * _DAY + (n - 1) * _WEEK
        if on < town.today - _DAY:
            yield _one_workshop(town, place, cohort, n, on)


def _one_workshop(town: Town, place: Place, cohort: CohortDates, n: int, on: date) -> Story:
    chance = town.chance("workshop", n)

    def counted(session: Session, at: datetime, by: Actor) -> str:
        workshop = session.scalars(
            select(Workshop.public_id).join(Cohort).where(Cohort.code == cohort.code, Workshop.n == n)
        ).one()
        came = [card for card in _cards(session, cohort) if chance.random() < 0.6]
        for card in came:
            sign_in(session, workshop=workshop, patron=card, mode=AttendanceMode.VIRTUAL, at=at, by=acting(by))
        devices = len(came) + chance.randint(1, 5)
        set_head_count(session, workshop=workshop, kind=HeadCountKind.DEVICES, n=devices, at=at, by=acting(by))
        posted_on = place.calendar.local_date(at)
        post_recording(session, workshop=workshop, posted_on=posted_on, at=at, by=acting(by))
        return workshop

    workshop: str = yield Step(place, on + _DAY, 0.3, counted, by=town.lead)
    for days in range(2, 6):

        def viewed(session: Session, at: datetime, by: Actor) -> None:
            day = place.calendar.local_date(at)
            views = chance.randint(3, 24)
            record_views(session, workshop=workshop, day=day, views=views, at=at, by=by)

        yield Step(place, on + days * _DAY, 0.95, viewed, by=town.lead)


def _cards(session: Session, cohort: CohortDates) -> list[str]:
    """The cards of whoever has a seat."""
    return list(
        session.scalars(
            select(Card.number)
            .join(Enrolment, Enrolment.patron_id == Card.patron_id)
            .join(Cohort, Cohort.id == Enrolment.cohort_id)
            .where(Cohort.code == cohort.code, Enrolment.state == EnrolmentState.ENROLLED, Card.ended_at.is_(None))
            .order_by(Enrolment.id)
        )
    )


@dataclass(slots=True)
class Coming:
    """The next session's stories, and whom to scan."""

    cohort: CohortDates
    told: list[Story] = field(default_factory=list)
    hints: list[tuple[str, str]] = field(default_factory=list)


def coming(town: Town, running: CohortDates, kits: int, person: Callable[[Place], Person]) -> Coming:
    """The session after ``running``, with ``kits`` at each of two branches. ``person`` gives the next one."""
    number = int(running.code.removeprefix("WR-")) + 1
    made = Coming(CohortDates(f"WR-{number}", f"Work Ready {number}", running.starts_on + 8 * _WEEK))
    places = [town.places[code] for code in ("ELA", "COM")]
    seats = len(places) * (kits + _TOO_MANY)
    made.told.append(planning(town, made.cohort, {place.code: kits for place in places}, seats, weeks_before=10))
    for n in range(seats):
        place = places[n % len(places)]
        joins = _joining(town, place, made.cohort, person(place), 14 - n * 10 // seats)
        made.told.append(_leaving(town, place, joins) if n == 0 else joins)
    for n, what in enumerate(("is offered a seat in", "waits for a seat in", "waits for a seat in")):
        place, days = places[n % len(places)], 3
        somebody = person(place)
        made.told.append(_joining(town, place, made.cohort, somebody, days, part=0.5 + n / 10))
        made.hints.append((f"{place.name}: {what} {made.cohort.name}", town.card(somebody.sequence).text))
    return made


def _joining(
    town: Town, place: Place, cohort: CohortDates, somebody: Person, open_days: int, part: float = 0.4
) -> Generator[Step, Any, str]:
    """Somebody enrols so many open days ago; gives the enrolment."""
    on = town.open_days_ago(place, open_days)
    enrolment: str = yield Step(place, on, part, enrolling(town, place, somebody, cohort.code))
    return enrolment


def _leaving(town: Town, place: Place, joins: Generator[Step, Any, str]) -> Story:
    """Whoever was first found work yesterday: the seat is offered to the first who waits."""
    enrolment = yield from joins
    yield Step(
        place,
        town.open_days_ago(place, 1),
        0.7,
        lambda session, at, by: withdraw(session, enrolment=enrolment, reason="found work", at=at, by=by),
    )
