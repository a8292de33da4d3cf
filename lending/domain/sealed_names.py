"""Names sealed with a key that is kept outside the database.

AES-256 in GCM: whoever changes a sealed name, or puts it beside another device, makes it unreadable. What it stands
beside (``about``) is part of the seal. Source: RULES 8, "a sealed ledger".
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE: Final = 12


class Unreadable(Exception):
    """A sealed name that this key does not open: it was sealed with another one, or somebody changed it."""


class NameSeal:
    """One key in use. ``mark`` tells keys apart and says nothing of them."""

    def __init__(self, key: bytes) -> None:
        """``ValueError`` for a key that is not ``KEY_BYTES`` long."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._key = key
        self.mark = hashlib.sha256(b"mark of the ledger's key" + key).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"NameSeal({self.mark})"

    def seal(self, name: str, about: str) -> bytes:
        """``name``, sealed for the place ``about``."""
        nonce = secrets.token_bytes(_NONCE)
        # Padded, so that the length of what is sealed says nothing of the name.
        padded = name.encode().ljust(-(-max(1, len(name.encode())) // 64) * 64, b"\0")
        return nonce + self._cipher().encrypt(nonce, padded, about.encode())

    def open(self, sealed: bytes, about: str) -> str:
        """The name that was sealed for ``about``. Raises ``Unreadable``."""
        from cryptography.exceptions import InvalidTag

        try:
            opened = self._cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], about.encode())
        except (InvalidTag, ValueError):
            raise Unreadable from None
        return str(opened.rstrip(b"\0").decode())

    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return AESGCM(self._key)
