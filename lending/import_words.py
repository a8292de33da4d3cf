"""The words for what is wrong with a file that was to be imported, and for what its columns should hold.

``docs/imports.md`` is written from here with ``python -m lending.import_words`` and compared in the tests.
Source: SCREENS, "imports ... with template, column matching, check report by row".
"""

from __future__ import annotations

from collections.abc import Mapping

from lending.circulation.imports.columns import TEMPLATES
from lending.circulation.imports.report import Fault, Problem
from lending.phrases import N_, Gettext
from lending.wording import say

FAULTS: Mapping[Fault, str] = {
    Fault.TOO_LARGE: N_("The file has more than %(limit)s MB. Split it and import the pieces."),
    Fault.TOO_MANY_ROWS: N_("The file has more than %(limit)s rows. Is it the right one?"),
    Fault.TOO_WIDE: N_("The first row has more than %(limit)s columns. Is it the right file?"),
    Fault.TOO_LONG: N_("Line %(line)s is longer than any row of such a file. Is it the right one?"),
    Fault.TOO_HEAVY: N_("The workbook takes too much memory or time to open. Save it as 'CSV UTF-8' and try again."),
    Fault.SCATTERED: N_("The sheet reaches to cell %(cell)s, far beyond its rows. Delete what stands out there."),
    Fault.NOT_A_SHEET: N_("This is neither a CSV nor an XLSX file that can be read."),
    Fault.WRONG_ENCODING: N_("The file is not UTF-8 (line %(line)s). Save it as 'CSV UTF-8' and try again."),
    Fault.BROKEN_CSV: N_(
        "The file cannot be read as CSV (line %(line)s): look for a quotation mark that is never closed."
    ),
    Fault.EMPTY: N_("The file has no rows. Its first row names the columns: %(expected)s."),
    Fault.WRONG_COLUMNS: N_(
        "The first row must name the columns. Missing: %(missing)s. Not known: %(unknown)s. "
        "It says: %(found)s. It may say: %(expected)s."
    ),
    Fault.COLUMN_MISSING: N_("No row names the column '%(column)s'. Is it the list of those who took part?"),
    Fault.COLUMN_TWICE: N_("Two columns say the same: %(columns)s. Delete one of them."),
    Fault.TOO_MANY_CELLS: N_("The row has %(cells)s cells, but only %(columns)s columns have a name."),
    Fault.FORMULA: N_("The cell begins like a spreadsheet's formula. Write the value itself."),
    Fault.ROUNDED: N_("The spreadsheet rounded this number. Format the column as text and enter it again."),
    Fault.MISSING: N_("Something must stand here: %(form)s."),
    Fault.WRONG: N_("This should be %(form)s."),
    Fault.REPEATED: N_("Row %(first)s says the same already."),
    Fault.UNKNOWN_BRANCH: N_("There is no branch with this code."),
    Fault.UNKNOWN_KIT_TYPE: N_("There is no kit type with this code."),
    Fault.BAD_CHECK_DIGIT: N_("The last digit does not fit the others, so the number was mistyped or misread."),
    Fault.NOT_A_CARD: N_("This is not a card number as this library's settings describe it."),
    Fault.CODE_TAKEN: N_("This code belongs to %(holder)s already."),
    Fault.CARD_ENDED: N_("This card was replaced. Give the patron's present number."),
    Fault.CARD_MERGED: N_("This card's record was merged into another one."),
    Fault.DISAGREES: N_("Row %(first)s gives the same thing another %(other)s."),
    Fault.MORE_WRONG: N_("The file was not read further: put right what is wrong so far, and try again."),
}
"""One sentence for each, with the names of its details."""

