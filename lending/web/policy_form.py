"""The form of lending rules, in the order in which a circulation librarian thinks of them.

Each rule has one sentence that says what it does, with its unit, how the product comes, and for an exception what holds
otherwise. Source: RULES, introduction, "(setting)"; the numbers' bounds are ``domain.policies.BOUNDS``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import BooleanField, DecimalField, Field, HiddenField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from lending.circulation.policies import DEFAULTS, RULES
from lending.domain.policies import BOUNDS, Rules, Value
from lending.field_words import FIELDS
from lending.models.policies import AgreementRule
from lending.phrases import N_
from lending.queries.policies import RulesShown
from lending.web import current
from lending.web.forms import DayField, KeyedForm

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (N_("Loans"), ("loan_days", "kit_limit", "household_limit", "cool_down_hours", "adult_age", "agreement")),
    (N_("Renewal"), ("renewals", "auto_renews")),
    (N_("Holds and shelf"), ("shelf_open_days", "turnaround_open_days")),
    (N_("Sessions that are left or moved"), ("notice_days",)),
    (
        N_("Returns and inspection"),
        ("missing_part_days", "not_billed_hours", "quarantine_hours", "needs_wipe", "needs_charge", "needs_restock"),
    ),
    (N_("Overdue and charges"), ("overdue_hold_days", "owes_limit_cents", "reactivation_fee_cents")),
)
HINTS: Mapping[str, str] = {
    "loan_days": N_("A loan without a session is due so many calendar days after check-out."),
    "kit_limit": N_("One patron has so many kits at a time."),
    "household_limit": N_("So many kits at a time at one address. Leave it empty, and the address does not count."),
    "cool_down_hours": N_("Hours after a return until the same patron may borrow again."),
    "adult_age": N_("Patrons younger than so many years need a guardian's agreement."),
    "agreement": N_("When a patron signs the borrowing agreement."),
    "renewals": N_("A loan without a session is renewed so many times."),
    "auto_renews": N_("A loan is renewed two days before it is due, if nobody waits for the kit."),
    "shelf_open_days": N_("A kit waits on the hold shelf for so many open days; then the next patron is told."),
    "turnaround_open_days": N_("Open days after a due date until the kit can be promised to the next patron."),
    "overdue_hold_days": N_("An overdue kit is promised to nobody for so many days from today."),
    "notice_days": N_("A patron who leaves a session, or whose session ends earlier, keeps the kit so many days."),
    "missing_part_days": N_("Days after a return to bring a missing part, before it is charged."),
    "not_billed_hours": N_("Hours after check-out in which a part reported missing is not charged."),
    "quarantine_hours": N_("Hours a kit rests after its return before it is lent again."),
    "needs_wipe": N_("A kit is free again only when somebody has wiped its devices."),
    "needs_charge": N_("A kit is free again only when its batteries are charged."),
    "needs_restock": N_("A kit is free again only when what was used up is there again."),
    "owes_limit_cents": N_("Dollars; a patron who owes more does not borrow."),
    "reactivation_fee_cents": N_("Dollars; charged when a kit that was given up comes back and its line has ended."),
}
SIGNINGS: Mapping[str, str] = {
    AgreementRule.NONE: N_("never"),
    AgreementRule.ONCE: N_("once"),
    AgreementRule.PER_COHORT: N_("for each session"),
    AgreementRule.PER_LOAN: N_("for each loan"),
}
_NEEDED = lazy_gettext("Fill this in.")
_MOST_DOLLARS = 1_000_000
"""What is read as a number at all; the rules' own bounds are told by the verb."""


def label(name: str) -> str:
    """A rule's name as a label begins."""
    words = str(_(FIELDS[name]))
    return words[:1].upper() + words[1:]


def shown(name: str, value: Value) -> str:
    """A rule's value as people read it."""
    if name == "agreement":
        return str(_(SIGNINGS[str(value)]))
    if value is None:
        return str(_("off"))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return current.reader().money(int(value)) if name.endswith("_cents") else str(value)


class PolicyForm(KeyedForm):
    """Every rule, and from which day on."""

    seen = HiddenField()
    from_on = DayField(
        lazy_gettext("Begins on"),
        description=lazy_gettext("Leave it empty to begin at once. Kits that are out stay due as they are."),
        validators=[Optional()],
    )

    def groups(self) -> Iterator[tuple[str, list[Field]]]:
        """The rules' fields, by headings."""
        return ((_(heading), [self[name] for name in names]) for heading, names in GROUPS)

    def explain(self, found: RulesShown) -> None:
        """Say at each field what it does and what it comes with; of an exception, what holds otherwise."""
        for name in RULES:
            self[name].label.text = label(name)
            hint = [_(HINTS[name])]
            if found.place.everywhere:
                hint.append(_("Comes with: %(value)s.", value=shown(name, DEFAULTS[name])))
            elif name in found.own:
                hint.append(_("Otherwise: %(value)s.", value=shown(name, found.wider[name])))
            else:
                hint.append(_("As elsewhere."))
            self[name].description = " ".join(hint)
        self["agreement"].choices = [SelectChoice(value, _(words)) for value, words in SIGNINGS.items()]

    def show(self, found: RulesShown) -> None:
        """Fill in what holds."""
        self.seen.data = found.seen
        for name, value in found.rules.items():
            if isinstance(self[name], DecimalField):
                self[name].data = None if value is None else int(value) / 100
            else:
                self[name].data = value

    def rules(self) -> Rules:
        """What the form says."""
        return {name: _cents(self[name].data) if name.endswith("_cents") else self[name].data for name in RULES}


def _cents(dollars: Any) -> int:
    """Less than a cent is no money: it is cut off."""
    return int(dollars * 100)


def _field(name: str) -> Any:
    if name == "agreement":
        return SelectField(validators=[InputRequired(_NEEDED)])
    if isinstance(DEFAULTS[name], bool):
        return BooleanField()
    needed = Optional() if BOUNDS[name].may_be_off else InputRequired(_NEEDED)
    if name.endswith("_cents"):
        amount = NumberRange(-_MOST_DOLLARS, _MOST_DOLLARS, message=lazy_gettext("That is no amount of money."))
        return DecimalField(places=2, validators=[needed, amount], render_kw={"inputmode": "decimal"})
    return IntegerField(validators=[needed])


for _name in RULES:
    setattr(PolicyForm, _name, _field(_name))
