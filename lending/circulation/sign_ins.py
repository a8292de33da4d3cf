"""Signing in: how many guesses are compared, and browsers' sessions that ended.

A guess is counted before it is compared, and by more than one thing: by the account, so that many addresses together
have no more guesses than one; by the address within the account, so that one address alone does not use them up and
shut the owner out; and by the address over all accounts, so that nobody tries one password on everybody. A browser in
which the account was opened before has a counter of its own, whatever strangers do meanwhile. No name and no address is
kept, digests are, and the sweep ``sign-ins`` forgets them. Source: BATTERY S7; decision 12.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Table, and_, case, delete, literal, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lending.errors import Reason, Refused
from lending.models.base import table_of
from lending.models.people import EndedSession, SignInLimit

GUESSES: Final = 10
"""How many guesses of one account are compared in any fifteen minutes, over all processes and addresses."""

FROM_ONE_ADDRESS: Final = 8
"""How many of them may come from one address, so that some are left for the owner at another. As many as one process
compares at once: right ones that are under way count too, and one account may be at many desks in the morning.
"""

OF_ONE_ADDRESS: Final = 50
"""How many wrong guesses one address has for all accounts together: a county's desks may share one."""

GUESSING_TIME: Final = timedelta(minutes=15)

NEWCOMERS_FROM_ONE_ADDRESS: Final = 10
"""How many people without a card may ask from one address in ``NEWCOMERS_TIME``: a family or a class, but no script."""

TRIES_FROM_ONE_ADDRESS: Final = 40
"""How often people without a card may press the last button from one address in ``NEWCOMERS_TIME``, whatever comes of
it: a refusal says whether somebody asked before, and registers nobody who would be counted.
"""

NEWCOMERS_TIME: Final = timedelta(hours=1)

_ADDRESS: Final = "address"
_NEWCOMERS: Final = "newcomers"
_TRIES: Final = "newcomers-tries"
_limits, _ended = table_of(SignInLimit), table_of(EndedSession)


@dataclass(frozen=True, slots=True)
class Guess:
    """Whose account somebody tries to open, and from where.

    ``account`` is its kind and name, as ``staff:ben``, whether or not anybody has the name. ``address`` is a keyed
    digest of where the guess comes from; without one it is counted by the account alone. ``browser`` names a browser in
    which this account was opened before.
    """

    account: str
    address: str | None = None
    browser: str | None = None


@dataclass(frozen=True, slots=True)
class _Counter:
    """One row of counted guesses, and how many it lets through."""

    key: str
    most: int


def reserve_guess(session: Session, guess: Guess, *, at: datetime) -> None:
    """Count a guess before it is compared, so that two at once cannot both be the last.

    A counter that is full lets nothing through until ``GUESSING_TIME`` has passed since its last guess; a guess that is
    refused makes the wait no longer. Raises ``Refused`` (``SIGN_IN_LOCKED``, with ``until``).
    """
    for counter in _counters(guess):
        _count(session, counter, at)


def guessed_right(session: Session, guess: Guess) -> None:
    """Forget the guesses of an account that somebody opened, as far as they were counted with theirs.

    Its address takes back this guess alone: somebody with an account of their own does not wash their guesses off.
    """
    for counter in _counters(guess):
        row = _limits.c.account == counter.key
        if counter.key.startswith(_ADDRESS):
            session.execute(update(_limits).where(row).values(guesses=_limits.c.guesses - 1))
        else:
            session.execute(delete(_limits).where(row))


def forget_guesses(session: Session, *, at: datetime) -> int:
    """Forget the guesses, and the newcomers, that count no more; how many counters. For the sweep."""
    of_newcomers = _limits.c.account.startswith(_NEWCOMERS)
    over = or_(
        and_(of_newcomers, _limits.c.since <= at - NEWCOMERS_TIME),
        and_(not_(of_newcomers), _limits.c.since <= at - GUESSING_TIME),
    )
    return len(session.execute(delete(_limits).where(over).returning(_limits.c.account)).all())


def reserve_newcomer(session: Session, address: str, *, at: datetime) -> None:
    """Count somebody without a card who asks from an address, a digest; part of the act that registers them.

    The hour counts from the first. Raises ``Refused`` (``TOO_MANY_FROM_HERE``, with ``until``).
    """
    _count_in_an_hour(session, _Counter(_key(_NEWCOMERS, address), NEWCOMERS_FROM_ONE_ADDRESS), at)


