"""One call that changes something: done once for its key, and answered from the rows that the act left.

The answer is read back by the act's id, so that a client whose line broke gets the same answer again; on a hot path the
first one is made of what the verb gave. Source: ARCHITECTURE, "Transactions and locks"; BATTERY R4.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from flask import request
from flask_babel import gettext
from sqlalchemy.orm import Session

from lending.api import current
from lending.api.problems import Problem
from lending.circulation.acts import once
from lending.domain.actors import Actor
from lending.errors import Reason, hidden_as

T = TypeVar("T")
KEY = "Idempotency-Key"
LONGEST_KEY = 80

Do = Callable[[Session, Actor], object]
Show = Callable[[Session, str], T]
Tell = Callable[[Any], T | None]


def key_required(do: Do, show: Show[T], *, body: Mapping[str, Any], tell: Tell[T] | None = None) -> T:
    """Do an act of circulation: its key is required. ``show`` renders the answer of the act with a given id.

    ``tell`` makes that same answer of what ``do`` gave, for a hot path; ``None`` where ``show`` has to be asked.
    """
    key = _key()
    if key is None:
        raise Problem(400, gettext("Send an Idempotency-Key: a lost answer could otherwise lend or return twice."))
    return _once(key, do, show, body, tell)


def of_hidden(do: Do, show: Show[T], *, body: Mapping[str, Any], tell: Tell[T] | None = None) -> T:
    """``key_required`` for an act on a thing that does not exist for whoever may not act where it is."""

    def hidden(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return do(session, by)

    return key_required(hidden, show, body=body, tell=tell)


def key_welcome(do: Do, show: Show[T], *, body: Mapping[str, Any]) -> T:
    """Do any other act: with a key it is done once, without one each time it is asked for."""
    key = _key()
    if key is not None:
        return _once(key, do, show, body)
    by = current.actor()

    def work(session: Session) -> T:
        do(session, by)
        return _show(session, show, by.act)

    return current.library().db.act(work)


def _once(key: str, do: Do, show: Show[T], body: Mapping[str, Any], tell: Tell[T] | None = None) -> T:
    by, at = current.actor(), current.now()

    def work(session: Session) -> T:
        def first() -> T:
            done = do(session, by)
            told = None if tell is None else tell(done)
            return _show(session, show, by.act) if told is None else told

        # The key stands for the call as well as for its body: one key never means two things.
        whole = {"call": f"{request.method} {request.path}", "body": body}
        return once(session, by=by, key=key, body=whole, at=at, do=first, again=lambda act: _show(session, show, act))

    return current.library().db.act(work)


def _show(session: Session, show: Show[T], act: str) -> T:
    session.flush()  # the answer is read by statements that do not know what the verb has changed but not yet written
    return show(session, act)


def _key() -> str | None:
    key = request.headers.get(KEY)
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise Problem(400, gettext("An Idempotency-Key has 1 to 80 printable ASCII characters."))
    return key


def secretly(secret: str | None) -> str | None:
    """A short secret in a body as its key may remember it: told apart from another, and not to be guessed back."""
    if secret is None:
        return None
    own = current.library().settings.secret_key
    return hmac.digest(own.encode(), secret.encode(), "sha256").hex()


def at_station(by: Actor, station_id: int | None) -> Actor:
    """The same actor standing at a station, which can then take the act back."""
    return replace(by, station_id=station_id)
