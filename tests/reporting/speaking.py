"""Voices and small reports for the tests of what managers read."""

from __future__ import annotations

from collections.abc import Sequence

from lending.notice_words.rendered import reader_of
from lending.reporting.report import Column, Figure, Number, Report, Row, Section, Table, Unit
from lending.reporting.voice import Voice
from tests.cast import NOW

ENGLISH = Voice(reader_of("en", "America/Los_Angeles"), lambda one, many, n: one if n == 1 else many)


def table(rows: Sequence[tuple[str, Sequence[float | None]]], *, total: bool = True, measure: str = "") -> Table:
    """A table of counts of people; the first column has the measure."""
    width = len(rows[0][1]) if rows else 1
    lines = tuple(Row(label, tuple(Number(value) for value in values)) for label, values in rows)
    sums = tuple(Number(sum(values[place] or 0 for _, values in rows)) for place in range(width))
    columns = tuple(Column(f"Column {place}", "What it is.", measure if place == 0 else "") for place in range(width))
    return Table("A table", "Library", columns, lines, Row("Together", sums) if total else None)


def report(*sections: Section, figures: Sequence[Figure] = ()) -> Report:
    """A report of nothing but what is given."""
    return Report("test", "A report", "November 2026", NOW, figures=tuple(figures), sections=sections)


def section(made: Table, key: str = "one") -> Section:
    """A section whose finding is the caption."""
    return Section(key, lambda shown: shown.caption, made)


def figure(value: float | None, measure: str = "", *, unit: Unit = Unit.PEOPLE) -> Figure:
    """A figure with a definition."""
    return Figure("Check-outs", Number(value, unit), "A kit handed out.", measure=measure)
