"""How long somebody may still wait for a kit: a range of days, worked out from how others in the same place fared.

Every wait of the last year is measured against a *mark* that was known while it lasted. In the queue of a stock it is
when so many kits were due back: number 4 looks to the fourth. In the queue of a session, which is served when somebody
leaves, it is when they came to their place. One wait in ten was over so many days before its mark or earlier, nine in
ten so many days after it: both, put to the mark of today, are the range. Kits that come late, people who walk in or
give up and the days of a turnaround need no rule of their own; they are in the waits. No single day is ever named.

Whoever left the queue of a stock, or waits still, has waited at least so long. The quantiles are those of Kaplan and
Meier ("Nonparametric estimation from incomplete observations", 1958), so that waits under way are not left out. Source:
issue "Patrons reserve online", "Honest waiting"; SCREENS, "My place in the queue". How often the range holds is
measured on the demonstration's past by ``benchmarks/waits.py``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

LEAST_WAITS = 20
"""How many waits must be known in the place or next to it: of fewer, one odd wait moves the range by weeks."""

LEAST_AS_LONG = 5
"""How many of them must have lasted as long as the wait that is asked about."""

EARLY, LATE = 0.1, 0.9
"""Which part of the waits was over before the first day of the range, and by its last."""

HISTORY = timedelta(days=365)
"""How far back waits are looked at: each season is in it once."""

TURNAROUND = timedelta(days=2)
"""For how long a kit that came back is still to come: it is inspected and made ready meanwhile."""

NOT_COUNTED_ON = timedelta(days=14)
"""How long a kit may be overdue and still be expected. Source: RULES 4, "Stock"."""

_DAY = timedelta(days=1)
_FOR_EVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Wait:
    """One person's time in a queue, which is by ``number``, the order of acknowledgement.

    ``until`` is when a kit was promised to them (``served``) or they left without one; ``None`` while they wait.
    """

    number: int
    since: datetime
    until: datetime | None
    served: bool


@dataclass(frozen=True, slots=True)
class Held:
    """That somebody came to ``place`` at ``since``, and that their whole wait was over at ``until``.

    ``served``: with a kit. Otherwise it lasted at least so long.
    """

    number: int
    place: int
    since: datetime
    until: datetime
    served: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A due date of a kit, known from ``made_at`` until the kit's next one. ``received_at``: it came back."""

    kit: int
    made_at: datetime
    due_at: datetime
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class DayRange:
    """From one local day to a later one, both included."""

    first: date
    last: date


Mark = Callable[[Held, datetime], datetime | None]
"""What a wait in a place is measured against, as it was known at an instant; ``None`` when there was nothing."""


def places_held(queue: Iterable[Wait], *, at: datetime) -> list[Held]:
    """Every place that anybody of one queue came to, as it was known at ``at``; what came later is not looked at.

    Of whoever still waits the last one is the place that they have now. Who had a kit at once waited for nothing.
    """
    waits = {wait.number: wait for wait in queue if wait.since <= at and wait.since != wait.until}
    ended = {number: wait.until for number, wait in waits.items() if wait.until is not None and wait.until <= at}
    events = [(until, False, number) for number, until in ended.items()]
    events += [(wait.since, True, number) for number, wait in waits.items()]
    came_to: dict[int, dict[datetime, int]] = defaultdict(dict)
    line: list[int] = []
    for when, comes, number in sorted(events):  # who comes as another leaves does not come behind them
        behind = bisect_left(line, number)
        if comes:
            line.insert(behind, number)
        else:
            del line[behind]
        for place, other in enumerate([number] if comes else line[behind:], start=behind + 1):
            came_to[other][when] = place  # of two steps at once the last
    return [
        Held(number, place, since, ended.get(number, at), wait.served and number in ended)
        for number, wait in waits.items()
        for since, place in came_to[number].items()
        if since != wait.until
    ]


