"""Secrets that have to be read again, as rows keep them: encrypted, so that a copy of the database alone tells none.

The key is made from the library's own, which stands in no row, and for one purpose. What is kept belongs to one owner:
put into another's row it opens nothing. Source: RFC 5869 (HKDF); NIST SP 800-38D (AES-GCM); ASVS 11.3.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY: Final = 32
_NONCE: Final = 12
"""Bytes, as AES-256 and GCM have them. A nonce is drawn anew for every secret."""


def hidden(secret: bytes, *, key: str, purpose: str, owner: str) -> str:
    """What to keep of a secret that is ``owner``'s, in letters: four for every three bytes of the secret and 28 more.

    ``key`` is the library's own; what it hides for one ``purpose`` is read for no other.
    """
    nonce = secrets.token_bytes(_NONCE)
    return urlsafe_b64encode(nonce + _cipher(key, purpose).encrypt(nonce, secret, owner.encode())).decode()


def revealed(kept: str, *, key: str, purpose: str, owner: str) -> bytes | None:
    """The secret in what was kept; ``None`` where another key or purpose hid it, it is another's, or it was changed."""
    from cryptography.exceptions import InvalidTag

    try:
        content = urlsafe_b64decode(kept)
        return _cipher(key, purpose).decrypt(content[:_NONCE], content[_NONCE:], owner.encode())
    except (InvalidTag, NotBase64, ValueError):
        return None


def _cipher(key: str, purpose: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # needed at sign-in alone
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), _KEY, salt=None, info=purpose.encode()).derive(key.encode()))
