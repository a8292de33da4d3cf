"""The weekly workshops of a cohort: one wall-clock time, so that a change of the clocks moves none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lending.domain.calendars import Calendar
from lending.domain.due_dates import default_return_by
from lending.domain.registration import plain_text
from lending.models.cohorts import Workshop, WorkshopMode

_WEEK, _DAY = timedelta(weeks=1), timedelta(days=1)
MOST_WORKSHOPS = 60
"""A year of weekly meetings and some: more is a slip of the finger."""


LONGEST_TITLE = 160


@dataclass(frozen=True, slots=True)
class WeeklyWorkshops:
    """One workshop a week from ``first_on``: ``starts`` is the wall clock in ``zone``.

    ``titles`` name the first ones; the rest are "Workshop 4" and so on. ``branch_id`` is where people meet, if they do.
    """

    first_on: date
    starts: time
    zone: str
    minutes: int = 90
    count: int = 6
    titles: Sequence[str] = ()
    mode: WorkshopMode = WorkshopMode.VIRTUAL
    branch_id: int | None = None

    @property
    def days(self) -> list[date]:
        """The local days of the workshops."""
        return [self.first_on + n * _WEEK for n in range(self.count)]

    def is_wrong(self, starts_on: date, ends_on: date) -> bool:
        """Whether the pattern does not fit a cohort that lasts from ``starts_on`` to ``ends_on``."""
        if not 1 <= self.count <= MOST_WORKSHOPS or not 1 <= self.minutes <= 24 * 60 or not _is_zone(self.zone):
            return True
        try:
            self._titles()
        except ValueError:
            return True
        return self.first_on < starts_on or self.days[-1] > ends_on

    def meetings(self) -> list[Workshop]:
        """The workshops as rows, which still want their cohort."""
        zone = ZoneInfo(self.zone)
        made, titles = [], self._titles()
        for n, on in enumerate(self.days):
            starts_at = datetime.combine(on, self.starts, zone)
            made.append(
                Workshop(
                    n=n + 1,
                    title=(titles[n] if n < len(titles) else None) or f"Workshop {n + 1}",
                    starts_at=starts_at,
                    ends_at=starts_at + timedelta(minutes=self.minutes),
                    mode=self.mode,
                    branch_id=self.branch_id,
                )
            )
        return made

    def _titles(self) -> list[str | None]:
        """The titles as rows keep them, ``None`` for an empty one; ``ValueError`` for one that is no line of text."""
        return [plain_text(title, LONGEST_TITLE) for title in self.titles]


def return_by_of(calendars: Iterable[Calendar], ends_on: date, last_workshop_on: date | None) -> date:
    """The day a cohort's kits come back at the latest of the branches that lend them, when nobody set one."""
    nowhere = ends_on if last_workshop_on is None else max(ends_on, last_workshop_on + _DAY)
    return max((default_return_by(calendar, ends_on, last_workshop_on) for calendar in calendars), default=nowhere)


def closed_days(calendars: Sequence[Calendar], days: Iterable[date]) -> tuple[date, ...]:
    """Those of the days on which one of the branches is closed: shown, and nobody's to assume away."""
    return tuple(on for on in days if not all(calendar.is_open_on(on) for calendar in calendars))


def shifted(at: datetime, days: int, zone: str) -> datetime:
    """The same wall clock so many days later, in UTC."""
    local = at.astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() + timedelta(days=days), local.time(), local.tzinfo).astimezone(UTC)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