def reserve_try(session: Session, address: str, *, at: datetime) -> None:
    """Count that somebody without a card asks from an address, a digest: an act of its own before the one that they ask
    for, so that its refusal is counted too.

    The hour counts from the first. Raises ``Refused`` (``TOO_MANY_FROM_HERE``, with ``until``).
    """
    _count_in_an_hour(session, _Counter(_key(_TRIES, address), TRIES_FROM_ONE_ADDRESS), at)


def _count_in_an_hour(session: Session, counter: _Counter, at: datetime) -> None:
    over = _limits.c.since <= at - NEWCOMERS_TIME
    first = _insert(session, _limits).values(account=counter.key, guesses=1, since=at)
    counted = first.on_conflict_do_update(
        index_elements=[_limits.c.account],
        set_={
            "guesses": case((over, 1), else_=_limits.c.guesses + 1),
            "since": case((over, literal(at, _limits.c.since.type)), else_=_limits.c.since),
        },
        where=or_(over, _limits.c.guesses < counter.most),
    ).returning(_limits.c.guesses)
    if session.execute(counted).scalar_one_or_none() is None:
        since = session.scalars(select(_limits.c.since).where(_limits.c.account == counter.key)).one()
        raise Refused.because(Reason.TOO_MANY_FROM_HERE, until=since + NEWCOMERS_TIME)


def _counters(guess: Guess) -> Iterator[_Counter]:
    """What a guess is counted by, always in this order: the rows are locked one after another."""
    if guess.browser is not None:
        yield _Counter(_key("browser", f"{guess.browser}:{guess.account}"), GUESSES)
        return
    kind, _, name = guess.account.partition(":")
    yield _Counter(_key(kind, name), GUESSES)
    if guess.address is not None:
        yield _Counter(_key("from", f"{guess.address}:{guess.account}"), FROM_ONE_ADDRESS)
        yield _Counter(_key(_ADDRESS, guess.address), OF_ONE_ADDRESS)


def _key(kind: str, name: str) -> str:
    return f"{kind[:15]}:{hashlib.sha256(name.casefold().encode()).hexdigest()}"


def _count(session: Session, counter: _Counter, at: datetime) -> None:
    over = _limits.c.since <= at - GUESSING_TIME
    first = _insert(session, _limits).values(account=counter.key, guesses=1, since=at)
    counted = first.on_conflict_do_update(
        index_elements=[_limits.c.account],
        set_={
            "guesses": case((over, 1), else_=_limits.c.guesses + 1),
            # Of two processes the one whose clock is behind must not shorten the wait.
            "since": case((_limits.c.since > at, _limits.c.since), else_=literal(at, _limits.c.since.type)),
        },
        where=or_(over, _limits.c.guesses < counter.most),
    ).returning(_limits.c.guesses)
    if session.execute(counted).scalar_one_or_none() is None:
        since = session.scalars(select(_limits.c.since).where(_limits.c.account == counter.key)).one()
        raise Refused.because(Reason.SIGN_IN_LOCKED, until=since + GUESSING_TIME)


# --- Sessions --------------------------------------------------------------------------------------------------


def end_session(session: Session, *, digest: str, at: datetime) -> None:
    """Let nobody go on with a browser's session, with a copy of its cookie neither. Ending it twice is ending it.

    ``digest`` is what ``lending/web/shifts.py`` gives. Source: ASVS 7.4.1.
    """
    session.execute(_insert(session, _ended).values(digest=digest, ended_at=at).on_conflict_do_nothing())


def forget_sessions(session: Session, *, shift: timedelta, at: datetime) -> int:
    """Forget the sessions that ended a whole ``shift`` ago: their cookies are too old by now. Gives how many."""
    gone = session.execute(delete(_ended).where(_ended.c.ended_at <= at - shift).returning(_ended.c.digest))
    return len(gone.all())


def _insert(session: Session, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insertion that may say what to do about a row already there, in the words of the database at hand."""
    return (sqlite.insert if session.connection().dialect.name == "sqlite" else postgresql.insert)(table)
