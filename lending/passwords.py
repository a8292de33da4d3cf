"""Passwords and PINs as hashes: made and compared with argon2id, never inside a transaction.

Hashing takes tens of milliseconds and 19 MiB on purpose, so a door does it between two acts: the guess is counted
(``circulation.sign_ins.reserve_guess``), the password compared, the count cleared. Source: DEPENDENCIES, "sign-in"
(OWASP's argon2id parameters); BATTERY S7.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import TYPE_CHECKING, Final

from lending.errors import Reason, Refused

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12
"""Characters of a staff password at least. Length is the only rule, because others make people write it down."""

LONGEST: Final = 256
"""Characters of a password that are worth hashing; a longer one is a mistake or an attack."""


def hash_password(password: str) -> str:
    """The hash to keep of a new staff password. Refused when it is too short; ``detail`` says the least length."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refused.because(Reason.PASSWORD_TOO_SHORT, shortest=SHORTEST, longest=LONGEST)
    return hash_secret(password)


def hash_secret(secret: str) -> str:
    """The hash to keep of any secret, such as a PIN, whose length was checked elsewhere."""
    return _hasher().hash(secret)


def matches(secret: str, kept: str | None) -> bool:
    """Whether ``secret`` is the one whose hash is ``kept``.

    For an account that is not there or has no password (``None``) the answer is no and takes as long as any other, so
    that nobody learns from the clock which names exist.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(secret) > LONGEST:
        return False
    try:
        _hasher().verify(kept or _nobody(), secret)
    except (VerificationError, InvalidHashError):
        return False
    return bool(kept)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # needed at sign-in alone

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobody() -> str:
    """The hash of a password that nobody has."""
    return _hasher().hash(secrets.token_urlsafe(32))
