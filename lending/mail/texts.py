"""Text messages through a gateway that speaks HTTP: one signed request for each, and what its answers mean.

The request is a JSON object with ``id`` (the same at every try, so that a gateway can tell a second copy), ``to``
(E.164) and ``text``. Never called in a transaction. Source: docs/gateways.md; RULES 6, "Channels per patron".
"""

from __future__ import annotations

import json
from datetime import datetime

from lending.domain.signatures import signed
from lending.mail.carriers import Away, NotEver, NotNow
from lending.mail.http import Answer, post_json

TIMEOUT_SECONDS = 20.0
"""How long the gateway may be silent. Shorter than the lease of a claim."""

NO_SUCH_NUMBER = "no such number"
"""What the gateway calls the problem of a number that nobody has."""

_NOBODY_THERE = frozenset({404, 410})
_NOT_US = frozenset({401, 403})
"""The gateway does not know this library, and so refuses every message."""


class TextGateway:
    """Sends through the gateway at an address, with a secret that both sides know."""

    def __init__(self, url: str, secret: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._url, self._secret, self._timeout = url, secret, timeout

    def send(self, *, public_id: str, to: str, text: str, at: datetime) -> None:
        """Hand one text to the gateway. Raises ``Away``, ``NotNow`` or ``NotEver``."""
        body = json.dumps({"id": public_id, "to": to, "text": text}).encode()
        answer = post_json(self._url, body, signed(self._secret, body, at=at), timeout=self._timeout)
        if not answer.is_good:
            raise _problem(answer)


def _problem(answer: Answer) -> Away | NotNow | NotEver:
    """What an answer other than a good one means.

    A 404 that is no JSON object is a web server's, not the gateway's: the address in the settings is wrong, nobody's
    number.
    """
    status, word = answer.status, f"http {answer.status}"
    if status == 429 or status >= 500:
        return NotNow(word)
    if status < 400 or status in _NOT_US or (status in _NOBODY_THERE and answer.said is None):
        return Away(word)
    said = None if answer.said is None else answer.said.get("problem")
    return NotEver(word, address_is_wrong=status in _NOBODY_THERE or said == NO_SUCH_NUMBER)
