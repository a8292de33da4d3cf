"""Names in any script, on a machine with fonts and on one without."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]  # it ships no types
import pytest

from lending.labels import SHEETS, Label, print_labels
from lending.labels.fonts import LONGEST_TEXT, in_reading_order, installed_fonts, printable


def bundled() -> Path:
    """DejaVu Sans Mono, which python-barcode brings along: a font every machine has that runs the tests."""
    package = find_spec("barcode")
    assert package
    assert package.origin
    return Path(package.origin).parent / "fonts" / "DejaVuSansMono.ttf"


def printed(text: str, fonts: list[Path] | None = None) -> str:
    """The first line of a label titled ``text``, as a PDF reader copies it."""
    pdf = print_labels([Label("KIT-00042", text)], SHEETS["5160"], fonts=fonts)
    lines: list[str] = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range().split("\r\n")
    assert lines.pop() == "KIT-00042"
    return " ".join(lines)


@pytest.mark.parametrize("text", ["Café Niño", "Trousse d'été", "Größe 2 × ½", "Señor Peña & Søn"])
def test_western_european_text_needs_no_font(text: str) -> None:
    assert printed(text, fonts=[]) == text


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Ağaç şehri", "Agaç sehri"),
        ("Nguyễn Tấn", "Nguyen Tan"),
        ("Ṣàngó", "Sàngó"),
        ("Łódź", "?ódz"),
        ("東京 kit", "?? kit"),
        ("Київ", "????"),
        ("ﬁne Ⅳ", "fine IV"),
    ],
)
def test_without_fonts_letters_lose_their_marks_and_the_rest_is_a_question_mark(text: str, without: str) -> None:
    assert printed(text, fonts=[]) == without


@pytest.mark.parametrize("text", ["Łódź", "Київ", "Ağaç şehri", "Αθήνα", "Chișinău"])
def test_a_font_of_the_machine_prints_what_it_holds(text: str) -> None:
    assert printed(text, fonts=[bundled()]) == text


def test_a_character_no_font_holds_does_not_spoil_the_others() -> None:
    assert printed("Київ 東", fonts=[bundled()]) == "Київ ?"


def test_a_damaged_and_a_missing_font_file_are_passed_over(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"not a font")
    empty = tmp_path / "empty.ttf"
    empty.touch()
    assert printed("Київ", fonts=[broken, empty, tmp_path / "gone.ttf", bundled()]) == "Київ"
    assert printed("Київ", fonts=[broken, empty]) == "????"


def test_every_machine_has_at_least_the_font_that_comes_with_the_bars() -> None:
    assert installed_fonts()[-1].name == "DejaVuSansMono.ttf"
    assert "?" not in printed("Łódź Київ")


@pytest.mark.parametrize(
    ("text", "from_left"),
    [
        ("מכתבה", "הבתכמ"),
        ("מכתבה (א) 12", "12 (א) הבתכמ"),
        ("Kit 7 - ערכה", "Kit 7 - הכרע"),
        ("Kit (7)", "Kit (7)"),
    ],
)
def test_right_to_left_text_is_drawn_from_its_end_with_numbers_and_brackets_kept(text: str, from_left: str) -> None:
    assert in_reading_order(text) == from_left


def test_right_to_left_text_begins_at_the_right_on_paper() -> None:
    pdf = print_labels([Label("KIT-00042", "مكتبة")], SHEETS["5160"], fonts=[bundled()])
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    letters = [(page.get_charbox(number)[0], page.get_text_range(number, 1)) for number in range(page.count_chars())]
    assert max(at for at in letters if at[1] in "مكتبة")[1] == "م"


def test_long_text_ends_in_an_ellipsis_and_short_text_does_not() -> None:
    assert printed("Chromebook kit with hotspot") == "Chromebook kit with hotspot"
    shortened = printed("Chromebook kit with hotspot, headphones, planner and two notebooks")
    assert shortened.startswith("Chromebook kit with hotspot")
    assert shortened.endswith("...")
    assert printed("W" * 100_000).endswith("W...")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  two\t\r\n lines\u2028here ", "two lines here"),
        ("bell\x07 null\x00 escape\x1b[0m", "bell null escape [0m"),
        ("\u202egnirts\u202c \u200bzero\u200dwidth\ufeff", "gnirts zerowidth"),
        ("\ud800\ue000\U0010ffff", ""),
        ("Children’s “book” – now…", 'Children\'s "book" - now...'),
        ("e\u0301", "é"),
        ("\u00a0\u3000", ""),
    ],
)
def test_control_and_formatting_characters_never_reach_the_paper(raw: str, clean: str) -> None:
    assert printable(raw) == clean


def test_text_of_any_length_is_cut_before_it_is_measured() -> None:
    assert len(printable("x" * 1_000_000)) == LONGEST_TEXT
