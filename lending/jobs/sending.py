"""Sending: what waits in the outbox leaves the house, one notice after another.

Claimed in one transaction, carried in none, marked in another. When a server is away the run ends: the notices wait,
and the next run tries again. One that cannot be told is tried like one that was put off, until staff are asked. Many
leave at a pace that leaves the database and the machine to the desks.
Source: RULES 6; BATTERY R12, R13.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lending import logs
from lending.circulation import notices
from lending.circulation.notice_ends import end_overtaken
from lending.mail.carriers import Away, NotEver, NotNow
from lending.models.notices import Carrier, Channel

if TYPE_CHECKING:
    from lending.circulation.notices import Claim
    from lending.domain.actors import Actor
    from lending.library import Library

AT_ONCE = 5
"""How many leave as fast as they can: only a heap is sent at a pace."""
TURN_SECONDS = 50.0
"""How long a channel sends in one run; what is left is for the next run, which begins a minute after this one did. So a
process that is asked to stop need not send thousands first, and a long heap does not look like a run that is late.
"""


@dataclass(frozen=True, slots=True)
class Way:
    """How notices of one channel leave: who carries them, and what that is called in the log of notices."""

    carry: Callable[[Claim, datetime], None]
    """Puts a notice into words and hands it over. Raises ``Away``, ``NotNow`` or ``NotEver``."""
    carrier: Carrier


def send_all(
    opened: Library, ways: Mapping[Channel, Way], *, now: Callable[[], datetime], by: Callable[[], Actor]
) -> int:
    """Send the notices that are due, each channel until none is left, its server is away or its turn is over; how many
    left.
    """
    opened.db.act(lambda session: end_overtaken(session, at=now(), by=by()))
    return sum(_send(opened, channel, way, now, by) for channel, way in ways.items())


def _send(opened: Library, channel: Channel, way: Way, now: Callable[[], datetime], by: Callable[[], Actor]) -> int:
    sent = 0
    for _ in paced(opened.settings.notices_a_second):
        claimed = opened.db.act(lambda session: notices.claim(session, channel, at=now(), by=by()))
        if claimed is None:
            break
        try:
            way.carry(claimed, now())
        except Away as away:
            _later(opened, claimed, away.problem, now, by)
            logs.warning("carrier away", channel=channel.value, problem=away.problem)
            break
        except NotNow as refused:
            _later(opened, claimed, refused.problem, now, by)
        except NotEver as refused:
            _never(opened, claimed, refused, now, by)
        except Exception as bug:  # noqa: BLE001 - one notice that cannot be told keeps no other; in the end staff get it
            logs.bug(bug, notice=claimed.public_id)
            _later(opened, claimed, type(bug).__name__, now, by)
        else:
            _sent(opened, claimed, way.carrier, now, by)
            sent += 1
    return sent


def paced(a_second: int) -> Iterator[None]:
    """One message after another, each in its time, until the turn is over. ``a_second`` 0: as fast as they can."""
    ends = time.monotonic() + TURN_SECONDS
    for n in itertools.count(1):
        began = time.monotonic()
        yield
        if time.monotonic() > ends:
            return
        if a_second and n >= AT_ONCE:
            time.sleep(max(0.0, began + 1 / a_second - time.monotonic()))


def _sent(
    opened: Library, claimed: Claim, carrier: Carrier, now: Callable[[], datetime], by: Callable[[], Actor]
) -> None:
    opened.db.act(lambda session: notices.mark_sent(session, claimed.id, carrier, at=now(), by=by()))


def _later(opened: Library, claimed: Claim, problem: str, now: Callable[[], datetime], by: Callable[[], Actor]) -> None:
    opened.db.act(lambda session: notices.try_later(session, claimed.id, problem, at=now(), by=by()))


def _never(
    opened: Library, claimed: Claim, refused: NotEver, now: Callable[[], datetime], by: Callable[[], Actor]
) -> None:
    opened.db.act(
        lambda session: notices.give_up(
            session,
            claimed.id,
            refused.problem,
            address_is_wrong=refused.address_is_wrong,
            at=now(),
            by=by(),
        )
    )
