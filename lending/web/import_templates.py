"""Files to fill in: the right columns and one example, with cells that no spreadsheet rounds or runs.

Source: SCREENS, "imports ... with template".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping

from lending.circulation.imports.columns import Template

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_csv(template: Template) -> tuple[bytes, str]:
    """As CSV, with the mark by which spreadsheets know UTF-8."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([column.name for column in template.columns])
    writer.writerow([column.example for column in template.columns])
    return file.getvalue().encode("utf-8-sig"), CSV


def as_xlsx(template: Template) -> tuple[bytes, str]:
    """As a workbook whose cells are all text, so that a long number keeps its last digits."""
    from xlsxwriter import Workbook  # heavy, and few fetch a template

    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"num_format": "@", "bold": True})
        sheet = book.add_worksheet(template.kind)
        for place, column in enumerate(template.columns):
            sheet.set_column(place, place, max(12, len(column.example) + 2), text)
            sheet.write_string(0, place, column.name, bold)
            sheet.write_string(1, place, column.example, text)
        sheet.freeze_panes(1, 0)
    return file.getvalue(), XLSX


MADE: Mapping[str, Callable[[Template], tuple[bytes, str]]] = {"csv": as_csv, "xlsx": as_xlsx}
"""How each form of a template is made."""
