"""What a series of workshops counts: sessions, attendance by how people came, and views of recordings, kept apart.

Each workshop of a series is a session, also one that nobody came to. A hybrid one is one session whose attendance is
split by format, and known only when both halves are. A recorded view is never an attendance. What nobody counted is
missing (``None``), never 0. Registered is a number of its own: who has a seat in the series when it takes place, once
for the whole series, and whoever registered for one workshop alone, once for each; nobody is added to attendance by it.
Source: RULES 7, "Workshops"; case 14 of RULES 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

VIEWS_COUNT_FOR = timedelta(days=30)
"""The survey counts views within 30 days of posting, the thirtieth among them."""


@dataclass(frozen=True, slots=True)
class WorkshopTold:
    """What is known of one workshop that took place.

    ``named_*`` are people who signed in; the rest was counted without names, ``None`` where nobody counted. ``views``
    are of single days, and empty when nobody knows of any. ``hybrid``: it was held in a room and on line. ``singles``:
    who registered for it alone and did not cancel. ``registered`` are registrations that another program keeps, which
    are never attendance.
    """

    named_onsite: int = 0
    named_virtual: int = 0
    in_room: int | None = None
    devices: int | None = None
    peak_viewers: int | None = None
    posted_on: date | None = None
    views: Mapping[date, int] = field(default_factory=dict)
    hybrid: bool = False
    registered: int | None = None
    singles: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What a series counts. ``uncounted``: of how many sessions nobody knows the attendance, or half of it.

    ``attended`` and ``reach`` sum the other sessions' attendance, and are ``None`` where it is known of none of them.
    ``registered`` is known always: what other programs registered is added where it was told.
    """

    sessions: int
    registered: int
    onsite: int | None
    virtual: int | None
    attended: int | None
    uncounted: int
    survey_views: int | None
    all_views: int | None
    reach: int | None


def onsite(told: WorkshopTold) -> int | None:
    """How many came to the room: the count of heads has those who signed in among them."""
    return _larger(told.named_onsite, told.in_room)


def virtual(told: WorkshopTold) -> int | None:
    """How many took part from elsewhere: one device is one person; of a stream, the most viewers at once.

    A meeting that was streamed too gives the larger number: nobody knows who did both.
    """
    return _larger(told.named_virtual, told.devices, told.peak_viewers)


def attended(told: WorkshopTold) -> int | None:
    """Live attendance, however people came; of a hybrid workshop unknown when one half of it is."""
    halves = onsite(told), virtual(told)
    return None if told.hybrid and None in halves else _sum(halves)


def survey_views(told: WorkshopTold) -> int | None:
    """Views within 30 days of posting, as the survey of public libraries asks for them."""
    if told.posted_on is None or not told.views:
        return None
    until = told.posted_on + VIEWS_COUNT_FOR
    return sum(views for day, views in told.views.items() if told.posted_on <= day <= until)


def all_views(told: WorkshopTold) -> int | None:
    """All views of the recording."""
    return sum(told.views.values()) if told.views else None


def count(series: Sequence[WorkshopTold], *, seats: int = 0) -> Counted:
    """The figures of a series, or of one workshop; sums are of what is known. ``seats``: who has one in the series."""
    live, views = _sum(map(attended, series)), _sum(map(all_views, series))
    return Counted(
        sessions=len(series),
        registered=seats + sum(told.singles + (told.registered or 0) for told in series),
        onsite=_sum(map(onsite, series)),
        virtual=_sum(map(virtual, series)),
        attended=live,
        uncounted=sum(attended(told) is None for told in series),
        survey_views=_sum(map(survey_views, series)),
        all_views=views,
        reach=None if live is None else live + (views or 0),
    )


def to_come(registered: int) -> Counted:
    """A workshop that has not begun: who is registered so far, and nothing that anybody could know yet."""
    return Counted(
        sessions=0,
        registered=registered,
        onsite=None,
        virtual=None,
        attended=None,
        uncounted=0,
        survey_views=None,
        all_views=None,
        reach=None,
    )


def _larger(named: int, *counted: int | None) -> int | None:
    known = [n for n in counted if n is not None]
    return max([named, *known]) if known or named else None


def _sum(numbers: Iterable[int | None]) -> int | None:
    """The sum of what is known; ``None`` where nothing of something is. Nothing at all adds up to 0."""
    told = list(numbers)
    known = [n for n in told if n is not None]
    return sum(known) if known or not told else None
