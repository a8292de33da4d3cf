"""A sign of life to a watchman outside, who notices when the whole machine is gone. Source: RULES 6 ("late")."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lending.library import Library

PING = "ping"
TIMEOUT_SECONDS = 10


def ping(opened: Library, at: datetime) -> int:
    """Ask the address of the setting ``PING_URL``, unless another job is late; how often. Raises ``OSError``."""
    from urllib.request import urlopen

    from lending.queries.jobs import jobs_shown

    url = opened.settings.ping_url
    if url is None:
        return 0
    with opened.db.read() as session:
        late = set(jobs_shown(session, at=at).late) - {PING}
    if late:
        return 0
    with urlopen(url, timeout=TIMEOUT_SECONDS):  # noqa: S310 - the setting takes http and https alone
        return 1
