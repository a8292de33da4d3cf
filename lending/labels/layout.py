"""Where everything on one label goes, in millimetres from the label's top left corner.

The widest bars that fit with their quiet zones win, then the largest QR code; a QR module is never narrower than
a bar's, because a telephone sees less than a scanner. What does not fit is refused, never squeezed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from lending.labels.bars import QR_QUIET_MODULES, QUIET_MODULES
from lending.labels.sheets import DOT_MM, LabelError, Sheet, Symbology

MM_PER_POINT = 25.4 / 72
LINE_HEIGHT = 1.2
EDGE_MM = 0.5
"""Bars, QR code and their quiet zones stay this far from the left and right edge: paper drifts in the printer."""
LARGEST_QR_DOTS = 18
"""A QR module of 0.76 mm reads at arm's length; a larger one only wastes the label."""
MARGIN_MM = 2.0
"""How far in from both edges they are drawn where the label is wide enough."""
FINEST_DOTS = {Symbology.CODE128: 6, Symbology.CODABAR: 6, Symbology.CODE39: 5}
"""The narrowest module that still reads at 203 dpi, in ``DOT_MM``. Code 128 tells four widths apart and needs 10 mil;
Code 39 tells two apart, and only with 8.3 mil do fourteen digits go on an Avery 5160. Codabar fits there with 10."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; ``x`` and ``y`` are its top left corner, all in millimetres."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """One label laid out: the bars, the QR code if there is one, and the lines of text.

    ``bar_mm`` and ``qr_mm`` are the widths of one module, the latter 0 without QR code; ``text`` holds a box for each
    line above the bars, ``code_text`` is the one under them.
    """

    bar_mm: float
    bars: Box
    qr_mm: float
    qr: Box | None
    text: tuple[Box, ...]
    code_text: Box


def lay_out(sheet: Sheet, symbology: Symbology, *, code: str, bar_modules: int, qr_modules: int) -> Layout:
    """Lay out a label with that many modules across; ``qr_modules`` is 0 for a label without QR code.

    Raises ``LabelError`` when even the narrowest allowed bars do not fit.
    """
    width, height = sheet.label_mm
    for bar, qr in _module_widths(sheet, symbology, qr_modules):
        left_quiet = QUIET_MODULES * bar
        between = max(QUIET_MODULES * bar, QR_QUIET_MODULES * qr)
        needed = left_quiet + bar_modules * bar + between + (qr_modules + QR_QUIET_MODULES) * qr * bool(qr_modules)
        if needed > width - 2 * EDGE_MM or (qr_modules + 2 * QR_QUIET_MODULES) * qr > height - 2 * EDGE_MM:
            continue
        line = sheet.text_pt * MM_PER_POINT * LINE_HEIGHT
        spare = _whole_dots(width - needed)
        margin = _whole_dots(min(spare / 2, MARGIN_MM))
        left = margin + left_quiet
        top = sheet.padding_mm + sheet.text_lines * line
        bars = Box(left, top + 0.2 * line, bar_modules * bar, height - sheet.padding_mm - top - 1.3 * line)
        side = qr_modules * qr
        qr_left = left + bars.width + between + spare - 2 * margin
        room = (qr_left - QR_QUIET_MODULES * qr if qr_modules else width - EDGE_MM) - left
        return Layout(
            bar_mm=bar,
            bars=bars,
            qr_mm=qr,
            qr=Box(qr_left, _whole_dots((height - side) / 2), side, side) if side else None,
            text=tuple(Box(left, sheet.padding_mm + n * line, room, line) for n in range(sheet.text_lines)),
            code_text=Box(left, height - sheet.padding_mm - line, room, line),
        )
    ways = ["take a larger label"]
    if symbology is not Symbology.CODE128:
        ways.append("choose Code 128")
    if qr_modules:
        ways.append("print it without the QR code")
    raise LabelError(f"{code} as {symbology.full_name} is too wide for label {sheet.name}: {' or '.join(ways)}.")


def _module_widths(sheet: Sheet, symbology: Symbology, qr_modules: int) -> Iterator[tuple[float, float]]:
    """Module widths to try for bars and QR code, best first, in millimetres."""
    for dots in sheet.bar_dots:
        if dots < FINEST_DOTS[symbology]:
            continue
        if not qr_modules:
            yield dots * DOT_MM, 0.0
            continue
        for qr_dots in range(LARGEST_QR_DOTS, dots - 1, -1):
            yield dots * DOT_MM, qr_dots * DOT_MM


def _whole_dots(length_mm: float) -> float:
    """``length_mm`` rounded down to whole dots, so that a bar's edge is a dot's edge."""
    return math.floor(length_mm / DOT_MM + 1e-6) * DOT_MM
