"""Files that are made to fill the memory or to take for ever: refused, whatever they say of themselves."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib

import pytest
import xlsxwriter

from lending.circulation.imports import sheets
from lending.circulation.imports.cells import rows_of
from lending.circulation.imports.columns import BRANCHES
from lending.circulation.imports.report import MOST_PROBLEMS, BadFile, Fault, Problem
from lending.circulation.imports.sheets import read_sheet

MEGABYTE = 1024 * 1024
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def workbook(rows: bytes, strings: bytes = b"") -> bytes:
    """A workbook whose first sheet holds just these rows, and these strings to be named by its cells."""
    kept, packed = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True}) as book:
        book.add_worksheet().write(0, 0, "card")
    with zipfile.ZipFile(kept) as plain, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name in plain.namelist():
            part = plain.read(name)
            if name == SHEET:
                part = re.sub(rb"<sheetData>.*</sheetData>", lambda _: b"<sheetData>" + rows + b"</sheetData>", part)
            if name == STRINGS and strings:
                part = re.sub(rb"<si>.*</si>", lambda _: strings, part)
            made.writestr(name, part)
    return packed.getvalue()


def cells(count: int, cell: bytes) -> bytes:
    """Rows of one cell each; ``%d`` in the cell is the number of its row."""
    return b"".join(b"<row r='%d'>%b</row>" % (row, cell % row) for row in range(1, count + 1))


def fault(data: bytes) -> Fault:
    with pytest.raises(BadFile) as bad:
        read_sheet(data)
    assert isinstance(bad.value.problem.what, Fault)
    return bad.value.problem.what


def test_a_long_string_that_many_cells_name_ends_its_reader_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes that would be two gigabytes."""
    monkeypatch.setattr(sheets, "READER_MEMORY", 256 * MEGABYTE)
    data = workbook(cells(2000, b"<c r='A%d' t='s'><v>0</v></c>"), b"<si><t>" + b"x" * MEGABYTE + b"</t></si>")
    assert len(data) < MEGABYTE // 8
    assert fault(data) is Fault.TOO_HEAVY


def test_a_part_that_says_it_is_small_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "READER_MEMORY", 256 * MEGABYTE)
    data = workbook(b"<row r='1'><c r='A1' t='inlineStr'><is><t>" + b"x" * 160 * MEGABYTE + b"</t></is></c></row>")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        entry, begins = packed.getinfo(SHEET), packed.open(SHEET).read(100)
    honest = struct.pack("<III", entry.CRC, entry.compress_size, entry.file_size)
    lie = struct.pack("<III", zlib.crc32(begins), entry.compress_size, len(begins))
    assert fault(data.replace(honest, lie)) in {Fault.TOO_HEAVY, Fault.NOT_A_SHEET}


def test_a_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "READER_SECONDS", 1)
    monkeypatch.setattr(sheets, "LARGEST_CELLS", 10**12)
    data = workbook(b"<row r='1'><c r='A1'><v>1</v></c></row><row r='9000000'><c r='C9000000'><v>1</v></c></row>")
    assert fault(data) is Fault.TOO_HEAVY


def test_a_cell_or_a_line_that_nobody_typed_is_refused() -> None:
    long = b"x" * (sheets.LONGEST_LINE + 1)
    assert fault(b"card\n" + long + b"\n") is Fault.TOO_LONG
    cell = b"<c r='A%d' t='inlineStr'><is><t>" + long + b"</t></is></c>"
    assert fault(workbook(cells(1, cell))) is Fault.TOO_LONG


def test_more_columns_rows_or_cells_than_any_list_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fault(b"a," * sheets.MOST_COLUMNS + b"a\n1\n") is Fault.TOO_WIDE
    monkeypatch.setattr(sheets, "LARGEST_CELLS", 100)
    assert len(read_sheet(b"a,b\n" + b"1\n" * 50).rows) == 50
    assert fault(b"a,b\n" + b"1\n" * 51) is Fault.TOO_MANY_ROWS, "a cell left out is kept as well"
    assert fault(b"a\n" + b"1\n" * 300_000) is Fault.TOO_MANY_ROWS


@pytest.mark.parametrize("row", [b"=1\n", b"1,2\n"], ids=["formulas", "cells without a column"])
def test_a_file_with_as_many_problems_as_rows_is_not_read_to_its_end(row: bytes) -> None:
    found = read_sheet(b"a\n" + row * 100_000)
    assert len(found.problems) == MOST_PROBLEMS + 1
    assert found.problems[-1] == Problem(MOST_PROBLEMS + 2, None, Fault.MORE_WRONG)


def test_rows_that_are_wrong_one_after_another_are_not_checked_to_the_end() -> None:
    sheet = read_sheet(b"code,name,hours\n" + b"ELA,,\n" * 5000)
    problems: list[Problem] = []
    for one in rows_of(sheet, BRANCHES, problems):
        one.text("name")
        one.text("hours")
    assert (len(problems), problems[-1].what) == (MOST_PROBLEMS + 1, Fault.MORE_WRONG)


def test_a_workbook_whose_cells_begin_further_right_keeps_its_columns() -> None:
    rows = b"<row r='2'><c r='B2'><v>1</v></c><c r='C2'><v>2</v></c></row>"
    assert read_sheet(workbook(rows)).columns == ("", "1", "2")
