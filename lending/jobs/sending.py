"""Sending: what waits in the outbox leaves the house, one notice after another.

Claimed in one transaction, carried in none, marked in another. When a server is away the run ends: the notices wait,
and the next run tries again. Source: RULES 6; BATTERY R12, R13.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from lending.circulation import notices
from lending.mail.carriers import Away, NotEver, NotNow
from lending.models.notices import Carrier, Channel

if TYPE_CHECKING:
    from lending.circulation.notices import Claim
    from lending.domain.actors import Actor
    from lending.library import Library

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Way:
    """How notices of one channel leave: who carries them, and what that is called in the log of notices."""

    carry: Callable[[Claim, datetime], None]
    """Puts a notice into words and hands it over. Raises ``Away``, ``NotNow`` or ``NotEver``."""
    carrier: Carrier


def send_all(
    opened: Library, ways: Mapping[Channel, Way], *, now: Callable[[], datetime], by: Callable[[], Actor]
) -> int:
    """Send every notice that is due, each channel until none is left or its server is away; how many left."""
    return sum(_send(opened, channel, way, now, by) for channel, way in ways.items())


def _send(opened: Library, channel: Channel, way: Way, now: Callable[[], datetime], by: Callable[[], Actor]) -> int:
    sent = 0
    while True:
        claimed = opened.db.act(lambda session: notices.claim(session, channel, at=now(), by=by()))
        if claimed is None:
            return sent
        try:
            way.carry(claimed, now())
        except Away as away:
            _later(opened, claimed, away.problem, now, by)
            log.warning("carrier away", channel=channel.value, problem=away.problem)
            return sent
        except NotNow as refused:
            _later(opened, claimed, refused.problem, now, by)
        except NotEver as refused:
            _never(opened, claimed, refused, now, by)
        else:
            _sent(opened, claimed, way.carrier, now, by)
            sent += 1


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
