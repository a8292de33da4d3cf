"""Which column is which: guessed from its name."""

from __future__ import annotations

import pytest

from lending.circulation.imports.columns import BRANCHES, KITS, PATRONS, TEMPLATES, Template
from lending.circulation.imports.matching import guess, matched
from lending.circulation.imports.report import Fault
from lending.circulation.imports.sheets import read_sheet


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=list(TEMPLATES))
def test_the_templates_own_names_are_taken_as_they_are(template: Template) -> None:
    names = tuple(column.name for column in template.columns)
    assert guess(names, template) == {name: name for name in names}


@pytest.mark.parametrize(
    ("columns", "template", "found"),
    [
        (
            ("barcode", "patron_name", "dob", "library", "zip", "colour"),
            PATRONS,
            {
                "card": "barcode",
                "name": "patron_name",
                "birth_date": "dob",
                "home_branch": "library",
                "postal_code": "zip",
            },
        ),
        (
            ("kit_code", "type", "owning_library"),
            KITS,
            {"barcode": "kit_code", "kit_type": "type", "branch": "owning_library"},
        ),
        (("library_code", "branch_name", "openning_hours"), BRANCHES, {"code": "library_code", "name": "branch_name"}),
        (("brith_date", "colour"), PATRONS, {"birth_date": "brith_date"}),
        ((), PATRONS, {}),
    ],
)
def test_what_other_programs_call_a_field_is_known(
    columns: tuple[str, ...], template: Template, found: dict[str, str]
) -> None:
    assert guess(columns, template) == found


def test_columns_that_were_not_chosen_and_what_is_wrong_in_them_are_left_out() -> None:
    sheet = read_sheet(b"Colour,Full Name,card\n=1+1,=2+2,29999000001040\n")
    found = matched(sheet, {"name": "full_name", "card": "card"})
    assert (found.columns, found.rows) == (("name", "card"), [(2, ["=2+2", "29999000001040"])])
    assert [(problem.column, problem.what) for problem in found.problems] == [("name", Fault.FORMULA)]
