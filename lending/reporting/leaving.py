"""A report as it may leave the library: no count under five, and none from which such a count could be worked out.

All tables and figures of a report are looked at together, because one table's sum is another's. A share or a median is
hidden with the counts that it was made of. Source: RULES 8; ``domain/small_cells.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from lending.domain.small_cells import SMALLEST_SHOWN, Hidden, Shown, Sum, hide
from lending.reporting.report import Figure, Number, Report, Row, Section, Unit


class _Cell(NamedTuple):
    """Where a count stands: a table's row and column, or for a total or a figure what it measures."""

    section: str
    row: int
    column: int
    measure: str = ""


class _Shown(NamedTuple):
    """Every count as it leaves, and the values of those that do not: with a share of it such a count would be told."""

    counts: Mapping[_Cell, Shown]
    hidden: frozenset[int | None]

    def kept_back(self, number: Number, cell: _Cell) -> Number:
        """A number as it leaves: hidden by itself, or with what it was made of."""
        if number.unit is Unit.PEOPLE:
            told = self.counts.get(cell)
            return replace(number, value=None, hidden=told) if isinstance(told, Hidden) else number
        few = any(case is not None and (0 < case < SMALLEST_SHOWN or case in self.hidden) for case in number.cases)
        return replace(number, value=None, hidden=Hidden.NOT_SHOWN) if few and number.value is not None else number


def leaving(report: Report) -> Report:
    """The same report without what may not leave."""
    counts: dict[_Cell, int | None] = {}
    sums: list[Sum[_Cell]] = []
    for figure in report.figures:
        for which, number in ((figure.measure, figure.number), (f"{figure.measure}@before", figure.before)):
            if number is not None and number.unit is Unit.PEOPLE:
                counts[_figure_cell(figure, which)] = _whole(number)
    for section in report.sections:
        _add(section, counts, sums)
    for one in report.adding:
        counts |= {_of(measure): value for measure, value in one.unseen}
        parts = tuple(_of(measure) for measure in one.parts)
        if {_of(one.total), *parts} <= counts.keys():
            sums.append(Sum(_of(one.total), parts, one.gives_way))
    found = hide(counts, sums)
    shown = _Shown(found, frozenset(counts[cell] for cell, told in found.items() if isinstance(told, Hidden)))
    return replace(
        report,
        figures=tuple(_figure(figure, shown) for figure in report.figures),
        sections=tuple(_section(section, shown) for section in report.sections),
    )


def _add(section: Section, counts: dict[_Cell, int | None], sums: list[Sum[_Cell]]) -> None:
    """A table's counts, and what its columns add up to. A column without a sum on the page has one all the same."""
    table = section.table
    for place, column in enumerate(table.columns):
        cells = []
        for line, row in enumerate(table.rows):
            if row.numbers[place].unit is Unit.PEOPLE:
                cells.append(_row_cell(section, line, place, row.numbers[place]))
                counts[cells[-1]] = _whole(row.numbers[place])
        if table.total is not None and cells and table.total.numbers[place].unit is Unit.PEOPLE:
            total = _total_cell(section, place, column.measure)
            counts[total] = _whole(table.total.numbers[place])
            sums.append(Sum(total, tuple(cells)))


def _figure(figure: Figure, shown: _Shown) -> Figure:
    before = figure.before
    if before is not None:
        before = shown.kept_back(before, _figure_cell(figure, f"{figure.measure}@before"))
    return replace(figure, number=shown.kept_back(figure.number, _figure_cell(figure, figure.measure)), before=before)


def _section(section: Section, shown: _Shown) -> Section:
    table = section.table
    rows = tuple(
        replace(row, numbers=tuple(_each(row, _row_cells(section, line, row), shown)))
        for line, row in enumerate(table.rows)
    )
    total = table.total
    if total is not None:
        cells = [_total_cell(section, place, column.measure) for place, column in enumerate(table.columns)]
        total = replace(total, numbers=tuple(_each(total, cells, shown)))
    return replace(section, table=replace(table, rows=rows, total=total))


def _each(row: Row, cells: Iterable[_Cell], shown: _Shown) -> Iterable[Number]:
    for number, cell in zip(row.numbers, cells, strict=True):
        yield shown.kept_back(number, cell)


def _of(measure: str) -> _Cell:
    """A number that stands in several places, by what it measures."""
    return _Cell("", 0, 0, measure)


def _row_cells(section: Section, line: int, row: Row) -> list[_Cell]:
    return [_row_cell(section, line, place, number) for place, number in enumerate(row.numbers)]


def _row_cell(section: Section, line: int, place: int, number: Number) -> _Cell:
    return _of(number.measure) if number.measure else _Cell(section.key, line, place)


def _figure_cell(figure: Figure, measure: str) -> _Cell:
    return _of(measure) if figure.measure else _Cell(f"figure {figure.name}", 0, 0, measure)


def _total_cell(section: Section, place: int, measure: str) -> _Cell:
    return _of(measure) if measure else _Cell(section.key, -1, place)


def _whole(number: Number) -> int | None:
    return None if number.value is None else round(number.value)
