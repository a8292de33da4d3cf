"""What there is to try today: at two branches one of everything that a desk meets, each with a code to scan.

These stories are told for certain; the crowd of ``past.py`` only makes the library look used.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lending.circulation import stocktake
from lending.circulation.kits import declare_missing
from lending.circulation.kits import withdraw as withdraw_kit
from lending.circulation.lost import claim_returned, declare_lost
from lending.circulation.missing_parts import report_missing_part
from lending.circulation.patrons import block, replace_card
from lending.circulation.renewal import set_due_date
from lending.circulation.reserving import reserve
from lending.circulation.returns import Receipt
from lending.circulation.shelf import capture, expire_shelf
from lending.circulation.transfers import send
from lending.cli.demonstration.desk import (
    damaged,
    enrolling,
    free_kit,
    inspecting,
    lending,
    missing,
    part_id,
    public_id,
    registering,
    returning,
    telling_the_carrier,
)
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.past import CohortDates
from lending.cli.demonstration.rehearsal import Do, Step, Story, once
from lending.cli.demonstration.town import LAPTOP_HOTSPOT, WORK_READY, Place, Town, acting
from lending.domain.actors import Actor
from lending.domain.states import LineVerb
from lending.models.kits import Kit, TurnaroundStepKind
from lending.models.stocktakes import Stocktake, StocktakeKit
from lending.programs.withdrawal import withdraw

_LOAN = 42


@dataclass(slots=True)
class Scenes:
    """Stories told for certain, how many people play in them, and what to try.

    ``promised``: by branch, how many of them are promised a kit of the cohort that runs today.
    """

    told: list[Story] = field(default_factory=list)
    people: int = 0
    hints: list[tuple[str, str]] = field(default_factory=list)
    promised: dict[str, int] = field(default_factory=dict)


def scenes(town: Town, cohort: CohortDates) -> Scenes:
    """The scenes of the day, at East Los Angeles and at Compton."""
    made = Scenes()
    for number, (code, other) in enumerate((("ELA", "COM"), ("COM", "ELA"))):
        stage = _Stage(town, town.places[code], town.places[other], cohort, made, first=1 + 100 * number)
        made.told += [*stage.loans(), *stage.people(), *stage.cohort_people(), *stage.shelf(), *stage.kits()]
    return made


@dataclass(slots=True)
class _Stage:
    """One branch and who plays there."""

    town: Town
    place: Place
    other: Place
    cohort: CohortDates
    made: Scenes
    first: int
    met: int = 0

    def loans(self) -> Iterator[Story]:
        """Open loans in every state."""
        yield self._due_today(self._person("has a kit that is due today"))
        yield self._out(self._person("has a kit that is overdue"), _LOAN + 2)
        yield self._suspended(self._person("has a kit that is long overdue; its line is suspended"))
        yield self._out(self._person("may renew: the kit is due in three days"), _LOAN - 3)
        yield self._missed(self._person("took a kit yesterday and told at once that a charger was not in it"))
        yield self._back(self._person("brought a kit yesterday; it waits for inspection"), Receipt.COUNTER)
        yield self._back(self._person("left a kit in the book drop; it waits for inspection"), Receipt.BOOK_DROP)
        yield self._half_ready(self._person("brought a kit that is charged and not wiped yet"))
        yield self._incomplete(self._person("brought a kit without its charger; four days are left"))
        yield self._owing(self._person("owes for a cracked screen"))
        yield self._elsewhere(self._person(f"brought a kit to {self.other.name}; it is on its way"))
        yield self._lost(self._person("lost a kit and owes for it"))
        yield self._claiming(self._person("says the kit was returned"))

    def people(self) -> Iterator[Story]:
        """Cards that the desk stumbles over."""
        yield self._replaced(self._person("has a new card; this is the old one"))
        yield self._blocked(self._person("is blocked"))
        expired = self.town.today - timedelta(days=9)
        yield self._registered(self._person("has an expired card", expires_on=expired))
        minor = self.town.today.replace(day=1) - timedelta(days=16 * 365)
        yield self._registered(self._person("is sixteen and has no guardian's agreement"), birth_date=minor)
        yield self._registered(self._person("has never borrowed; the agreement is not signed"))

    def cohort_people(self) -> Iterator[Story]:
        """People of the cohort that runs today; the first finds the kit on the hold shelf."""
        yield self._ready(self._person(f"finds a kit for {self.cohort.name} on the hold shelf"))
        for _ in range(2):
            yield self._enrolled(self._person(f"may pick up a kit for {self.cohort.name} today"), 11)
        yield self._left(self._person(f"left {self.cohort.name} yesterday; the kit is due in a week"))
        for _ in range(3):
            yield self._enrolled(self._person(f"waits for a kit of {self.cohort.name}"), 8)
        self.made.promised[self.place.code] = 4

    def shelf(self) -> Iterator[Story]:
        """What else lies on the hold shelf: a kit for somebody without a session, and one that nobody collected."""
        yield self._reserved(self._person("reserved a kit; it is on the hold shelf"), 2)
        yield self._reserved(self._person("did not collect a kit in time; it is to be put back"), 13)

    def kits(self) -> Iterator[Story]:
        """Kits that are not where one looks for them."""
        town, place = self.town, self.place

        def gone(session: Session, at: datetime, by: Actor) -> None:
            withdraw_kit(session, kit=free_kit(session, place.id, WORK_READY), reason="water damage", at=at, by=by)

        def unseen(session: Session, at: datetime, by: Actor) -> None:
            declare_missing(session, kit=free_kit(session, place.id, WORK_READY), at=at, by=by)

        def sent(session: Session, at: datetime, by: Actor) -> None:
            send(session, kit=free_kit(session, place.id, LAPTOP_HOTSPOT), to_branch=self.other.code, at=at, by=by)

        yield once(Step(place, town.open_days_ago(place, 20), 0.3, gone, by=town.admin))
        yield once(Step(place, town.open_days_ago(place, 12), 0.4, unseen, by=town.admin))
        yield once(Step(place, town.open_days_ago(place, 1), 0.9, sent))
        yield once(Step(place, town.open_days_ago(place, 1), 0.97, self._counting))

    def _counting(self, session: Session, at: datetime, by: Actor) -> None:
        """A stocktake was begun last evening, and half of the kits are seen."""
        begun = stocktake.begin(session, branch_id=self.place.id, at=at, by=by)
        expected = select(Kit.barcode).join(StocktakeKit).join(Stocktake).where(Stocktake.public_id == begun.stocktake)
        for kit in session.scalars(expected.order_by(Kit.barcode).limit(begun.expected // 2)).all():
            stocktake.see(session, stocktake=begun.stocktake, kit=kit, at=at, by=acting(by))

    def _person(self, hint: str, expires_on: date | None = None) -> Person:
        sequence = self.first + self.met
        self.met += 1
        self.made.people += 1
        self.made.hints.append((f"{self.place.name}: {hint}", self.town.card(sequence).text))
        return self.town.person(sequence, self.place, expires_on)

    def _step(self, on: date, part: float, do: Do) -> Step:
        return Step(self.place, on, part, do)

    def _ago(self, count: int) -> date:
        return self.town.open_days_ago(self.place, count)

    def _registered(self, person: Person, **details: object) -> Story:
        yield self._step(
            self._ago(40 + person.sequence % 30), 0.5, registering(self.town, self.place, person, **details)
        )

    def _lent(self, person: Person, on: date) -> Generator[Step, Any, str]:
        """Register somebody, and hand out a kit on a day some days later; gives the kit's code."""
        earlier = self.place.calendar.add_open_days(on, -3) or on
        yield self._step(earlier, 0.4, registering(self.town, self.place, person))
        kit: str = yield self._step(on, 0.6, lending(self.town, self.place, person, LAPTOP_HOTSPOT))
        return kit

    def _out(self, person: Person, days: int) -> Story:
        yield from self._lent(person, self.town.days_ago(self.place, days))

    def _due_today(self, person: Person) -> Story:
        """Lent six weeks ago or, if the branch was closed on that day, given today's date by hand."""
        town, place = self.town, self.place
        on = town.days_ago(place, _LOAN)
        kit = yield from self._lent(person, on)
        if on != town.today - timedelta(days=_LOAN):

            def by_hand(session: Session, at: datetime, by: Actor) -> None:
                set_due_date(session, kit=kit, on=town.today, reason="closed six weeks ago", at=at, by=by)

            yield Step(place, self._ago(4), 0.5, by_hand, by=town.admin)

    def _suspended(self, person: Person) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, _LOAN + 15))
        yield self._step(self._ago(6), 0.1, telling_the_carrier(kit, LineVerb.ASK_TO_SUSPEND))
        yield self._step(self._ago(5), 0.2, telling_the_carrier(kit, LineVerb.CONFIRM_SUSPENDED))

    def _missed(self, person: Person) -> Story:
        kit = yield from self._lent(person, self._ago(2))

        def do(session: Session, at: datetime, by: Actor) -> None:
            charger = part_id(session, kit, "Hotspot charger")
            report_missing_part(session, kit=kit, part_id=charger, at=at, by=by)

        yield self._step(self._ago(1), 0.1, do)

    def _back(self, person: Person, receipt: Receipt) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, _LOAN - 10))
        yield self._step(self._ago(1), 0.8, returning(kit, self.place, receipt))

    def _half_ready(self, person: Person) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, _LOAN - 8))
        yield self._step(self._ago(2), 0.7, returning(kit, self.place))
        yield self._step(self._ago(1), 0.1, inspecting(kit, steps={TurnaroundStepKind.CHARGED: ""}))

    def _incomplete(self, person: Person) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, _LOAN))
        yield self._step(self._ago(3), 0.5, returning(kit, self.place))
        yield self._step(self._ago(2), 0.1, inspecting(kit, missing("Laptop charger")))

    def _owing(self, person: Person) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, _LOAN - 3))
        yield self._step(self._ago(5), 0.5, returning(kit, self.place))
        yield self._step(self._ago(4), 0.1, inspecting(kit, damaged("Chromebook", "screen cracked", 4_500)))

    def _elsewhere(self, person: Person) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, 25))
        there = self.other
        on = self.town.open_days_ago(there, 1)
        yield Step(there, on, 0.5, returning(kit, there))

    def _lost(self, person: Person) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, _LOAN + 26))

        def do(session: Session, at: datetime, by: Actor) -> None:
            declare_lost(session, kit=kit, at=at, by=by)

        yield Step(self.place, self._ago(3), 0.2, do, by=self.town.admin)

    def _claiming(self, person: Person) -> Story:
        kit = yield from self._lent(person, self.town.days_ago(self.place, _LOAN + 4))

        def do(session: Session, at: datetime, by: Actor) -> None:
            claim_returned(session, kit=kit, branch_id=self.place.id, at=at, by=by)

        yield self._step(self._ago(1), 0.3, do)

    def _replaced(self, person: Person) -> Story:
        yield from self._registered(person)

        def do(session: Session, at: datetime, by: Actor) -> None:
            card = self.town.card(person.sequence + 50)
            replace_card(session, patron=public_id(session, self.town, person), card=card, at=at, by=by)

        yield self._step(self._ago(7), 0.5, do)

    def _blocked(self, person: Person) -> Story:
        yield from self._registered(person)

        def do(session: Session, at: datetime, by: Actor) -> None:
            reason = "Ask the manager before lending"
            block(session, patron=public_id(session, self.town, person), reason=reason, at=at, by=by)

        yield self._step(self._ago(9), 0.5, do)

    def _enrolled(self, person: Person, days: int) -> Generator[Step, Any, str]:
        """Enrol somebody so many days before the cohort starts; gives the enrolment."""
        on = self.cohort.starts_on - timedelta(days=days)
        enrolment: str = yield self._step(on, 0.5, enrolling(self.town, self.place, person, self.cohort.code))
        return enrolment

    def _ready(self, person: Person) -> Story:
        """Enrolled before all others of the day's people, so that the kit that is pulled is theirs."""
        yield from self._enrolled(person, 12)
        yield self._step(self._ago(1), 0.6, self._pulling(WORK_READY))

    def _reserved(self, person: Person, open_days: int) -> Story:
        """Reserved so many open days ago, and on the shelf the day after; the sweep looks every morning."""
        yield from self._registered(person)
        card = self.town.card(person.sequence).text

        def asking(session: Session, at: datetime, by: Actor) -> None:
            place = self.place.id
            reserve(session, patron=card, kit_type=LAPTOP_HOTSPOT, pickup_branch_id=place, at=at, by=by)

        yield self._step(self._ago(open_days), 0.3, asking)
        yield self._step(self._ago(open_days - 1), 0.05, self._pulling(LAPTOP_HOTSPOT))
        on, sweep = self._ago(2), self.town.system
        yield Step(self.place, on, 0.0, lambda session, at, by: expire_shelf(session, at=at, by=by), by=sweep)

    def _pulling(self, kit_type: str) -> Do:
        """Put a free kit on the hold shelf for whoever is first."""

        def do(session: Session, at: datetime, by: Actor) -> None:
            capture(session, kit=free_kit(session, self.place.id, kit_type), branch_id=self.place.id, at=at, by=by)

        return do

    def _left(self, person: Person) -> Story:
        enrolment = yield from self._enrolled(person, 11)
        yield self._step(self.cohort.pickup_from, 0.3, lending(self.town, self.place, person, WORK_READY))

        def do(session: Session, at: datetime, by: Actor) -> None:
            withdraw(session, enrolment=enrolment, reason="found work", at=at, by=by)

        yield self._step(self._ago(1), 0.4, do)
