"""Photos of our own labels, as a telephone takes them: askew, blurred, grainy, on a table."""

from __future__ import annotations

import io
from functools import cache

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import segno
from PIL import Image, ImageFilter

from lending.labels import SHEETS, Label, Symbology, print_labels
from lending.labels.sheets import INCH

TABLE_GRAY = 150
DPI = 300


@cache
def label(code: str, symbology: Symbology = Symbology.CODE128, *, qr: bool = False) -> Image.Image:
    """A label as it comes out of the printer."""
    sheet = SHEETS["5160"]  # wide enough for Code 39
    pdf = print_labels([Label(code, "Work Ready kit")], sheet, symbology=symbology, qr=qr)
    document = pypdfium2.PdfDocument(pdf)
    picture: Image.Image = document[0].render(scale=DPI / 72, grayscale=True).to_pil()
    document.close()
    dots = DPI / INCH
    (left, top), (width, height) = sheet.corner(0), sheet.label_mm
    return picture.crop(tuple(round(mm * dots) for mm in (left, top, left + width, top + height)))


def qr_code(text: str) -> Image.Image:
    """A QR code that holds anything."""
    file = io.BytesIO()
    segno.make_qr(text).save(file, kind="png", scale=8, border=4)
    return Image.open(file).convert("L")


def photo(
    *labels: Image.Image,
    angle: float = 0,
    blur: float = 0,
    grain: float = 0,
    kind: str = "JPEG",
    size: tuple[int, int] = (1280, 960),
) -> bytes:
    """Labels side by side on a table, each turned by ``angle`` degrees."""
    table = Image.new("L", size, TABLE_GRAY)
    for place, one in enumerate(labels):
        turned = one.rotate(angle, Image.Resampling.BICUBIC, expand=True)
        shape = Image.new("L", one.size, 255).rotate(angle, expand=True)
        table.paste(turned, (20 + place * (size[0] // len(labels)), 60), shape)
    if blur:
        table = table.filter(ImageFilter.GaussianBlur(blur))
    if grain:
        table = Image.blend(table, Image.effect_noise(size, grain), 0.3)
    file = io.BytesIO()
    table.save(file, kind, quality=80)
    return file.getvalue()
