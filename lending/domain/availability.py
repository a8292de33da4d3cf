"""How many kits of a stock may still be promised or lent, day by day, as a timeline of the days on which it changes.

What open loans and open reservations may use on a day is the kits in service, less those out, less what cohorts still
have to hand out, less open promises. A kit that is out is busy until it is due and turned around again; an overdue one
for two weeks from today. Source: RULES 4, "Stock", and the stock ceiling of RULES 3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from lending.domain.calendars import SEARCH_DAYS, Calendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Need:
    """Kits that must be there for somebody: what a cohort has still to hand out, or open promises.

    ``ends_on`` is the day they come back, ``None`` when nobody knows it.
    """

    kits: int
    starts_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class StockFacts:
    """What is known of one stock on ``today``, the branch's local day.

    ``in_service`` counts its kits that are out or can be lent again, ``out`` those out by the local date they are due.
    """

    today: date
    in_service: int
    out: Mapping[date, int] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    turnaround_open_days: int = 2
    overdue_days: int = 14


class ChangePoint(NamedTuple):
    """From ``on`` until the next change point, ``free`` kits may be used; below 0 that many are missing."""

    on: date
    free: int


def timeline(facts: StockFacts, calendar: Calendar) -> list[ChangePoint]:
    """The days from today on at which the number of free kits changes, today first."""
    changes: dict[date, int] = {facts.today: facts.in_service}

    def busy(kits: int, first: date, free_again: date | None) -> None:
        first = max(first, facts.today)
        if free_again is not None and free_again <= first:
            return
        changes[first] = changes.get(first, 0) - kits
        if free_again is not None:
            changes[free_again] = changes.get(free_again, 0) + kits

    overdue_until = facts.today + timedelta(days=facts.overdue_days)
    for due_on, kits in facts.out.items():
        is_overdue = due_on < facts.today
        free_again = overdue_until + _DAY if is_overdue else _free_again(calendar, due_on, facts.turnaround_open_days)
        busy(kits, facts.today, free_again)
    for need in facts.needs:
        ends_on, turnaround = need.ends_on, facts.turnaround_open_days
        busy(need.kits, need.starts_on, _free_again(calendar, ends_on, turnaround) if ends_on is not None else None)

    points: list[ChangePoint] = []
    free = 0
    for on in sorted(changes):
        free += changes[on]
        if not points or points[-1].free != free:
            points.append(ChangePoint(on, free))
    return points


def free_on(points: Sequence[ChangePoint], on: date) -> int:
    """How many kits are free on ``on``. Raises ``ValueError`` for a day before the timeline begins."""
    past = [point.free for point in points if point.on <= on]
    if not past:
        raise ValueError(f"the timeline begins after {on}")
    return past[-1]


def open_loan_ceiling(
    points: Sequence[ChangePoint], calendar: Calendar, from_on: date, to_on: date, turnaround_open_days: int = 2
) -> date | None:
    """The last day on which one more loan, made on ``from_on`` and due by ``to_on``, may be due.

    The day before the stock would fall below zero with this loan, less the turnaround. ``None`` when it never does
    until the kit is turned around: no ceiling. A day before ``from_on`` says that no loan fits at all.
    """
    free_again = _free_again(calendar, to_on, turnaround_open_days) or date.max
    ends = [later.on for _, later in pairwise(points)] + [date.max]
    for point, end in zip(points, ends, strict=True):
        if point.free <= 0 and point.on < free_again and end > from_on:
            needed_on = max(point.on, from_on)
            return _last_due_before(calendar, needed_on, turnaround_open_days) or from_on - _DAY
    return None


def most_needed(needs: Iterable[Need], from_on: date, to_on: date) -> int:
    """How many kits ``needs`` ask for on their worst day from ``from_on`` to ``to_on``, first and last included."""
    overlapping = [
        need for need in needs if need.starts_on <= to_on and (need.ends_on is None or need.ends_on >= from_on)
    ]
    days = {max(need.starts_on, from_on) for need in overlapping}
    return max(
        (
            sum(
                need.kits
                for need in overlapping
                if need.starts_on <= on and (need.ends_on is None or on <= need.ends_on)
            )
            for on in days
        ),
        default=0,
    )


def _free_again(calendar: Calendar, due_on: date, turnaround_open_days: int) -> date | None:
    """The first day on which a kit due on ``due_on`` may be used again; ``None`` when the branch stays closed."""
    turned_around = calendar.add_open_days(due_on, turnaround_open_days)
    return turned_around + _DAY if turned_around is not None else None


def _last_due_before(calendar: Calendar, needed_on: date, turnaround_open_days: int) -> date | None:
    """The last open day on which a kit may be due that is needed again on ``needed_on``."""
    last_open = calendar.last_open_on_or_before(needed_on - _DAY, needed_on - timedelta(days=SEARCH_DAYS))
    return calendar.add_open_days(last_open, -turnaround_open_days) if last_open is not None else None
