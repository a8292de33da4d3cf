"""Files of rows as people keep them: CSV in UTF-8, or UTF-16 with its mark, or the first sheet of an XLSX workbook.

Every cell comes out as text without blanks around it. What a spreadsheet would run as a formula is reported and never
let in, so that nobody's next export carries it on. Source: DEPENDENCIES, "sheets"; BATTERY S12.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import IO, Final

from lending.circulation.imports import workbook
from lending.circulation.imports.report import BadFile, Fault, Problem, enough

LARGEST_BYTES: Final = 20 * 1024 * 1024
LARGEST_UNPACKED_BYTES: Final = 200 * 1024 * 1024
"""A workbook is a ZIP: a small one may unpack to more than memory holds."""

LARGEST_CELLS: Final = 3_000_000
"""Of one sheet, whose every cell is kept until the last row is checked: the patrons of a county."""

MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 100
LONGEST_LINE: Final = 100_000
"""Characters of one line of a file, or of one cell of a workbook. What people keep has a few hundred."""

READER_MEMORY: Final = 640 * 1024 * 1024
READER_SECONDS: Final = 60
"""What the process that reads a workbook may take: bytes of memory, and seconds of the processor."""

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


def read_sheet(data: bytes, *, most: int = MOST_ROWS, below: frozenset[str] = frozenset()) -> Sheet:
    """The sheet in a file's bytes; ``BadFile`` when there is none, or when it has more than ``most`` rows.

    With names of columns in ``below``, what stands above the first row that has one of them is no part of the table.
    Rows behind the ``MOST_PROBLEMS``th problem are not read: nobody mends more before trying again.
    """
    if len(data) > LARGEST_BYTES:
        raise BadFile(Fault.TOO_LARGE, limit=LARGEST_BYTES // 1024**2)
    sheet = Sheet((), [])
    raw = _xlsx_rows(data, sheet.problems) if data.startswith(b"PK") else _csv_rows(data)
    with closing(raw):
        return _gathered(sheet, _from_header(enumerate(raw, start=1), below), most)


def _gathered(sheet: Sheet, raw: Iterator[tuple[int, list[str]]], most: int) -> Sheet:
    """The rows below the first one, which names the columns."""
    header: tuple[str, ...] = ()
    rows, problems, kept = sheet.rows, sheet.problems, 0
    for number, cells in raw:
        cells = [cell.strip() for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if not header:
            header = _named(cells)
            continue
        kept += len(header)
        if len(rows) == most or kept > LARGEST_CELLS:
            raise BadFile(Fault.TOO_MANY_ROWS, limit=len(rows))
        if enough(problems, number):
            break
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
    return replace(sheet, columns=header)


def _named(cells: list[str]) -> tuple[str, ...]:
    """The names of the columns."""
    if len(cells) > MOST_COLUMNS:
        raise BadFile(Fault.TOO_WIDE, limit=MOST_COLUMNS)
    return tuple(column_name(cell) for cell in cells)


def _from_header(raw: Iterator[tuple[int, list[str]]], below: frozenset[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows from the first on that has one of these columns; all of them where none of the highest has."""
    head = list(islice(raw, HIGHEST_HEADER)) if below else []
    names = (place for place, (_, cells) in enumerate(head) if not below.isdisjoint(map(column_name, cells)))
    return chain(head[next(names, 0) :], raw)


def _csv_rows(data: bytes) -> Generator[list[str], None, None]:
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadFile(Fault.WRONG_ENCODING, line=data.count(b"\n", 0, error.start) + 1) from None
    reader = csv.reader(_lines(data, encoding), delimiter=_delimiter(data, encoding), strict=True)
    try:
        yield from reader
    except csv.Error:
        raise BadFile(Fault.BROKEN_CSV, line=reader.line_num) from None


def _lines(data: bytes, encoding: str) -> Iterator[str]:
    """The lines of a file one after another, so that it is never in memory as a whole text besides."""
    read = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    number = 0
    while line := read.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise BadFile(Fault.TOO_LONG, line=number)
        if "\x00" in line:
            raise BadFile(Fault.NOT_A_SHEET)
        yield line


def _delimiter(data: bytes, encoding: str) -> str:
    """What the columns are parted by in the first lines. Spreadsheets of many countries write semicolons, because a
    comma is part of their numbers; meeting tools write tabs.
    """
    head = list(islice(_lines(data, encoding), HIGHEST_HEADER))
    first = head[0] if head else ""
    marks = first if any(mark in first for mark in ",;\t") else "".join(head)
    return max(",;\t", key=marks.count)


def _xlsx_rows(data: bytes, problems: list[Problem]) -> Generator[list[str], None, None]:
    """The rows of a workbook, as the process that reads it tells them (``workbook.py``)."""
    limits = {"memory": READER_MEMORY, "seconds": READER_SECONDS}
    limits |= {"unpacked": LARGEST_UNPACKED_BYTES, "cells": LARGEST_CELLS}
    # -I: nothing of whoever runs the library, neither variables nor folders, changes what it reads.
    command = [sys.executable, "-I", workbook.__file__, json.dumps(limits)]
    with subprocess.Popen(  # noqa: S603 - our own program and words
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reader:
        try:
            with suppress(BrokenPipeError):  # it was ended while it still read
                _stream(reader.stdin).write(data)
                _stream(reader.stdin).close()
            yield from _told(_stream(reader.stdout), problems)
        finally:
            reader.kill()


def _stream(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the process was started without its pipes")
    return pipe


def _told(said: IO[bytes], problems: list[Problem]) -> Iterator[list[str]]:
    longest = MOST_COLUMNS * LONGEST_LINE
    number = 0
    while (line := said.readline(longest)).endswith(b"\n"):
        number += 1
        row = json.loads(line)
        if isinstance(row, list):
            if any(isinstance(cell, str) and len(cell) > LONGEST_LINE for cell in row):
                raise BadFile(Fault.TOO_LONG, line=number)
            yield [_text(cell, number, problems) for cell in row]
        elif row:
            raise BadFile(Fault(row.pop("fault")), **row)
        else:
            return
    raise BadFile(Fault.TOO_HEAVY)  # it was ended before it came to an end


def _text(cell: object, row: int, problems: list[Problem]) -> str:
    """A cell of a workbook as it would be typed."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        if abs(cell) >= EXACT:
            problems.append(Problem(row, None, Fault.ROUNDED))
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell)
