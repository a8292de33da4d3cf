"""Cells of files that people open with a spreadsheet: no text of anybody's is run as a formula.

Source: BATTERY S12; OWASP, "CSV Injection".
"""

from __future__ import annotations

from typing import Final
from unicodedata import category, normalize

_RUNS: Final = ("=", "+", "-", "@")
_SKIPPED: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Controls, marks that nobody sees, and blanks, as Unicode calls them: some programs skip them."""


def harmless(text: str) -> str:
    """``text`` as a cell that no spreadsheet runs, nor one that takes full-width letters for their narrow likes.

    What begins with a tab or the end of a line is made text too; whatever else stands in front hides nothing.
    """
    first = next((letter for letter in text if category(letter) not in _SKIPPED), "")
    runs = normalize("NFKC", first).startswith(_RUNS) or category(text[:1] or "x") == "Cc"
    return f"'{text}" if runs else text
