"""How long a browser stays signed in: a shift, counted from signing in and not from the last scan.

The cookie's own age begins anew whenever it is signed again, which a busy desk does all day. The machine's clock is
asked and not the library's: a rehearsal that travels in time stays signed in. Source: ``SESSION_HOURS`` in config.py.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Final

from flask import current_app, session

from lending.clock import SystemClock

PATRONS_PAUSE: Final = 30 * 60
"""Seconds after which a patron is signed out who did nothing: many read their pages on the library's own computers."""
_RENEWED: Final = 60
"""Seconds that pass at least before a patron's act counts as one, so that not every answer carries a new cookie."""


def begin() -> None:
    """Count from now, and name this browser's session so that it can be ended."""
    session.permanent = True
    session["began"] = int(now().timestamp())
    session["id"] = secrets.token_urlsafe(16)


def is_over() -> bool:
    """Whether this browser was signed in longer than a shift lasts, or nobody knows since when."""
    began, named = session.get("began"), session.get("id")
    if not isinstance(began, int) or not isinstance(named, str):
        return True
    return now().timestamp() - began > current_app.permanent_session_lifetime.total_seconds()


def goes_on() -> bool:
    """Whether a patron did something within ``PATRONS_PAUSE``; what they do now is counted from."""
    began, named = session.get("began"), session.get("id")
    if not isinstance(began, int) or not isinstance(named, str):
        return False
    passed = now().timestamp() - began
    if passed > PATRONS_PAUSE:
        return False
    if passed > _RENEWED:
        session["began"] = int(now().timestamp())
    return True


def digest() -> str:
    """The name of this browser's session as the database may know it: whoever reads that cannot make a cookie of it."""
    return hashlib.sha256(session["id"].encode()).hexdigest()


def now() -> datetime:
    """The machine's instant."""
    return SystemClock().now()
