"""A second proof of who signs in: a code that a telephone makes anew every half minute, or one printed on paper.

Source: RFC 6238 (codes by time; 5.1: their secrets are kept encrypted); ASVS 6.5 (lookup secrets of at least 112 bits
may be kept as plain digests).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b32decode, b32encode
from datetime import datetime
from typing import Final

from lending.domain.kept_secrets import hidden, revealed

SECONDS: Final = 30
"""How long a code lasts."""

NEIGHBOURS: Final = 1
"""How many codes before and after the present one are taken, because clocks differ and typing takes its time."""

RECOVERY_CODES: Final = 10
_LETTERS: Final = "23456789bcdfghjkmnpqrstvwxz"
"""No look-alikes and no vowels, as in public ids."""
_GROUPS: Final = 6
_GROUP: Final = 4
"""24 letters are 114 bits."""

_SECRET: Final = 32
"""Letters of a secret. Hidden it has 64, so that the two are told apart."""

_PURPOSE: Final = "second factor"


def new_secret() -> str:
    """What a telephone and the library make the same codes of: 160 bits in base 32."""
    import pyotp

    return pyotp.random_base32()


def as_kept(secret: str, *, key: str, staff_id: int) -> str:
    """What is kept of an account's secret: hidden with ``key``, the library's own, for this account alone."""
    return hidden(b32decode(secret), key=key, purpose=_PURPOSE, owner=str(staff_id))


def secret_in(kept: str, *, key: str, staff_id: int) -> str | None:
    """The secret in what is kept; ``None`` where the library has another key by now: a new factor has to be set up."""
    if not is_hidden(kept):
        return kept
    secret = revealed(kept, key=key, purpose=_PURPOSE, owner=str(staff_id))
    return None if secret is None else b32encode(secret).decode()


def is_hidden(kept: str) -> bool:
    """Whether what is kept is hidden; what was kept before there was hiding is the secret itself."""
    return len(kept) != _SECRET


def address_of(secret: str, *, account: str, library: str) -> str:
    """The ``otpauth`` address that a telephone reads from a picture: the secret, and whose it is."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=library)


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """The step of time whose code this is, near the instant ``at``; ``None`` for a wrong one.

    A step is taken once: whoever reads a code over a shoulder comes too late. Every step is compared, whichever fits.
    """
    import pyotp

    typed = re.sub(r"[\s-]", "", code)
    if not re.fullmatch(r"[0-9]{6}", typed):
        return None
    codes, now = pyotp.TOTP(secret), int(at.timestamp()) // SECONDS
    fits = [
        step
        for step in range(now - NEIGHBOURS, now + NEIGHBOURS + 1)
        if hmac.compare_digest(codes.generate_otp(step), typed)
    ]
    return max(fits, default=None)


def new_recovery_codes() -> list[str]:
    """Codes for the day when the telephone is lost, in groups of four letters; each opens the account once."""

    def code() -> str:
        return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))

    return [code() for _ in range(RECOVERY_CODES)]


def recovery_digest(code: str) -> str | None:
    """What is kept of a recovery code, however its groups were typed; ``None`` for what cannot be one."""
    typed = re.sub(r"[\s-]", "", code).lower()
    if len(typed) != _GROUPS * _GROUP or not set(typed) <= set(_LETTERS):
        return None
    return hashlib.sha256(typed.encode()).hexdigest()
