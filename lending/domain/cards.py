"""Whether a library card lets its holder do anything: it may be blocked, or have run out.

Source: RULES 2 ("card unknown, expired, blocked"). Nothing here reads a database or a clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from lending.errors import Reason


def against_card(
    blocked_reason: str | None, expires_on: date | None, today: date
) -> Iterator[tuple[Reason, dict[str, object]]]:
    """What stands against a card on the local day ``today``; ``expires_on`` is the last day on which it is good."""
    if blocked_reason is not None:
        yield Reason.CARD_BLOCKED, {"note": blocked_reason.rstrip(" .")}  # the sentence has a full stop of its own
    if expires_on is not None and expires_on < today:
        yield Reason.CARD_EXPIRED, {"on": expires_on}
