"""What a patron's PIN may be: digits, enough of them, and none of the first that somebody would try.

Source: BATTERY S7; issue "Patrons reserve online", Build 1.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, timedelta
from typing import Final

from lending.errors import Reason, Refused

SHORTEST: Final = 6
LONGEST: Final = 12
"""Digits. Six of them outlast the guesses that are compared, and can be kept in mind."""

CODE_HOLDS: Final = timedelta(minutes=15)
"""How long a code for a new PIN opens anything."""

CODE_TRIES: Final = 5
"""How often something else may be typed instead of it."""

_CODE_DIGITS: Final = 6
_RUN: Final = "01234567890123456789"


def check_pin(pin: str, *, card: str | None = None, birth_date: date | None = None) -> str:
    """``pin`` if it may be somebody's whose card and birth date these are.

    Raises ``Refused`` (``PIN_UNFIT``): for other signs than digits, too few or too many of them, one digit over and
    over, a run such as 123456, the end of the card's number, and a birth date.
    """
    is_digits = pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST
    if not is_digits or _is_first_tried(pin, card, birth_date):
        raise Refused.because(Reason.PIN_UNFIT, field="pin", shortest=SHORTEST, longest=LONGEST)
    return pin


def _is_first_tried(pin: str, card: str | None, birth_date: date | None) -> bool:
    if len(set(pin)) == 1 or pin in _RUN or pin in _RUN[::-1]:
        return True
    if card is not None and card.endswith(pin):
        return True
    return birth_date is not None and pin in _written(birth_date)


def _written(day: date) -> set[str]:
    """A day in the ways in which people write it without signs between."""
    orders = ("%m%d%y", "%d%m%y", "%y%m%d", "%m%d%Y", "%d%m%Y", "%Y%m%d")
    return {day.strftime(order) for order in orders}


def code_named(key: str, name: str) -> str:
    """The code for a new PIN that belongs to a name, six digits; only who has the library's ``key`` can work it out.

    So no row holds a code that waits to be sent: the message names it, and its sender works it out.
    """
    mark = hmac.digest(key.encode(), f"pin-code:{name}".encode(), hashlib.sha256)
    return f"{int.from_bytes(mark[:8], 'big') % 10**_CODE_DIGITS:0{_CODE_DIGITS}d}"


def code_digest(key: str, patron: str, code: str) -> str:
    """What is kept of a patron's code (their public id); without the ``key`` a million guesses find nothing."""
    return hmac.new(key.encode(), f"pin-code-kept:{patron}:{code}".encode(), hashlib.sha256).hexdigest()
