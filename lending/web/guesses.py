"""Opening an account with a secret: the guess is counted before it is made, and hashing holds no lock.

Staff with a password and patrons with a PIN come by the same way. Source: BATTERY S7; decision 12.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from math import ceil
from time import perf_counter, sleep
from typing import Final

from lending import passwords
from lending.circulation import second_factors, sign_ins
from lending.circulation.sign_ins import Guess
from lending.domain.actors import Actor
from lending.errors import Block, Reason, Refused
from lending.queries.staff import SignIn
from lending.web import current, known, shifts

TAKES: Final = 0.2
"""Seconds that an answer takes which must not tell whether there is such a number: longer than a code is written in."""


def opened(account: str, secret: str, found: SignIn | None) -> SignIn:
    """What ``secret`` opens: ``found``, whose name is ``account`` (its kind and name, as ``staff:ben``).

    Raises ``Refused``: ``SIGN_IN_LOCKED``, ``SIGN_IN_FAILED``, which never tells a wrong name from a wrong secret.
    """
    library, at = current.library(), current.now()
    guess = Guess(account, address=known.address(), browser=known.browser_of(found))
    library.db.act(lambda s: sign_ins.reserve_guess(s, guess, at=at))
    if not passwords.matches(secret, found.password_hash if found else None) or found is None:
        raise Refused(Block(Reason.SIGN_IN_FAILED))
    library.db.act(lambda s: sign_ins.guessed_right(s, guess))
    return found


def proved(found: SignIn, code: str, by: Actor) -> None:
    """Take the second factor of ``found``, whose own act this is: a telephone's code or one from the paper, once.

    Raises ``Refused``: ``SIGN_IN_LOCKED``, ``SECOND_FACTOR_WRONG``.
    """
    library, at, clock = current.library(), current.now(), shifts.now()
    guess = Guess(f"code:{found.public_id}", address=known.address(), browser=known.browser_of(found))
    library.db.act(lambda s: sign_ins.reserve_guess(s, guess, at=at))
    key = library.settings.secret_key
    library.db.act(lambda s: second_factors.use_code(s, code=code, key=key, clock=clock, at=at, by=by))
    library.db.act(lambda s: sign_ins.guessed_right(s, guess))


def counted(account: str) -> Guess:
    """Count a try at ``account`` (its kind and name) that is compared elsewhere.

    Raises ``Refused``: ``SIGN_IN_LOCKED``.
    """
    library, at = current.library(), current.now()
    guess = Guess(account, address=known.address())
    library.db.act(lambda s: sign_ins.reserve_guess(s, guess, at=at))
    return guess


def tried(at: datetime) -> str:
    """Count that somebody without a card asks for something, before it is looked at; a digest of where they ask from.

    Raises ``Refused``: ``TOO_MANY_FROM_HERE``.
    """
    address = known.address()
    current.library().db.act(lambda s: sign_ins.reserve_try(s, address, at=at))
    return address


@contextmanager
def taking_as_long() -> Iterator[None]:
    """Take as long for a number that nobody has as for one of somebody's, to whom something is written."""
    began = perf_counter()
    try:
        yield
    finally:
        sleep(max(TAKES - (perf_counter() - began), 0))


def retry_after(refused: Refused) -> dict[str, str]:
    """When to try again, in whole seconds, for whoever is locked out."""
    for block in refused.blocks:
        until = block.detail.get("until")
        if isinstance(until, datetime):
            return {"Retry-After": str(ceil((until - current.now()).total_seconds()))}
    return {}
