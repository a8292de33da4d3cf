"""How often somebody may do what costs this process something, or fills what is kept: counted in memory alone.

Each process counts for itself and forgets when it ends, so that nothing is kept of anybody.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from datetime import datetime, timedelta


class Pace:
    """``most`` times ``within`` so long, for each of whom it is asked."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most, self._within = most, within
        self._lately: dict[Hashable, list[datetime]] = {}
        self._lock = threading.Lock()

    def keeps(self, who: Hashable, at: datetime) -> bool:
        """Whether one more at ``at`` is within the pace; it is counted then."""
        with self._lock:
            self._forget(at)
            lately = self._lately.setdefault(who, [])
            if keeps := len(lately) < self._most:
                lately.append(at)
            return keeps

    def _forget(self, at: datetime) -> None:
        """Let go what counts no more, of everybody: strangers come from any number of addresses."""
        counts = {
            who: [then for then in lately if timedelta(0) <= at - then < self._within]
            for who, lately in self._lately.items()
        }
        self._lately = {who: lately for who, lately in counts.items() if lately}
