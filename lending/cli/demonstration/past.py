"""The demonstration's past: six Work Ready cohorts one after another, and loans to whoever came by.

Most people bring everything back in time. Some come late, lose a charger, change branches, leave, or never return.
The proportions are plausible, not measured.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from lending.circulation.exchange import exchange
from lending.circulation.lost import declare_lost
from lending.circulation.missing_parts import bring_back_part, settle_incomplete_loans
from lending.circulation.parts import replace_part
from lending.circulation.renewal import renew
from lending.circulation.returns import Next, Receipt
from lending.circulation.stock_days import count_stock, days_over
from lending.circulation.transfers import arrive
from lending.circulation.turnaround import record_step
from lending.cli.demonstration.desk import (
    damaged,
    enrolling,
    free_kit,
    inspecting,
    lending,
    missing,
    part_id,
    paying,
    registering,
    returning,
)
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.rehearsal import Do, Step, Story
from lending.cli.demonstration.told import heard
from lending.cli.demonstration.town import LAPTOP_HOTSPOT, WORK_READY, Place, Town, acting
from lending.domain.actors import Actor
from lending.domain.states import KitState
from lending.errors import Refused
from lending.models.kits import TurnaroundStepKind
from lending.programs.cohorts import CohortTexts, plan_cohort
from lending.programs.hearing import Heard
from lending.programs.pools import PoolPlan
from lending.programs.timetable import WeeklyWorkshops
from lending.programs.withdrawal import withdraw

COHORTS = 6
LOST_AFTER_DAYS = 21
"""When staff give up on a kit that is overdue."""

COUNTED_DAYS = 60
"""How far back the kits were counted every night."""

_DAY = timedelta(days=1)
_TITLES = (
    "Getting started with your kit",
    "Finding work that fits",
    "A résumé that gets read",
    "Applying online",
    "The interview",
    "Your first ninety days",
)


@dataclass(frozen=True, slots=True)
class CohortDates:
    """One cohort of the past: its code and its dates, six weeks from a Monday to a Friday."""

    code: str
    name: str
    starts_on: date

    @property
    def ends_on(self) -> date:
        return self.starts_on + timedelta(days=39)

    @property
    def pickup_from(self) -> date:
        return self.starts_on - timedelta(days=7)


def cohorts(today: date) -> list[CohortDates]:
    """Six cohorts, eight weeks from one to the next; the last is in its third week today."""
    last = today - timedelta(days=today.weekday() + 14)
    return [
        CohortDates(f"WR-{n + 1}", f"Work Ready {n + 1}", last - timedelta(weeks=8 * (COHORTS - 1 - n)))
        for n in range(COHORTS)
    ]


def planning(town: Town, cohort: CohortDates, pools: dict[str, int], capacity: int, *, weeks_before: int = 6) -> Story:
    """The programme lead plans a cohort some weeks ahead: Wednesday evenings, online."""
    plans = [PoolPlan(town.places[code].id, WORK_READY, kits) for code, kits in pools.items()]

    def do(session: Session, at: datetime, by: Actor) -> None:
        plan_cohort(
            session,
            code=cohort.code,
            program=WORK_READY,
            name=cohort.name,
            starts_on=cohort.starts_on,
            ends_on=cohort.ends_on,
            capacity=capacity,
            pools=plans,
            workshops=WeeklyWorkshops(
                cohort.starts_on + 2 * _DAY, time(18, 0), next(iter(town.places.values())).calendar.zone, titles=_TITLES
            ),
            texts=CohortTexts(languages="en, es"),
            at=at,
            by=by,
        )

    place = town.places["ELA"]
    yield Step(place, cohort.starts_on - timedelta(weeks=weeks_before), 0.2, do, by=town.lead)


def participant(town: Town, place: Place, cohort: CohortDates, person: Person, *, leaving: float = 0.04) -> Story:
    """Somebody enrols, picks up a kit, and most often brings it back when the cohort ends.

    ``leaving`` is how likely it is (0 to 1) that they leave before it starts, or while it runs.
    """
    chance = town.chance("participant", person.sequence)
    enrolment = yield Step(
        place,
        cohort.starts_on - chance.randint(12, 28) * _DAY,
        chance.uniform(0.05, 0.95),
        enrolling(town, place, person, cohort.code, _heard(town, cohort, person)),
    )
    if chance.random() < leaving:
        yield _leaving(place, enrolment, cohort.starts_on - chance.randint(1, 5) * _DAY, chance)
        return
    picked_up_on = cohort.pickup_from + min(int(chance.expovariate(1 / 4)), 20) * _DAY
    try:
        kit = yield Step(place, picked_up_on, chance.uniform(0.05, 0.95), lending(town, place, person, WORK_READY))
    except Refused:
        return  # no kit was left for those who wait
    back_on = cohort.ends_on + days_late(chance) * _DAY
    later_on = picked_up_on + chance.randint(6, 12) * _DAY
    if chance.random() < leaving:
        yield _leaving(place, enrolment, later_on, chance)
        back_on = later_on + 5 * _DAY
    elif chance.random() < 0.03:
        kit = yield from _exchanged(place, kit, later_on, chance)
    yield from coming_back(town, place, kit, cohort.ends_on, back_on, chance)


def _heard(town: Town, cohort: CohortDates, person: Person) -> Heard | None:
    """Two of five say how they heard of it."""
    chance = town.chance("heard", person.sequence)
    earlier = [f"WR-{n}" for n in range(1, int(cohort.code.removeprefix("WR-")))]
    return heard(chance, earlier) if chance.random() < 0.4 else None


def borrower(town: Town, place: Place, person: Person, on: date) -> Story:
    """Somebody without a session borrows a kit for six weeks, and perhaps renews it once."""
    chance = town.chance("borrower", person.sequence)
    yield Step(place, on - chance.randint(2, 9) * _DAY, chance.random(), registering(town, place, person))
    try:
        kit = yield Step(place, on, chance.uniform(0.05, 0.95), lending(town, place, person, LAPTOP_HOTSPOT))
    except Refused:
        return  # all were out that day
    due_on = on + 42 * _DAY
    if chance.random() < 0.3:
        try:
            yield Step(
                place, due_on - 3 * _DAY, chance.random(), lambda session, at, by: renew(session, kit=kit, at=at, by=by)
            )
            due_on += 42 * _DAY
        except Refused:
            pass  # it stays due when it was
    yield from coming_back(town, place, kit, due_on, due_on + days_late(chance) * _DAY, chance)


def reader(town: Town, place: Place, person: Person) -> Story:
    """Somebody has a card and has not borrowed a kit yet."""
    chance = town.chance("reader", person.sequence)
    yield Step(place, town.today - chance.randint(10, 380) * _DAY, chance.random(), registering(town, place, person))


def sweeping(town: Town, begins_on: date) -> Story:
    """Every second morning, parts whose deadline passed are billed."""
    for days in range(0, (town.today - begins_on).days, 2):
        yield Step(
            town.places["ELA"],
            begins_on + days * _DAY,
            0.0,
            lambda session, at, by: settle_incomplete_loans(session, at=at, by=by),
            by=town.system,
        )


def counting(town: Town) -> Story:
    """Every morning of the last weeks, the kits of each branch are counted as they stood in the night."""
    for days in range(COUNTED_DAYS, 0, -1):
        yield Step(town.places["ELA"], town.today - days * _DAY, 0.0, _count_nights, by=town.system)


def _count_nights(session: Session, at: datetime, by: Actor) -> None:
    for over in days_over(session, at=at):
        count_stock(session, over, at=at, by=by)


def coming_back(town: Town, place: Place, kit: str, due_on: date, back_on: date, chance: Random) -> Story:
    """A kit comes back, at its branch or another one, late or never, and is made ready for the next."""
    if back_on - due_on > LOST_AFTER_DAYS * _DAY:
        yield Step(
            place,
            due_on + LOST_AFTER_DAYS * _DAY,
            0.1,
            lambda session, at, by: declare_lost(session, kit=kit, at=at, by=by),
            by=town.admin,
        )
        if chance.random() < 0.5:
            return
    elsewhere = chance.random() < 0.03
    where = chance.choice(list(town.places.values())) if elsewhere else place
    receipt = Receipt.BOOK_DROP if chance.random() < 0.06 else Receipt.COUNTER
    goes = yield Step(where, back_on, chance.uniform(0.02, 0.98), returning(kit, where, receipt))
    if goes is Next.TRANSIT:
        yield Step(
            place,
            back_on + 2 * _DAY,
            0.15,
            lambda session, at, by: arrive(session, kit=kit, branch_id=place.id, at=at, by=by),
        )
    yield from making_ready(town, place, kit, back_on + _DAY, chance)


def making_ready(town: Town, place: Place, kit: str, on: date, chance: Random) -> Story:
    """A kit that is back is inspected on a morning, and what is missing or broken is seen to."""
    what = chance.random()
    part = chance.uniform(0.02, 0.2)
    if what < 0.05:
        yield Step(place, on, part, inspecting(kit, missing("Laptop charger")))
        yield from _charger_comes_back(town, place, kit, on + chance.randint(3, 5) * _DAY, chance)
    elif what < 0.07:
        yield Step(place, on, part, inspecting(kit, missing("Carrying case")))
        yield from _replaced(town, place, kit, "Carrying case", on + 3 * _DAY, chance)
    elif what < 0.08:
        yield Step(place, on, part, inspecting(kit, damaged("Chromebook", "screen cracked", 12_000)))
    elif what < 0.3:
        # Inspected on one day, wiped on the next.
        yield Step(place, on, part, inspecting(kit, steps={TurnaroundStepKind.CHARGED: ""}))
        for step in (TurnaroundStepKind.WIPED, TurnaroundStepKind.RESTOCKED):
            yield Step(place, on, chance.uniform(0.02, 0.9), _step(kit, step))
    else:
        yield Step(place, on, part, inspecting(kit))


def _charger_comes_back(town: Town, place: Place, kit: str, on: date, chance: Random) -> Story:
    if chance.random() < 0.6:
        yield Step(
            place,
            on,
            chance.random(),
            lambda session, at, by: bring_back_part(
                session, kit=kit, part_id=part_id(session, kit, "Laptop charger"), at=at, by=by
            ),
        )
        return
    yield from _replaced(town, place, kit, "Laptop charger", on + 10 * _DAY, chance)


def _replaced(town: Town, place: Place, kit: str, name: str, on: date, chance: Random) -> Story:
    """A new part arrives, the kit goes on; most people pay for the old one."""

    def do(session: Session, at: datetime, by: Actor) -> None:
        state = replace_part(session, kit=kit, part_id=part_id(session, kit, name), at=at, by=by).kit_state
        for step in TurnaroundStepKind if state is KitState.TURNAROUND else ():
            if step is not TurnaroundStepKind.LINE_ACTIVE:
                record_step(session, kit=kit, kind=step, at=at, by=acting(by))

    yield Step(place, on, chance.random(), do)
    if chance.random() < 0.7:
        on += chance.randint(1, 12) * _DAY
        yield Step(place, on, chance.random(), paying(kit))


def _exchanged(place: Place, kit: str, on: date, chance: Random) -> Generator[Step, Any, str]:
    """The kit does not work; another one goes out for it."""

    def do(session: Session, at: datetime, by: Actor) -> str:
        other = free_kit(session, place.id, WORK_READY)
        exchange(session, kit=kit, replacement=other, branch_id=place.id, reason="does not start", at=at, by=by)
        inspecting(kit)(session, at, acting(by))
        return other

    try:
        other: str = yield Step(place, on, chance.random(), do)
    except Refused:
        return kit
    return other


def _leaving(place: Place, enrolment: str, on: date, chance: Random) -> Step:
    return Step(
        place,
        on,
        chance.uniform(0.05, 0.95),
        lambda session, at, by: withdraw(session, enrolment=enrolment, reason="found work", at=at, by=by),
    )


def _step(kit: str, kind: TurnaroundStepKind) -> Do:
    return lambda session, at, by: record_step(session, kit=kit, kind=kind, at=at, by=by)


def days_late(chance: Random) -> int:
    """When a kit comes back, in days after it is due: early and on time, late, or (40) never by itself."""
    what = chance.random()
    if what < 0.15:
        return -chance.randint(5, 15)
    if what < 0.85:
        return -chance.randint(0, 4)
    if what < 0.97:
        return chance.randint(1, 9)
    return 40
