"""Pictures that people upload, drawn anew: bounded in size, and without anything that the file said besides.

A file is opened by what it is and not by its name, its size is read before its points are, and one is drawn at a time,
because each takes some tens of megabytes while it is. It is done by the doors, outside of any transaction.
Source: ASVS 5.2 and 5.3 (files from strangers).
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from lending.domain.pictures import LOGO_BOX, PHOTO_SIDE, Drawn
from lending.errors import Reason, Refused

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF")
"""What is read. Not SVG, which is a program, and nothing that a telephone does not make or a designer does not send."""

MOST_POINTS: Final = 25_000_000
"""Points of a picture that are read at most: what the cameras of telephones make. A bomb of zeros has more."""

MOST_PASSES: Final = 100
"""Passes of a JPEG that are read at most: progressive ones have about ten, one that is made to take hours thousands."""

Draw = Callable[[bytes], Drawn]
T = TypeVar("T")
_ONE_AT_A_TIME = threading.Lock()
_JPEG, _PASS = b"\xff\xd8", b"\xff\xda"


def photo(content: bytes) -> Drawn:
    """A photo as JPEG, upright, its longer side of ``PHOTO_SIDE`` at most; what was see-through is white.

    Raises ``Refused``: ``PICTURE_UNREADABLE``, ``PICTURE_TOO_BIG``.
    """
    return _drawn(content, _as_photo)


def logo(content: bytes) -> Drawn:
    """A logo as PNG within ``LOGO_BOX``, see-through where it was. Raises as ``photo`` does."""
    return _drawn(content, _as_logo)


def _drawn(content: bytes, draw: Callable[[Image], Drawn]) -> Drawn:
    from PIL import ImageOps  # heavy, and needed at uploads alone

    def upright(opened: Image) -> Drawn:
        return draw(ImageOps.exif_transpose(opened).convert("RGBA"))

    return read_with(content, upright, side=PHOTO_SIDE)


def read_with(content: bytes, take: Callable[[Image], T], *, side: int, kinds: tuple[str, ...] = KINDS) -> T:
    """What ``take`` makes of a stranger's file, opened as a picture whose longer side is to be about ``side`` pixels.

    Raises as ``photo`` does.
    """
    from PIL import Image

    with _ONE_AT_A_TIME:
        try:
            if content.startswith(_JPEG) and content.count(_PASS) > MOST_PASSES:
                raise Refused.because(Reason.PICTURE_UNREADABLE)
            with Image.open(io.BytesIO(content), formats=kinds) as opened:
                if opened.width * opened.height > MOST_POINTS:
                    raise Refused.because(Reason.PICTURE_TOO_BIG)
                opened.draft("RGB", (2 * side, 2 * side))  # a JPEG is read at about the size it will have
                return take(opened)
        except Refused:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise Refused.because(Reason.PICTURE_TOO_BIG) from None
        except Exception:  # noqa: BLE001 - whatever a decoder says of a hostile file, it is no picture
            raise Refused.because(Reason.PICTURE_UNREADABLE) from None


def _as_photo(image: Image) -> Drawn:
    from PIL.Image import new

    image.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
    paper = new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A"))
    return _saved(paper, "JPEG", quality=82, optimize=True, progressive=True)


def _as_logo(image: Image) -> Drawn:
    image.thumbnail(LOGO_BOX)
    return _saved(image, "PNG", optimize=True)


def _saved(image: Image, kind: str, **how: int) -> Drawn:
    file = io.BytesIO()
    image.info.clear()  # what the file said of its place and its colours is not written again
    image.save(file, kind, **how)
    return Drawn(f"image/{kind.lower()}", file.getvalue(), image.width, image.height)
