"""Claims about reading codes: what a scanner sends, and what is never taken for a code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.domain.barcodes import (
    Code,
    CodeSpaces,
    Kind,
    check_digit,
    disjoint,
    is_iccid,
    is_imei,
    library_code,
    next_codes,
    overlaps,
    read,
)

SPACES = CodeSpaces()

# The client's vectors, row for row: raw scan, kind, normalised, valid.
VECTORS = [
    ("30234000517861", Kind.KIT, "30234000517861", True),
    ("33191000105864", Kind.KIT, "33191000105864", True),
    ("29999000000018", Kind.PATRON, "29999000000018", True),
    ("29999000000026", Kind.PATRON, "29999000000026", True),
    ("39999000000016", Kind.KIT, "39999000000016", True),
    ("39999000000024", Kind.KIT, "39999000000024", True),
    ("A29999000000018B", Kind.PATRON, "29999000000018", True),
    ("a39999000000016d", Kind.KIT, "39999000000016", True),
    ("3 9999 00000 0016", Kind.KIT, "39999000000016", True),
    ("]C039999000000016", Kind.KIT, "39999000000016", True),
    ("35555000012349", Kind.KIT, "35555000012349", False),
    ("22390000027896", Kind.PATRON, "22390000027896", False),
    ("39990000192148", Kind.KIT, "39990000192148", False),
    ("490154203237518", Kind.IMEI, "490154203237518", True),
]

AS_SCANNERS_SEND_THEM = [
    ("39999000000016\r\n", Kind.KIT, "39999000000016", True),
    ("39999000000016\t", Kind.KIT, "39999000000016", True),
    ("\r39999000000016\r", Kind.KIT, "39999000000016", True),
    ("\x0239999000000016\x03", Kind.KIT, "39999000000016", True),
    ("   39999000000016   ", Kind.KIT, "39999000000016", True),
    (" " * 200 + "39999000000016", Kind.KIT, "39999000000016", True),
    ("A 3 9999 00000 0016 B\r\n", Kind.KIT, "39999000000016", True),
    ("]F0A39999000000016B\r\n", Kind.KIT, "39999000000016", True),
    ("c29999000000018D", Kind.PATRON, "29999000000018", True),
    ("\u200f29999000000018\u200e", Kind.PATRON, "29999000000018", True),
    ("\ufeff29999000000018", Kind.PATRON, "29999000000018", True),
    ("2\u00a09999\u00a000000\u00a00018", Kind.PATRON, "29999000000018", True),
    ("KIT-00042", Kind.KIT, "KIT-00042", True),
    ("kit-00042", Kind.KIT, "KIT-00042", True),
    ("]Q1KIT-00042\r", Kind.KIT, "KIT-00042", True),
    ("pt-1234567", Kind.PART, "PT-1234567", True),
    ("CO-WR-2026-7", Kind.COHORT, "CO-WR-2026-7", True),
    ("PL-ELA-SHELF", Kind.PLACE, "PL-ELA-SHELF", True),
    ("CMD-END", Kind.COMMAND, "CMD-END", True),
    ("cmd-all-here", Kind.COMMAND, "CMD-ALL-HERE", True),
    ("490154203237519", Kind.IMEI, "490154203237519", False),
    ("4901542032375181", Kind.IMEISV, "4901542032375181", True),
    ("8901260000000000006", Kind.ICCID, "8901260000000000006", True),
    ("89012600000000000011", Kind.ICCID, "89012600000000000011", True),
    ("89012600000000000012", Kind.ICCID, "89012600000000000012", False),
]

NO_CODES = [
    ("", ""),
    ("\r\n", ""),
    ("\u200f\u200e", ""),
    ("49999000000014", "49999000000014"),
    ("3999900000001", "3999900000001"),
    ("8801260000000000009", "8801260000000000009"),
    ("39999000000016 39999000000024", "39999000000016 39999000000024"),
    ("39999000000016\t39999000000024", "39999000000016\ufffd39999000000024"),
    ("3999900\r0000016", "3999900\ufffd0000016"),
    ("39999\x000000016", "39999\ufffd0000016"),
    ("AA39999000000016BB", "AA39999000000016BB"),
    ("E39999000000016F", "E39999000000016F"),
    ("٣٩٩٩٩٠٠٠٠٠٠٠١٦", "٣٩٩٩٩٠٠٠٠٠٠٠١٦"),
    ("３９９９９０００００００１６", "３９９９９０００００００１６"),
    ("kıt-00042", "kıt-00042"),
    ("\u212aIT-00042", "\u212aIT-00042"),
    ("KIT 00042", "KIT 00042"),
    ("CMD-OVERRIDE", "CMD-OVERRIDE"),
    ("Ana Morales", "Ana Morales"),
    ("'; DROP TABLE kits; --", "'; DROP TABLE kits; --"),
    ("\ud800", ""),
]


@pytest.mark.parametrize(("raw", "kind", "text", "valid"), VECTORS + AS_SCANNERS_SEND_THEM)
def test_a_code_is_read_as_the_scanner_sends_it(raw: str, kind: Kind, text: str, valid: bool) -> None:
    assert read(raw, SPACES) == Code(kind, text, valid, raw[:64])


@pytest.mark.parametrize(("raw", "text"), NO_CODES)
def test_what_no_library_printed_is_unknown(raw: str, text: str) -> None:
    code = read(raw, SPACES)
    assert (code.kind, code.text, code.valid) == (Kind.UNKNOWN, text, False)


def test_a_doubled_last_digit_makes_a_kit_code_a_device_number_that_did_not_scan_right() -> None:
    assert read("399990000000166", SPACES).kind is Kind.IMEI
    assert not read("399990000000166", SPACES).valid


@pytest.mark.parametrize("raw", ["9" * 10_000, "KIT-" + "0" * 10_000, "\x00" * 10_000, "A" * 65, "CO-" + "A" * 62])
def test_a_code_of_more_than_64_characters_is_unknown_and_kept_short(raw: str) -> None:
    code = read(raw, SPACES)
    assert code.kind is Kind.UNKNOWN
    assert len(code.text) <= 64
    assert len(code.raw) <= 64


@given(st.text(max_size=80))
def test_anything_can_be_read_and_what_is_read_is_printable(raw: str) -> None:
    code = read(raw, SPACES)
    assert "\x00" not in code.text
    code.text.encode()
    assert read(code.text, SPACES).text == code.text
    assert read(code.text, SPACES).kind is code.kind


@given(
    st.sampled_from(["2", "3"]),
    st.integers(0, 9999),
    st.integers(0, 99_999_999),
    st.sampled_from(["{}", "A{}B", "d{}c", "]C0{}", "{}\r\n", "]F0a{}b\t"]),
)
def test_every_library_code_scans_back_and_one_wrong_digit_is_noticed(
    prefix: str, institution: int, sequence: int, frame: str
) -> None:
    printed = library_code(prefix, f"{institution:04d}", sequence)
    code = read(frame.format(printed), SPACES)
    assert (code.kind, code.text, code.valid) == (Kind.PATRON if prefix == "2" else Kind.KIT, printed, True)
    wrong = printed[:-1] + str((int(printed[-1]) + 1) % 10)
    assert not read(wrong, SPACES).valid


def test_the_codes_of_a_library_are_a_setting() -> None:
    spaces = CodeSpaces(patron_prefix="1", item_prefix="4", kit_pattern=r"\d{6}", commands=frozenset({"STOP"}))
    assert read("000042", spaces).kind is Kind.KIT
    assert read("A000042B", spaces) == Code(Kind.KIT, "000042", True, "A000042B")
    assert read("19999000000019", spaces).kind is Kind.PATRON
    assert read("stop", spaces).kind is Kind.COMMAND
    assert read("KIT-00042", spaces).kind is Kind.UNKNOWN
    assert read("29999000000018", spaces).kind is Kind.UNKNOWN


@pytest.mark.parametrize(
    ("setting", "value"),
    [("patron_prefix", "22"), ("item_prefix", "x"), ("institution", "99"), ("institution", "٩٩٩٩")],
)
def test_a_wrong_prefix_is_refused_and_named(setting: str, value: str) -> None:
    with pytest.raises(ValueError, match=setting):
        CodeSpaces(**{setting: value})  # type: ignore[arg-type]  # the wrong type is the point of this test


def test_a_wrong_pattern_is_refused_and_named() -> None:
    with pytest.raises(ValueError, match="KIT"):
        CodeSpaces(kit_pattern="(KIT|BOX)")


def test_the_default_code_spaces_cannot_overlap() -> None:
    assert disjoint(SPACES)


@pytest.mark.parametrize(
    ("spaces", "shared"),
    [
        (CodeSpaces(kit_pattern=r"PT-\d{3}"), (Kind.KIT, Kind.PART, "PT-000")),
        (CodeSpaces(item_prefix="2"), (Kind.PATRON, Kind.KIT, "2" + "0" * 13)),
        (CodeSpaces(kit_pattern=r"\d{15}"), (Kind.KIT, Kind.IMEI, "0" * 15)),
        (CodeSpaces(kit_pattern=r"\d{6}", part_pattern=r"A\d{6}"), (Kind.KIT, Kind.PART, "A000000")),
        (CodeSpaces(place_pattern=r"[A-Z-]+"), (Kind.PLACE, Kind.COMMAND, "CMD-ALL-HERE")),
    ],
)
def test_code_spaces_that_overlap_are_named_with_a_code_of_both(
    spaces: CodeSpaces, shared: tuple[Kind, Kind, str]
) -> None:
    assert shared in overlaps(spaces)
    assert not disjoint(spaces)


@pytest.mark.parametrize("code", [text for _, kind, text, valid in VECTORS if len(text) == 14 and valid])
def test_the_check_digit_is_that_of_the_vectors(code: str) -> None:
    assert check_digit(code[:13]) == code[13]


@pytest.mark.parametrize("first", ["", "123", "39999000000016", "399990000000x", "٣٩٩٩٩٠٠٠٠٠٠٠١"])
def test_a_check_digit_needs_thirteen_digits(first: str) -> None:
    with pytest.raises(ValueError, match="13 digits"):
        check_digit(first)


def test_device_numbers_are_told_by_length_and_prefix() -> None:
    assert is_imei("490154203237518")
    assert not is_imei("490154203237519")
    assert not is_imei("39999000000016")
    assert is_iccid("8901260000000000006")
    assert not is_iccid("490154203237518")
    assert not is_iccid("8801260000000000009")


def test_new_item_codes_are_proposed_next_free_first_with_their_check_digits() -> None:
    assert next_codes("39999000000016", {"39999000000024"}, 3) == (
        "39999000000016",
        library_code("3", "9999", 3),
        library_code("3", "9999", 4),
    )


def test_new_kit_codes_are_proposed_next_free_first_at_the_same_width() -> None:
    assert next_codes("KIT-00042", {"KIT-00042", "KIT-00044"}, 3) == ("KIT-00043", "KIT-00045", "KIT-00046")


def test_a_range_that_ends_proposes_fewer_codes() -> None:
    assert next_codes("KIT-998", {"KIT-998"}, 5) == ("KIT-999",)
    assert next_codes(library_code("3", "9999", 99_999_999), frozenset(), 5) == (library_code("3", "9999", 99_999_999),)
    assert next_codes("KIT-001", frozenset(), 0) == ()


@pytest.mark.parametrize("first", ["KIT-", "", "KIT-٤٢", "7" * 5_000])
def test_codes_are_counted_up_only_from_a_code_that_ends_in_digits(first: str) -> None:
    with pytest.raises(ValueError, match="ends in digits"):
        next_codes(first, frozenset(), 1)


@given(st.integers(0, 99_990), st.sets(st.integers(0, 99_999)), st.integers(0, 20))
def test_a_proposed_code_is_free_and_reads_as_a_kit(first: int, taken: set[int], count: int) -> None:
    used = {f"KIT-{number:05d}" for number in taken}
    proposed = next_codes(f"KIT-{first:05d}", used, count)
    assert used.isdisjoint(proposed)
    assert list(proposed) == sorted(set(proposed))
    assert all(read(code, SPACES).kind is Kind.KIT for code in proposed)
