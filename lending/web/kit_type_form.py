"""The form of a kind of kit: what it is called and costs, and a row for each part that its kits should hold.

Source: RULES 1 and 5; SCREENS, "Administration".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, DecimalField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from lending.circulation.kit_types import KitTypePlan, PlannedPart
from lending.queries.kit_types import PartOfType, TypeToChange
from lending.web.forms import KeyedForm

_NEEDED = lazy_gettext("Fill this in.")
_MOST_DOLLARS = 1_000_000
MOST_PARTS = 40
"""Rows of one form: a bag holds fewer kinds of things."""

SPARE_ROWS = 3
"""Empty rows for parts that are added."""


def _money(label: Any, *validators: Any, **options: Any) -> DecimalField:
    amount = NumberRange(0, _MOST_DOLLARS, message=lazy_gettext("That is no amount of money."))
    return DecimalField(
        label, places=2, validators=[*validators, amount], render_kw={"inputmode": "decimal"}, **options
    )


class KitTypeForm(KeyedForm):
    """A kind of kit. Its parts are fields that ``with_parts`` adds."""

    FIRST = ("name", "description", "price", "cohort_only", "statement")
    rows = 0

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=120)])
    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext(
            "A short one for lists and files, such as work-ready: small letters, digits, hyphens."
        ),
        filters=[lambda text: text.strip().lower() if text else text],
        validators=[InputRequired(_NEEDED), Length(max=32)],
    )
    description = TextAreaField(
        lazy_gettext("What patrons read about it"), validators=[Optional(), Length(max=500)], render_kw={"rows": 2}
    )
    price = _money(
        lazy_gettext("Price of a whole kit"),
        InputRequired(_NEEDED),
        description=lazy_gettext("Dollars; what is charged for a kit that is lost, and never more."),
    )
    cohort_only = BooleanField(
        lazy_gettext("Only for people in a session"),
        description=lazy_gettext("Without it, anybody may borrow it for the days of the lending rules."),
    )
    statement = SelectField(
        lazy_gettext("Statement to sign besides the agreement"),
        description=lazy_gettext("Such as the statement of need for kits bought with ECF money."),
        validators=[Optional()],
    )

    def part_rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The fields of each part, by what they are."""
        for n in range(self.rows):
            yield n + 1, {name: self[f"part_{n}_{name}"] for name in _PART}

    def offer_statements(self, codes: Sequence[str]) -> None:
        """Say which statements there are."""
        self.statement.choices = [SelectChoice("", _("none")), *(SelectChoice(code, code) for code in codes)]

    def show(self, kind: TypeToChange) -> None:
        """Fill in what holds."""
        self.name.data, self.description.data = kind.name, kind.description
        self.price.data, self.cohort_only.data = kind.whole_price_cents / 100, kind.cohort_only
        self.statement.data = kind.statement or ""
        self.show_parts(kind.parts, there=True)

    def show_parts(self, parts: Sequence[PartOfType], *, there: bool) -> None:
        """Fill in parts, which the kind has already (``there``) or which are proposed."""
        for (number, row), part in zip(self.part_rows(), parts, strict=False):
            row["was"].data = part.name if there else ""
            row["name"].data, row["quantity"].data, row["order"].data = part.name, part.quantity, number
            row["price"].data = part.price_cents / 100
            row["returnable"].data, row["alone"].data = part.returnable, part.bills_alone

    def plan(self) -> KitTypePlan:
        """What the form says; a row without a name is no part."""
        rows = [(number, row) for number, row in self.part_rows() if (row["name"].data or "").strip()]
        rows.sort(key=lambda one: (one[1]["order"].data or one[0], one[0]))
        return KitTypePlan(
            name=self.name.data,
            whole_price_cents=_cents(self.price.data),
            parts=[_part(row) for _number, row in rows],
            description=self.description.data or "",
            cohort_only=bool(self.cohort_only.data),
            statement=self.statement.data or None,
        )


_PART = ("was", "name", "quantity", "price", "order", "returnable", "alone")


def with_parts(rows: int) -> type[KitTypeForm]:
    """The form with so many rows for parts."""
    fields: dict[str, Any] = {"rows": min(rows, MOST_PARTS)}
    for n in range(fields["rows"]):
        number = {"number": n + 1}
        fields |= {
            f"part_{n}_was": HiddenField(),
            f"part_{n}_name": StringField(
                lazy_gettext("Part %(number)s", **number), validators=[Optional(), Length(max=80)]
            ),
            f"part_{n}_quantity": IntegerField(
                lazy_gettext("How many of part %(number)s", **number),
                default=1,
                validators=[Optional(), NumberRange(1, 1000)],
            ),
            f"part_{n}_price": _money(lazy_gettext("Price of one of part %(number)s", **number), Optional(), default=0),
            f"part_{n}_order": IntegerField(
                lazy_gettext("Place of part %(number)s in the order", **number),
                default=n + 1,
                validators=[Optional(), NumberRange(1, 1000)],
            ),
            f"part_{n}_returnable": BooleanField(lazy_gettext("Comes back"), default=True),
            f"part_{n}_alone": BooleanField(lazy_gettext("If it alone is missing, bill it at once")),
        }
    return type("KitTypeForm", (KitTypeForm,), fields)


def _part(row: dict[str, Any]) -> PlannedPart:
    return PlannedPart(
        row["name"].data.strip(),
        quantity=row["quantity"].data or 1,
        returnable=bool(row["returnable"].data),
        price_cents=_cents(row["price"].data or 0),
        bills_alone=bool(row["alone"].data),
        was=row["was"].data or None,
    )


def _cents(dollars: Any) -> int:
    """Less than a cent is no money: it is cut off."""
    return int(dollars * 100)
