"""What the Public Libraries Survey asks of programmes and circulation, with the checks that it makes itself.

Each session counts once, under one audience and one format: a hybrid one is in person, its attendance split by format.
Views of a recording count within 30 days of its posting and are never attendance. A session whose attendance nobody
knows is a session all the same; it is left out of both sums of attendance alike, and said to be. Source: RULES 7; the
survey's elements 553, 600 to 620 and 630.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from lending.domain.attendance import WorkshopTold, attended, onsite, survey_views, virtual
from lending.domain.counting import N_


@unique
class Audience(StrEnum):
    """Whom a programme is meant for, by age in years; a session belongs to one, whoever comes."""

    AGES_0_5 = "0-5"
    AGES_6_11 = "6-11"
    AGES_12_18 = "12-18"
    ADULTS = "19+"
    GENERAL = "general"


@unique
class Format(StrEnum):
    """How a session is held: in the library, in person elsewhere, or live on line."""

    ONSITE = "onsite"
    OFFSITE = "offsite"
    VIRTUAL = "virtual"


@dataclass(frozen=True, slots=True)
class Held:
    """One session that took place, and what is known of it."""

    audience: Audience
    format: Format
    told: WorkshopTold


@dataclass(frozen=True, slots=True)
class Element:
    """One number of the survey. ``n`` is ``None`` where the library does not know, which is never 0."""

    number: int
    n: int | None


@dataclass(frozen=True, slots=True)
class SurveyElements:
    """The elements in the survey's order, and what its own checks say.

    ``uncounted``: of how many sessions the attendance is unknown.
    """

    elements: tuple[Element, ...]
    uncounted: int
    sessions_agree: bool
    attendance_agrees: bool

    def __getitem__(self, number: int) -> int | None:
        """The value of the element with this number; ``KeyError`` where there is none."""
        found = {element.number: element.n for element in self.elements}
        return found[number]


CIRCULATION, SESSIONS, ATTENDANCE, RECORDINGS, VIEWS = 553, 600, 610, 620, 630
_BY_FORMAT = 9
"""The last digit of the totals by format, of sessions (609) and of attendance (619)."""

NAMES: Mapping[int, str] = {
    553: N_("Circulation of physical items"),
    600: N_("Live sessions, by age"),
    601: N_("Sessions for ages 0 to 5"),
    602: N_("Sessions for ages 6 to 11"),
    603: N_("Sessions for ages 12 to 18"),
    604: N_("Sessions for ages 19 and older"),
    605: N_("Sessions for all ages"),
    606: N_("Sessions in the library"),
    607: N_("Sessions in person elsewhere"),
    608: N_("Online sessions"),
    609: N_("Live sessions, by format"),
    610: N_("Live attendance, by age"),
    611: N_("Attendance, ages 0 to 5"),
    612: N_("Attendance, ages 6 to 11"),
    613: N_("Attendance, ages 12 to 18"),
    614: N_("Attendance, ages 19 and older"),
    615: N_("Attendance, all ages"),
    616: N_("Attendance in the library"),
    617: N_("Attendance in person elsewhere"),
    618: N_("Online attendance"),
    619: N_("Live attendance, by format"),
    620: N_("Recordings posted"),
    630: N_("Views of recordings within 30 days"),
}
"""What the survey's elements are called, by their numbers. English is the source text; doors translate it."""

OF_PEOPLE = frozenset({CIRCULATION, *range(ATTENDANCE, ATTENDANCE + 10), VIEWS})
"""The elements that count what people did; sessions and recordings are the library's own."""

SUMS: Sequence[tuple[int, tuple[int, ...]]] = (
    (610, (611, 612, 613, 614, 615)),
    (619, (616, 617, 618)),
    (610, (619,)),
)
"""Which elements of attendance add up to which, so that none that is hidden is worked out from the others."""


def elements(held: Sequence[Held], posted: Sequence[WorkshopTold], *, circulation: int) -> SurveyElements:
    """What is reported of sessions that were ``held`` and recordings that were ``posted`` in a period.

    ``circulation``: check-outs and renewals of every kind, each of a whole kit.
    """
    known = [one for one in held if attended(one.told) is not None]
    nobody_knows = bool(held) and not known
    audiences: Counter[Audience] = Counter()
    formats: Counter[Format] = Counter()
    for one in known:
        audiences[one.audience] += attended(one.told) or 0
        in_person, on_line = onsite(one.told) or 0, virtual(one.told) or 0
        formats[Format.VIRTUAL] += on_line
        formats[one.format] += in_person
    views = [n for told in posted if (n := survey_views(told)) is not None]
    sessions = Counter(one.audience for one in held), Counter(one.format for one in held)
    found = (
        Element(CIRCULATION, circulation),
        *_twice(SESSIONS, *sessions),
        *(Element(one.number, None if nobody_knows else one.n) for one in _twice(ATTENDANCE, audiences, formats)),
        Element(RECORDINGS, len(posted)),
        Element(VIEWS, sum(views) if views or not posted else None),
    )
    numbers = {element.number: element.n for element in found}
    return SurveyElements(
        found,
        uncounted=len(held) - len(known),
        sessions_agree=numbers[SESSIONS] == numbers[SESSIONS + _BY_FORMAT],
        attendance_agrees=numbers[ATTENDANCE] == numbers[ATTENDANCE + _BY_FORMAT],
    )


def _twice(first: int, audiences: Mapping[Audience, int], formats: Mapping[Format, int]) -> Iterator[Element]:
    """A total by audience and its parts, the parts by format and their total: the survey compares the two totals."""
    yield Element(first, sum(audiences.values()))
    for n, audience in enumerate(Audience, first + 1):
        yield Element(n, audiences.get(audience, 0))
    for n, way in enumerate(Format, first + 6):
        yield Element(n, formats.get(way, 0))
    yield Element(first + _BY_FORMAT, sum(formats.values()))
