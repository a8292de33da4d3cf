"""Quiet zones, widths and heights: what has to hold on every label whatever its code."""

from __future__ import annotations

import pytest

from lending.labels import SHEETS, LabelError, Symbology
from lending.labels.layout import FINEST_DOTS, lay_out
from lending.labels.sheets import DOT_MM, SMALLEST_MODULE_MM

LOWEST_BARS_MM = 5.0


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("qr_modules", [0, 21, 25, 29])
@pytest.mark.parametrize("name", SHEETS)
def test_quiet_zones_and_heights_hold_for_every_width_that_fits(
    name: str, qr_modules: int, symbology: Symbology
) -> None:
    sheet = SHEETS[name]
    width, height = sheet.label_mm
    fitted = 0
    for bar_modules in range(46, 300, 11):
        try:
            layout = lay_out(sheet, symbology, code="x", bar_modules=bar_modules, qr_modules=qr_modules)
        except LabelError:
            continue
        fitted += 1
        quiet = 10 * layout.bar_mm - 1e-9
        assert layout.bar_mm >= max(SMALLEST_MODULE_MM, FINEST_DOTS[symbology] * DOT_MM - 1e-9)
        assert layout.bars.width == pytest.approx(bar_modules * layout.bar_mm)
        assert layout.bars.height >= LOWEST_BARS_MM
        assert layout.bars.x >= quiet
        for box in (*layout.text, layout.code_text):
            assert box.y + box.height <= layout.bars.y or layout.bars.y + layout.bars.height <= box.y
            assert box.y >= 0
            assert box.y + box.height <= height
            assert box.x + box.width <= width
        if layout.qr is None:
            assert layout.bars.x + layout.bars.width + quiet <= width
            continue
        qr_quiet = 4 * layout.qr_mm - 1e-9
        assert layout.qr_mm >= layout.bar_mm
        assert layout.qr.x - (layout.bars.x + layout.bars.width) >= max(quiet, qr_quiet)
        assert layout.qr.x + layout.qr.width + qr_quiet <= width
        assert layout.qr.y >= qr_quiet
        assert layout.qr.y + layout.qr.height + qr_quiet <= height
        assert all(box.x + box.width <= layout.qr.x - qr_quiet for box in (*layout.text, layout.code_text))
    assert fitted > 0


def test_a_module_is_whole_dots_and_wide_enough_for_a_203_dpi_printer() -> None:
    widths = {dots * DOT_MM for sheet in SHEETS.values() for dots in sheet.bar_dots}
    assert min(widths) >= 0.19
    two_dots = 2 * 25.4 / 203
    assert FINEST_DOTS[Symbology.CODE128] * DOT_MM >= two_dots


def test_labels_lie_beside_each_other_on_the_page_and_never_over_each_other() -> None:
    for sheet in SHEETS.values():
        corners = [sheet.corner(place) for place in range(sheet.per_page)]
        assert len(set(corners)) == sheet.per_page
        assert max(x for x, _ in corners) + sheet.label_mm[0] <= sheet.page_mm[0]
        assert max(y for _, y in corners) + sheet.label_mm[1] <= sheet.page_mm[1]
        assert sheet.columns == 1 or sheet.pitch_mm[0] >= sheet.label_mm[0]
        assert sheet.rows == 1 or sheet.pitch_mm[1] >= sheet.label_mm[1]


@pytest.mark.parametrize("name", ["5160", "5167"])
def test_the_margins_of_a_sheet_are_equal_on_both_sides(name: str) -> None:
    sheet = SHEETS[name]
    last = sheet.corner(sheet.per_page - 1)
    right = sheet.page_mm[0] - last[0] - sheet.label_mm[0]
    bottom = sheet.page_mm[1] - last[1] - sheet.label_mm[1]
    assert (right, bottom) == pytest.approx(sheet.corner(0))
