"""What people of the demonstration said: answers to surveys, how they heard of it, and stories told with consent.

Nobody said any of it. The proportions are plausible, not measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Final

from sqlalchemy.orm import Session

from lending.cli.demonstration.rehearsal import Do, Step, Story, once
from lending.cli.demonstration.town import WORK_READY, Place, Town, acting
from lending.domain.actors import Actor, Door
from lending.domain.permissions import Role
from lending.models.outcomes import HeardFrom
from lending.programs.hearing import Heard
from lending.programs.stories import StoryTold, keep_story
from lending.programs.surveys import answer_survey

NEWCOMER: Final = Actor(Role.PATRON, Door.WEB, "")
"""Somebody who is not signed in."""

_RATED = {
    "learned": (1, 2, 7, 38, 52),
    "confident": (2, 5, 18, 42, 33),
    "intends": (1, 3, 13, 41, 42),
    "aware": (1, 3, 12, 40, 44),
}
"""How often each statement is rated 1 to 5, of a hundred."""

_HELPED = (
    "The coach called me before my interview.",
    "Practicing with somebody who did not know me.",
    "I could watch it again on Sunday.",
    "Que hubo alguien que hablaba español.",
    "Having the laptop at home, not only at the library.",
    "Ver un currículo terminado, paso por paso.",
)
_BETTER = (
    "Start half an hour later. I come from work.",
    "More time for questions.",
    "Más talleres en español, por favor.",
    "Smaller groups for the practice.",
)

_SOURCES = {
    HeardFrom.STAFF: 11,
    HeardFrom.FRIEND: 9,
    HeardFrom.WEBSITE: 7,
    HeardFrom.FLYER: 5,
    HeardFrom.SOCIAL_MEDIA: 5,
    HeardFrom.PARTNER: 4,
    HeardFrom.OTHER: 1,
}
"""From whom or where people heard, more or less."""

_STORIES = (
    (
        318,
        "ELA",
        "Marisol Y.",
        "I wrote my first résumé at my kitchen table. Two weeks later they called. I start at the bakery on Monday.",
    ),
    (262, "COM", "", "I am sixty-one and had never joined an online meeting. Now I show my neighbors how."),
    (
        205,
        "LAN",
        "Tomás B.",
        "Con el kit pude asistir a los talleres después de acostar a mis hijos. Ahora trabajo en una clínica.",
    ),
    (149, "ELA", "Hazel", "My coach called me the evening before my interview. Nobody had ever done that for me."),
    (96, "NOR", "", "My son did his homework on the hotspot and I looked for work. We both got what we needed."),
    (
        41,
        "COM",
        "Rufus T.",
        "The workshop told me about a forklift class. I signed up from the library's laptop, and I passed.",
    ),
    (20, "ELA", "Ngân P.", "I did not know that the library lends computers. Now I have a job that I do on one."),
    (9, "LAN", "", "I moved here in spring and knew nobody. Six Wednesdays later I had five people to call."),
)
"""Days ago, the library, how the teller wants to be named, and what they told."""


def answering(survey: str, people: int, chance: Random) -> Do:
    """So many people answer a survey (its public id), each on their own."""
    seed = chance.randint(0, 10**9)

    def do(session: Session, at: datetime, by: Actor) -> None:
        drawn = Random(seed)  # noqa: S311 - nobody's secret, and the same every time
        for n in range(people):
            answer_survey(session, survey=survey, mark=f"{seed} {n}", given=_answer(drawn), at=at, by=acting(by))

    return do


def heard(chance: Random, earlier: Sequence[str]) -> Heard:
    """How somebody heard of a session; a friend took part in one of the ``earlier`` ones (codes), or does not say."""
    source = chance.choices(list(_SOURCES), list(_SOURCES.values()))[0]
    friends = source is HeardFrom.FRIEND and earlier
    return Heard(source, chance.choice(earlier) if friends else None)


def stories(town: Town) -> Iterator[Story]:
    """What a few people told of themselves in the past year, for the uses that they agreed to."""
    for number, (days, code, named_as, words) in enumerate(_STORIES):
        place = town.places[code]
        told = StoryTold(words, named_as, for_web=number % 3 > 0, for_print=True, for_funder=number % 2 == 0)
        yield once(Step(place, town.days_ago(place, days), 0.5, _keeping(place, told)))


def _keeping(place: Place, told: StoryTold) -> Do:
    def do(session: Session, at: datetime, by: Actor) -> None:
        signed = replace(told, consented_on=place.calendar.local_date(at))
        keep_story(session, program=WORK_READY, branch_id=place.id, told=signed, at=at, by=by)

    return do


def _answer(chance: Random) -> dict[str, object]:
    """Everybody rates the first statement; a few skip others, and some write a line."""
    given: dict[str, object] = {
        name: chance.choices(range(1, 6), often)[0]
        for name, often in _RATED.items()
        if name == "learned" or chance.random() > 0.05
    }
    for question, lines in (("helped", _HELPED), ("better", _BETTER)):
        if chance.random() < 0.15:
            given[question] = chance.choice(lines)
    return given
