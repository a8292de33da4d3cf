"""Labels on the library's own label stock, as a PDF whose every bar is an exact rectangle.

Source: RULES 1, "Labels must scan back". The tests decode every label again at the resolutions of label printers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from lending.labels.bars import bars, qr_picture, runs
from lending.labels.fonts import Pen
from lending.labels.layout import Box, lay_out
from lending.labels.sheets import DOT_MM, Label, LabelError, Sheet, Symbology

if TYPE_CHECKING:
    from fpdf import FPDF

LARGEST_OFFSET_MM = 5.0
"""More than this is not a printer out of true but paper laid in wrongly."""
SPREAD_MM = 0.02
"""By how much every bar is drawn narrower: printers fill each dot that a rectangle as much as touches, and ink
spreads. Without it a 203 dpi printer makes bars of two dots three dots wide, and scanners give up."""
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands in the file as its date: equal labels give equal bytes, and only ``lending/clock.py`` reads the clock."""


def print_labels(
    labels: Sequence[Label],
    sheet: Sheet,
    *,
    symbology: Symbology = Symbology.CODE128,
    qr: bool = True,
    start_at: int = 1,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    fonts: Sequence[Path] | None = None,
) -> bytes:
    """``labels`` as a PDF to print at actual size, in order, row by row, on as many sheets as it takes.

    ``start_at`` is the first free label of the first sheet, from 1. ``offset_mm`` moves everything right and down, to
    correct a printer that draws beside the labels. ``fonts`` are font files for scripts other than Latin, by default
    those of the machine (``fonts.installed_fonts``). Raises ``LabelError``, before anything is drawn half, when there
    is nothing to print, the start or offset is off the sheet, or a code does not fit.
    """
    if not labels:
        raise LabelError("There is nothing to print; choose at least one kit.")
    if not 1 <= start_at <= sheet.per_page:
        raise LabelError(
            f"Sheet {sheet.name} has no label number {start_at}; start at a number from 1 to {sheet.per_page}."
        )
    check_offset(offset_mm)
    pdf = new_document(sheet)
    pen = Pen(pdf, fonts)
    for position, label in enumerate(labels, start=start_at - 1):
        place = position % sheet.per_page
        if place == 0 or not pdf.pages:
            pdf.add_page()
        left, top = sheet.corner(place)
        _draw(pdf, pen, label, sheet, symbology, qr, (_on_a_dot(left + offset_mm[0]), _on_a_dot(top + offset_mm[1])))
    return bytes(pdf.output())


def check_offset(offset_mm: tuple[float, float]) -> None:
    """Raise ``LabelError`` for an offset that is no printer's."""
    if not all(isfinite(shift) and abs(shift) <= LARGEST_OFFSET_MM for shift in offset_mm):
        raise LabelError(
            f"The offset must be between -{LARGEST_OFFSET_MM:g} and {LARGEST_OFFSET_MM:g} mm; measure again."
        )


def new_document(sheet: Sheet) -> FPDF:
    """An empty PDF of pages as large as the sheet, which prints at actual size."""
    from fpdf import FPDF
    from fpdf.prefs import ViewerPreferences

    pdf = FPDF(unit="mm", format=sheet.page_mm)
    pdf.set_creation_date(_NO_DATE)
    pdf.set_title(f"Labels {sheet.name}")
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    # Without it most print dialogs shrink the page to the printer's margins, and every label misses its place.
    pdf.viewer_preferences = ViewerPreferences(print_scaling="None")
    return pdf


def _draw(
    pdf: FPDF, pen: Pen, label: Label, sheet: Sheet, symbology: Symbology, qr: bool, corner: tuple[float, float]
) -> None:
    row = bars(label.code, symbology)
    qr_modules, picture = qr_picture(label.code) if qr else (0, b"")
    layout = lay_out(sheet, symbology, code=label.code, bar_modules=len(row), qr_modules=qr_modules)
    inked = [_moved(box, corner) for box in (layout.bars, layout.qr) if box is not None]
    if not all(_on_the_page(box, sheet) for box in inked):
        raise LabelError(f"That offset pushes the bars of {label.code} off the paper; take a smaller offset.")
    for start, length in runs(row):
        left = inked[0].x + start * layout.bar_mm + SPREAD_MM / 2
        pdf.rect(left, inked[0].y, length * layout.bar_mm - SPREAD_MM, inked[0].height, style="F")
    if picture:
        # A picture, not rectangles: a printer gives each dot the colour under its middle, and no module grows.
        pdf.image(BytesIO(picture), inked[1].x, inked[1].y, inked[1].width, inked[1].height)
    for number, (text, box) in enumerate(zip(_lines(label, sheet), layout.text, strict=False)):
        pen.write(text, _moved(box, corner), sheet.text_pt, bold=number == 0)
    pen.write(label.code, _moved(layout.code_text, corner), sheet.text_pt)


def _lines(label: Label, sheet: Sheet) -> list[str]:
    """The text above the bars; a label with room for one line says all of it in one."""
    lines = [line for line in (label.title, label.line, label.library) if line.strip()]
    return lines if sheet.text_lines > 1 else [" · ".join(lines)]


def _moved(box: Box, corner: tuple[float, float]) -> Box:
    return Box(box.x + corner[0], box.y + corner[1], box.width, box.height)


def _on_a_dot(length_mm: float) -> float:
    """The nearest whole number of dots, so that a label drawn on whole dots keeps them on the page."""
    return round(length_mm / DOT_MM) * DOT_MM


def _on_the_page(box: Box, sheet: Sheet) -> bool:
    return (
        box.x >= 0 and box.y >= 0 and box.x + box.width <= sheet.page_mm[0] and box.y + box.height <= sheet.page_mm[1]
    )
