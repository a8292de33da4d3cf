"""The chart beside a table: made of its numbers, without the lines that are nought where there are many."""

from __future__ import annotations

import pytest

from lending.charts import Kind
from lending.reporting.drawing import LYING, chart_of
from lending.reporting.report import Column, Number, Row, Section, Table
from tests.reporting.speaking import ENGLISH


def section(kind: Kind, *lines: tuple[float | None, ...]) -> Section:
    rows = tuple(Row(f"Library {n}", tuple(Number(value) for value in line)) for n, line in enumerate(lines))
    heads = tuple(Column(f"Column {n}") for n in range(len(lines[0])))
    return Section(
        "key", lambda _table: "Finding", Table("Caption", "Library", heads, rows), kind, tuple(range(len(heads)))
    )


@pytest.mark.parametrize(("lines", "drawn"), [(LYING, LYING), (LYING + 1, 3)])
def test_of_many_lines_those_of_nought_are_in_the_table_alone(lines: int, drawn: int) -> None:
    values = [(4.0,), (2.0,), (None,), *[(0.0,)] * (lines - 3)]
    chart = chart_of(section(Kind.ROWS, *values), ENGLISH)
    assert chart is not None
    assert len(chart.labels) == len(chart.series[0].points) == drawn
    assert chart.labels[:3] == ("Library 0", "Library 1", "Library 2")


def test_a_stack_knows_its_sums_where_all_of_it_is_known() -> None:
    chart = chart_of(section(Kind.STACKED, (1000.0, 200.0), (3.0, None)), ENGLISH)
    assert chart is not None
    assert [(point.value, point.shown) for point in chart.sums] == [(1200.0, "1,200"), (None, "")]


def test_a_table_of_nothing_but_nought_is_not_drawn() -> None:
    assert chart_of(section(Kind.BARS, (0.0,), (None,)), ENGLISH) is None
