"""The cells of one row by the names of their columns, read as what they should be; what is wrong is noted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from lending.circulation.imports.columns import Template
from lending.circulation.imports.report import Fault, Problem, enough
from lending.circulation.imports.sheets import Sheet

_YES = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


class Cells:
    """One row. An empty cell and a column that the file has not are the same: the default."""

    def __init__(self, template: Template, row: int, values: dict[str, str], problems: list[Problem]) -> None:
        self.template, self.row, self.values, self.problems = template, row, values, problems

    def text(self, name: str) -> str:
        """The cell as it is; noted when the column is required and the cell is empty."""
        found = self.values.get(name, "")
        if not found and name in self.template.required:
            self.note(name, Fault.MISSING, kind=self.template.kind)
        return found

    def yes(self, name: str, default: bool) -> bool:
        """Yes or no."""
        found = self.values.get(name, "").lower()
        if found and found not in _YES:
            self._wrong(name)
        return _YES.get(found, default)

    def number(self, name: str, default: int) -> int:
        """A whole number from 1."""
        found = self.values.get(name, "")
        if not found:
            return default
        if not re.fullmatch(r"[1-9][0-9]{0,3}", found):
            self._wrong(name)
            return default
        return int(found)

    def cents(self, name: str) -> int | None:
        """An amount in dollars, in whole cents."""
        found = self.text(name)
        if not found:
            return None
        if not re.fullmatch(r"\$?[0-9]{1,6}(,[0-9]{3})?(\.[0-9]{1,2})?", found):
            self._wrong(name)
            return None
        return int(Decimal(found.strip("$").replace(",", "")) * 100)

    def note(self, name: str | None, what: Fault, **detail: object) -> None:
        """Note what is wrong with a cell."""
        self.problems.append(Problem(self.row, name, what, detail))

    def _wrong(self, name: str) -> None:
        self.note(name, Fault.WRONG, kind=self.template.kind)


def rows_of(sheet: Sheet, template: Template, problems: list[Problem]) -> Iterator[Cells]:
    """Every row of the sheet; ``BadFile`` when its columns are not those of the template."""
    template.require(sheet)
    problems += sheet.problems
    for row, cells in sheet.rows:
        if enough(problems, row):
            return
        yield Cells(template, row, dict(zip(sheet.columns, cells, strict=True)), problems)
