"""The library's clock: the only place that asks what time it is.

A door reads it once per act and hands the instant on as ``at``; rules and verbs never look (ARCHITECTURE, Time). The
file clock lets a rehearsal move the whole library, every process of it, to another day.
"""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Protocol

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.01


class ClockError(Exception):
    """The clock cannot be read; the message names the file and what is wrong with it."""


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> dt.datetime:
        """The present instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        """The present instant, aware and in UTC."""
        return dt.datetime.now(dt.UTC)


class FileClock:
    """A clock that stands where a file says, read again each time, so that every process travels together.

    The file holds one ISO 8601 instant with its offset, such as ``2026-05-25T18:00:00-07:00``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> dt.datetime:
        """The instant in the file, in UTC; ``ClockError`` when there is none."""
        # The file may be read in the very moment in which another process writes it anew.
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._read()
            except ClockError:
                time.sleep(_PAUSE_SECONDS)
        return self._read()

    def _read(self) -> dt.datetime:
        try:
            text = self.path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ClockError(f"The clock file {self.path} cannot be read: {error.strerror}.") from error
        try:
            instant = dt.datetime.fromisoformat(text)
        except ValueError as error:
            raise ClockError(f"The clock file {self.path} holds {text!r}, which is not an ISO instant.") from error
        if instant.tzinfo is None:
            raise ClockError(f"The clock file {self.path} holds {text!r}, which says no offset; write it with one.")
        return instant.astimezone(dt.UTC)


class MovingClock:
    """A clock that a test or a rehearsal sets and moves; it stands still in between."""

    def __init__(self, at: dt.datetime) -> None:
        self.set(at)

    def now(self) -> dt.datetime:
        """The instant it was set or moved to, in UTC."""
        return self._at

    def set(self, at: dt.datetime) -> None:
        """Stand at ``at``; a naive instant raises ``ValueError``."""
        if at.tzinfo is None:
            raise ValueError("an instant says its offset; this one is naive")
        self._at = at.astimezone(dt.UTC)

    def move(self, by: dt.timedelta) -> dt.datetime:
        """Go ``by`` further, back if it is negative; answers the new instant."""
        self._at += by
        return self._at


def clock_from(setting: str) -> Clock:
    """The clock that the setting ``CLOCK`` names: ``system``, or ``file:PATH``."""
    kind, _, path = setting.partition(":")
    if setting == "system":
        return SystemClock()
    if kind == "file" and path:
        return FileClock(Path(path).expanduser())
    raise ValueError(f"a clock is 'system' or 'file:PATH', not {setting!r}")
