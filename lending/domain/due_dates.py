"""When a kit is due back: one small function a rule, and each answer says which rule gave it.

A kit is due at closing time of the check-out branch, on a day on which it is open. A closed day rolls forward to the
next open one; only where a ceiling forbids that, back to the last open day before it. An entry point answers ``None``
when no open day fits. Source: RULES 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum, unique

from lending.domain.calendars import SEARCH_DAYS, Calendar

_DAY = timedelta(days=1)


@unique
class DueRule(StrEnum):
    """Which rule set a due date. A receipt says it, and a loan's term keeps it."""

    COHORT_RETURN_BY = "cohort_return_by"
    LOAN_PERIOD = "loan_period"
    RENEWAL = "renewal"
    CEILING_STOCK = "ceiling_stock"
    CEILING_PROGRAM_END = "ceiling_program_end"
    CEILING_CARD_EXPIRY = "ceiling_card_expiry"
    BY_HAND = "by_hand"
    EXCHANGE = "exchange"
    NOTICE_PERIOD = "notice_period"
    EMERGENCY_CLOSING = "emergency_closing"
    IN_LIBRARY = "in_library"


CEILINGS = frozenset({DueRule.CEILING_STOCK, DueRule.CEILING_PROGRAM_END, DueRule.CEILING_CARD_EXPIRY})
"""The rules that only ever shorten an open loan or its renewal; cohort loans know none of them."""