def kits_to_come(dues: Iterable[Due], *, at: datetime) -> list[datetime]:
    """When the kits of a stock that are out were due back, as it was known at ``at``; overdue ones are due now.

    A kit that has come back is to come until it was made ready or is out again; one that is long overdue is not
    counted on.
    """
    known = {due.kit: due for due in sorted(dues, key=lambda due: due.made_at) if due.made_at <= at}
    coming = []
    for due in known.values():
        if due.received_at is not None and due.received_at <= at:
            if due.received_at > at - TURNAROUND:
                coming.append(due.received_at)
        elif due.due_at > at - NOT_COUNTED_ON:
            coming.append(max(due.due_at, at))
    return sorted(coming)


def by_kits_to_come(dues: Sequence[Due]) -> Mark:
    """The mark of a stock's queue: number 4 waits for the fourth kit to come. Nothing for whoever is further back."""
    known: dict[datetime, list[datetime]] = {}

    def mark(held: Held, at: datetime) -> datetime | None:
        if at not in known:
            known[at] = kits_to_come(dues, at=at)
        return known[at][held.place - 1] if held.place <= len(known[at]) else None

    return mark


def by_coming_to_it(held: Held, _at: datetime) -> datetime:
    """The mark of a session's queue, which is served when somebody leaves: when the place was come to."""
    return held.since


def without_a_kit_for_ever(history: Iterable[Held], *, at: datetime) -> list[Held]:
    """The waits of sessions, whose queues end with them: whoever left one without a kit would never have had one.

    In a simulated year that was nearly every second person, so that a range is told where few ever left without.
    """
    return [replace(one, until=at + _FOR_EVER) if one.until < at and not one.served else one for one in history]


def expected(history: Iterable[Held], now: Held, *, mark: Mark, at: datetime, zone: str) -> DayRange | None:
    """Between which local days of ``zone`` whoever holds ``now`` may be promised a kit; ``None`` if little is known.

    Waits in the same place are looked at and, until there are ``LEAST_WAITS``, in the places next to it. Of them those
    alone count that lasted as long, after their mark, as this one has.
    """
    from_mark = mark(now, at)
    if from_mark is None:
        return None
    measured = sorted(_measured(_nearest(history, now.place, since=at - HISTORY), mark))
    as_long = [wait for wait in measured if from_mark + wait[0] > at]
    if len(measured) < LEAST_WAITS or len(as_long) < LEAST_AS_LONG:
        return None
    early, late = quantile(as_long, EARLY), quantile(as_long, LATE)
    if early is None or late is None:
        return None
    first, last = ((from_mark + wait).astimezone(ZoneInfo(zone)).date() for wait in (early, late))
    return DayRange(first, max(last, first + _DAY))


def quantile(waits: Sequence[tuple[timedelta, bool]], part: float) -> timedelta | None:
    """By when ``part`` (0 to 1) of the waits ended with a kit; ``None`` when not so many are known to have done so.

    ``waits`` are sorted: how long each lasted, and whether it ended with a kit or is only known to have lasted so long.
    """
    without = 1.0
    for n, (lasted, served) in enumerate(waits):
        if served:
            without *= 1 - 1 / (len(waits) - n)
            if without <= 1 - part + 1e-9:  # what is multiplied is never quite what it should be
                return lasted
    return None


def _nearest(history: Iterable[Held], place: int, *, since: datetime) -> list[Held]:
    """The waits in the places about ``place``, no further from it than must be for there to be enough."""
    by_distance: dict[int, list[Held]] = defaultdict(list)
    for held in history:
        if held.since >= since:
            by_distance[abs(held.place - place)].append(held)
    found: list[Held] = []
    for distance in sorted(by_distance):
        if len(found) >= LEAST_WAITS:
            break
        found += by_distance[distance]
    return found


def _measured(history: Iterable[Held], mark: Mark) -> Iterable[tuple[timedelta, bool]]:
    for held in history:
        from_mark = mark(held, held.since)
        if from_mark is not None:
            yield held.until - from_mark, held.served
