"""When a branch is open: weekly hours, dated exceptions, and the days and instants that follow from them.

Hours are wall-clock times in the branch's zone; instants that go in and come out are aware. Public holidays are not
known here: a branch enters its own closures. Source: RULES 3, "Weekly hours and dated exceptions per branch".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from itertools import pairwise
from zoneinfo import ZoneInfo

from lending.errors import Block, Reason, Refused

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
"""Nothing is planned outside these: a year of another millennium is a slip of the finger."""

SEARCH_DAYS = 400
"""How far a search for an open day goes, in days. A branch that stays closed longer has no open day."""


def check_days(**days: date | None) -> None:
    """Refuse (``VALUE_WRONG``, by field) days that nobody plans with, before anything is worked out from them."""
    far = [field for field, on in days.items() if on is not None and not FIRST_DAY <= on <= LAST_DAY]
    if far:
        raise Refused(*(Block(Reason.VALUE_WRONG, {"field": field}) for field in far))


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """From one opening of the doors to their closing, on one day, in whole minutes.

    Raises ``ValueError`` when it does not end after it begins.
    """

    opens: time
    closes: time

    def __post_init__(self) -> None:
        for moment in (self.opens, self.closes):
            if moment.tzinfo is not None or moment.second or moment.microsecond or moment.fold:
                raise ValueError(f"opening hours are whole minutes of the branch's wall clock, not {moment}")
        if self.opens >= self.closes:
            raise ValueError(f"{self} does not close after it opens")

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


Hours = tuple[Interval, ...]
"""The intervals of one day, in order and apart; empty when the branch is closed."""


def parse_hours(text: str) -> Hours:
    """One day's hours from ``10:00-13:00,14:00-20:00``; ``closed`` or nothing is no hours.

    Raises ``ValueError`` that quotes what cannot be read.
    """
    text = text.strip()
    if text in ("", "closed"):
        return ()
    return _in_order(tuple(_parse_interval(part.strip()) for part in text.split(",")))


def format_hours(hours: Hours) -> str:
    """One day's hours as text, read back exactly by ``parse_hours``."""
    return ",".join(map(str, hours)) or "closed"


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """The hours of an ordinary week, Monday first. Raises ``ValueError`` unless there are seven days in order."""

    days: tuple[Hours, ...]

    def __post_init__(self) -> None:
        if len(self.days) != len(DAY_NAMES):
            raise ValueError(f"a week has seven days, not {len(self.days)}")
        for hours in self.days:
            _in_order(hours)

    @classmethod
    def parse(cls, text: str) -> WeeklyHours:
        """From ``mon 10:00-20:00; tue 10:00-13:00,14:00-20:00; ...; sun closed``, every day once, in any order.

        A day that is left out is refused: nobody should find out at the door that it was forgotten.
        Raises ``ValueError`` that names the day and quotes what cannot be read.
        """
        found: dict[str, Hours] = {}
        for part in filter(None, (part.strip() for part in text.lower().split(";"))):
            name, _, hours = part.partition(" ")
            if name not in DAY_NAMES:
                raise ValueError(f"{name!r} is not a day; days are {', '.join(DAY_NAMES)}")
            if name in found:
                raise ValueError(f"{name} is given twice")
            if not hours.strip():
                raise ValueError(f"{name} has no hours; write '{name} closed' when the branch is closed")
            try:
                found[name] = parse_hours(hours)
            except ValueError as wrong:
                raise ValueError(f"{name}: {wrong}") from None
        missing = [name for name in DAY_NAMES if name not in found]
        if missing:
            raise ValueError(f"no hours for {', '.join(missing)}; write 'closed' when the branch is closed")
        return cls(tuple(found[name] for name in DAY_NAMES))

    def format(self) -> str:
        """The week as text, read back exactly by ``parse``."""
        return "; ".join(f"{name} {format_hours(hours)}" for name, hours in zip(DAY_NAMES, self.days, strict=True))


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, first and last included, on which a branch keeps other hours than usual: ``hours``, or none at all.

    Raises ``ValueError`` when it ends before it starts.
    """

    starts_on: date
    ends_on: date
    reason: str
    hours: Hours = ()

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise ValueError(f"a closure cannot end on {self.ends_on}, before it starts on {self.starts_on}")
        _in_order(self.hours)

    def covers(self, on: date) -> bool:
        """Whether ``on`` is one of its days."""
        return self.starts_on <= on <= self.ends_on


@dataclass(frozen=True)
class Calendar:
    """The days and hours of one branch. ``zone`` is an IANA name; an unknown one raises ``ValueError``.

    Where closures overlap, a day on which any of them is closed is closed; of several with special hours the
    last one entered holds.
    """

    zone: str
    hours: WeeklyHours
    closures: tuple[Closure, ...] = ()

    def __post_init__(self) -> None:
        _ = self._tz

    def local_date(self, at: datetime) -> date:
        """The branch's date at the instant ``at``. Raises ``ValueError`` for a naive one."""
        return _aware(at).astimezone(self._tz).date()

    def instant(self, on: date, wall: time) -> datetime:
        """When the branch's clock shows ``wall`` on ``on``, in UTC: the first of two, or later if it is skipped."""
        return datetime.combine(on, wall, self._tz).astimezone(UTC)

    def hours_on(self, on: date) -> Hours:
        """The hours of one day; empty when the branch is closed."""
        hours = self.hours.days[on.weekday()]
        for closure in self.closures:
            if closure.covers(on):
                if not closure.hours:
                    return ()
                hours = closure.hours
        return hours

    def is_open_on(self, on: date) -> bool:
        """Whether the doors open at all on ``on``."""
        return bool(self.hours_on(on))

    def opening_at(self, on: date) -> datetime:
        """When the doors first open on ``on``, in UTC. Raises ``ValueError`` when the branch is closed."""
        return self._opens(on, self._open_hours(on)[0])

    def closing_at(self, on: date) -> datetime:
        """When the doors last close on ``on``, in UTC; with a lunch break, in the evening.

        Raises ``ValueError`` when the branch is closed.
        """
        return self._closes(on, self._open_hours(on)[-1])

    def next_open_on_or_after(self, on: date, limit_days: int = SEARCH_DAYS) -> date | None:
        """The first open day from ``on`` to ``limit_days`` later, or ``None``."""
        return next(filter(self.is_open_on, _days(on, limit_days)), None)

    def last_open_on_or_before(self, on: date, not_before: date) -> date | None:
        """The last open day from ``on`` back to ``not_before``, or ``None``."""
        return next(filter(self.is_open_on, _days(on, (not_before - on).days)), None) if not_before <= on else None

    def add_open_days(self, on: date, count: int) -> date | None:
        """The ``count``-th open day after ``on``, or before it where ``count`` is negative; ``on`` itself for 0.

        ``None`` when the branch stays closed for 400 days in between.
        """
        step = 1 if count >= 0 else -1
        found: date | None = on
        for _ in range(abs(count)):
            days = _days(found, step * SEARCH_DAYS) if found is not None else iter(())
            next(days, None)
            found = next(filter(self.is_open_on, days), None)
        return found

    def last_closing_before(self, at: datetime) -> datetime | None:
        """When the doors last closed at or before ``at``, in UTC; ``None`` if not within 400 days.

        With a lunch break that is the beginning of the break, not the evening before.
        """
        for on in _days(self.local_date(at), -SEARCH_DAYS):
            for interval in reversed(self.hours_on(on)):
                if (closed_at := self._closes(on, interval)) <= at:
                    return closed_at
        return None

    @cached_property
    def _tz(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            # The library raises one of the three for an unknown name, an unsafe one and the name of a folder.
            raise ValueError(f"{self.zone!r} is not a known time zone") from None

    def _open_hours(self, on: date) -> Hours:
        hours = self.hours_on(on)
        if not hours:
            raise ValueError(f"the branch is closed on {on}")
        return hours

    def _opens(self, on: date, interval: Interval) -> datetime:
        """A wall time that the clocks show twice is its first showing; one they skip comes that much later."""
        return datetime.combine(on, interval.opens, self._tz).astimezone(UTC)

    def _closes(self, on: date, interval: Interval) -> datetime:
        """A wall time that the clocks show twice is its second showing, so that nobody is late while the doors may
        still be open; one they skip comes that much later, as with opening, so that closing never comes first.
        """
        closes = datetime.combine(on, interval.closes, self._tz)
        return max(closes.astimezone(UTC), closes.replace(fold=1).astimezone(UTC))


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at!r} has no time zone; instants are aware")
    return at


def _days(on: date, count: int) -> Iterator[date]:
    """``on`` and the ``count`` days after it, or before it where ``count`` is negative, within the calendar's range."""
    step = 1 if count >= 0 else -1
    for ordinal in range(on.toordinal(), on.toordinal() + count + step, step):
        if not date.min.toordinal() <= ordinal <= date.max.toordinal():
            return
        yield date.fromordinal(ordinal)


_INTERVAL = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


def _parse_interval(text: str) -> Interval:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is not an interval such as 10:00-20:00")
    opens_hour, opens_minute, closes_hour, closes_minute = map(int, found.groups())
    try:
        opens, closes = time(opens_hour, opens_minute), time(closes_hour, closes_minute)
    except ValueError:
        raise ValueError(f"{text!r} has a time that no clock shows") from None
    return Interval(opens, closes)


def _in_order(hours: Hours) -> Hours:
    for earlier, later in pairwise(hours):
        if later.opens <= earlier.closes:
            raise ValueError(f"{later} does not begin after {earlier} ends")
    return hours
