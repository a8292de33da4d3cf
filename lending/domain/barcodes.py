"""What a scan or a typed code is: a card, a kit, a part, a session, a place, a command or a device's own number.

Reading says what a code *looks like*; whether it exists is asked elsewhere. US library codes have 14 digits
``[2 patron | 3 item][4 institution][8 sequence][check]``; libraries of other institutions read the same way.
Source: RULES 1, "US library barcodes", and the vectors that came with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import lru_cache
from itertools import combinations

from stdnum import luhn

from lending.domain.code_patterns import LONGEST, CodePattern


@unique
class Kind(StrEnum):
    """What a code looks like."""

    PATRON = "patron"
    KIT = "kit"
    PART = "part"
    COHORT = "cohort"
    PLACE = "place"
    COMMAND = "command"
    IMEI = "imei"
    IMEISV = "imeisv"
    ICCID = "iccid"
    UNKNOWN = "unknown"


DEVICE_NUMBERS = frozenset({Kind.IMEI, Kind.IMEISV, Kind.ICCID})
"""Numbers a maker or carrier printed: they name a part or a line of a kit and never lend or return anything."""


@dataclass(frozen=True, slots=True)
class CodeSpaces:
    """Which codes this library uses (a setting). ``patron_prefix`` and ``item_prefix`` are the first digits of the
    14-digit codes, ``institution`` the four digits of *new* codes; the patterns are those of ``CodePattern``.

    Raises ``ValueError`` for a prefix that is not one digit, an institution that is not four, and a wrong pattern.
    Whether the spaces overlap is asked with ``overlaps``.
    """

    patron_prefix: str = "2"
    item_prefix: str = "3"
    institution: str = "9999"
    kit_pattern: str = r"KIT-\d{3,6}"
    part_pattern: str = r"PT-\d{3,7}"
    cohort_pattern: str = r"CO-[A-Z0-9-]+"
    place_pattern: str = r"PL-[A-Z0-9-]+"
    commands: frozenset[str] = frozenset(
        {
            *("CMD-END", "CMD-UNDO", "CMD-RECEIPT", "CMD-RENEW", "CMD-EXCHANGE", "CMD-SIGNED", "CMD-ALL-HERE"),
            "CMD-IN-LIBRARY",
        }
    )

    def __post_init__(self) -> None:
        for name, length in (("patron_prefix", 1), ("item_prefix", 1), ("institution", 4)):
            if not re.fullmatch(rf"[0-9]{{{length}}}", getattr(self, name)):
                raise ValueError(f"{name} must be {length} digit(s), not {getattr(self, name)!r}")
        _table(self)


@dataclass(frozen=True, slots=True)
class Code:
    """One code as it was read.

    ``text`` is normalised: upper case, digits without blanks and without start and stop letters. An unknown code
    keeps the case in which it was typed. ``text`` holds printable characters only.
    ``valid`` is false when the check digit is wrong, and for an unknown code; a kind without a check digit is valid.
    ``raw`` is what came in, cut at 64 characters; it may hold anything and is for the log of stops, never for a row.
    """

    kind: Kind
    text: str
    valid: bool
    raw: str


_AIM_PREFIX = re.compile(r"^\][A-Za-z][0-9A-Za-z]", re.ASCII)
_DIGITS_AS_SCANNED = re.compile(r"[A-D]? *([0-9][0-9 ]*)[A-D]?", re.ASCII)


def read(raw: str, spaces: CodeSpaces) -> Code:
    """What ``raw`` is in this library's ``spaces``. Reads anything, raises nothing.

    Digits are ASCII digits: a scanner sends no others, and a code with any other letter or digit is unknown.
    """
    shown = _shown(raw.strip()[: LONGEST + 1])
    if len(shown) > LONGEST or not shown.isascii():
        return Code(Kind.UNKNOWN, shown[:LONGEST], False, raw[:LONGEST])
    shown = _AIM_PREFIX.sub("", shown).strip()
    text = shown.upper()
    digits = _DIGITS_AS_SCANNED.fullmatch(text)
    for candidate in (text, digits[1].replace(" ", "")) if digits else (text,):
        for kind, pattern in _table(spaces):
            if pattern.matches(candidate):
                return Code(kind, candidate, _is_valid(kind, candidate), raw[:LONGEST])
    return Code(Kind.UNKNOWN, shown, False, raw[:LONGEST])


def check_digit(first13: str) -> str:
    """The fourteenth digit of a library code: mod 10, the same as Luhn's. Raises ``ValueError`` for other input."""
    if not re.fullmatch(r"[0-9]{13}", first13):
        raise ValueError(f"a library code has 13 digits before its check digit, not {first13!r}")
    return str(luhn.calc_check_digit(first13))


def is_provisional(text: str) -> bool:
    """Whether ``text`` is the reference of somebody who has no card yet: it is no card that may be given out."""
    return _PROVISIONAL.matches(text)


def library_code(prefix: str, institution: str, sequence: int) -> str:
    """The 14-digit code of one card or item. Raises ``ValueError`` when it would not have 14 digits."""
    first13 = f"{prefix}{institution}{sequence:08d}"
    return first13 + check_digit(first13)


