"""Claims about uploaded pictures: what is kept of them, and what is no picture."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from lending import pictures
from lending.errors import Reason, Refused
from tests.picture_files import file_of

GPS = 0x8825


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def refusal(content: bytes, draw: pictures.Draw = pictures.photo) -> list[Reason]:
    with pytest.raises(Refused) as refused:
        draw(content)
    return [block.reason for block in refused.value.blocks]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_photo_is_kept_as_a_jpeg_whatever_it_was(kind: str) -> None:
    drawn = pictures.photo(file_of(kind=kind))
    assert (drawn.media_type, drawn.width, drawn.height) == ("image/jpeg", 60, 40)
    assert opened(drawn.content).format == "JPEG"


def test_a_big_photo_is_made_smaller_and_keeps_its_shape() -> None:
    drawn = pictures.photo(file_of((3000, 1500), "JPEG"))
    assert (drawn.width, drawn.height) == opened(drawn.content).size == (1200, 600)


def test_a_small_photo_is_not_blown_up() -> None:
    assert pictures.photo(file_of((8, 8))).width == 8


def test_nothing_of_where_and_with_what_it_was_taken_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Cameras of Compton"
    exif.get_ifd(GPS)[1] = "N"
    content = file_of(kind="JPEG", exif=exif, comment=b"Ada was here", icc_profile=b"profile")
    assert b"Cameras of Compton" in content
    drawn = pictures.photo(content).content
    assert not dict(opened(drawn).getexif())
    for told in (b"Cameras", b"Ada", b"Exif", b"profile"):
        assert told not in drawn


def test_a_logo_loses_what_its_file_said_too() -> None:
    from PIL.PngImagePlugin import PngInfo

    said = PngInfo()
    said.add_text("Author", "Ada Morales")
    drawn = pictures.logo(file_of(pnginfo=said))
    assert b"Ada Morales" not in drawn.content


def test_a_photo_that_was_held_sideways_stands_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    drawn = pictures.photo(file_of((60, 40), "JPEG", exif=exif))
    assert (drawn.width, drawn.height) == (40, 60)


def test_a_logo_stays_see_through_and_fits_its_box() -> None:
    drawn = pictures.logo(file_of((2000, 400), mode="RGBA"))
    assert (drawn.media_type, drawn.width, drawn.height) == ("image/png", 480, 96)
    assert opened(drawn.content).mode == "RGBA"


def test_what_was_see_through_is_white_in_a_photo() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(file, "PNG")
    assert opened(pictures.photo(file.getvalue()).content).getpixel((5, 5)) == (255, 255, 255)


def bomb() -> bytes:
    """A PNG that says it has 10^10 points and takes 70 bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (100_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("draw", [pictures.photo, pictures.logo])
def test_a_bomb_is_refused_before_it_is_read(draw: pictures.Draw) -> None:
    assert refusal(bomb(), draw) == [Reason.PICTURE_TOO_BIG]


def test_more_points_than_a_camera_makes_are_refused() -> None:
    assert refusal(file_of((5001, 5000), mode="1")) == [Reason.PICTURE_TOO_BIG]


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "words": lambda: b"not a picture",
    "a page": lambda: b"<html><script>alert(1)</script></html>",
    "a drawing that is a program": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "half a file": lambda: file_of((300, 300), "JPEG")[:200],
    "a torn PNG": lambda: file_of((300, 300))[:60],
    "a kind that nobody needs": lambda: file_of(kind="TIFF"),
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "a head alone": lambda: b"\x89PNG\r\n\x1a\n",
    "a GIF of nothing": lambda: b"GIF89a" + b"\xff" * 40,
    "a WebP of nothing": lambda: b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"\xff" * 24,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_picture_is_refused(what: str) -> None:
    assert refusal(HOSTILE[what]()) == [Reason.PICTURE_UNREADABLE]


def test_a_picture_with_a_page_behind_it_is_kept_without_the_page() -> None:
    drawn = pictures.photo(file_of(kind="JPEG") + b"<script>alert(1)</script>")
    assert b"script" not in drawn.content
