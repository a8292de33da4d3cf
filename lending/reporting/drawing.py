"""The chart of a section: made from the table that stands beside it, so that both hold the same numbers."""

from __future__ import annotations

from markupsafe import Markup

from lending.charts import Chart, Point, Series, drawn_twice
from lending.reporting.report import Section
from lending.reporting.voice import Voice


def chart_of(section: Section, voice: Voice) -> Chart | None:
    """The columns that a section draws; ``None`` where there is nothing to draw, or nothing but nought."""
    table = section.table
    if section.kind is None or not any(row.numbers[place].value for row in table.rows for place in section.drawn):
        return None
    series = tuple(
        Series(
            table.columns[place].head,
            tuple(Point(row.numbers[place].value, voice.number(row.numbers[place])) for row in table.rows),
        )
        for place in section.drawn
    )
    return Chart(section.kind, section.finding, section.seen, tuple(row.label for row in table.rows), series)


def drawing(section: Section, voice: Voice, *, name: str) -> Markup:
    """The chart's markup, for a wide and a narrow place; empty where there is nothing to draw."""
    chart = chart_of(section, voice)
    return Markup() if chart is None else drawn_twice(chart, name=name)
