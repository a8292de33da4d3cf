"""Files of rows: what is read alike from CSV and XLSX, and what is refused with its reason."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from typing import Any

import pytest
import xlsxwriter

from lending.circulation.imports import sheets
from lending.circulation.imports.report import BadFile, Fault
from lending.circulation.imports.sheets import read_sheet


def workbook(*rows: list[Any]) -> bytes:
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return kept.getvalue()


def refused(data: bytes) -> BadFile:
    with pytest.raises(BadFile) as bad:
        read_sheet(data)
    return bad.value


@pytest.mark.parametrize(
    "data",
    [
        "Card,Home Branch,name\n1, ELA ,Ana Nguyễn\n\n2,COM,李明\n".encode(),
        "\ufeffcard;home-branch;name\r\n1;ELA;Ana Nguyễn\r\n;;\r\n2;COM;李明\r\n".encode(),
        'card\thome_branch\tname\n1\tELA\t"Ana Nguyễn"\n\n2\tCOM\t李明'.encode(),
        workbook(["Card", "home branch", "name"], [1, "ELA", "Ana Nguyễn"], [], ["2", "COM ", "李明"]),
    ],
    ids=["commas", "semicolons", "tabs", "xlsx"],
)
def test_a_sheet_is_read_alike_from_every_form(data: bytes) -> None:
    sheet = read_sheet(data)
    assert sheet.columns == ("card", "home_branch", "name")
    assert sheet.rows == [(2, ["1", "ELA", "Ana Nguyễn"]), (4, ["2", "COM", "李明"])]
    assert sheet.problems == []


def test_a_short_row_is_filled_up() -> None:
    assert read_sheet(b"a,b,c\n1\n").rows == [(2, ["1", "", ""])]


def test_a_row_with_more_cells_than_columns_is_told() -> None:
    sheet = read_sheet(b"a,b\n1,2,3\n4,5\n")
    assert [(problem.row, problem.what) for problem in sheet.problems] == [(2, Fault.TOO_MANY_CELLS)]
    assert sheet.rows == [(3, ["4", "5"])]


def test_a_workbooks_dates_and_numbers_come_as_they_would_be_typed() -> None:
    data = workbook(["a", "b", "c"], [dt.date(1990, 2, 28), 29999000000018, True])
    assert read_sheet(data).rows == [(2, ["1990-02-28", "29999000000018", "yes"])]


def test_a_number_that_a_spreadsheet_rounded_is_told() -> None:
    sheet = read_sheet(workbook(["iccid"], [8_901_410_321_111_851_072]))
    assert [(problem.row, problem.what) for problem in sheet.problems] == [(2, Fault.ROUNDED)]


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd", "=HYPERLINK(1)", " =1"])
def test_a_formula_is_told_and_not_let_in(cell: str) -> None:
    sheet = read_sheet(f'a,b\n1,"{cell}"\n'.encode())
    assert [(problem.row, problem.column, problem.what) for problem in sheet.problems] == [(2, "b", Fault.FORMULA)]


@pytest.mark.parametrize("cell", ["+1 213 555-0142", "-5", "- ", "a=b", "ana@example.org"])
def test_what_only_looks_like_a_formula_is_let_in(cell: str) -> None:
    assert read_sheet(f"a,b\n1,{cell}\n".encode()).problems == []


def test_another_encoding_is_refused_with_its_line() -> None:
    bad = refused("name\nAna\nJosé\n".encode("latin-1"))
    assert (bad.problem.what, bad.problem.detail["line"]) == (Fault.WRONG_ENCODING, 3)


def test_a_quotation_mark_never_closed_is_refused() -> None:
    assert refused(b'a,b\n1,"two\n').problem.what is Fault.BROKEN_CSV


@pytest.mark.parametrize("data", [b"a,b\n\x00,1\n", b"PK\x03\x04 not a workbook", b"PK"], ids=["nul", "zip", "short"])
def test_what_is_no_sheet_is_refused(data: bytes) -> None:
    assert refused(data).problem.what is Fault.NOT_A_SHEET


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        packed.writestr("a.txt", "hello")
    assert refused(kept.getvalue()).problem.what is Fault.NOT_A_SHEET


def test_more_than_twenty_megabytes_are_refused() -> None:
    bad = refused(b"a" * (sheets.LARGEST_BYTES + 1))
    assert (bad.problem.what, bad.problem.detail["limit"]) == (Fault.TOO_LARGE, 20)


def test_a_small_workbook_that_unpacks_to_very_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "LARGEST_UNPACKED_BYTES", 1000)
    assert refused(workbook(["a"], ["1"])).problem.what is Fault.TOO_LARGE


def test_a_sheet_with_a_cell_far_away_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be read as one rectangle: the corner of a spreadsheet makes seventeen milliards of cells."""
    monkeypatch.setattr(sheets, "LARGEST_CELLS", 60_000)
    assert len(read_sheet(workbook(["a", "b"], *([n, n] for n in range(999)))).rows) == 999
    far = refused(workbook(["a"], *([] for _ in range(2998)), [None] * 20 + ["far"]))
    assert (far.problem.what, far.problem.detail) == (Fault.SCATTERED, {"cell": "U3000"})


def test_a_sheet_with_more_rows_than_wanted_is_given_up() -> None:
    three = workbook(["name"], ["Ada"], ["Luis"], ["Mina"])
    assert len(read_sheet(three, most=3).rows) == 3
    with pytest.raises(BadFile) as many:
        read_sheet(three, most=2)
    assert (many.value.problem.what, many.value.problem.detail) == (Fault.TOO_MANY_ROWS, {"limit": 2})


@pytest.mark.parametrize("name", ["content.xml", "xl/workbook.bin"])
def test_workbooks_of_other_kinds_are_refused(name: str) -> None:
    """Their cells can be repeated a million times in one word, which nobody has counted."""
    packed = io.BytesIO(workbook(["a"], [1]))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr(name, "x")
    assert refused(packed.getvalue()).problem.what is Fault.NOT_A_SHEET


def test_an_empty_file_has_no_columns() -> None:
    assert read_sheet(b"\n\n").columns == ()
