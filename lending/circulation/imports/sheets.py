"""Files of rows as people keep them: CSV in UTF-8, or UTF-16 with its mark, or the first sheet of an XLSX workbook.

Every cell comes out as text without blanks around it. What a spreadsheet would run as a formula is reported and never
let in, so that nobody's next export carries it on. Source: DEPENDENCIES, "sheets"; BATTERY S12.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from lending.circulation.imports.report import BadFile, Fault, Problem

LARGEST_BYTES: Final = 20 * 1024 * 1024
LARGEST_UNPACKED_BYTES: Final = 400 * 1024 * 1024
"""A workbook is a ZIP: a small one may unpack to more than memory holds."""

LARGEST_CELLS: Final = 20_000_000
"""A sheet is read as a whole rectangle: two cells in its far corners would fill any memory."""

_WORKBOOK = "xl/workbook.xml"
"""What makes a ZIP a workbook of this kind. The library that reads it also knows others, whose cells lie elsewhere."""

_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,9})["']""")
"""Where a row or a cell says that it stands: ``r="12"``, ``r="C12"``."""

HIGHEST_HEADER: Final = 20
"""How many rows a meeting tool may write about the meeting above its table."""

EXACT: Final = 2**53
"""Above it a spreadsheet's number has lost its last digits."""

_FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9 ().-]*$)")
"""What a spreadsheet runs. A plus or minus before nothing but digits is a telephone number or an amount."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file, each with its number as spreadsheets count, and what is wrong with single cells."""

    columns: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    problems: list[Problem] = field(default_factory=list)


def column_name(cell: str) -> str:
    """What a column is known by: ``Full Name`` and ``full-name`` are ``full_name``."""
    return cell.strip().lower().replace(" ", "_").replace("-", "_")


def read_sheet(data: bytes, *, most: int | None = None, below: frozenset[str] = frozenset()) -> Sheet:
    """The sheet in a file's bytes; ``BadFile`` when there is none, or when it has more than ``most`` rows.

    With names of columns in ``below``, what stands above the first row that has one of them is no part of the table.
    """
    if len(data) > LARGEST_BYTES:
        raise BadFile(Fault.TOO_LARGE, limit=LARGEST_BYTES // 1024**2)
    problems: list[Problem] = []
    raw = _xlsx_rows(data, problems) if data.startswith(b"PK") else _csv_rows(data)
    header: tuple[str, ...] = ()
    rows: list[tuple[int, list[str]]] = []
    for number, cells in _from_header(enumerate(raw, start=1), below):
        cells = [cell.strip() for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if not header:
            header = tuple(column_name(cell) for cell in cells)
            continue
        if most is not None and len(rows) == most:
            raise BadFile(Fault.TOO_MANY_ROWS, limit=most)
        if len(cells) > len(header):
            problems.append(Problem(number, None, Fault.TOO_MANY_CELLS, {"cells": len(cells), "columns": len(header)}))
            continue
        cells += [""] * (len(header) - len(cells))
        problems += (
            Problem(number, name, Fault.FORMULA)
            for name, cell in zip(header, cells, strict=True)
            if cell and _FORMULA.match(cell)
        )
        rows.append((number, cells))
    return Sheet(header, rows, problems)


def _from_header(raw: Iterator[tuple[int, list[str]]], below: frozenset[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows from the first on that has one of these columns; all of them where none of the highest has."""
    head = list(islice(raw, HIGHEST_HEADER)) if below else []
    names = (place for place, (_, cells) in enumerate(head) if not below.isdisjoint(map(column_name, cells)))
    return chain(head[next(names, 0) :], raw)


def _csv_rows(data: bytes) -> Iterator[list[str]]:
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadFile(Fault.WRONG_ENCODING, line=data.count(b"\n", 0, error.start) + 1) from None
    if "\x00" in text:
        raise BadFile(Fault.NOT_A_SHEET)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from reader
    except csv.Error:
        raise BadFile(Fault.BROKEN_CSV, line=reader.line_num) from None


def _delimiter(text: str) -> str:
    """What the columns are parted by in the first lines. Spreadsheets of many countries write semicolons, because a
    comma is part of their numbers; meeting tools write tabs.
    """
    head = "\n".join(text.split("\n", HIGHEST_HEADER)[:HIGHEST_HEADER])
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count) if any(mark in first for mark in ",;\t") else max(",;\t", key=head.count)


def _xlsx_rows(data: bytes, problems: list[Problem]) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_UNPACKED_BYTES:
                raise BadFile(Fault.TOO_LARGE, limit=LARGEST_UNPACKED_BYTES // 1024**2)
            _check_extent(packed)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, zipfile.BadZipFile, IndexError, OSError, ValueError):
        raise BadFile(Fault.NOT_A_SHEET) from None
    for number, row in enumerate(rows, start=1):
        yield [_text(cell, number, problems) for cell in row]


def _check_extent(packed: zipfile.ZipFile) -> None:
    """Refuse a workbook with a sheet too large to be read, before it is read."""
    names = set(packed.namelist())
    if _WORKBOOK not in names or not names.isdisjoint({"content.xml", "xl/workbook.bin"}):
        raise BadFile(Fault.NOT_A_SHEET)
    for name in names:
        columns, lowest, before = {b"A"}, 1, b""
        with packed.open(name) as part:
            while chunk := part.read(1024**2):
                for column, row in _PLACE.findall(before + chunk):
                    columns.add(column.upper())
                    lowest = max(lowest, int(row))
                before = chunk[-32:]
        furthest = max(columns, key=_column)
        if _column(furthest) * lowest > LARGEST_CELLS:
            raise BadFile(Fault.SCATTERED, cell=f"{furthest.decode()}{lowest}")


def _column(letters: bytes) -> int:
    """The number of a column: A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _text(cell: object, row: int, problems: list[Problem]) -> str:
    """A cell of a workbook as it would be typed."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            problems.append(Problem(row, None, Fault.ROUNDED))
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return str(cell)
