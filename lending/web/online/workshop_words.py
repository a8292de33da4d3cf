"""A workshop in the words of the patrons' pages, and as an event for their own calendars."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from lending.mail.calendars import Event
from lending.notice_words.registrations import where_held
from lending.phrases import Reader
from lending.queries.borrowers_workshops import MyWorkshop


def told(workshop: MyWorkshop, reader: Reader) -> dict[str, Any]:
    """A workshop as pages show it, on the clock of where it is held."""
    here = Reader(reader.gettext, reader.locale, workshop.zone)
    return {
        "id": workshop.workshop,
        "title": workshop.title,
        "session": workshop.session,
        "when": _(
            "%(day)s, %(begins)s to %(ends)s",
            day=here.weekday(workshop.starts_at),
            begins=here.hour(workshop.starts_at),
            ends=here.hour(workshop.ends_at),
        ),
        "where": where(workshop, reader),
    }


def where(workshop: MyWorkshop, reader: Reader) -> str:
    """``Compton Library, 240 W Compton Blvd``, or ``online``."""
    named = [text for text in (workshop.place, workshop.address) if text]
    return where_held(workshop.mode, ", ".join(named) or None, reader)


def event(workshop: MyWorkshop, reader: Reader) -> Event:
    """A workshop for a calendar; whoever looks over somebody's shoulder reads no more than its title."""
    title = f"{workshop.session}: {workshop.title}"
    return Event(workshop.workshop, title, where(workshop, reader), workshop.starts_at, workshop.ends_at)
