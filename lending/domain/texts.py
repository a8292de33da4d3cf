"""Text messages: into how many segments a telephone network parts a text, each of which is paid for.

The network's own alphabet of seven bits takes 160 characters, or 153 in each of several; a text with any other
character goes as UCS-2, 70 or 67. Source: 3GPP TS 23.038, 6.2.1, and 23.040, 9.2.3.24.1.
"""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
"""Each of them takes the room of two."""


def is_gsm(text: str) -> bool:
    """Whether the network's own alphabet has every character."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def segments(text: str) -> int:
    """How many segments a text takes; none for an empty one."""
    if not text:
        return 0
    if is_gsm(text):
        return _parts([2 if character in _EXTENDED else 1 for character in text], 160, 153)
    return _parts([len(character.encode("utf-16-be")) // 2 for character in text], 70, 67)


def _parts(sizes: list[int], alone: int, each: int) -> int:
    """How many parts hold characters of these sizes, none of which is torn in two."""
    if sum(sizes) <= alone:
        return 1
    parts, room = 1, each
    for size in sizes:
        if size > room:
            parts, room = parts + 1, each
        room -= size
    return parts
