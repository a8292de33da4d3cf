"""The notice that carries a code for a new PIN. Source: issue "Patrons reserve online", Build 1."""

from __future__ import annotations

from collections.abc import Mapping

from lending.notice_words.message import Message
from lending.phrases import N_
from lending.queries.notices import Subject

PINS: Mapping[str, Message] = {
    "pin_code": Message(
        N_("Code for a new PIN"),
        Subject.PIN,
        N_("Your code from the library"),
        (
            N_("You asked for a new PIN. Your code is {pin_code}. It is good until {pin_until}."),
            N_("Nobody from the library will ask you for it. Did you not ask for a new PIN? Then do nothing."),
        ),
        N_("{library}: your code for a new PIN is {pin_code}, good until {pin_until}. Give it to nobody."),
    ),
}
"""By step."""
