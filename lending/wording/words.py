"""What one refusal is in words, and how it sounds to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from lending.phrases import N_


@unique
class Tone(StrEnum):
    """How an answer sounds and looks: four, told apart by rhythm, icon and word."""

    DONE = "done"
    LOOK = "look"
    STOP = "stop"
    AGAIN = "again"


@unique
class Audience(StrEnum):
    """Who reads a sentence."""

    DESK = "desk"
    PATRON = "patron"
    SIP2 = "sip2"


_SEE_STAFF = N_("Please ask at the desk. They can help you with this.")
_SEE_STAFF_SIP2 = N_("Please see staff")
NOT_LENT = N_("This kit cannot be lent just now. Please choose another one.")
NOT_LENT_SIP2 = N_("This kit cannot be lent now")


@dataclass(frozen=True, slots=True)
class Words:
    """One refusal in words. ``status`` is the HTTP status; ``sip2`` stands in field AF and so is short."""

    status: int
    tone: Tone
    desk: str
    patron: str = _SEE_STAFF
    sip2: str = _SEE_STAFF_SIP2

    @property
    def exit_code(self) -> int:
        """What the command line ends with: BSD's sysexits where one fits, else 1."""
        return _EXIT_CODES.get(self.status, 1)


_EXIT_CODES: Mapping[int, int] = {401: 77, 403: 77, 404: 66, 422: 65, 429: 75, 503: 75}
