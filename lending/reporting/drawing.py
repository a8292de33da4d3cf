"""The chart of a section: made from the table that stands beside it, so that both hold the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from lending.charts import Chart, Kind, Point, Series, drawn_twice
from lending.reporting.report import Section
from lending.reporting.voice import Voice

LYING = 12
"""From more lines on, those of nought are in the table alone."""


def chart_of(section: Section, voice: Voice) -> Chart | None:
    """The columns that a section draws; ``None`` where there is nothing to draw, or nothing but nought."""
    table = section.table
    if section.kind is None or not any(row.numbers[place].value for row in table.rows for place in section.drawn):
        return None
    lines = table.rows
    if section.kind is Kind.ROWS and len(lines) > LYING:
        lines = tuple(row for row in lines if row.numbers[section.drawn[0]].value != 0)
    series = tuple(
        Series(
            table.columns[place].head,
            tuple(Point(row.numbers[place].value, voice.number(row.numbers[place])) for row in lines),
        )
        for place in section.drawn
    )
    return Chart(
        section.kind,
        section.finding,
        section.seen,
        tuple(row.label for row in lines),
        series,
        section.darkest,
        _sums(series, voice) if section.kind is Kind.STACKED else (),
    )


def _sums(series: Sequence[Series], voice: Voice) -> tuple[Point, ...]:
    """What the series come to for each label, where all of it is known and shown."""
    values = zip(*([point.value for point in one.points] for one in series), strict=True)
    sums = (sum(n for n in each if n is not None) if None not in each else None for each in values)
    return tuple(Point(n, "" if n is None else voice.count(n)) for n in sums)


def drawing(section: Section, voice: Voice, *, name: str) -> Markup:
    """The chart's markup, for a wide and a narrow place; empty where there is nothing to draw."""
    chart = chart_of(section, voice)
    return Markup() if chart is None else drawn_twice(chart, name=name)
