"""The shape of a report: figures and tables of numbers, each with what it means and a way to the rows behind it.

A page, a file and a mail are made from the same report, so that they cannot differ. Source: issue "Managers see what
circulated", Build 2; SCREENS, "CSV and XLSX of exactly what is shown".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, unique

from lending.charts import Kind
from lending.domain.small_cells import Hidden


@unique
class Unit(StrEnum):
    """What a number counts, which says how it is written and whether a small one may leave."""

    PEOPLE = "people"
    """Something that patrons did or are: a small number could tell of one of them."""
    THINGS = "things"
    """Kits and parts by themselves, workshops, days: nobody's."""
    SHARE = "share"
    """A part of one, written in percent."""
    CHANGE = "change"
    """How much more or less than before, written in percent with its sign."""
    HOURS = "hours"
    DAYS = "days"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True)
class Number:
    """One value. ``None`` is unknown and never nought; ``hidden`` stands where a small one must not leave.

    ``cases``: the counts of people that a share or a median was made of, which hide it when one of them is small.
    ``url`` leads to the rows behind it. ``measure`` says that a number of a table is also that of a figure or a total.
    """

    value: float | None
    unit: Unit = Unit.PEOPLE
    cases: tuple[int | None, ...] = ()
    url: str | None = None
    measure: str = ""
    hidden: Hidden | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that stands by itself, with the one before and what it means.

    ``measure`` names what is counted: a total of a table with the same name is the same number.
    """

    name: str
    number: Number
    definition: str
    before: Number | None = None
    note: str = ""
    note_leaves: bool = False
    """Whether the note counts nobody, so that it stands on paper too."""
    measure: str = ""
    late: bool = False
    """Whether it is shown in red: somebody should do something about it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers. ``measure`` as in ``Figure``, for the total."""

    head: str
    definition: str = ""
    measure: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what it is of, and its numbers in the order of the columns."""

    label: str
    numbers: tuple[Number, ...]
    url: str | None = None
    on: date | None = None
    """The day that it is of, or the first of its month: a date in a workbook."""


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers by label. ``total`` adds up the rows, where adding them up makes sense."""

    caption: str
    head: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A finding in words with its table, and the chart of some of its columns. ``key`` makes ids on the page.

    ``tell`` makes the finding of the table alone, so that it says no more than what the table shows.
    """

    key: str
    tell: Callable[[Table], str]
    table: Table
    kind: Kind | None = None
    drawn: tuple[int, ...] = (0,)
    """The columns that are drawn."""
    seen: str = ""
    """What the chart shows, for who does not see it."""
    note: str = ""
    darkest: int = -1
    """The row whose upright bar the finding speaks of; from the end where it is below 0."""

    @property
    def finding(self) -> str:
        """What the table shows, in one sentence. A month that begins it is written small in Spanish, and not here."""
        said = self.tell(self.table)
        return said[:1].upper() + said[1:]


@dataclass(frozen=True, slots=True)
class Adding:
    """Numbers of a report that add up across its tables: by their measures, the sum and its parts.

    ``unseen`` are parts that stand nowhere, by their values: whoever takes the others off knows them all the same.
    ``gives_way``: where one of them is too small to be told, the sum is hidden before its parts.
    """

    total: str
    parts: tuple[str, ...]
    unseen: tuple[tuple[str, int], ...] = ()
    gives_way: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything of one page. ``narrowed``: what it is limited to, by label; ``made_at`` is when it was made."""

    name: str
    title: str
    period: str
    made_at: datetime
    before: str = ""
    narrowed: tuple[tuple[str, str], ...] = ()
    figures: tuple[Figure, ...] = ()
    sections: tuple[Section, ...] = ()
    notes: tuple[str, ...] = ()
    adding: tuple[Adding, ...] = ()
    on: date | None = None
    """The last day it tells of, for the name of a file."""

    def definitions(self) -> list[tuple[str, str]]:
        """What every number means, each once, in the order of the page."""
        found: dict[str, str] = {figure.name: figure.definition for figure in self.figures}
        for section in self.sections:
            for column in section.table.columns:
                if column.definition:
                    found.setdefault(column.head, column.definition)
        return [(name, sentence) for name, sentence in found.items() if sentence]


@dataclass(slots=True)
class Definitions:
    """Footnotes of one page: each sentence has one number, however often it is asked for."""

    sentences: list[str] = field(default_factory=list)

    def number(self, sentence: str) -> int:
        """The footnote's number, from 1."""
        if sentence not in self.sentences:
            self.sentences.append(sentence)
        return self.sentences.index(sentence) + 1
