"""How the demonstration's past is played: stories that wait for their days, and a clock that goes through the days.

A story is a generator. It yields what it does next and when, and is given what came of it; a refusal is raised in it.
All that happens on one day is one transaction, in the order of the clock, so that a year takes seconds. A story goes on
only after its day was saved, so that a transaction that is run again changes nothing twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lending.cli.demonstration.town import Place, acting, open_at
from lending.db import Database
from lending.domain.actors import Actor
from lending.domain.calendars import Calendar
from lending.errors import Refused


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody does at a branch: its desk, unless ``by`` says who.

    ``on`` is the first day on which it may happen: days on which the branch is closed, and days on which the story
    acted already, are passed over. ``part`` (0 to 1) is how much of that day's hours has passed. ``do`` is given the
    session, the instant and the actor.
    """

    place: Place
    on: date
    part: float
    do: Do
    by: Actor | None = None


Do = Callable[[Session, datetime, Actor], Any]
Story = Generator[Step, Any, Any]


def once(step: Step) -> Story:
    """A story of one step."""
    yield step


_Waiting = tuple[datetime, int, Step, Story]


class Rehearsal:
    """Plays stories through the verbs, up to an instant: what comes after it is left to whoever tries things out.

    ``acts`` counts what was done, ``refused`` what the library said no to.
    """

    def __init__(self, database: Database, calendar: Calendar, until: datetime) -> None:
        self.database, self.calendar, self.until = database, calendar, until
        self.acts = self.refused = 0
        self._waiting: list[_Waiting] = []

    def play(self, stories: Iterable[Story], progress: Callable[[float], None]) -> None:
        """Play all ``stories``; ``progress`` hears how much of their time has passed, from 0 to 1."""
        for number, story in enumerate(stories):
            self._wait_for(next(story, None), number, story, since=date.min)
        if not self._waiting:
            return
        begun = self._waiting[0][0]
        length = max(self.until - begun, timedelta(days=1))
        while self._waiting:
            at = self._waiting[0][0]
            self._play_day(self._of_the_next_day())
            progress((at - begun) / length)

    def _of_the_next_day(self) -> list[_Waiting]:
        day = self.calendar.local_date(self._waiting[0][0])
        found = []
        while self._waiting and self.calendar.local_date(self._waiting[0][0]) == day:
            found.append(heapq.heappop(self._waiting))
        return found

    def _play_day(self, today: Sequence[_Waiting]) -> None:
        results = self.database.act(lambda session: [_done(session, step, at) for at, _, step, _ in today])
        self.acts += len(results)
        for (at, number, _, story), result in zip(today, results, strict=True):
            self.refused += isinstance(result, Refused)
            day_after = self.calendar.local_date(at) + timedelta(days=1)
            self._wait_for(_next(story, result), number, story, since=day_after)

    def _wait_for(self, step: Step | None, number: int, story: Story, *, since: date) -> None:
        at = None if step is None else open_at(step.place, max(step.on, since), step.part)
        if step is not None and at is not None and at < self.until:
            heapq.heappush(self._waiting, (at, number, step, story))
        else:
            story.close()


def _done(session: Session, step: Step, at: datetime) -> Any:
    """What came of a step. A refusal changes nothing, also when the rest of the day goes on in this transaction."""
    try:
        with session.begin_nested():
            return step.do(session, at, acting(step.by or step.place.desk))
    except Refused as refused:
        return refused


def _next(story: Story, result: Any) -> Step | None:
    try:
        return story.throw(result) if isinstance(result, Refused) else story.send(result)
    except StopIteration:
        return None
