"""What a scanner reads from a printed page, and where on the page it reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import zxingcpp

from lending.domain.barcodes import CodeSpaces, read
from lending.labels import Sheet

RESOLUTIONS = (203, 300)
"""Dots per inch of the two common kinds of label printer."""

FORMATS = zxingcpp.BarcodeFormats(
    [
        zxingcpp.BarcodeFormat.Code128,
        zxingcpp.BarcodeFormat.Codabar,
        zxingcpp.BarcodeFormat.Code39,
        zxingcpp.BarcodeFormat.QRCode,
    ]
)
"""What a library's scanners are set to read. With the shops' codes on, some part of a QR code may look like one."""


@dataclass(frozen=True)
class Scan:
    """One symbol that was read: its kind, the code as the desk understands it, and its middle in millimetres."""

    kind: str
    code: str
    x: float
    y: float


def pages(pdf: bytes, dpi: int) -> Iterator[list[Scan]]:
    """Every symbol on each page, printed with ``dpi`` dots per inch."""
    millimetres = 25.4 / dpi
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        image = page.render(scale=dpi / 72, grayscale=True).to_pil()
        yield [
            Scan(
                kind=str(symbol.format),
                code=read(symbol.text, CodeSpaces()).text,
                x=(symbol.position.top_left.x + symbol.position.bottom_right.x) / 2 * millimetres,
                y=(symbol.position.top_left.y + symbol.position.bottom_right.y) / 2 * millimetres,
            )
            for symbol in zxingcpp.read_barcodes(image, formats=FORMATS)
        ]
    document.close()


def by_place(
    pdf: bytes, sheet: Sheet, dpi: int, offset_mm: tuple[float, float] = (0, 0)
) -> dict[tuple[int, int], list[tuple[str, str]]]:
    """The symbols (kind, code) found inside each label, by page and place on it, both from 0."""
    found = defaultdict(list)
    for number, scans in enumerate(pages(pdf, dpi)):
        for scan in scans:
            for place in range(sheet.per_page):
                left, top = sheet.corner(place)
                across, down = scan.x - left - offset_mm[0], scan.y - top - offset_mm[1]
                if 0 < across < sheet.label_mm[0] and 0 < down < sheet.label_mm[1]:
                    found[number, place].append((scan.kind, scan.code))
    return {place: sorted(symbols) for place, symbols in found.items()}
