"""Every printed label is read again, where it should be, at the resolutions of label printers (RULES 1)."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from math import inf, nan

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import pytest

from lending.domain.barcodes import library_code
from lending.labels import SHEETS, Label, LabelError, Sheet, Symbology, print_labels
from tests.labels.scanner import RESOLUTIONS, by_place

READ_AS = {Symbology.CODE128: "Code 128", Symbology.CODABAR: "Codabar", Symbology.CODE39: "Code 39"}
DIGITS = [library_code("3", "9999", number * 7919) for number in range(1, 101)]
KITS = [f"KIT-{number:05d}" for number in range(42, 142)]
FITTING = [
    *((name, Symbology.CODE128, codes, True) for name in SHEETS for codes in (DIGITS, KITS)),
    ("5160", Symbology.CODABAR, DIGITS, True),
    ("5160", Symbology.CODE39, DIGITS, True),
    ("5160", Symbology.CODE39, KITS, True),
    ("single", Symbology.CODABAR, DIGITS, False),
    ("single", Symbology.CODE39, KITS, True),
    ("single-57x32", Symbology.CODABAR, DIGITS, False),
    ("single-57x32", Symbology.CODE39, KITS, True),
]
TOO_WIDE = [
    ("5167", Symbology.CODABAR, DIGITS[0], False),
    ("5167", Symbology.CODE39, DIGITS[0], False),
    ("5167", Symbology.CODE39, KITS[0], False),
    ("single", Symbology.CODABAR, DIGITS[0], True),
    ("single", Symbology.CODE39, DIGITS[0], False),
    ("5160", Symbology.CODE128, "KIT-" + "A" * 30, True),
]
HOSTILE = [
    "W" * 5000,
    "ספריית מזרח לוס אנג'לס " * 9,
    "مكتبة شرق لوس أنجلوس",
    "東ロサンゼルス図書館の貸出用ノートパソコンと通信機器一式",
    "\x00\x07\x1b[31mred\x7f\r\n\t\u202ekit\u2066\u200b",
    "\ud800 half a letter",
    "Z͑̾a̷͠lgo " * 40,
    "👩🏽‍💻 kit",
    "(Do) Tj ET Q \\) endstream endobj",
    "=HYPERLINK()</text><script>",
    "Nguyễn Đặng Ða’ğ — “Łódź”",
]


def labels(codes: list[str]) -> list[Label]:
    return [Label(code, "Chromebook kit", f"Kit {code} - laptop", "East Los Angeles Library") for code in codes]


def expected(code: str, symbology: Symbology, qr: bool = True) -> list[tuple[str, str]]:
    return sorted([(READ_AS[symbology], code), *([("QR Code", code)] if qr else [])])


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize(("name", "symbology", "codes", "qr"), FITTING)
def test_a_full_sheet_scans_back_label_by_label(
    name: str, symbology: Symbology, codes: list[str], qr: bool, dpi: int
) -> None:
    sheet = SHEETS[name]
    codes = codes[: max(sheet.per_page, 3)]
    pdf = print_labels(labels(codes), sheet, symbology=symbology, qr=qr)
    places = [divmod(position, sheet.per_page) for position in range(len(codes))]
    assert by_place(pdf, sheet, dpi) == {
        place: expected(code, symbology, qr) for place, code in zip(places, codes, strict=True)
    }


def test_a_sheet_holds_as_many_labels_as_the_maker_says() -> None:
    assert {name: sheet.per_page for name, sheet in SHEETS.items()} == {
        "5160": 30,
        "5167": 80,
        "single": 1,
        "single-57x32": 1,
    }


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize(("name", "start_at"), [("5160", 1), ("5160", 17), ("5160", 30), ("5167", 41), ("5167", 80)])
def test_printing_starts_at_the_label_asked_for_and_goes_on_to_the_next_sheet(
    name: str, start_at: int, dpi: int
) -> None:
    sheet = SHEETS[name]
    codes = KITS[: sheet.per_page + 2]
    pdf = print_labels(labels(codes), sheet, start_at=start_at)
    assert by_place(pdf, sheet, dpi) == {
        divmod(start_at - 1 + position, sheet.per_page): expected(code, Symbology.CODE128)
        for position, code in enumerate(codes)
    }


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("offset", [(1.0, -1.5), (-2.3, 0.7), (0.13, 0.07)])
@pytest.mark.parametrize("name", ["5160", "5167"])
def test_an_offset_moves_every_label_and_they_still_scan(name: str, offset: tuple[float, float], dpi: int) -> None:
    sheet = SHEETS[name]
    codes = DIGITS[: sheet.per_page]
    pdf = print_labels(labels(codes), sheet, offset_mm=offset)
    assert by_place(pdf, sheet, dpi, offset) == {
        (0, place): expected(code, Symbology.CODE128) for place, code in enumerate(codes)
    }


def test_an_offset_is_right_and_down_in_millimetres() -> None:
    def ink(offset: tuple[float, float]) -> tuple[float, float]:
        page = pypdfium2.PdfDocument(print_labels(labels(KITS[:1]), SHEETS["5160"], offset_mm=offset))[0]
        boxes = [shape.get_bounds() for shape in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH])]
        return min(box[0] for box in boxes) / 72 * 25.4, max(box[3] for box in boxes) / 72 * 25.4

    here, there = ink((0, 0)), ink((2, 3))
    assert there[0] - here[0] == pytest.approx(2, abs=0.05)
    assert there[1] - here[1] == pytest.approx(-3, abs=0.05)  # a PDF counts upwards


@cache
def hostile(name: str) -> bytes:
    """One label for each hostile text, which stands in all of its lines."""
    return print_labels(
        [Label(code, text, text, text) for code, text in zip(KITS, HOSTILE, strict=False)], SHEETS[name]
    )


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("name", SHEETS)
def test_hostile_text_never_touches_the_symbols(name: str, dpi: int) -> None:
    sheet = SHEETS[name]
    assert by_place(hostile(name), sheet, dpi) == {
        divmod(position, sheet.per_page): expected(KITS[position], Symbology.CODE128)
        for position in range(len(HOSTILE))
    }


@pytest.mark.parametrize("name", SHEETS)
def test_text_stays_inside_its_label_and_off_the_symbols(name: str) -> None:
    sheet = SHEETS[name]
    width, height = (length * 72 / 25.4 for length in sheet.label_mm)
    corners = [(x * 72 / 25.4, y * 72 / 25.4) for x, y in map(sheet.corner, range(sheet.per_page))]
    symbols = [pypdfium2.raw.FPDF_PAGEOBJ_PATH, pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]
    for page in pypdfium2.PdfDocument(hostile(name)):
        shapes = [shape.get_bounds() for shape in page.get_objects(filter=symbols)]
        letters = page.get_textpage()
        boxes = [letters.get_charbox(number) for number in range(letters.count_chars())]
        assert len(shapes) > 30
        assert len(boxes) > 10
        for x0, y0, x1, y1 in boxes:
            top, bottom = page.get_height() - y1, page.get_height() - y0
            assert any(x <= x0 and x1 <= x + width and y <= top and bottom <= y + height for x, y in corners)
            assert not any(x0 < right and left < x1 and y0 < up and down < y1 for left, down, right, up in shapes)


def test_the_words_and_the_code_are_printed_for_people() -> None:
    pdf = print_labels([Label("KIT-00042", "Chromebook kit", "Kit 42 - laptop", "Montebello Library")], SHEETS["5160"])
    words = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert words.split("\r\n") == ["Chromebook kit", "Kit 42 - laptop", "Montebello Library", "KIT-00042"]


def test_a_label_with_room_for_one_line_says_it_all_in_one() -> None:
    pdf = print_labels([Label("KIT-00042", "Kit", "", "Montebello")], SHEETS["5167"])
    words = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert words.split("\r\n") == ["Kit · Montebello", "KIT-00042"]


def test_a_label_without_words_still_shows_its_code() -> None:
    pdf = print_labels([Label("KIT-00042")], SHEETS["single"])
    assert pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range() == "KIT-00042"


def test_equal_labels_give_equal_bytes() -> None:
    assert print_labels(labels(KITS[:5]), SHEETS["5160"]) == print_labels(labels(KITS[:5]), SHEETS["5160"])


def test_the_page_is_the_sheet_and_asks_to_be_printed_at_its_own_size() -> None:
    for sheet in SHEETS.values():
        pdf = print_labels(labels(KITS[:1]), sheet)
        size = pypdfium2.PdfDocument(pdf)[0].get_size()
        assert size == pytest.approx([length * 72 / 25.4 for length in sheet.page_mm], abs=0.01)
        assert b"/PrintScaling /None" in pdf


@pytest.mark.parametrize(("name", "symbology", "code", "qr"), TOO_WIDE)
def test_bars_that_do_not_fit_are_refused_with_what_to_do(name: str, symbology: Symbology, code: str, qr: bool) -> None:
    with pytest.raises(LabelError, match=rf"too wide for label {name}: take a larger label") as refused:
        print_labels([Label(code)], SHEETS[name], symbology=symbology, qr=qr)
    assert ("choose Code 128" in str(refused.value)) == (symbology is not Symbology.CODE128)
    assert ("without the QR code" in str(refused.value)) == qr


@pytest.mark.parametrize("start_at", [0, -1, 31, 10**9])
def test_a_start_off_the_sheet_is_refused(start_at: int) -> None:
    with pytest.raises(LabelError, match="start at a number from 1 to 30"):
        print_labels(labels(KITS[:1]), SHEETS["5160"], start_at=start_at)


def test_nothing_to_print_is_refused() -> None:
    with pytest.raises(LabelError, match="choose at least one kit"):
        print_labels([], SHEETS["5160"])


@pytest.mark.parametrize("offset", [(5.1, 0), (0, -5.1), (nan, 0), (0, inf)])
def test_an_offset_beyond_any_printer_is_refused(offset: tuple[float, float]) -> None:
    with pytest.raises(LabelError, match="measure again"):
        print_labels(labels(KITS[:1]), SHEETS["5160"], offset_mm=offset)


def test_an_offset_that_pushes_the_bars_off_a_roll_is_refused() -> None:
    with pytest.raises(LabelError, match="off the paper; take a smaller offset"):
        print_labels(labels(KITS[:1]), SHEETS["single"], offset_mm=(5, 0))


def test_naming_sheets_does_not_import_what_draws_them() -> None:
    seen = "import lending.labels, sys; print(sorted({'fpdf', 'barcode', 'segno', 'PIL'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_sheet_with_bars_too_fine_for_scanners_is_refused() -> None:
    with pytest.raises(LabelError, match="scanners need them wider"):
        Sheet(name="fine", page_mm=(50, 30), label_mm=(50, 30), bar_dots=(9, 4), text_pt=7, text_lines=1, padding_mm=1)