def is_imei(text: str) -> bool:
    """Whether ``text`` is a device's IMEI: 15 digits with a right check digit."""
    return _IMEI.matches(text) and luhn.is_valid(text)


def is_iccid(text: str) -> bool:
    """Whether ``text`` is a SIM card's number: 19 or 20 digits that begin with 89, with a right check digit."""
    return _ICCID.matches(text) and luhn.is_valid(text)


def overlaps(spaces: CodeSpaces) -> tuple[tuple[Kind, Kind, str], ...]:
    """Every pair of spaces that share a code as a scanner may send it, with the shortest code they share.

    Checked when settings are read and before an import, so that no code ever means two things.
    """
    return tuple(
        (one, other, shared)
        for (one, pattern), (other, another) in combinations(_table(spaces), 2)
        if one is not other and (shared := _as_scanned(pattern).shared_with(_as_scanned(another))) is not None
    )


def disjoint(spaces: CodeSpaces) -> bool:
    """Whether no code can belong to two spaces."""
    return not overlaps(spaces)


def next_codes(first: str, taken: Container[str], count: int) -> tuple[str, ...]:
    """``count`` free codes from ``first`` on, next free first; fewer where the range ends before.

    ``first`` sets the range: a 14-digit library code counts up its sequence within its institution, each with its
    check digit; any other code counts up its last digits at the same width (KIT-00042, KIT-00043, ...).
    Raises ``ValueError`` when ``first`` does not end in digits.
    """
    found = re.fullmatch(r"(?P<stem>[0-9]{5})(?P<number>[0-9]{8})[0-9]", first)
    is_library_code = found is not None
    found = found or re.fullmatch(r"(?P<stem>.*?)(?P<number>[0-9]+)", first)
    if found is None or len(first) > LONGEST:
        raise ValueError(f"codes are counted up from a code that ends in digits, not from {first[:LONGEST]!r}")
    stem, number = found["stem"], found["number"]
    free: list[str] = []
    for value in range(int(number), 10 ** len(number)):
        if len(free) >= count:
            break
        body = f"{stem}{value:0{len(number)}d}"
        code = body + check_digit(body) if is_library_code else body
        if code not in taken:
            free.append(code)
    return tuple(free)


PROVISIONAL_PREFIX = "WEB-"
"""How the references begin that stand for the card of people who have none yet."""
REFERENCE_LETTERS = "23456789BCDFGHJKMNPQRSTVWXZ"
"""Nothing that is mistaken for something else on a telephone or a screen, and no vowels, so that none spells a word."""
REFERENCE_LENGTH = 6

_PROVISIONAL = CodePattern(f"{PROVISIONAL_PREFIX}[{REFERENCE_LETTERS}]{{{REFERENCE_LENGTH}}}")
_IMEI = CodePattern(r"\d{15}")
_IMEISV = CodePattern(r"\d{16}")
_ICCID = CodePattern(r"89\d{17,18}")
_WITH_CHECK_DIGIT = frozenset({Kind.PATRON, Kind.KIT, Kind.IMEI, Kind.ICCID})


@lru_cache(maxsize=32)
def _table(spaces: CodeSpaces) -> tuple[tuple[Kind, CodePattern], ...]:
    """All patterns of all kinds. The order does not matter where the spaces are disjoint."""
    return (
        (Kind.PATRON, CodePattern(spaces.patron_prefix + r"\d{13}")),
        (Kind.PATRON, _PROVISIONAL),
        (Kind.KIT, CodePattern(spaces.item_prefix + r"\d{13}")),
        (Kind.KIT, CodePattern(spaces.kit_pattern)),
        (Kind.PART, CodePattern(spaces.part_pattern)),
        (Kind.COHORT, CodePattern(spaces.cohort_pattern)),
        (Kind.PLACE, CodePattern(spaces.place_pattern)),
        *((Kind.COMMAND, CodePattern(command)) for command in sorted(spaces.commands)),
        (Kind.IMEI, _IMEI),
        (Kind.IMEISV, _IMEISV),
        (Kind.ICCID, _ICCID),
    )


@lru_cache(maxsize=128)
def _as_scanned(pattern: CodePattern) -> CodePattern:
    """The pattern with the start and stop letters a Codabar label may add to digits."""
    return CodePattern(f"[A-D]?{pattern.source}[A-D]?") if pattern.only_digits else pattern


def _is_valid(kind: Kind, text: str) -> bool:
    """Only 14-digit library codes and two of the device numbers carry a check digit; KIT-00042 does not."""
    carries_one = kind in _WITH_CHECK_DIGIT and text.isdigit() and (len(text) == 14 or kind in DEVICE_NUMBERS)
    return luhn.is_valid(text) if carries_one else True


def _shown(raw: str) -> str:
    """``raw`` as a page may show it: without the marks that only steer the direction or the joining of letters (they
    come along when a code is pasted), without blanks and control characters at the ends. A control character inside
    becomes U+FFFD, so that two scans run together are never read as one code.
    """
    characters = []
    for character in raw:
        category = unicodedata.category(character)
        if category == "Cf":
            continue
        characters.append(" " if category[0] == "Z" else "\ufffd" if category[0] == "C" else character)
    return "".join(characters).strip(" \ufffd")
