"""A page that shows where a printer puts labels: a frame for each, to be held against a sheet of the real ones.

Source: RULES 1, "Labels must scan back": bars that lie beside their label do not.
"""

from __future__ import annotations

from lending.labels.fonts import Pen
from lending.labels.layout import LINE_HEIGHT, MM_PER_POINT, Box
from lending.labels.printing import check_offset, new_document
from lending.labels.sheets import Sheet

INSET_MM = 0.5
"""The frames lie this far inside the edges of their labels, so that a frame on the backing shows."""


def frame_page(sheet: Sheet, *, words: str, offset_mm: tuple[float, float] = (0.0, 0.0)) -> bytes:
    """One page of ``sheet`` with a numbered frame for each label, as a PDF to print at actual size.

    ``words`` are written into the first frame. Raises ``LabelError`` for an offset that is no printer's.
    """
    check_offset(offset_mm)
    pdf = new_document(sheet)
    pdf.add_page()
    pdf.set_line_width(0.2)
    pen = Pen(pdf)
    width, height = sheet.label_mm
    line = sheet.text_pt * MM_PER_POINT * LINE_HEIGHT
    for place in range(sheet.per_page):
        left, top = (corner + shift for corner, shift in zip(sheet.corner(place), offset_mm, strict=True))
        pdf.rect(left + INSET_MM, top + INSET_MM, width - 2 * INSET_MM, height - 2 * INSET_MM)
        box = Box(left + 2, top + (height - line) / 2, width - 4, line)
        pen.write(f"1. {words}" if place == 0 else str(place + 1), box, sheet.text_pt)
    return bytes(pdf.output())
