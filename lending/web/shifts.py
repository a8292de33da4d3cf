"""How long a browser stays signed in: a shift, counted from signing in and not from the last scan.

The cookie's own age begins anew whenever it is signed again, which a busy desk does all day. The machine's clock is
asked and not the library's: a rehearsal that travels in time stays signed in. Source: ``SESSION_HOURS`` in config.py.
"""

from __future__ import annotations

from flask import current_app, session

from lending.clock import SystemClock


def begin() -> None:
    """Count from now."""
    session.permanent = True
    session["began"] = _seconds()


def is_over() -> bool:
    """Whether this browser was signed in longer than a shift lasts, or nobody knows since when."""
    began = session.get("began")
    return not isinstance(began, int) or _seconds() - began > current_app.permanent_session_lifetime.total_seconds()


def _seconds() -> int:
    return int(SystemClock().now().timestamp())
