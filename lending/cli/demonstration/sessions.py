"""What sessions of the demonstration held: workshops with who came, captains, surveys, and an end; and the next one.

Of the next one all seats are taken, people wait for a kit at two branches and for a seat, and one seat is on offer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.cli.demonstration.desk import enrolling
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.past import CohortDates, planning
from lending.cli.demonstration.rehearsal import Do, Step, Story
from lending.cli.demonstration.told import NEWCOMER, answering
from lending.cli.demonstration.town import Place, Town, acting
from lending.domain.actors import Actor
from lending.domain.states import EnrolmentState
from lending.models.cohorts import Cohort, Enrolment, Workshop
from lending.models.people import Card, Patron
from lending.programs.captains import name_captain
from lending.programs.completion import complete_cohorts
from lending.programs.participants import Participant, import_participants
from lending.programs.surveys import open_survey
from lending.programs.withdrawal import withdraw
from lending.programs.workshops import post_recording, record_views

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_TOO_MANY = 2
"""At each branch, how many more people than kits."""

_COACHES = ("Ngozi Adeyemi", "Leandro Fuentes", "Hanh Doan", "Siobhan Garrity", "Tigran Manukyan", "Oluwaseun Bright")
"""Who coaches a session without a record of their own, one after another."""

_ALUMNI = 2
"""How many who took part in the session before come back as captains."""


def held(town: Town, cohort: CohortDates, seats: int) -> Iterator[Story]:
    """All of a session until yesterday: its captains, its workshops, its end, and what people answered then."""
    place = town.places["ELA"]
    yield _captains(town, place, cohort)
    for n in range(1, 7):
        on = cohort.starts_on + 2 * _DAY + (n - 1) * _WEEK
        if on < town.today - _DAY:
            yield _one_workshop(town, place, cohort, n, on)
    if cohort.ends_on < town.today - _DAY:
        yield _ending(town, place, cohort, seats)


def _captains(town: Town, place: Place, cohort: CohortDates) -> Story:
    """Some who completed the session before come back as coach, and somebody from outside."""
    number = int(cohort.code.removeprefix("WR-"))

    def do(session: Session, at: datetime, by: Actor) -> None:
        name_captain(session, cohort=cohort.code, name=_COACHES[number % len(_COACHES)], at=at, by=by)
        for card in _cards(session, f"WR-{number - 1}")[:_ALUMNI]:
            name_captain(session, cohort=cohort.code, patron=card, at=at, by=acting(by))

    yield Step(place, cohort.starts_on - 10 * _DAY, 0.5, do, by=town.lead)


def _one_workshop(town: Town, place: Place, cohort: CohortDates, n: int, on: date) -> Story:
    """Who was in the meeting, by its list, and the recording; of the running session what people answered, too."""
    chance = town.chance("workshop", cohort.code, n)
    seed = chance.randint(0, 10**9)

    def counted(session: Session, at: datetime, by: Actor) -> str:
        workshop = session.scalars(
            select(Workshop.public_id).join(Cohort).where(Cohort.code == cohort.code, Workshop.n == n)
        ).one()
        came = _meeting(session, cohort, Random(seed))  # noqa: S311 - nobody's secret, and the same every time
        import_participants(session, workshop=workshop, participants=came, at=at, by=acting(by))
        post_recording(session, workshop=workshop, posted_on=place.calendar.local_date(at), at=at, by=acting(by))
        return workshop

    workshop: str = yield Step(place, on + _DAY, 0.3, counted, by=town.lead)
    if cohort.ends_on > town.today:
        asking: Do = lambda session, at, by: open_survey(session, workshop=workshop, at=at, by=by)  # noqa: E731 - one call
        survey: str = yield Step(place, on + 2 * _DAY, 0.2, asking, by=town.lead)
        answers = answering(survey, chance.randint(7, 14), chance)
        yield Step(place, on + 3 * _DAY, 0.7, answers, by=NEWCOMER)
    for days in (4, 5) if cohort.ends_on > town.today else (4,):
        yield Step(place, on + days * _DAY, 0.95, viewed(place, workshop, chance.randint(12, 44)), by=town.lead)


def _meeting(session: Session, cohort: CohortDates, chance: Random) -> list[Participant]:
    """The list of a meeting: more than half of the session's people, and devices that nobody named."""
    seats = (
        select(Patron.name, Patron.email)
        .join(Enrolment, Enrolment.patron_id == Patron.id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Cohort.code == cohort.code, Enrolment.state == EnrolmentState.ENROLLED)
        .order_by(Enrolment.id)
    )
    came = [(row.name, row.email or "") for row in session.execute(seats) if chance.random() < 0.66]
    came += [(f"Tablet {n}", "") for n in range(1, chance.randint(1, 5) + 1)]
    return [Participant(row, name, email) for row, (name, email) in enumerate(came, start=2)]


def viewed(place: Place, workshop: str, views: int) -> Do:
    """Write down how often the recording of a workshop was viewed on the day."""

    def do(session: Session, at: datetime, by: Actor) -> None:
        record_views(session, workshop=workshop, day=place.calendar.local_date(at), views=views, at=at, by=by)

    return do


def _ending(town: Town, place: Place, cohort: CohortDates, seats: int) -> Story:
    """The session is completed on the morning after, and two of five answer its survey in the next days."""
    chance = town.chance("ending", cohort.code)

    def end(session: Session, at: datetime, by: Actor) -> None:
        complete_cohorts(session, at=at, by=by, limit=1)

    survey: str = yield Step(
        place,
        cohort.ends_on - _DAY,
        0.6,
        lambda session, at, by: open_survey(session, cohort=cohort.code, at=at, by=by),
        by=town.lead,
    )
    yield Step(place, cohort.ends_on + _DAY, 0.0, end, by=town.system)
    answers = round(seats * chance.uniform(0.35, 0.5))
    for days, part in ((2, answers // 2), (5, answers - answers // 2)):
        yield Step(place, cohort.ends_on + days * _DAY, 0.7, answering(survey, part, chance), by=NEWCOMER)


def _cards(session: Session, cohort: str) -> list[str]:
    """The cards of whoever completed a session."""
    return list(
        session.scalars(
            select(Card.number)
            .join(Enrolment, Enrolment.patron_id == Card.patron_id)
            .join(Cohort, Cohort.id == Enrolment.cohort_id)
            .where(Cohort.code == cohort, Enrolment.state == EnrolmentState.COMPLETED, Card.ended_at.is_(None))
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
