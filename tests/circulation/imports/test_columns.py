"""The columns of imports, and the page that describes them."""

from __future__ import annotations

import pytest

from lending.circulation.imports.columns import PATRONS, TEMPLATES, as_markdown
from lending.circulation.imports.report import SENTENCES, BadFile, Fault
from lending.circulation.imports.sheets import Sheet
from lending.domain.registration import _FIELDS
from tests.guards.tree import ROOT


def test_the_page_about_imports_says_what_the_code_does() -> None:
    written = (ROOT / "docs" / "imports.md").read_text(encoding="utf-8")
    assert written == as_markdown(), "write it anew: python -m lending.circulation.imports.columns > docs/imports.md"


def test_every_fault_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Fault)


def test_every_column_of_patrons_is_a_field_of_a_record() -> None:
    assert {column.name for column in PATRONS.columns} - {"card", "home_branch"} <= _FIELDS.keys()


@pytest.mark.parametrize("kind", TEMPLATES)
def test_pins_and_passwords_are_no_columns(kind: str) -> None:
    assert not {column.name for column in TEMPLATES[kind].columns} & {"pin", "password", "pin_hash"}


@pytest.mark.parametrize(
    ("columns", "missing", "unknown"),
    [
        (("card", "name"), "birth_date, home_branch", "none"),
        (("card", "name", "birth_date", "home_branch", "pin"), "none", "pin"),
        (("card", "name", "birth_date", "home_branch", "name"), "none", "name (twice)"),
        (("barcode", "kit_type"), "card, name, birth_date, home_branch", "barcode, kit_type"),
    ],
)
def test_wrong_columns_are_named_beside_what_is_expected(columns: tuple[str, ...], missing: str, unknown: str) -> None:
    with pytest.raises(BadFile) as bad:
        PATRONS.require(Sheet(columns, []))
    problem = bad.value.problem
    assert problem.what is Fault.WRONG_COLUMNS
    assert (problem.detail["missing"], problem.detail["unknown"]) == (missing, unknown)
    assert str(problem.detail["found"]) == ", ".join(columns)
    assert "expires_on" in str(problem.detail["expected"])


def test_an_empty_file_is_told_what_it_should_have() -> None:
    with pytest.raises(BadFile) as bad:
        PATRONS.require(Sheet((), []))
    assert bad.value.problem.what is Fault.EMPTY
