"""The first sheet of a workbook, read by a process of its own: what a hostile file makes its reader do, ends with it.

A workbook is a ZIP of XML, in which a few bytes can stand for any amount of memory: a string that a million cells name,
a cell in the far corner, a part that says it is small. ``sheets`` runs this file as a program, which knows nothing of
the library and may take so much memory and time. The workbook comes in; each row goes out as a line of JSON, at the end
``{}``, or else the name of a fault with its details. Source: DEPENDENCIES, "sheets".
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NoReturn

_WORKBOOK = "xl/workbook.xml"
"""What makes a ZIP a workbook of this kind. The library that reads it also knows others, whose cells lie elsewhere."""

_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,9})["']""")
"""Where a row or a cell says that it stands: ``r="12"``, ``r="C12"``."""

_CHUNK = 1024**2


class _Bad(Exception):
    """A fault by its name, as ``report.Fault`` has it, and its details."""

    def __init__(self, fault: str, **detail: object) -> None:
        super().__init__(fault)
        self.said = {"fault": fault, **detail}


def main() -> None:
    """Read the workbook on standard input within the limits of the first argument, a JSON object."""
    limits = json.loads(sys.argv[1])
    _take_no_more(limits["memory"], limits["seconds"])
    try:
        for row in _rows(sys.stdin.buffer.read(), limits):
            _say(row)
    except _Bad as bad:
        _say(bad.said)
    except MemoryError:
        sys.exit(1)
    else:
        _say({})


def _take_no_more(memory: int, seconds: int) -> None:
    """Let the system end this process when it takes more (bytes, seconds of the processor), where a system can."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _rows(data: bytes, limits: dict[str, Any]) -> Iterator[list[Any]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        _check_extent(data, limits)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        before = [""] * (sheet.start[1] if sheet.start else 0)
        for row in sheet.iter_rows():
            yield [_plain(cell) for cell in (*before, *row)]
    except (CalamineError, zipfile.BadZipFile, IndexError, OSError, ValueError, NotImplementedError, RuntimeError):
        _refuse("not_a_sheet")


def _check_extent(data: bytes, limits: dict[str, Any]) -> None:
    """Refuse a workbook with a sheet too large to be read, before it is read: it would be read as a whole rectangle."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > limits["unpacked"]:
            _refuse("too_large", limit=limits["unpacked"] // _CHUNK)
        names = set(packed.namelist())
        if _WORKBOOK not in names or not names.isdisjoint({"content.xml", "xl/workbook.bin"}):
            _refuse("not_a_sheet")
        for name in names:
            columns, lowest, before = {b"A"}, 1, b""
            with packed.open(name) as part:
                while chunk := part.read(_CHUNK):
                    for column, row in _PLACE.findall(before + chunk):
                        columns.add(column.upper())
                        lowest = max(lowest, int(row))
                    before = chunk[-32:]
            furthest = max(columns, key=_column)
            if _column(furthest) * lowest > limits["cells"]:
                _refuse("scattered", cell=f"{furthest.decode()}{lowest}")


def _column(letters: bytes) -> int:
    """The number of a column: A is 1, Z 26, AA 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _plain(cell: object) -> object:
    """A cell as JSON knows it: a date is its text; what a number was is for the reader to say."""
    if isinstance(cell, bool | float | int | str):
        return cell
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)


def _refuse(fault: str, **detail: object) -> NoReturn:
    raise _Bad(fault, **detail)


def _say(line: object) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    main()
