"""The page that tests a printer: a frame inside every label, and nothing beside them."""

from __future__ import annotations

import pypdfium2 as pdfium  # type: ignore[import-untyped]  # it ships no types
import pytest

from lending.labels import SHEETS, LabelError, frame_page
from lending.labels.sheets import Sheet

DPI = 150


def dark(pdf: bytes) -> set[tuple[int, int]]:
    """The dark points of the first page, in tenths of a millimetre."""
    page = pdfium.PdfDocument(pdf)[0]
    picture = page.render(scale=DPI / 72).to_pil().convert("L")
    pixels = picture.load()
    return {
        (round(x / DPI * 254), round(y / DPI * 254))
        for x in range(picture.width)
        for y in range(picture.height)
        if pixels[x, y] < 160
    }


def inside(sheet: Sheet, x: float, y: float) -> bool:
    width, height = sheet.label_mm
    corners = (sheet.corner(place) for place in range(sheet.per_page))
    return any(left <= x <= left + width and top <= y <= top + height for left, top in corners)


@pytest.mark.parametrize("name", sorted(SHEETS))
def test_every_frame_lies_inside_its_label(name: str) -> None:
    sheet = SHEETS[name]
    drawn = dark(frame_page(sheet, words="Hold it against a sheet."))
    assert all(inside(sheet, x / 10, y / 10) for x, y in drawn)
    for place in range(sheet.per_page):
        left, top = sheet.corner(place)
        assert any(abs(x / 10 - left) < 1 and top < y / 10 < top + sheet.label_mm[1] for x, y in drawn), place


def test_an_offset_moves_every_frame_and_a_wild_one_is_refused() -> None:
    sheet = SHEETS["single"]
    still, moved = (min(dark(frame_page(sheet, words="", offset_mm=(by, by)))) for by in (0.0, 3.0))
    assert 25 <= moved[0] - still[0] <= 35
    with pytest.raises(LabelError):
        frame_page(sheet, words="", offset_mm=(6.0, 0.0))
