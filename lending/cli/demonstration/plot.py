"""Who plays in the demonstration: how many people at which branch, in which cohort, with which card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

from lending.cli.demonstration import gatherings, managing, outcomes, past, queue, sessions, today, told
from lending.cli.demonstration.ground import open_kit_places
from lending.cli.demonstration.names import Person
from lending.cli.demonstration.rehearsal import Story
from lending.cli.demonstration.town import Place, Town, shares

if TYPE_CHECKING:
    from lending.cli.demonstration import Size

FIRST_CARD = 1001
"""Where the sequences of cards begin of those who have no part of their own."""


@dataclass(slots=True)
class Plot:
    """All stories, who plays in them, and what there is to try in the end."""

    told: list[Story] = field(default_factory=list)
    people: int = 0
    hints: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Cards:
    """Gives out the people of the town, one card after another."""

    town: Town
    next_sequence: int = FIRST_CARD

    def person(self, place: Place) -> Person:
        made = self.town.person(self.next_sequence, place)
        self.next_sequence += 1
        return made


def of(town: Town, size: Size) -> Plot:
    """The stories of a town: those of today's screens first, then the crowd's."""
    plot, cards = Plot(), _Cards(town)
    places = list(town.places.values())
    cohorts = past.cohorts(town.today)
    scenes = today.scenes(town, cohorts[-1])
    for cohort, seats in zip(cohorts, size.seats, strict=True):
        at_branch = dict(zip(town.places, shares(seats, (place.weight for place in places)), strict=True))
        extra = scenes.promised if cohort is cohorts[-1] else {}
        # A kit more than there are people, but where people are to be seen waiting.
        pools = {code: count + extra.get(code, 0) + (0 if code in extra else 1) for code, count in at_branch.items()}
        plot.told.append(past.planning(town, cohort, pools, capacity=max(200, seats + 20)))
        for code, count in at_branch.items():
            crowd = [cards.person(town.places[code]) for _ in range(count)]
            # Where people are to be seen waiting, nobody leaves and makes room.
            leaving = 0.0 if code in extra else 0.04
            plot.told += [
                past.participant(town, town.places[code], cohort, person, leaving=leaving) for person in crowd
            ]
        plot.told += sessions.held(town, cohort, seats)
    plot.told += _borrowers(town, cards, size.open_loans)
    plot.told += [past.reader(town, place, cards.person(place)) for place in _in_turn(places, size.readers)]
    plot.told.append(past.sweeping(town, cohorts[0].starts_on))
    plot.told.append(past.counting(town))
    following = sessions.coming(town, cohorts[-1], max(3, size.work_ready_kits // 50), cards.person)
    waiting = queue.waiting(town, _in_turn(open_kit_places(town), size.open_kits), cards.person)
    plot.told += [*scenes.told, *following.told, *waiting.told]
    plot.told += [
        *outcomes.tallied(town),
        *gatherings.held(town),
        *told.stories(town),
        *managing.done(town, cards.person),
    ]
    plot.hints += [*scenes.hints, *following.hints, *waiting.hints]
    plot.people = cards.next_sequence - FIRST_CARD + scenes.people
    return plot


def _borrowers(town: Town, cards: _Cards, count: int) -> Iterable[Story]:
    """Open loans, spread over the year and the libraries that make them."""
    for place in _in_turn(open_kit_places(town), count):
        person = cards.person(place)
        days = town.chance("days", person.sequence).randint(2, 300)
        yield past.borrower(town, place, person, town.today - timedelta(days=days))


def _in_turn(places: Sequence[Place], count: int) -> list[Place]:
    """``count`` places, each as often as its size asks for."""
    counts = shares(count, (place.weight for place in places))
    return list(chain.from_iterable([place] * n for place, n in zip(places, counts, strict=True)))
