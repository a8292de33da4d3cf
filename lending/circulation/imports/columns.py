"""What the columns of each kind of import are called, which must be there, and what may stand in them.

``docs/imports.md`` is written from these tables and compared with them in the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lending.circulation.imports.report import BadFile, Fault
from lending.circulation.imports.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``form`` completes "This should be ...", ``example`` is a right value."""

    name: str
    form: str
    example: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """The columns of one kind of file, and what a row of it is."""

    kind: str
    row: str
    columns: tuple[Column, ...]

    def named(self, name: str) -> Column:
        """The column of that name; ``KeyError`` when there is none."""
        return {column.name: column for column in self.columns}[name]

    def require(self, sheet: Sheet) -> None:
        """Raise ``BadFile`` unless the sheet names every required column, each known one at most once, and no other."""
        known = [column.name for column in self.columns]
        missing = [column.name for column in self.columns if column.required and column.name not in sheet.columns]
        unknown = [name for name in sheet.columns if name not in known]
        unknown += [f"{name} (twice)" for name in known if sheet.columns.count(name) > 1]
        if not sheet.columns:
            raise BadFile(Fault.EMPTY, expected=", ".join(known))
        if missing or unknown:
            raise BadFile(
                Fault.WRONG_COLUMNS,
                1,
                missing=", ".join(missing) or "none",
                unknown=", ".join(unknown) or "none",
                found=", ".join(sheet.columns),
                expected=", ".join(known),
            )


_BRANCH = "a branch's code, such as ELA"
_YES = "yes or no"
_PRICE = "an amount in dollars, such as 325.00"

BRANCHES = Template(
    "branches",
    "One branch.",
    (
        Column("code", "a short code of capital letters, digits and hyphens", "ELA", True),
        Column("name", "the branch's name", "East Los Angeles Library", True),
        Column("hours", "the hours of all seven days", "mon 10:00-20:00; tue closed; ...", True),
        Column("zone", "a time zone; without it the library's own", "America/Los_Angeles"),
        Column("address", "the address, on one line", "4837 E 3rd St, Los Angeles 90022"),
        Column("phone", "a telephone number", "(323) 555-0100"),
        Column("floats", f"{_YES}: whether kits received here stay here", "no"),
    ),
)
KIT_TYPES = Template(
    "kit-types",
    "One kind of part of one kit type. Rows with the same code make one type, in the order of inspection.",
    (
        Column("code", "a short code of small letters, digits and hyphens", "work-ready", True),
        Column("name", "the type's name", "Work Ready kit", True),
        Column("price", f"{_PRICE}, for the whole kit", "650.00", True),
        Column("part", "the name of one expected part", "Charger", True),
        Column("cohort_only", f"{_YES}: whether only people in a session may borrow it", "yes"),
        Column("description", "a sentence for patrons", "A Chromebook and a hotspot"),
        Column("quantity", "how many of the part, a whole number", "2"),
        Column("part_price", f"{_PRICE}, for one of the part", "25.00"),
        Column("returnable", f"{_YES}: no for what the patron keeps", "yes"),
        Column("bills_alone", f"{_YES}: whether the part alone, missing, is billed at once", "no"),
    ),
)
KITS = Template(
    "kits",
    "One kit; or one part of a kit, when the row names a part. Rows with the same barcode make one kit. "
    "What its type expects and no row names goes in without marks.",
    (
        Column("barcode", "a kit's code", "39999000000016", True),
        Column("kit_type", "a kit type's code, such as work-ready", "work-ready", True),
        Column("branch", _BRANCH, "ELA", True),
        Column("place", "where it stands", "Cabinet 2"),
        Column("note", "a note for staff", "Sticker on the lid"),
        Column("part", "the name of a part that the type expects", "Laptop"),
        Column("quantity", "how many of the part, a whole number", "1"),
        Column("tag", "the part's own label", "PT-00123"),
        Column("manufacturer", "who made the part", "Lenovo"),
        Column("model", "the part's model", "100e"),
        Column("serial", "the part's serial number", "PF2ABC12"),
        Column("imei", "an IMEI of 15 digits", "490154203237518"),
        Column("network_name", "the hotspot's network", "LACL-014"),
        Column("network_password", "the network's password", "bright-otter-71"),
        Column("fund", "what paid for it", "ECF 2021"),
        Column("purchase_reference", "the order's number", "PO-7731"),
        Column("delivered_on", "a date such as 2021-09-30", "2021-09-30"),
        Column("price", f"{_PRICE}, for one of the part", "325.00"),
    ),
)
PATRONS = Template(
    "patrons",
    "One patron. A card that is known already changes its patron's record in the columns that the file has.",
    (
        Column("card", "a library card's number", "29999000000018", True),
        Column("name", "the person's name", "Ana Morales", True),
        Column("birth_date", "a date in the past, such as 1990-02-28", "1990-02-28", True),
        Column("home_branch", _BRANCH, "ELA", True),
        Column("email", "an e-mail address", "ana@example.org"),
        Column("phone", "a telephone number", "(323) 555-0142"),
        Column("street", "the street and number", "4837 E 3rd St"),
        Column("unit", "the apartment or unit", "Apt 4"),
        Column("city", "the city", "Los Angeles"),
        Column("postal_code", "the postal code", "90022"),
        Column("language", "a language such as en or es", "es"),
        Column("expires_on", "a date such as 2028-06-30", "2028-06-30"),
        Column("guardian_agreed_on", "a date in the past, such as 2026-02-28", "2026-02-28"),
        Column("note", "a note for staff", "Prefers text messages"),
    ),
)
TEMPLATES: Mapping[str, Template] = {each.kind: each for each in (BRANCHES, KIT_TYPES, KITS, PATRONS)}
"""Every kind of import, by the name the command line uses. PINs and passwords are never imported."""


def as_markdown() -> str:
    """All templates as the text of ``docs/imports.md``; written there with ``python -m`` this module."""
    lines = [_HEADING]
    for template in TEMPLATES.values():
        lines += [f"## `lending import {template.kind} FILE`", "", f"A row is: {template.row}", ""]
        lines += ["| Column | Must be there | What stands in it | Example |", "|---|---|---|---|"]
        for column in template.columns:
            must = "yes" if column.required else ""
            form = column.form[:1].upper() + column.form[1:]
            lines.append(f"| `{column.name}` | {must} | {form} | {column.example} |")
        lines.append("")
    return "\n".join(lines)


_HEADING = """\
# Importing from files

`lending import KIND FILE` takes CSV in UTF-8 (commas, semicolons or tabs) or the first sheet of an XLSX workbook, up to
20 MB. The first row names the columns, in any order. Every row is checked before anything is written; when anything is
wrong, the report names each row and column, and nothing is changed. `--check` only looks. One import is one act on the
journal. A cell that a spreadsheet would run as a formula is refused. Long numbers (cards, IMEIs) belong in columns
formatted as text, or the spreadsheet rounds them. PINs and passwords are never imported.

A patron whose card is known already is changed where the file says otherwise, and an empty cell empties the field; a
column that the file does not have is left alone. Branches, kit types and kits that are there already are told as taken.

This page is written from the code (`lending/circulation/imports/columns.py`); a test compares them.
"""

if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - the page itself, for whoever writes it to docs/imports.md
