"""What the camera of a desk without a scanner saw: a label counts when it was read alike twice, and is of this library.

A photo is looked at in several ways (turned, its light evened out), each of which is a reading; of several photos each
is one. Nothing is kept. Source: RULES 1; SCREENS, "Camera".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from lending.domain.barcodes import Code, CodeSpaces, Kind, read
from lending.errors import Reason, Refused
from lending.pictures import read_with

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS: Final = ("JPEG", "PNG")
"""What a camera makes, and what a page draws of it."""

SIDE: Final = 1600
"""Pixels of a photo's longer side at most: a module of a label that fills a third of it still has three."""

ANGLES: Final = (0, 10, 20, 30, 40, 50, 60, 70, 80)
"""Degrees by which a photo is turned. The decoder itself tries quarter turns, and bears a few degrees askew."""

READINGS: Final = 2
"""Equal readings that it takes before a code counts (SCREENS)."""


def read_label(photos: Sequence[bytes], spaces: CodeSpaces) -> Code:
    """The one label in ``photos``: in several photos of them all, in a single one by two ways of looking at it.

    What is no code of this library or has a wrong check digit never counts. Raises ``Refused``: ``PHOTO_NOT_READ``,
    ``PHOTO_NOT_OURS``, ``PHOTO_SEVERAL``, ``CODE_MISREAD``, and as ``lending.pictures.photo`` does.
    """
    looks = [list(_looks(photo, spaces)) for photo in photos]
    readings = looks[0] if len(looks) == 1 else [frozenset().union(*look) for look in looks]
    seen = {code.text: code for reading in readings for code in reading}
    ours = {text: code for text, code in seen.items() if code.kind is not Kind.UNKNOWN and code.valid}
    if len(ours) > 1:
        raise Refused.because(Reason.PHOTO_SEVERAL, codes=sorted(ours))
    for text, code in ours.items():
        if sum(any(one.text == text for one in reading) for reading in readings) >= READINGS:
            return code
    if ours or not seen:
        raise Refused.because(Reason.PHOTO_NOT_READ)
    is_ours = any(code.kind is not Kind.UNKNOWN for code in seen.values())
    raise Refused.because(Reason.CODE_MISREAD if is_ours else Reason.PHOTO_NOT_OURS)


def _looks(photo: bytes, spaces: CodeSpaces) -> Iterator[frozenset[Code]]:
    """The codes that each way of looking at a photo shows."""
    import zxingcpp  # heavy, and needed by a camera alone

    formats = zxingcpp.BarcodeFormats([getattr(zxingcpp.BarcodeFormat, name) for name in _FORMATS])
    for way in read_with(photo, _ways, side=SIDE, kinds=KINDS):
        found = zxingcpp.read_barcodes(way, formats=formats, try_invert=False)
        yield frozenset(read(symbol.text, spaces) for symbol in found)


_FORMATS = ("Code128", "Codabar", "Code39", "QRCode")
"""What is printed on cards and kits. With the shops' codes on, some part of a QR code may look like one."""


def _ways(opened: Image) -> list[Image]:
    """A photo as it is, and turned, each by other points than the ones before."""
    from PIL import Image, ImageFilter, ImageOps

    gray = opened.convert("L")
    gray.thumbnail((SIDE, SIDE))
    even = ImageOps.autocontrast(gray, cutoff=1).filter(ImageFilter.GaussianBlur(0.7))
    turned = [even.rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=255) for angle in ANGLES if angle]
    return [gray, *turned]
