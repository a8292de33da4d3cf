"""The label stock a library buys, in millimetres, and what may be printed on it.

Sizes are those of the makers' templates: Avery 5160 and 5167 on US Letter, and the two common rolls of
single labels. Source of the choice: RULES 1, "Labels must scan back".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from types import MappingProxyType

INCH = 25.4
LETTER_MM = (8.5 * INCH, 11 * INCH)
DOT_MM = INCH / 600
"""What every width and edge is a whole number of, so that equal bars come out equally wide.

It is a dot of an office printer. Six of them, 10 mil, are also three dots of a 300 dpi label printer and two of a
203 dpi one (a hundredth more, which the tests show to be harmless).
"""
SMALLEST_MODULE_MM = 0.19
"""The narrowest bar allowed, in millimetres: the 7.5 mil that desk scanners are sold as able to read."""


class LabelError(ValueError):
    """Labels cannot be printed as asked; the message is one sentence that says what to do instead."""


@unique
class Symbology(StrEnum):
    """How the bars are written. The value is what settings and the command line use."""

    CODE128 = "code128"
    CODABAR = "codabar"
    CODE39 = "code39"

    @property
    def full_name(self) -> str:
        """The name that scanners' manuals use."""
        return {"code128": "Code 128", "codabar": "Codabar", "code39": "Code 39"}[self.value]


@dataclass(frozen=True, slots=True)
class Label:
    """What one label says: ``code`` exactly as stored, and up to three short lines for people, any of them empty."""

    code: str
    title: str = ""
    line: str = ""
    library: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page of label stock. Lengths are millimetres, measured from the top left corner of the page.

    ``first_mm`` is the corner of the first label, ``pitch_mm`` the way from one label's corner to the next one's.
    ``bar_dots`` lists the widths allowed for a module, the narrowest bar, in ``DOT_MM``, widest first.
    """

    name: str
    page_mm: tuple[float, float]
    label_mm: tuple[float, float]
    columns: int = 1
    rows: int = 1
    first_mm: tuple[float, float] = (0.0, 0.0)
    pitch_mm: tuple[float, float] = (0.0, 0.0)
    bar_dots: tuple[int, ...]
    text_pt: float
    text_lines: int
    padding_mm: float

    def __post_init__(self) -> None:
        if min(self.bar_dots) * DOT_MM < SMALLEST_MODULE_MM:
            raise LabelError(f"Label {self.name} allows bars under {SMALLEST_MODULE_MM} mm; scanners need them wider.")

    @property
    def per_page(self) -> int:
        """How many labels one page holds."""
        return self.columns * self.rows

    def corner(self, position: int) -> tuple[float, float]:
        """The top left corner of the label at ``position`` (from 0, row by row), in millimetres."""
        row, column = divmod(position, self.columns)
        return self.first_mm[0] + column * self.pitch_mm[0], self.first_mm[1] + row * self.pitch_mm[1]


_AVERY_5160 = Sheet(
    name="5160",
    page_mm=LETTER_MM,
    label_mm=(2.625 * INCH, 1 * INCH),
    columns=3,
    rows=10,
    first_mm=(0.1875 * INCH, 0.5 * INCH),
    pitch_mm=(2.75 * INCH, 1 * INCH),
    bar_dots=(9, 6, 5),
    text_pt=7,
    text_lines=3,
    padding_mm=1.2,
)
_AVERY_5167 = Sheet(
    name="5167",
    page_mm=LETTER_MM,
    label_mm=(1.75 * INCH, 0.5 * INCH),
    columns=4,
    rows=20,
    first_mm=(0.3 * INCH, 0.5 * INCH),
    pitch_mm=(2.05 * INCH, 0.5 * INCH),
    bar_dots=(9, 6),
    text_pt=5,
    text_lines=1,
    padding_mm=0.8,
)
_ROLL_INCH = Sheet(
    name="single",
    page_mm=(2.25 * INCH, 1.25 * INCH),
    label_mm=(2.25 * INCH, 1.25 * INCH),
    bar_dots=(12, 9, 6),
    text_pt=7,
    text_lines=3,
    padding_mm=1.5,
)
_ROLL_METRIC = Sheet(
    name="single-57x32",
    page_mm=(57.0, 32.0),
    label_mm=(57.0, 32.0),
    bar_dots=(12, 9, 6),
    text_pt=7,
    text_lines=3,
    padding_mm=1.5,
)

SHEETS: Mapping[str, Sheet] = MappingProxyType(
    {sheet.name: sheet for sheet in (_AVERY_5160, _AVERY_5167, _ROLL_INCH, _ROLL_METRIC)}
)
"""Every kind of label stock the product prints on, by the name used in settings and on the command line."""
