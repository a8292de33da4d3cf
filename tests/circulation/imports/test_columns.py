"""The columns of imports."""

from __future__ import annotations

import pytest

from lending.circulation.imports.columns import PATRONS, TEMPLATES
from lending.circulation.imports.report import BadFile, Fault
from lending.circulation.imports.sheets import Sheet
from lending.domain.registration import _FIELDS


def test_every_column_of_patrons_is_a_field_of_a_record() -> None:
    assert {column.name for column in PATRONS.columns} - {"card", "home_branch"} <= _FIELDS.keys()


@pytest.mark.parametrize("kind", TEMPLATES)
def test_pins_and_passwords_are_no_columns(kind: str) -> None:
    assert not {column.name for column in TEMPLATES[kind].columns} & {"pin", "password", "pin_hash"}


@pytest.mark.parametrize(
    ("columns", "missing", "unknown", "twice"),
    [
        (("card", "name"), ["birth_date", "home_branch"], [], []),
        (("card", "name", "birth_date", "home_branch", "pin"), [], ["pin"], []),
        (("card", "name", "birth_date", "home_branch", "name"), [], [], ["name"]),
        (("barcode", "kit_type"), ["card", "name", "birth_date", "home_branch"], ["barcode", "kit_type"], []),
    ],
)
def test_wrong_columns_are_named_beside_what_is_expected(
    columns: tuple[str, ...], missing: list[str], unknown: list[str], twice: list[str]
) -> None:
    with pytest.raises(BadFile) as bad:
        PATRONS.require(Sheet(columns, []))
    problem = bad.value.problem
    assert problem.what is Fault.WRONG_COLUMNS
    assert [problem.detail[name] for name in ("missing", "unknown", "twice")] == [missing, unknown, twice]
    assert problem.detail["found"] == list(columns)
    assert "expires_on" in str(problem.detail["expected"])


def test_an_empty_file_is_told_what_it_should_have() -> None:
    with pytest.raises(BadFile) as bad:
        PATRONS.require(Sheet((), []))
    assert bad.value.problem.what is Fault.EMPTY
