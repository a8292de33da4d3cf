"""Lists as files: CSV, or a workbook with a sheet for each list, with nothing in them that a spreadsheet runs.

Source: BATTERY S12.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date

from flask import Response

from lending.domain.spreadsheets import harmless
from lending.reporting.files import CSV, XLSX

Cell = str | int | date | None
Lines = Iterable[Sequence[Cell]]


def csv_answer(name: str, lines: Lines) -> Response:
    """One list as CSV, to be saved under ``name``."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    for line in lines:
        writer.writerow([_plain(cell) for cell in line])
    return _file(name, out.getvalue().encode("utf-8-sig"), CSV)


def xlsx_answer(name: str, sheets: Sequence[tuple[str, Lines]]) -> Response:
    """Several lists as one workbook, to be saved under ``name``. Every text is written as text."""
    from xlsxwriter import Workbook  # heavy, and few fetch a workbook

    file = io.BytesIO()
    with Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        for title, lines in sheets:
            sheet = book.add_worksheet(title[:31])
            sheet.set_column(0, 20, 20)
            for y, line in enumerate(lines):
                for x, cell in enumerate(line):
                    if isinstance(cell, int):
                        sheet.write_number(y, x, cell)
                    else:
                        sheet.write_string(y, x, str(_plain(cell)))
    return _file(name, file.getvalue(), XLSX)


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, int):
        return cell
    return harmless("" if cell is None else str(cell))


def _file(name: str, content: bytes, media_type: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
