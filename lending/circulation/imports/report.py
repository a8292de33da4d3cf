"""What an import found: how many rows did what, and everything that is wrong, by row and column.

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
    SCATTERED = "scattered"
    NOT_A_SHEET = "not_a_sheet"
    WRONG_ENCODING = "wrong_encoding"
    BROKEN_CSV = "broken_csv"
    EMPTY = "empty"
    WRONG_COLUMNS = "wrong_columns"
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


SENTENCES: Mapping[Fault, str] = {
    Fault.TOO_LARGE: "The file has more than {limit} MB. Split it and import the pieces.",
    Fault.SCATTERED: "The sheet reaches to cell {cell}, far beyond its rows. Delete what stands out there.",
    Fault.NOT_A_SHEET: "This is neither a CSV nor an XLSX file that can be read.",
    Fault.WRONG_ENCODING: "The file is not UTF-8 (line {line}). Save it as 'CSV UTF-8' and try again.",
    Fault.BROKEN_CSV: "The file cannot be read as CSV (line {line}): look for a quotation mark that is never closed.",
    Fault.EMPTY: "The file has no rows. Its first row names the columns: {expected}.",
    Fault.WRONG_COLUMNS: (
        "The first row must name the columns. Missing: {missing}. Not known: {unknown}. "
        "It says: {found}. It may say: {expected}."
    ),
    Fault.TOO_MANY_CELLS: "The row has {cells} cells, but only {columns} columns have a name.",
    Fault.FORMULA: "The cell begins like a spreadsheet's formula. Write the value itself.",
    Fault.ROUNDED: "The spreadsheet rounded this number. Format the column as text and enter it again.",
    Fault.MISSING: "Something must stand here: {form}.",
    Fault.WRONG: "This should be {form}.",
    Fault.REPEATED: "Row {first} says the same already.",
    Fault.UNKNOWN_BRANCH: "There is no branch with this code.",
    Fault.UNKNOWN_KIT_TYPE: "There is no kit type with this code.",
    Fault.BAD_CHECK_DIGIT: "The last digit does not fit the others, so the number was mistyped or misread.",
    Fault.NOT_A_CARD: "This is not a card number as this library's settings describe it.",
    Fault.CODE_TAKEN: "This code belongs to {holder} already.",
    Fault.CARD_ENDED: "This card was replaced. Give the patron's present number.",
    Fault.CARD_MERGED: "This card's record was merged into another one.",
    Fault.DISAGREES: "Row {first} gives the same thing another {other}.",
}
"""One sentence for each. English is the source text; doors translate it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. ``row`` counts as spreadsheets do, the first row being 1; 0 is the whole file.

    ``what`` is a fault of the file, or the block of a verb that refused the row.
    """

    row: int
    column: str | None
    what: Fault | Block
    detail: Mapping[str, object] = field(default_factory=dict)


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
