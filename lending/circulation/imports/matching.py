"""Which column of somebody's file is which field: guessed from its name, and changed by whoever knows better.

Source: SCREENS, "imports ... with template, column matching, check report by row".
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from lending.circulation.imports.columns import Template
from lending.circulation.imports.sheets import Sheet

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "card": ("barcode", "library_card", "card_number", "patron_barcode", "borrower_number", "tarjeta"),
    "name": ("full_name", "patron_name", "branch_name", "library", "kit_name", "nombre"),
    "birth_date": ("birthdate", "date_of_birth", "dob", "birthday", "fecha_de_nacimiento"),
    "home_branch": ("branch", "home_library", "library", "branch_code", "biblioteca"),
    "email": ("e_mail", "email_address", "mail", "correo"),
    "phone": ("telephone", "phone_number", "mobile", "cell", "telefono"),
    "street": ("address", "address_1", "street_address", "direccion"),
    "unit": ("apartment", "apt", "address_2"),
    "city": ("town", "ciudad"),
    "postal_code": ("zip", "zip_code", "postcode", "codigo_postal"),
    "language": ("preferred_language", "lang", "idioma"),
    "expires_on": ("expiration_date", "expires", "card_expires", "expiry"),
    "guardian_agreed_on": ("guardian_consent", "parent_consent"),
    "note": ("notes", "comment", "comments"),
    "barcode": ("kit", "kit_code", "item_barcode", "code"),
    "kit_type": ("type", "kind", "item_type"),
    "branch": ("library", "owning_library", "location", "branch_code"),
    "place": ("shelf", "shelf_location"),
    "serial": ("serial_number", "serial_no"),
    "tag": ("asset_tag", "part_tag", "inventory_number"),
    "manufacturer": ("make", "maker"),
    "code": ("branch_code", "library_code", "kit_type", "type_code"),
    "hours": ("opening_hours", "open"),
    "zone": ("time_zone", "timezone"),
    "price": ("replacement_cost", "cost", "whole_price"),
    "part": ("part_name", "item", "component"),
    "part_price": ("part_cost",),
    "quantity": ("qty", "count", "number"),
}
"""What other programs call a field, first the likeliest."""

ALIKE = 0.84
"""How alike two names must be, from 0 to 1, to be taken for the same with a slip of the finger."""


def guess(columns: tuple[str, ...], template: Template) -> dict[str, str]:
    """The column of each field that has one, by the fields' names: its own name, what others call it, or nearly so."""
    free = dict.fromkeys(columns)
    found: dict[str, str] = {}
    fields = [*template.required, *template.optional]

    def take(field: str, column: str | None) -> None:
        if column is not None and column in free and field not in found:
            found[field] = column
            del free[column]

    for field in fields:
        take(field, field)
    for field in fields:
        for name in SYNONYMS.get(field, ()):
            take(field, name)
    for field in fields:
        take(field, next(iter(difflib.get_close_matches(field, free, n=1, cutoff=ALIKE)), None))
    return found


def matched(sheet: Sheet, match: Mapping[str, str]) -> Sheet:
    """The sheet with the fields' names over the columns that were chosen for them, and without the others."""
    fields = {column: field for field, column in match.items()}
    places = [place for place, name in enumerate(sheet.columns) if name in fields]
    kept = tuple(fields[sheet.columns[place]] for place in places)
    problems = [
        problem if problem.column is None else replace(problem, column=fields[problem.column])
        for problem in sheet.problems
        if problem.column is None or problem.column in fields
    ]
    return Sheet(kept, [(row, [cells[place] for place in places]) for row, cells in sheet.rows], problems)
