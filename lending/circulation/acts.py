"""One act, once: the idempotency key is claimed first, and the same key again gives the same answer.

Source: ARCHITECTURE, "Transactions and locks"; BATTERY R4. The key row keeps the act's id and a digest of the body. The
answer is not stored: it is rendered again from the rows of that act. A refusal rolls back and leaves its key free. The
sweep ``keys`` forgets them after 30 days.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.circulation.together import together
from lending.domain.actors import Actor
from lending.domain.permissions import Role
from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.journal import IdempotencyKey

T = TypeVar("T")

KEPT_FOR: Final = timedelta(days=30)
"""How long a key is kept: nobody sends the same thing again so late."""

_keys = table_of(IdempotencyKey)
_CLAIM = {
    "sqlite": sqlite.insert(_keys).on_conflict_do_nothing(index_elements=["actor", "key"]).returning(_keys.c.act),
    "postgresql": postgresql.insert(_keys)
    .on_conflict_do_nothing(index_elements=["actor", "key"])
    .returning(_keys.c.act),
}
_CLAIMED = select(_keys.c.act, _keys.c.digest).where(
    _keys.c.actor == bindparam("actor"), _keys.c.key == bindparam("key")
)


def digest_of(body: Mapping[str, Any]) -> str:
    """SHA-256 of a request's body, the same for the same values in any order."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def once(
    session: Session,
    *,
    by: Actor,
    key: str,
    body: Mapping[str, Any],
    at: datetime,
    do: Callable[[], T],
    again: Callable[[str], T],
) -> T:
    """Do an act whose ``key`` is new, or render the answer of the act that had it (``again`` gets that act's id).

    The same key with another body is refused (``KEY_REUSED``). Keys belong to the actor: two people never share one.
    """
    earlier = _claim(session, by=by, key=key, digest=digest_of(body), at=at)
    return do() if earlier is None else again(earlier)


def _claim(session: Session, *, by: Actor, key: str, digest: str, at: datetime) -> str | None:
    """Claim ``key`` and give ``None``, or give the id of the act that has it. Waits for an act under way."""
    actor = owner_of_keys(by)
    with together(session) as connection:  # with the BEGIN, as the first statement of its transaction
        claimed = connection.execute(
            _CLAIM[connection.dialect.name],
            {"actor": actor, "key": key, "digest": digest, "act": by.act, "claimed_at": at},
        )
    if claimed.one_or_none() is not None:
        return None
    earlier = connection.execute(_CLAIMED, {"actor": actor, "key": key}).one()
    if earlier.digest != digest:
        raise Refused.because(Reason.KEY_REUSED)
    return str(earlier.act)


def act_of_key(session: Session, *, by: Actor, key: str) -> str | None:
    """The id of the act that has ``key`` already, for a door that has to know before it asks for one."""
    earlier = session.connection().execute(_CLAIMED, {"actor": owner_of_keys(by), "key": key}).one_or_none()
    return None if earlier is None else str(earlier.act)


def forget_keys(session: Session, *, at: datetime, limit: int) -> int:
    """Forget at most ``limit`` keys that were claimed ``KEPT_FOR`` ago; how many. For the sweep."""
    old = select(_keys.c.id).where(_keys.c.claimed_at <= at - KEPT_FOR).order_by(_keys.c.claimed_at).limit(limit)
    return int(session.connection().execute(delete(_keys).where(_keys.c.id.in_(old))).rowcount)


def owner_of_keys(by: Actor) -> str:
    """Whose keys these are: one staff member, one patron, the system, or all who are not signed in."""
    if by.staff_id is not None:
        return f"staff:{by.staff_id}"
    if by.patron_id is not None:
        return f"patron:{by.patron_id}"
    return "visitor" if by.role is Role.PATRON else "system"
