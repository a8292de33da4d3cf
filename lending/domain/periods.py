"""Periods of a report: a week, a month, a fiscal year, or any days, each beside the comparable one before.

Days are local dates of a branch, the first and the last both counted. A fiscal year begins on the first of a month that
the library sets (``fiscal_year_begins``; July, as California's counties have it). Source: RULES 7; issue "Managers see
what circulated", Build 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum, unique
from typing import Final

from lending.domain.calendars import FIRST_DAY, LAST_DAY

FISCAL_YEAR_BEGINS: Final = 7
"""The month in which a fiscal year begins, unless the library says otherwise: July."""

LONGEST_DAYS: Final = 3660
"""Days that one report spans at most; ten years."""

_ONE_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)
_YEAR = r"(2[01]\d\d)"
_MONTH, _WEEK, _FISCAL = rf"{_YEAR}-(\d\d)", rf"{_YEAR}-W(\d\d)", rf"FY{_YEAR}-(\d\d)"
_RANGE = r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})"


@unique
class PeriodKind(StrEnum):
    """What a period is a whole or the beginning of."""

    WEEK = "week"
    MONTH = "month"
    FISCAL_YEAR = "fiscal_year"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``first`` to ``last``, both counted. One that ends before its kind does is that kind so far."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def name(self) -> str:
        """What addresses and rows call it: 2026-11, 2026-W48, FY2026-07 (by its first month), 2026-11-03..2026-11-20.

        One that is cut short is called by its days.
        """
        if self.kind is PeriodKind.RANGE or self.last != _whole(self.kind, self.first).last:
            return f"{self.first.isoformat()}..{self.last.isoformat()}"
        if self.kind is PeriodKind.WEEK:
            year, week, _ = self.first.isocalendar()
            return f"{year:04}-W{week:02}"
        return f"{'FY' if self.kind is PeriodKind.FISCAL_YEAR else ''}{self.first:%Y-%m}"

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def is_over(self, today: date) -> bool:
        """Whether its last day has gone by."""
        return self.last < today

    def until(self, today: date) -> Period:
        """What has been of it by ``today``; its first day alone for one that is still to come."""
        return Period(self.kind, self.first, max(min(self.last, today), self.first))

    def before(self) -> Period:
        """The comparable period before: the month before a month, for half a month the same days of the month before.

        Of any days it is as many days just before; of whole months as many months.
        """
        if self.kind is PeriodKind.RANGE:
            months = list(self.months())
            if months[0].first == self.first and months[-1].last == self.last:
                first = _months_on(self.first, -len(months))
            else:
                first = self.first - timedelta(days=self.days)
            return Period(self.kind, first, self.first - _ONE_DAY)
        whole, earlier = _whole(self.kind, self.first), _whole(self.kind, _earlier(self.kind, self.first))
        if self.last == whole.last:
            return earlier
        return Period(self.kind, earlier.first, min(earlier.first + (self.last - self.first), earlier.last))

    def months(self) -> Iterator[Period]:
        """The whole months that it touches, in order."""
        first = self.first.replace(day=1)
        while first <= self.last:
            yield _whole(PeriodKind.MONTH, first)
            first = _months_on(first, 1)


def month_of(day: date) -> Period:
    """The month that ``day`` is in."""
    return _whole(PeriodKind.MONTH, day.replace(day=1))


def week_of(day: date) -> Period:
    """The week that ``day`` is in, from Monday to Sunday."""
    return _whole(PeriodKind.WEEK, day - timedelta(days=day.weekday()))


def fiscal_year_of(day: date, begins: int = FISCAL_YEAR_BEGINS) -> Period:
    """The fiscal year that ``day`` is in, where one begins on the first of the month ``begins`` (1 to 12)."""
    year = day.year if day.month >= begins else day.year - 1
    return _whole(PeriodKind.FISCAL_YEAR, date(year, begins, 1))


def between(first: date, last: date) -> Period:
    """Any days, both counted. Raises ``ValueError`` when they are in the wrong order or more than ten years."""
    if not timedelta(0) <= last - first < timedelta(days=LONGEST_DAYS):
        raise ValueError(f"from {first} to {last}")
    return Period(PeriodKind.RANGE, first, last)


def months_until(last: date, months: int) -> Period:
    """The days of so many months, the last of them up to ``last``."""
    return between(_months_on(last.replace(day=1), 1 - months), last)


def named(first: date, last: date, begins: int = FISCAL_YEAR_BEGINS) -> Period:
    """The month or the fiscal year that goes from ``first`` to ``last``, else any days. Raises ``ValueError`` as above.

    Households are known of months and of fiscal years alone, so that a report by days has to know one.
    """
    wholes = (month_of(first), fiscal_year_of(first, begins))
    return next((one for one in wholes if (one.first, one.last) == (first, last)), None) or between(first, last)


def read_period(name: str) -> Period:
    """The period of a ``name``. Raises ``ValueError`` for what is none, or begins or ends outside this library's time:
    no calendar has what is compared with its first years, or follows its last.
    """
    period = _read(name)
    if period.first < FIRST_DAY or period.last > LAST_DAY:
        raise ValueError(f"no period of this library's time: {name!r}")
    return period


def _read(name: str) -> Period:
    if found := re.fullmatch(_MONTH, name):
        return month_of(date(int(found[1]), int(found[2]), 1))
    if found := re.fullmatch(_FISCAL, name):
        return fiscal_year_of(date(int(found[1]), int(found[2]), 1), int(found[2]))
    if found := re.fullmatch(_WEEK, name):
        return week_of(date.fromisocalendar(int(found[1]), int(found[2]), 1))
    if found := re.fullmatch(_RANGE, name):
        return between(date.fromisoformat(found[1]), date.fromisoformat(found[2]))
    raise ValueError(f"no period: {name!r}")


def token_periods(day: date, begins: int = FISCAL_YEAR_BEGINS) -> tuple[Period, Period]:
    """The periods for which households and patrons are counted on ``day``: its month and its fiscal year."""
    return month_of(day), fiscal_year_of(day, begins)


def _whole(kind: PeriodKind, first: date) -> Period:
    """The whole period of a kind that begins on its ``first`` day."""
    last = {
        PeriodKind.WEEK: lambda: first + _A_WEEK,
        PeriodKind.MONTH: lambda: _months_on(first, 1),
        PeriodKind.FISCAL_YEAR: lambda: _months_on(first, 12),
        PeriodKind.RANGE: lambda: first + _ONE_DAY,
    }[kind]()
    return Period(kind, first, last - _ONE_DAY)


def _earlier(kind: PeriodKind, first: date) -> date:
    """The first day of the period of this kind before the one that begins on ``first``."""
    if kind is PeriodKind.WEEK:
        return first - _A_WEEK
    return _months_on(first, -12 if kind is PeriodKind.FISCAL_YEAR else -1)


def _months_on(first: date, months: int) -> date:
    """The first of the month so many months on."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)