FORMS: Mapping[tuple[str, str], str] = {
    ("branches", "code"): N_("a short code of capital letters, digits and hyphens"),
    ("branches", "name"): N_("the branch's name"),
    ("branches", "hours"): N_("the hours of all seven days"),
    ("branches", "zone"): N_("a time zone; without it the library's own"),
    ("branches", "address"): N_("the address, on one line"),
    ("branches", "phone"): N_("a telephone number"),
    ("branches", "floats"): N_("yes or no: whether kits received here stay here"),
    ("kit-types", "code"): N_("a short code of small letters, digits and hyphens"),
    ("kit-types", "name"): N_("the type's name"),
    ("kit-types", "price"): N_("an amount in dollars, such as 325.00, for the whole kit"),
    ("kit-types", "part"): N_("the name of one expected part"),
    ("kit-types", "cohort_only"): N_("yes or no: whether only people in a session may borrow it"),
    ("kit-types", "description"): N_("a sentence for patrons"),
    ("kit-types", "quantity"): N_("how many of the part, a whole number"),
    ("kit-types", "part_price"): N_("an amount in dollars, such as 325.00, for one of the part"),
    ("kit-types", "returnable"): N_("yes or no: no for what the patron keeps"),
    ("kit-types", "bills_alone"): N_("yes or no: whether the part alone, missing, is billed at once"),
    ("kits", "barcode"): N_("a kit's code"),
    ("kits", "kit_type"): N_("a kit type's code, such as work-ready"),
    ("kits", "branch"): N_("a branch's code, such as ELA"),
    ("kits", "place"): N_("where it stands"),
    ("kits", "note"): N_("a note for staff"),
    ("kits", "part"): N_("the name of a part that the type expects"),
    ("kits", "quantity"): N_("how many of the part, a whole number"),
    ("kits", "tag"): N_("the part's own label"),
    ("kits", "manufacturer"): N_("who made the part"),
    ("kits", "model"): N_("the part's model"),
    ("kits", "serial"): N_("the part's serial number"),
    ("kits", "imei"): N_("an IMEI of 15 digits"),
    ("kits", "network_name"): N_("the hotspot's network"),
    ("kits", "network_password"): N_("the network's password"),
    ("kits", "fund"): N_("what paid for it"),
    ("kits", "purchase_reference"): N_("the order's number"),
    ("kits", "delivered_on"): N_("a date such as 2021-09-30"),
    ("kits", "price"): N_("an amount in dollars, such as 325.00, for one of the part"),
    ("patrons", "card"): N_("a library card's number"),
    ("patrons", "name"): N_("the person's name"),
    ("patrons", "birth_date"): N_("a date in the past, such as 1990-02-28"),
    ("patrons", "home_branch"): N_("a branch's code, such as ELA"),
    ("patrons", "email"): N_("an e-mail address"),
    ("patrons", "phone"): N_("a telephone number"),
    ("patrons", "street"): N_("the street and number"),
    ("patrons", "unit"): N_("the apartment or unit"),
    ("patrons", "city"): N_("the city"),
    ("patrons", "postal_code"): N_("the postal code"),
    ("patrons", "language"): N_("a language such as en or es"),
    ("patrons", "expires_on"): N_("a date such as 2028-06-30"),
    ("patrons", "guardian_agreed_on"): N_("a date in the past, such as 2026-02-28"),
    ("patrons", "note"): N_("a note for staff"),
    ("participants", "name"): N_("a name or an e-mail address"),
}
"""What should stand in a column of each kind of file, to follow "This should be"."""

HOLDERS: Mapping[str, str] = {"kit": N_("a kit"), "part": N_("a part")}
"""Whose a code is already."""


def say_problem(problem: Problem, gettext: Gettext) -> str:
    """A problem in one sentence, without its row. ``gettext`` translates."""
    if not isinstance(problem.what, Fault):
        return say(problem.what, gettext)
    details = {name: _shown(name, value, gettext) for name, value in problem.detail.items()}
    if "kind" in problem.detail:
        details["form"] = gettext(FORMS[str(problem.detail["kind"]), problem.column or ""])
    if "twice" in problem.detail:
        twice = [gettext(N_("%(column)s (twice)")) % {"column": name} for name in _list(problem.detail["twice"])]
        details["unknown"] = _shown("unknown", [*_list(problem.detail["unknown"]), *twice], gettext)
    return gettext(FAULTS[problem.what]) % details


def _shown(name: str, value: object, gettext: Gettext) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or gettext(N_("none"))
    return gettext(HOLDERS[str(value)]) if name == "holder" else str(value)


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def as_markdown() -> str:
    """All templates as the text of ``docs/imports.md``."""
    lines = [_HEADING]
    for template in TEMPLATES.values():
        lines += [f"## `lending import {template.kind} FILE`", "", f"A row is: {template.row}", ""]
        lines += ["| Column | Must be there | What stands in it | Example |", "|---|---|---|---|"]
        for column in template.columns:
            must, form = "yes" if column.required else "", FORMS[template.kind, column.name]
            lines.append(f"| `{column.name}` | {must} | {form[:1].upper()}{form[1:]} | {column.example} |")
        lines.append("")
    return "\n".join(lines)


_HEADING = """\
# Importing from files

`lending import KIND FILE` takes CSV in UTF-8 (commas, semicolons or tabs) or the first sheet of an XLSX workbook, up to
20 MB, 200,000 rows and 3,000,000 cells. The first row names the columns, in any order. Every row is checked before
anything is written; when anything is wrong, the report names each row and column (after the thousandth it stops), and
nothing is changed. `--check` only looks. One import is one act on the journal. A cell that a spreadsheet would run as a
formula is refused. Long numbers (cards, IMEIs) belong in columns formatted as text, or the spreadsheet rounds them.
PINs and passwords are never imported.

A patron whose card is known already is changed where the file says otherwise, and an empty cell empties the field; a
column that the file does not have is left alone. Branches, kit types and kits that are there already are told as taken.

This page is written from the code (`lending/import_words.py`); a test compares them.
"""

if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - the page itself, for whoever writes it to docs/imports.md
