"""Signatures between the library and other programs: who sent a message, when, and that nobody changed it on the way.

HMAC-SHA256 over the timestamp (whole seconds since 1970, UTC), a full stop and the body, so that an old message cannot
be sent again under a new time. Source: RFC 2104; INTERFACES, "Webhooks: signed (HMAC-SHA256 with timestamp)".
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

TIMESTAMP, SIGNATURE = "X-Lending-Timestamp", "X-Lending-Signature"
"""The headers that carry them."""

FRESH = timedelta(minutes=5)
"""How far the clocks of two honest programs may be apart, and how long a message may be under way."""

_METHOD = "sha256="


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body at an instant, as its header carries it."""
    return _METHOD + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed(secret: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers of a body that is sent at an instant."""
    timestamp = str(int(at.timestamp()))
    return {TIMESTAMP: timestamp, SIGNATURE: signature(secret, timestamp, body)}


def is_signed(secret: str, body: bytes, *, timestamp: str, given: str, at: datetime) -> bool:
    """Whether whoever knows the secret sent the body, not more than ``FRESH`` from an instant."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    if not hmac.compare_digest(signature(secret, timestamp, body).encode(), given.encode("utf-8", "replace")):
        return False
    return abs(at.timestamp() - int(timestamp)) <= FRESH.total_seconds()
