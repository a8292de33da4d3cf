"""What becomes of a date when the days it hangs on are moved: a cohort's dates, or the days a branch is open.

A date may come later at any time; it comes earlier only with notice: some days (setting, 7) lie between today and the
new date, else it comes as early as the notice allows and no earlier. Nothing is moved into the past, and nothing
later that should come earlier. Every answer is on an open day, at closing. Source: RULES 4, "Cohort moved", and 3,
"Emergency closing".
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from lending.domain.calendars import Calendar
from lending.domain.due_dates import Due, DueRule


def moved_due(calendar: Calendar, current: Due, return_by: date, notice_days: int = 7, *, at: datetime) -> Due:
    """When a cohort's loan is due, once the cohort's ``return_by`` was changed at ``at``.

    The answer is ``current`` itself when nothing changes: the notice leaves no earlier date, or no open day is left.
    """
    wanted = _closing(calendar, return_by, DueRule.COHORT_RETURN_BY)
    if wanted is None or wanted.at == current.at:
        return current
    if wanted.at > current.at:
        return wanted
    notice = _notice(calendar, notice_days, at)
    if notice is None:
        return current
    sooner = max(wanted, notice, key=lambda due: due.at)
    return sooner if sooner.at < current.at else current


def shelf_until(calendar: Calendar, open_days: int, *, ready_at: datetime, pickup_from: date | None) -> datetime | None:
    """Until when a kit stays on the hold shelf, in UTC: closing of the last of ``open_days`` open days.

    They are counted from the day after the ready notice or, if that is later, after ``pickup_from``. ``None`` when the
    branch stays closed for 400 days.
    """
    ready_on = calendar.local_date(ready_at)
    last = calendar.add_open_days(ready_on if pickup_from is None else max(ready_on, pickup_from), open_days)
    return None if last is None else calendar.closing_at(last)


def moved_shelf(
    calendar: Calendar, current: datetime, wanted: datetime | None, notice_days: int = 7, *, at: datetime
) -> datetime:
    """Until when a kit stays on the shelf, once the day on which it may first be picked up was changed."""
    if wanted is None or wanted >= current:
        return wanted or current
    notice = _notice(calendar, notice_days, at)
    return current if notice is None else min(current, max(wanted, notice.at))


def _notice(calendar: Calendar, notice_days: int, at: datetime) -> Due | None:
    """The earliest date that leaves the days of notice."""
    return _closing(calendar, calendar.local_date(at) + timedelta(days=notice_days), DueRule.NOTICE_PERIOD)


def _closing(calendar: Calendar, wanted: date, rule: DueRule) -> Due | None:
    on = calendar.next_open_on_or_after(wanted)
    return None if on is None else Due(calendar.closing_at(on), on, rule, wanted if wanted != on else None)
