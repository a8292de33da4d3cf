"""Workshops and pick-ups as a calendar's file, for the reader's own calendar.

Source: RFC 5545, 3.1 (lines of at most 75 octets, folded), 3.3.11 (what is escaped), 3.6.1 and 3.8.2.2 (an event, whose
end comes after its start or is left out).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

_FOLD = 73
"""Octets of a line before it is folded: 75 with its end would be the most."""


@dataclass(frozen=True, slots=True)
class Event:
    """What stands in a calendar. ``uid`` stays the same however often it is sent: a later copy takes its place.

    An instant, such as when a kit is due, ends when it starts.
    """

    uid: str
    title: str
    where: str
    starts_at: datetime
    ends_at: datetime
    what: str = ""


def calendar_file(*events: Event, at: datetime, name: str = "") -> str:
    """The file of some events, made at ``at``; instants are UTC. ``name`` is what a calendar calls what it follows."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Library kit lending//Workshops//EN",
        "METHOD:PUBLISH",
        *([f"X-WR-CALNAME:{_escaped(name)}"] if name else []),
        *(line for event in events for line in _lines(event, at)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _lines(event: Event, at: datetime) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{_escaped(event.uid)}",
        f"DTSTAMP:{_instant(at)}",
        f"DTSTART:{_instant(event.starts_at)}",
        *([f"DTEND:{_instant(event.ends_at)}"] if event.ends_at > event.starts_at else []),
        f"SUMMARY:{_escaped(event.title)}",
        f"LOCATION:{_escaped(event.where)}",
        *([f"DESCRIPTION:{_escaped(event.what)}"] if event.what else []),
        "END:VEVENT",
    ]


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())


def _folded(line: str) -> str:
    """A long line on several, never within a character."""
    parts = [""]
    for character in line:
        if len((parts[-1] + character).encode()) > _FOLD:
            parts.append("")
        parts[-1] += character
    return "\r\n ".join(parts)
