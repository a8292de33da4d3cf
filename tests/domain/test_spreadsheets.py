"""What a spreadsheet would run as a formula, by whatever hides it."""

from __future__ import annotations

import pytest

from lending.domain.spreadsheets import harmless

DANGEROUS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\tSUM",
    " =1",
    "\u00a0=1",
    '=HYPERLINK("http://example.org")',
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "\ufe661",
    "\u3000=1",
    "\u200b=1",
    "\ufeff=1",
    "\u2028=1",
    "\u202e=1",
    " \x0b\u2003=1",
)


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_run_is_made_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["Compton Library", "10-04", "a=b", "", " ", "Work Ready + more", "\u00c9lodie", "'=1"]
)
def test_what_no_spreadsheet_runs_stays(text: str) -> None:
    assert harmless(text) == text
