"""What an import found: how many rows did what, and everything that is wrong, by row and column.

Its words stand in ``lending/import_words.py``.
A problem never holds what stood in a patron's cell, because reports are kept and sent around.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, unique

from lending.errors import Block, Refused

Progress = Callable[[int, int], None]
"""Called now and then with how many rows are checked, of how many."""


def quietly(done: int, total: int) -> None:
    """Tell nobody how far it is."""


@unique
class Fault(StrEnum):
    """What can be wrong with a file, a row or a cell, besides what the verbs refuse."""

    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_WIDE = "too_wide"
    TOO_LONG = "too_long"
    TOO_HEAVY = "too_heavy"
    SCATTERED = "scattered"
    NOT_A_SHEET = "not_a_sheet"
    WRONG_ENCODING = "wrong_encoding"
    BROKEN_CSV = "broken_csv"
    EMPTY = "empty"
    WRONG_COLUMNS = "wrong_columns"
    COLUMN_MISSING = "column_missing"
    COLUMN_TWICE = "column_twice"
    TOO_MANY_CELLS = "too_many_cells"
    FORMULA = "formula"
    ROUNDED = "rounded"
    MISSING = "missing"
    WRONG = "wrong"
    REPEATED = "repeated"
    UNKNOWN_BRANCH = "unknown_branch"
    UNKNOWN_KIT_TYPE = "unknown_kit_type"
    BAD_CHECK_DIGIT = "bad_check_digit"
    NOT_A_CARD = "not_a_card"
    CODE_TAKEN = "code_taken"
    CARD_ENDED = "card_ended"
    CARD_MERGED = "card_merged"
    DISAGREES = "disagrees"
    MORE_WRONG = "more_wrong"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``row`` counts as spreadsheets do, the first row being 1; 0 is the whole file.

    ``what`` is a fault of the file, or the block of a verb that refused the row.
    """

    row: int
    column: str | None
    what: Fault | Block
    detail: Mapping[str, object] = field(default_factory=dict)


MOST_PROBLEMS = 1000
"""Of one file; a hostile one has as many as it has letters."""


def enough(problems: list[Problem], row: int) -> bool:
    """Whether so much is wrong that nobody looks further than this row; the problems say so then."""
    if len(problems) < MOST_PROBLEMS:
        return False
    if problems[-1].what is not Fault.MORE_WRONG:
        problems.append(Problem(row, None, Fault.MORE_WRONG))
    return True


class BadFile(Exception):
    """A file that cannot be read as rows at all, for the reason ``problem`` gives."""

    def __init__(self, what: Fault, row: int = 0, **detail: object) -> None:
        super().__init__(what.value)
        self.problem = Problem(row, None, what, detail)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did or, when it was only checked or something is wrong, would have done."""

    rows: int
    added: int
    changed: int = 0
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()
    made: tuple[int, ...] = field(default=(), compare=False)
    """The keys of the rows that were added, once they are."""


def of_refusal(row: int, refused: Refused, columns: Mapping[str, str], cells: Mapping[str, str]) -> list[Problem]:
    """A verb's refusal of one row as problems; ``columns`` names the column of each field that the verb may name.

    A code that is refused is looked for among the row's ``cells``.
    """

    def column(block: Block) -> str | None:
        if "field" in block.detail:
            return columns.get(str(block.detail["field"]))
        if "part" in block.detail:
            return columns.get("part")
        return next((name for name, cell in cells.items() if cell.upper() == block.detail.get("code")), columns["code"])

    return [Problem(row, column(block), block) for block in refused.blocks]
