"""Codes as bars: what each symbology can hold, and that nothing is changed to make it fit."""

from __future__ import annotations

import itertools

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lending.domain.code_patterns import LONGEST
from lending.labels import LabelError, Symbology
from lending.labels.bars import QUIET_MODULES, bars, runs

READ_AS = {
    Symbology.CODE128: zxingcpp.BarcodeFormat.Code128,
    Symbology.CODABAR: zxingcpp.BarcodeFormat.Codabar,
    Symbology.CODE39: zxingcpp.BarcodeFormat.Code39Std,
}
CHARACTERS = {
    Symbology.CODE128: "".join(map(chr, range(0x21, 0x7F))),
    Symbology.CODABAR: "0123456789-$:/.+",
    Symbology.CODE39: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.$/+%",
}


def scanned(row: str, symbology: Symbology) -> str:
    """What a scanner of one symbology reads from one row of modules, drawn three dots to a module."""
    quiet = "0" * QUIET_MODULES
    picture = Image.new("L", (len(row) + 2 * QUIET_MODULES, 1))
    picture.putdata([0 if module == "1" else 255 for module in quiet + row + quiet])
    enlarged = picture.resize((picture.width * 3, 60), Image.Resampling.NEAREST)
    symbol = zxingcpp.read_barcode(enlarged, formats=zxingcpp.BarcodeFormats([READ_AS[symbology]]))
    assert symbol is not None
    return symbol.text


def codes(alphabet: str) -> st.SearchStrategy[str]:
    """Codes of any signs, with runs of digits as library codes have them."""
    piece = st.one_of(st.text(alphabet, min_size=1, max_size=4), st.from_regex(r"[0-9]{1,9}", fullmatch=True))
    return st.lists(piece, min_size=1, max_size=4).map("".join)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(codes(CHARACTERS[Symbology.CODE128]))
def test_any_code_comes_back_from_code_128(code: str) -> None:
    assert scanned(bars(code, Symbology.CODE128), Symbology.CODE128) == code


@settings(max_examples=100, deadline=None, derandomize=True)
@given(codes(CHARACTERS[Symbology.CODE39]).filter(lambda code: len(code) > 1))
def test_any_code_of_capitals_and_digits_comes_back_from_code_39(code: str) -> None:
    assert scanned(bars(code, Symbology.CODE39), Symbology.CODE39) == code


@settings(max_examples=100, deadline=None, derandomize=True)
@given(codes(CHARACTERS[Symbology.CODABAR]).filter(lambda code: len(code) > 3))
def test_any_number_comes_back_from_codabar_between_its_letters(code: str) -> None:
    assert scanned(bars(code, Symbology.CODABAR), Symbology.CODABAR) == f"A{code}B"


def test_code_128_takes_the_shortest_form() -> None:
    """Eleven modules a sign, thirteen for the stop: digits go in pairs, an odd one before them."""
    signs = {
        "39999000000016": 1 + 7,
        "KIT-00042": 1 + 5 + 1 + 2,
        "A12345": 1 + 2 + 1 + 2,
        "1234": 1 + 2,
        "123": 1 + 3,
    }
    assert {code: (len(bars(code, Symbology.CODE128)) - 13) // 11 - 1 for code in signs} == signs


def test_codabar_and_code_39_have_narrow_and_three_times_as_wide_bars_only() -> None:
    for symbology in (Symbology.CODABAR, Symbology.CODE39):
        row = bars("39999000000016", symbology)
        assert {len(list(same)) for _, same in itertools.groupby(row)} == {1, 3}


@pytest.mark.parametrize(
    ("code", "symbology"),
    [
        ("KIT-00042", Symbology.CODABAR),
        ("A39999000000016B", Symbology.CODABAR),
        ("kit-00042", Symbology.CODE39),
        ("KIT*1", Symbology.CODE39),
        ("KIT 42", Symbology.CODE39),
        ("KIT 42", Symbology.CODE128),
        ("KIT-42\n", Symbology.CODE128),
        ("KÍT-42", Symbology.CODE128),
        ("٣٩٩٩٩", Symbology.CODABAR),
        ("٣٩٩٩٩", Symbology.CODE128),
    ],
)
def test_a_code_the_symbology_cannot_hold_is_refused_and_says_what_it_can(code: str, symbology: Symbology) -> None:
    with pytest.raises(LabelError, match=rf"cannot be printed as {symbology.full_name}: only .* possible; ") as refused:
        bars(code, symbology)
    assert str(refused.value).isascii()


@pytest.mark.parametrize("symbology", Symbology)
def test_a_label_without_a_code_is_refused(symbology: Symbology) -> None:
    with pytest.raises(LabelError, match="give the kit a barcode first"):
        bars("", symbology)


def test_a_code_no_reader_takes_is_refused() -> None:
    assert bars("9" * LONGEST, Symbology.CODE128)
    with pytest.raises(LabelError, match=f"code of {LONGEST + 1} characters"):
        bars("9" * (LONGEST + 1), Symbology.CODE128)


def test_runs_are_the_black_stretches() -> None:
    assert runs("1101000111") == [(0, 2), (3, 1), (7, 3)]
    assert runs("000") == []
