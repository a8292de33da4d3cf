"""What the columns of each kind of import are called, which must be there, and an example of what stands in them.

What should stand in a column is said by ``lending/import_words.py``, from which ``docs/imports.md`` is written too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lending.circulation.imports.report import BadFile, Fault
from lending.circulation.imports.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``example`` is a right value."""

    name: str
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
        twice = [name for name in known if sheet.columns.count(name) > 1]
        if not sheet.columns:
            raise BadFile(Fault.EMPTY, expected=known)
        if missing or unknown or twice:
            raise BadFile(
                Fault.WRONG_COLUMNS,
                1,
                missing=missing,
                unknown=unknown,
                twice=twice,
                found=list(sheet.columns),
                expected=known,
            )


BRANCHES = Template(
    "branches",
    "One branch.",
    (
        Column("code", "ELA", True),
        Column("name", "East Los Angeles Library", True),
        Column("hours", "mon 10:00-20:00; tue closed; ...", True),
        Column("zone", "America/Los_Angeles"),
        Column("address", "4837 E 3rd St, Los Angeles 90022"),
        Column("phone", "(323) 555-0100"),
        Column("floats", "no"),
    ),
)
KIT_TYPES = Template(
    "kit-types",
    "One kind of part of one kit type. Rows with the same code make one type, in the order of inspection.",
    (
        Column("code", "work-ready", True),
        Column("name", "Work Ready kit", True),
        Column("price", "650.00", True),
        Column("part", "Charger", True),
        Column("cohort_only", "yes"),
        Column("description", "A Chromebook and a hotspot"),
        Column("quantity", "2"),
        Column("part_price", "25.00"),
        Column("returnable", "yes"),
        Column("bills_alone", "no"),
    ),
)
KITS = Template(
    "kits",
    "One kit; or one part of a kit, when the row names a part. Rows with the same barcode make one kit. "
    "What its type expects and no row names goes in without marks.",
    (
        Column("barcode", "39999000000016", True),
        Column("kit_type", "work-ready", True),
        Column("branch", "ELA", True),
        Column("place", "Cabinet 2"),
        Column("note", "Sticker on the lid"),
        Column("part", "Laptop"),
        Column("quantity", "1"),
        Column("tag", "PT-00123"),
        Column("manufacturer", "Lenovo"),
        Column("model", "100e"),
        Column("serial", "PF2ABC12"),
        Column("imei", "490154203237518"),
        Column("network_name", "LACL-014"),
        Column("network_password", "bright-otter-71"),
        Column("fund", "ECF 2021"),
        Column("purchase_reference", "PO-7731"),
        Column("delivered_on", "2021-09-30"),
        Column("price", "325.00"),
    ),
)
PATRONS = Template(
    "patrons",
    "One patron. A card that is known already changes its patron's record in the columns that the file has.",
    (
        Column("card", "29999000000018", True),
        Column("name", "Ana Morales", True),
        Column("birth_date", "1990-02-28", True),
        Column("home_branch", "ELA", True),
        Column("email", "ana@example.org"),
        Column("phone", "(323) 555-0142"),
        Column("street", "4837 E 3rd St"),
        Column("unit", "Apt 4"),
        Column("city", "Los Angeles"),
        Column("postal_code", "90022"),
        Column("language", "es"),
        Column("expires_on", "2028-06-30"),
        Column("guardian_agreed_on", "2026-02-28"),
        Column("note", "Prefers text messages"),
    ),
)
TEMPLATES: Mapping[str, Template] = {each.kind: each for each in (BRANCHES, KIT_TYPES, KITS, PATRONS)}
"""Every kind of import, by the name the command line uses. PINs and passwords are never imported."""
