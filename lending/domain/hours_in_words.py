"""Opening hours as people write them: ``Mon-Thu 10-8, Fri and Sat 10-5, Sun closed``, in English or Spanish.

What is understood is shown before it is saved, so a guess about noon hurts nobody: an hour without "am" or "pm" is one
at which libraries open. Source: SCREENS, "Words"; RULES 3, "Weekly hours".
"""

from __future__ import annotations

import re
import unicodedata
from datetime import time

from lending.domain.calendars import DAY_NAMES, Hours, Interval, WeeklyHours

_NAMES = {
    **dict.fromkeys(("mon", "lun"), 0),
    **dict.fromkeys(("tue", "mar"), 1),
    **dict.fromkeys(("wed", "mie"), 2),
    **dict.fromkeys(("thu", "jue"), 3),
    **dict.fromkeys(("fri", "vie"), 4),
    **dict.fromkeys(("sat", "sab"), 5),
    **dict.fromkeys(("sun", "dom"), 6),
}
_DAY = rf"(?:{'|'.join(_NAMES)})[a-z]*\.?"
_RANGE = rf"{_DAY}(?:\s*(?:-|to|through|a|al)\s*{_DAY})?"
_DAYS = re.compile(rf"\b{_RANGE}(?:\s*(?:,|&|/|and|y)\s*{_RANGE})*")
_EACH = re.compile(rf"({_DAY})(?:\s*(?:-|to|through|a|al)\s*({_DAY}))?")
_CLOSED = frozenset({"", "closed", "cerrado", "cerrada"})
_TIME = r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?\s*(?:m\.?)?"
_INTERVAL = re.compile(rf"{_TIME}\s*(?:-|to|until|a)\s*{_TIME}")
_OPENS_FROM = 7
"""An opening before it, without "am", is in the afternoon."""


def read_week(text: str) -> WeeklyHours:
    """The hours of a week in words. ``ValueError``: a day left out, given twice, or not readable."""
    plain = _plain(text)
    found: dict[int, Hours] = {}
    specs = list(_DAYS.finditer(plain))
    if not specs or plain[: specs[0].start()].strip():
        raise ValueError("no day of the week stands at the beginning")
    ends = [spec.start() for spec in specs[1:]] + [len(plain)]
    for spec, end in zip(specs, ends, strict=True):
        hours = read_hours(plain[spec.end() : end].strip(" :;,\n"))
        for day in _days(spec.group()):
            if day in found:
                raise ValueError(f"{DAY_NAMES[day]} is given twice")
            found[day] = hours
    missing = [name for day, name in enumerate(DAY_NAMES) if day not in found]
    if missing:
        raise ValueError(f"no hours for {', '.join(missing)}")
    return WeeklyHours(tuple(found[day] for day in range(len(DAY_NAMES))))


def read_hours(text: str) -> Hours:
    """The hours of one day in words; nothing and ``closed`` are none. Raises ``ValueError`` that quotes the text."""
    plain = _plain(text)
    if plain in _CLOSED:
        return ()
    parts = [part.strip() for part in re.split(r",|;|\band\b|\by\b", plain)]
    return WeeklyHours((tuple(map(_interval, parts)), *[()] * 6)).days[0]


def _plain(text: str) -> str:
    """Small letters without accents, one kind of dash, noon and midnight as numbers."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    for mark in "\u2013\u2014\u2212\u2010\u2011":
        folded = folded.replace(mark, "-")
    return re.sub(r"\b(noon|mediodia)\b", "12 pm", folded).strip()


def _days(text: str) -> list[int]:
    """The days of ``mon-thu, sat``, a range over the weekend too."""
    found = []
    for first, last in _EACH.findall(text):
        start = _NAMES[first[:3]]
        count = (_NAMES[last[:3]] - start) % 7 if last else 0
        found += [(start + n) % 7 for n in range(count + 1)]
    return found


def _interval(text: str) -> Interval:
    read = _INTERVAL.fullmatch(text)
    if read is None:
        raise ValueError(f"{text[:40]!r} are no hours such as 10-6")
    hour, minute, half, to_hour, to_minute, to_half = read.groups()
    opens, closes = _clock(hour, half), _clock(to_hour, to_half)
    if not half and not to_half and opens < _OPENS_FROM and len(hour) < 2:
        opens += 12
    from_minute, until_minute = int(minute or 0), int(to_minute or 0)
    if not to_half and closes <= 12 and (closes, until_minute) <= (opens, from_minute):
        closes += 12
    try:
        return Interval(time(opens, from_minute), time(closes, until_minute))
    except ValueError:
        raise ValueError(f"{text[:40]!r} are no hours such as 10-6") from None


def _clock(hour: str, half: str | None) -> int:
    number = int(hour)
    if half and 1 <= number <= 12:
        return number % 12 + (12 if half == "p" else 0)
    return number