@dataclass(frozen=True, slots=True)
class Due:
    """A due date and why it is that one.

    ``at`` is aware UTC, the closing of the branch on its local date ``on``; a kit received by then is on time.
    ``rolled_from`` is the closed day the rule had named, ``None`` when it named ``on`` itself.
    """

    at: datetime
    on: date
    rule: DueRule
    rolled_from: date | None = None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The last day on which an open loan may be due, by one of the ``CEILINGS``. Another rule raises ``ValueError``."""

    rule: DueRule
    on: date

    def __post_init__(self) -> None:
        if self.rule not in CEILINGS:
            raise ValueError(f"{self.rule} is not a ceiling")


def is_overdue(due_at: datetime, at: datetime) -> bool:
    """Whether a kit that is out, or came back, at ``at`` is late. At the closing itself it is still on time."""
    return at > due_at


def default_return_by(calendar: Calendar, ends_on: date, last_workshop_on: date | None) -> date:
    """The day a cohort's kits come back when nobody set one.

    Its last day, and never before the branch's first open day after the last workshop, so that nobody has to bring
    the kit to the workshop for which they borrowed it.
    """
    if last_workshop_on is None:
        return ends_on
    return max(ends_on, calendar.next_open_on_or_after(last_workshop_on + _DAY) or ends_on)


def cohort_due(calendar: Calendar, return_by: date, *, at: datetime) -> Due | None:
    """A cohort loan, checked out at ``at``: due on the cohort's ``return_by`` whatever the day of pick-up.

    No ceiling shortens it. ``None`` also when that day has passed: the cohort is over.
    """
    return _after(at, _rolled_forward(calendar, return_by, DueRule.COHORT_RETURN_BY))


def open_loan_due(calendar: Calendar, loan_days: int, ceilings: Iterable[Ceiling] = (), *, at: datetime) -> Due | None:
    """An open loan, checked out at ``at``: the check-out day and ``loan_days`` more, never past a ceiling."""
    wanted = max(calendar.local_date(at) + timedelta(days=loan_days), _first_day(calendar, at))
    return _under(calendar, wanted, DueRule.LOAN_PERIOD, ceilings, at)


def renewal_due(
    calendar: Calendar, current: Due, loan_days: int, ceilings: Iterable[Ceiling] = (), *, at: datetime
) -> Due | None:
    """A renewal at ``at``: ``loan_days`` from the old due date, under the same ceilings as a check-out.

    It may come out no later than ``current``; then there is nothing to gain and ``renewal.blocks`` refuses it.
    """
    return _under(calendar, current.on + timedelta(days=loan_days), DueRule.RENEWAL, ceilings, at)


def by_hand_due(calendar: Calendar, on: date, *, at: datetime) -> Due | None:
    """A due date that staff set by hand. ``None`` also when closing time on that day has passed, or beyond 400 days."""
    first = _first_day(calendar, at)
    if not first <= on <= first + timedelta(days=SEARCH_DAYS):
        return None
    return _after(at, _rolled_forward(calendar, on, DueRule.BY_HAND))


def in_library_due(calendar: Calendar, *, at: datetime) -> Due | None:
    """Use inside the building: due at closing on the same day; ``None`` on a closed day and after closing."""
    on = calendar.local_date(at)
    return _after(at, _due(calendar, on, DueRule.IN_LIBRARY)) if calendar.is_open_on(on) else None


def event_due(calendar: Calendar, ends_at: datetime, *, at: datetime) -> Due | None:
    """Use at a workshop or another event: due at the first closing that comes after the event has ended."""
    on = still_open_on_or_after(calendar, ends_at, calendar.local_date(ends_at))
    return None if on is None else _after(at, _due(calendar, on, DueRule.IN_LIBRARY))


def shortened_due(calendar: Calendar, current: Due, notice_days: int = 7, *, at: datetime) -> Due:
    """The due date of someone who leaves a cohort at ``at``: ``notice_days`` from today, and never later than before.

    The answer is ``current`` itself when it does not come earlier, also when it has passed already: nobody's date
    is moved into the past.
    """
    wanted = max(calendar.local_date(at) + timedelta(days=notice_days), _first_day(calendar, at))
    notice = _rolled_forward(calendar, wanted, DueRule.NOTICE_PERIOD)
    return notice if notice is not None and notice.at < current.at else current


def redated_for_closing(calendar: Calendar, current: Due) -> Due:
    """The due date after a closure was entered into ``calendar``, as if it had been known.

    Never earlier: a ceiling that would call for that is passed over, and a day that closes before the kit was due is
    over for it, so that the next open day holds. The answer is ``current`` itself when nothing changes or no open day
    is left.
    """
    wanted = still_open_on_or_after(calendar, current.at, current.on)
    if wanted is None or wanted == current.on:
        return current
    return Due(calendar.closing_at(wanted), wanted, DueRule.EMERGENCY_CLOSING, current.on)


def still_open_on_or_after(calendar: Calendar, until: datetime, on: date) -> date | None:
    """The first open day from ``on`` that does not close before ``until``, an instant of ``on``; ``None``: no such day.

    An instant that fell on the closing of ``on`` falls, once that day closes earlier, on the closing of another.
    """
    first = calendar.next_open_on_or_after(on)
    if first == on and calendar.closing_at(on) < until:
        return calendar.next_open_on_or_after(on + _DAY)
    return first


def incomplete_until(calendar: Calendar, days: int = 7, *, at: datetime) -> datetime:
    """Until when a part found missing at ``at`` may be brought back before it is billed, in UTC.

    Closing time ``days`` later, on an open day, or simply ``days`` later where the branch does not open again.
    """
    on = calendar.next_open_on_or_after(calendar.local_date(at) + timedelta(days=days))
    return calendar.closing_at(on) if on is not None else at + timedelta(days=days)


def received_at_for_book_drop(calendar: Calendar, *, at: datetime, checked_out_at: datetime) -> datetime:
    """When a kit found in the book drop at ``at`` counts as received, in UTC.

    The last closing, because it may have been there since, but never before it was checked out. Where the branch
    has not been open for 400 days nothing is known but ``at``.
    """
    return max(calendar.last_closing_before(at) or at, checked_out_at)


def _under(calendar: Calendar, wanted: date, rule: DueRule, ceilings: Iterable[Ceiling], at: datetime) -> Due | None:
    """``wanted`` or, if that is earlier, the lowest ceiling; rolled forward below the ceiling, else back."""
    lowest = min(ceilings, key=lambda ceiling: ceiling.on, default=None)
    if lowest is None:
        return _after(at, _rolled_forward(calendar, wanted, rule))
    if lowest.on < wanted:
        wanted, rule = lowest.on, lowest.rule
    room = min((lowest.on - wanted).days, SEARCH_DAYS)
    forward = calendar.next_open_on_or_after(wanted, limit_days=room)
    if forward is not None:
        return _after(at, _due(calendar, forward, rule, wanted))
    back = calendar.last_open_on_or_before(wanted, not_before=_first_day(calendar, at))
    return _after(at, _due(calendar, back, lowest.rule, wanted)) if back is not None else None


def _rolled_forward(calendar: Calendar, wanted: date, rule: DueRule) -> Due | None:
    on = calendar.next_open_on_or_after(wanted)
    return _due(calendar, on, rule, wanted) if on is not None else None


def _due(calendar: Calendar, on: date, rule: DueRule, wanted: date | None = None) -> Due:
    return Due(calendar.closing_at(on), on, rule, wanted if wanted != on else None)


def _after(at: datetime, due: Due | None) -> Due | None:
    """``due``, unless it is no later than the act itself: a loan is never born overdue."""
    return due if due is not None and due.at > at else None


def _first_day(calendar: Calendar, at: datetime) -> date:
    """The first day whose closing is still to come: today, or tomorrow once the doors have closed."""
    today = calendar.local_date(at)
    return today if not calendar.is_open_on(today) or calendar.closing_at(today) > at else today + _DAY
