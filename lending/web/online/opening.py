"""When a library is open, in the words of the patrons' pages. Source: issue "Patrons reserve online", Build 2."""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import gettext as _

from lending.domain.calendars import Calendar
from lending.phrases import Reader


def opening_words(calendar: Calendar, first: date, reader: Reader, *, days: int = 7) -> list[tuple[str, str]]:
    """Each of some days from ``first`` on with its hours: ``("Tue, Mar 3", "10 AM to 8 PM")`` or ``closed``."""
    return [(reader.day(on), _hours(calendar, on, reader)) for on in (first + timedelta(days=n) for n in range(days))]


def _hours(calendar: Calendar, on: date, reader: Reader) -> str:
    local = Reader(reader.gettext, reader.locale, calendar.zone)
    spans = []
    for one in calendar.hours_on(on):
        opens, closes = (local.hour(calendar.instant(on, wall)) for wall in (one.opens, one.closes))
        spans.append(_("%(opens)s to %(closes)s", opens=opens, closes=closes))
    return reader.listed(spans) if spans else _("closed")
