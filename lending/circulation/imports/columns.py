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
    """The columns of one kind of file, each with an example, and what a row of it is."""

    kind: str
    row: str
    required: Mapping[str, str]
    optional: Mapping[str, str]

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column, in the order of the template: those that must be there first."""
        needed = tuple(Column(name, example, required=True) for name, example in self.required.items())
        return needed + tuple(Column(name, example) for name, example in self.optional.items())

    def require(self, sheet: Sheet) -> None:
        """Raise ``BadFile`` unless the sheet names every required column, each known one at most once, and no other."""
        known = [*self.required, *self.optional]
        missing = [name for name in self.required if name not in sheet.columns]
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
    required={
        "code": "ELA",
        "name": "East Los Angeles Library",
        "hours": "mon 10:00-20:00; tue closed; ...",
    },
    optional={
        "zone": "America/Los_Angeles",
        "address": "4837 E 3rd St, Los Angeles 90022",
        "phone": "(323) 555-0100",
        "floats": "no",
    },
)
KIT_TYPES = Template(
    "kit-types",
    "One kind of part of one kit type. Rows with the same code make one type, in the order of inspection.",
    required={
        "code": "work-ready",
        "name": "Work Ready kit",
        "price": "650.00",
        "part": "Charger",
    },
    optional={
        "cohort_only": "yes",
        "description": "A Chromebook and a hotspot",
        "quantity": "2",
        "part_price": "25.00",
        "returnable": "yes",
        "bills_alone": "no",
    },
)
KITS = Template(
    "kits",
    "One kit; or one part of a kit, when the row names a part. Rows with the same barcode make one kit. "
    "What its type expects and no row names goes in without marks.",
    required={
        "barcode": "39999000000016",
        "kit_type": "work-ready",
        "branch": "ELA",
    },
    optional={
        "place": "Cabinet 2",
        "note": "Sticker on the lid",
        "part": "Laptop",
        "quantity": "1",
        "tag": "PT-00123",
        "manufacturer": "Lenovo",
        "model": "100e",
        "serial": "PF2ABC12",
        "imei": "490154203237518",
        "network_name": "LACL-014",
        "network_password": "bright-otter-71",
        "fund": "ECF 2021",
        "purchase_reference": "PO-7731",
        "delivered_on": "2021-09-30",
        "price": "325.00",
    },
)
PATRONS = Template(
    "patrons",
    "One patron. A card that is known already changes its patron's record in the columns that the file has.",
    required={
        "card": "29999000000018",
        "name": "Ana Morales",
        "birth_date": "1990-02-28",
        "home_branch": "ELA",
    },
    optional={
        "email": "ana@example.org",
        "phone": "(323) 555-0142",
        "street": "4837 E 3rd St",
        "unit": "Apt 4",
        "city": "Los Angeles",
        "postal_code": "90022",
        "language": "es",
        "expires_on": "2028-06-30",
        "guardian_agreed_on": "2026-02-28",
        "note": "Prefers text messages",
    },
)
TEMPLATES: Mapping[str, Template] = {each.kind: each for each in (BRANCHES, KIT_TYPES, KITS, PATRONS)}
"""Every kind of import, by the name the command line uses. PINs and passwords are never imported."""
