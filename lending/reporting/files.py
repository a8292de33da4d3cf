"""Reports as files: CSV for programs and workbooks for people, with what every number means.

Each cell that begins like a spreadsheet's formula is made text, in CSV by an apostrophe and in a workbook by its type.
Numbers stay numbers, so that they can be added up; what is hidden or unknown is a word.
Source: BATTERY S12; issue "Managers see what circulated", Build 2.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from lending.domain.small_cells import Hidden
from lending.domain.spreadsheets import harmless
from lending.phrases import HIDDEN, WHY_HIDDEN
from lending.reporting.report import Number, Report, Row, Section, Unit
from lending.reporting.voice import Voice

_A_MONTH, _A_DAY = "mmm yyyy", "ddd, mmm d, yyyy"

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Value = str | float | int


@dataclass(frozen=True, slots=True)
class _Dated:
    """The label of a day or a month; ``form`` is how a workbook shows its date."""

    label: str
    on: date
    form: str


Cell = Value | Number | _Dated


def as_csv(report: Report, voice: Voice) -> Iterator[bytes]:
    """The report line by line, with the mark by which spreadsheets know UTF-8."""
    yield b"\xef\xbb\xbf"
    for line in _lines(report, voice):
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\r\n").writerow(
            [harmless(cell) if isinstance(cell, str) else cell for cell in line]
        )
        yield out.getvalue().encode()


def as_xlsx(report: Report, voice: Voice) -> bytes:
    """A workbook: the figures, a sheet for each table, and one of definitions. Every text is written as text."""
    from xlsxwriter import Workbook  # heavy, and few fetch a workbook

    file = io.BytesIO()
    # Rows go to the disk as they are written: the largest table costs no more memory than one row.
    with Workbook(file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheets = _Sheets(book)
        _ = voice.gettext
        head = [*_head(report, voice), []]
        sheets.add(_("Figures"), [*head, *_figures(report, voice)], head=len(head))
        for section in report.sections:
            sheets.add(section.table.caption, _table(section, voice))
        defined = [[_("What it is"), _("What it means")], *_definitions(report, voice)]
        sheets.add(_("Definitions"), defined, broad=100)
    return file.getvalue()


class _Sheets:
    """The sheets of a workbook under their names, each of which a spreadsheet takes once and not too long."""

    def __init__(self, book: Any) -> None:
        self._book, self._names = book, set[str]()
        counts = book.add_format({"num_format": "#,##0"})
        self._formats = {
            Unit.PEOPLE: counts,
            Unit.THINGS: counts,
            Unit.SHARE: book.add_format({"num_format": "0.0%"}),
            Unit.CHANGE: book.add_format({"num_format": "+0.0%;-0.0%;0%"}),
        }
        self._bold = book.add_format({"bold": True})
        self._heads = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self._wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        self._dates = {form: book.add_format({"num_format": form, "align": "left"}) for form in (_A_MONTH, _A_DAY)}

    def add(self, name: str, lines: Iterable[Sequence[Cell]], *, head: int = 0, broad: int = 18) -> None:
        """A sheet whose line ``head`` names the columns and stays in sight; ``broad`` is their width in signs."""
        sheet = self._book.add_worksheet(self._free(name))
        sheet.set_column(0, 0, 44)
        sheet.set_column(1, 12, broad)
        sheet.freeze_panes(head + 1, 1)
        for y, line in enumerate(lines):
            for x, cell in enumerate(line):
                if isinstance(cell, Number):
                    sheet.write_number(y, x, cell.value, self._formats.get(cell.unit))
                elif isinstance(cell, _Dated):
                    sheet.write_datetime(y, x, datetime.combine(cell.on, time()), self._dates[cell.form])
                elif isinstance(cell, str):
                    sheet.write_string(y, x, cell, self._of_text(y, x, head))
                else:
                    sheet.write_number(y, x, cell)

    def _of_text(self, y: int, x: int, head: int) -> Any:
        """The title bold, the names of columns bold and on several lines, what stands beside a name on several too."""
        if y == head:
            return self._heads
        return self._bold if y == 0 else self._wrapped if x > 0 and y > head else None

    def _free(self, name: str) -> str:
        plain = "".join(" " if letter in "[]:*?/\\'" else letter for letter in name).strip() or "-"
        tries = (plain[:31], *(f"{plain[:28]} {number}" for number in range(2, 100)))
        found = next(one for one in tries if one.casefold() not in self._names)
        self._names.add(found.casefold())
        return found


def _lines(report: Report, voice: Voice) -> Iterator[list[Value]]:
    """The whole report, tables below one another."""
    yield from (_plain(line) for line in _head(report, voice))
    yield []
    yield from (_plain(line) for line in _figures(report, voice))
    for section in report.sections:
        yield []
        yield [section.table.caption]
        yield from (_plain(line) for line in _table(section, voice))
    yield []
    yield [voice.gettext("Definitions")]
    yield from (_plain(line) for line in _definitions(report, voice))


def _plain(line: Iterable[Cell]) -> list[Value]:
    return [
        _exactly(cell.value) if isinstance(cell, Number) else cell.label if isinstance(cell, _Dated) else cell
        for cell in line
    ]


def _exactly(value: float | None) -> Value:
    if value is None:
        return ""
    return int(value) if float(value).is_integer() else round(value, 4)


def _head(report: Report, voice: Voice) -> Iterator[Sequence[Value | Number]]:
    yield [report.title]
    if report.period:
        yield [voice.gettext("Period"), report.period]
    if report.before:
        yield [voice.gettext("Compared with"), report.before]
    yield from ([label, words] for label, words in report.narrowed)
    yield [voice.gettext("Made"), voice.reader.moment_and_year(report.made_at)]
    yield from ([note] for note in report.notes)


def _figures(report: Report, voice: Voice) -> Iterator[Sequence[Value | Number]]:
    if not report.figures:
        return
    compares = any(figure.before is not None for figure in report.figures)
    yield [voice.gettext("Figure"), report.period, *([report.before] if compares else []), voice.gettext("Unit")]
    for figure in report.figures:
        before = [_cell(figure.before, voice) if figure.before is not None else ""] if compares else []
        yield [figure.name, _cell(figure.number, voice), *before, _unit(figure.number.unit, voice)]


def _table(section: Section, voice: Voice) -> Iterator[Sequence[Cell]]:
    table = section.table
    rows: tuple[Row, ...] = table.rows if table.total is None else (*table.rows, table.total)
    columns = (
        _with_unit(column.head, [row.numbers[place] for row in rows], voice)
        for place, column in enumerate(table.columns)
    )
    yield [table.head, *columns]
    days = [row.on for row in rows if row.on is not None]
    form = _A_MONTH if all(day.day == 1 for day in days) else _A_DAY
    for row in rows:
        label: Cell = _with_unit(row.label, row.numbers, voice)
        if row.on is not None and len(days) > 1:  # of one alone nobody could tell a month from its first day
            label = _Dated(row.label, row.on, form)
        yield [label, *(_cell(number, voice) for number in row.numbers)]


def _with_unit(words: str, numbers: Iterable[Number], voice: Voice) -> str:
    """``Median (hours)``: a page says a duration's unit with each number, which a file holds alone."""
    units = {number.unit for number in numbers} - {Unit.THINGS}
    return f"{words} ({_unit(units.pop(), voice)})" if units in ({Unit.HOURS}, {Unit.DAYS}) else words


def _definitions(report: Report, voice: Voice) -> Iterator[Sequence[Value | Number]]:
    for name, sentence in report.definitions():
        yield [name, sentence]
    yield [voice.gettext(HIDDEN[Hidden.UNDER_FIVE]), voice.gettext(WHY_HIDDEN)]
    yield [voice.gettext("not known"), voice.gettext("Nobody counted it, or it cannot be worked out. It is not 0.")]


def _cell(number: Number, voice: Voice) -> Value | Number:
    """The number itself, to be added up; a word where there is none."""
    return voice.number(number) if number.hidden is not None or number.value is None else number


def _unit(unit: Unit, voice: Voice) -> str:
    words = {
        Unit.SHARE: voice.gettext("share of 1"),
        Unit.CHANGE: voice.gettext("share of 1"),
        Unit.HOURS: voice.gettext("hours"),
        Unit.DAYS: voice.gettext("days"),
    }
    return words.get(unit, voice.gettext("number"))
