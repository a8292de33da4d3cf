"""A picture as the library keeps it: drawn anew by this program, whatever file it came from.

Source: RULES 1 (photos of parts); issue "Patrons reserve online", Build 6 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PHOTO_SIDE: Final = 1200
"""Pixels of the longer side of a photo at most: sharp on a telephone, a few hundred kilobytes."""

LOGO_BOX: Final = (480, 160)
"""Pixels of a logo's width and height at most: twice what the bar of a page shows."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that was drawn anew: nothing of its file is left, neither a place nor a camera nor a hidden program.

    ``width`` and ``height`` are pixels.
    """

    media_type: str
    content: bytes
    width: int
    height: int
