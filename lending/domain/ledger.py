"""The ledger of what federal ECF money paid for: what belongs in it, how long, and who may open it when.

Source: 47 CFR 54.1715; RULES 8, "Two clocks" (B).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, unique
from typing import Final

KEPT_YEARS: Final = 10
"""Years from the last service or delivery date for which the ledger is kept."""

ALONE_AFTER: Final = timedelta(hours=24)
"""How long one administrator alone waits, after all others were told, before the ledger opens."""

OPEN_FOR: Final = timedelta(hours=24)
"""How long the ledger stays open, from the approval or from the end of that wait."""

_ECF: Final = re.compile(r"(?<![A-Za-z])(?:ECF|Emergency\s+Connectivity\s+Fund)(?![A-Za-z])", re.IGNORECASE)


def is_ecf(fund: str | None) -> bool:
    """Whether a fund is the Emergency Connectivity Fund: its name says so, or has the word ECF, as in ``ECF 2021``."""
    return fund is not None and _ECF.search(fund) is not None


def keep_until(dates: Iterable[date | None]) -> date:
    """The last day on which a record with these dates is kept, of which one is known at least."""
    last = max(day for day in dates if day is not None)
    try:
        return last.replace(year=last.year + KEPT_YEARS)
    except ValueError:  # the 29th of February
        return last.replace(year=last.year + KEPT_YEARS, month=3, day=1)


@unique
class Stand(Enum):
    """How far a wish to open the ledger has come."""

    WAITING = "waiting"
    """For another administrator, or for the day that one alone waits."""
    OPEN = "open"
    OVER = "over"
    CLOSED = "closed"
    """Somebody took it back."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A wish to open the ledger, as its row says. ``told_at``: every other administrator was told."""

    asked_at: datetime
    told_at: datetime | None
    approved_at: datetime | None
    closed_at: datetime | None


def opens_at(opening: Opening) -> datetime | None:
    """From when on it is open; ``None`` while only another administrator can open it."""
    if opening.approved_at is not None:
        return opening.approved_at
    return None if opening.told_at is None else opening.told_at + ALONE_AFTER


def stand_of(opening: Opening, at: datetime) -> Stand:
    """How a wish to open the ledger stands at an instant."""
    if opening.closed_at is not None:
        return Stand.CLOSED
    since = opens_at(opening)
    if since is None or at < since:
        return Stand.WAITING
    return Stand.OPEN if at < since + OPEN_FOR else Stand.OVER
