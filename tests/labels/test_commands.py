"""The pages of command codes on the desk."""

from __future__ import annotations

from itertools import pairwise

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import pytest

from lending.domain.barcodes import CodeSpaces, Kind, read
from lending.labels import command_sheet
from lending.web.scanning import COMMANDS as CODES
from lending.web.slips import ON_PAPER
from tests.labels.scanner import RESOLUTIONS, pages

COMMANDS = {CODES[name]: word for name, word in ON_PAPER.items()}


def test_the_desk_knows_every_command_on_the_page_and_no_other() -> None:
    assert set(COMMANDS) == CodeSpaces().commands == set(CODES.values())
    assert {read(code, CodeSpaces()).kind for code in COMMANDS} == {Kind.COMMAND}


@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_every_command_scans_back_in_bars_and_in_qr(dpi: int) -> None:
    printed = [scan for scans in pages(command_sheet(COMMANDS), dpi) for scan in scans]
    assert sorted((scan.kind, scan.code) for scan in printed) == sorted(
        (kind, code) for code in COMMANDS for kind in ("Code 128", "QR Code")
    )


def test_commands_lie_far_enough_apart_to_hit_one_only() -> None:
    for scans in pages(command_sheet(COMMANDS), 300):
        heights = sorted(scan.y for scan in scans if scan.kind == "Code 128")
        assert min(below - above for above, below in pairwise(heights)) > 50


def test_the_page_is_one_us_letter_page_in_the_words_it_is_given() -> None:
    document = pypdfium2.PdfDocument(
        command_sheet({"CMD-END": "Terminar", "CMD-UNDO": "Deshacer"}, library="Montebello")
    )
    assert len(document) == 1
    assert document[0].get_size() == pytest.approx((612, 792), abs=0.01)
    words = document[0].get_textpage().get_text_range().split("\r\n")
    assert words == ["Terminar · Montebello", "CMD-END", "Deshacer · Montebello", "CMD-UNDO"]
