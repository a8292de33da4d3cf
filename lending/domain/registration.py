"""What a patron's record may say: each field by name, read from what a form, a file or another program gave.

All fields that are wrong are told at once. Registering, changing and importing read their values here, so that no door
lets in what another refuses. Source: RULES 2 and 8; INTERFACES, "POST /patrons".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache

from lending.domain.contacts import email_address, phone_number
from lending.errors import Block, Reason, Refused

REQUIRED = ("name", "birth_date")
"""Without these a patron is not registered: who it is, and whether a guardian must agree."""

TOLD_BY = ("email", "text", "call", "letter")
"""How somebody may ask to be told of what concerns them."""

BY_THEMSELVES = frozenset({"email", "phone", "text_consent_wording", "notice_channel", "language", "keeps_history"})
"""What patrons change themselves: how they are reached and what is kept. Who they are is for staff to see."""

ADDRESS = frozenset({"street", "unit", "city", "postal_code"})
"""The fields that make a household."""


def read_details(given: Mapping[str, object], *, today: date, required: Iterable[str] = ()) -> dict[str, object]:
    """The values of ``given`` as a record keeps them: text without blanks around it, dates, ``None`` for nothing.

    Dates are ``date`` or ISO text; ``today`` is the home branch's. Raises ``Refused`` with a block per field:
    ``VALUE_MISSING`` (also when a required field is emptied) and ``VALUE_WRONG``, which an unknown field gets too.
    """
    values: dict[str, object] = {}
    against = [Block(Reason.VALUE_MISSING, {"field": name}) for name in sorted(set(required) - given.keys())]
    for name, value in given.items():
        try:
            values[name] = _FIELDS[name](value, today)
        except (KeyError, ValueError):
            against.append(Block(Reason.VALUE_WRONG, {"field": name}))
            continue
        if name in REQUIRED and values[name] is None:
            against.append(Block(Reason.VALUE_MISSING, {"field": name}))
    if against:
        raise Refused(*against)
    return values


def is_storable(text: str) -> bool:
    """Whether any database can keep ``text``: neither the null character nor one half of a character is in it."""
    return not any(character == "\0" or unicodedata.category(character) == "Cs" for character in text)


def plain_text(value: object, longest: int) -> str | None:
    """One line of text in composed letters, blanks at its ends and runs of them taken away; ``None`` when empty.

    ``ValueError`` for anything but text, for more than ``longest`` characters, and for controls, which no database and
    no page is meant to keep.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("text is needed")
    text = " ".join(unicodedata.normalize("NFC", value).split())
    if len(text) > longest:
        raise ValueError(f"{longest} characters at most")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("there are control characters in it")
    return text or None


def text_of(field: str, value: object, longest: int) -> str | None:
    """``plain_text`` of a field that stands alone. Raises ``Refused`` (``VALUE_WRONG``, with the ``field``)."""
    try:
        return plain_text(value, longest)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field=field) from None


def needed_text(field: str, value: object, longest: int) -> str:
    """The same of a field that may not be empty. Raises ``Refused``: ``VALUE_WRONG``, ``VALUE_MISSING``."""
    text = text_of(field, value, longest)
    if text is None:
        raise Refused.because(Reason.VALUE_MISSING, field=field)
    return text


_Reader = Callable[[object, date], object]


def _text(longest: int) -> _Reader:
    return lambda value, today: plain_text(value, longest)


def _name(value: object, today: date) -> str | None:
    name = plain_text(value, 160)
    if name is not None and not any(character.isalnum() for character in name):
        raise ValueError("a name has a letter")
    return name


def _note(value: object, today: date) -> str | None:
    if not isinstance(value, str):
        return plain_text(value, 500)
    lines = [plain_text(line, 500) or "" for line in value.splitlines()]
    note = "\n".join(lines).strip()
    if len(note) > 500:
        raise ValueError("500 characters at most")
    return note or None


def read_date(value: object) -> date | None:
    """A date from itself or from ISO text (``2008-02-29``); ``ValueError`` for anything else."""
    if value is None or (isinstance(value, date) and type(value) is date):
        return value
    if not isinstance(value, str):
        raise ValueError("a date is needed")
    text = value.strip()
    if text and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("a date is written 2008-02-29")
    return date.fromisoformat(text) if text else None


def _past(value: object, today: date) -> date | None:
    day = read_date(value)
    if day is not None and not date(1900, 1, 1) <= day <= today:
        raise ValueError("a date from 1900 to today")
    return day


def _email(value: object, today: date) -> str | None:
    text = plain_text(value, 254)
    return None if text is None else email_address(text)


def _phone(value: object, today: date) -> str | None:
    text = plain_text(value, 60)
    return None if text is None else phone_number(text)


def _language(value: object, today: date) -> str:
    text = plain_text(value, 12)
    return "en" if text is None else _known_language(text)


@lru_cache(maxsize=64)
def _known_language(text: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(text, sep="-" if "-" in text else "_"))
    except (UnknownLocaleError, TypeError):
        raise ValueError("a language is written en or es") from None


def _yes_or_no(value: object, today: date) -> bool:
    if not isinstance(value, bool):
        raise ValueError("yes or no")
    return value


def _row(value: object, today: date) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("a row is named by its number")
    return value


def _told_by(value: object, today: date) -> str | None:
    text = plain_text(value, 12)
    if text is not None and text not in TOLD_BY:
        raise ValueError("one of " + ", ".join(TOLD_BY))
    return text


_FIELDS: Mapping[str, _Reader] = {
    "name": _name,
    "birth_date": _past,
    "guardian_agreed_on": _past,
    "email": _email,
    "phone": _phone,
    "text_consent_wording": _text(300),
    "notice_channel": _told_by,
    "street": _text(160),
    "unit": _text(40),
    "city": _text(80),
    "postal_code": _text(16),
    "home_branch_id": _row,
    "language": _language,
    "expires_on": lambda value, today: read_date(value),
    "keeps_history": _yes_or_no,
    "note": _note,
}
"""Every field that may be given by name; a record's state, blocks and cards have verbs of their own."""
