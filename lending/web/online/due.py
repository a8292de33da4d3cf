"""How a loan stands, in the few words that are biggest on a patron's page: days left, never blame.

Source: SCREENS, "My kit" ("Due in 12 days, Friday, December 18").
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import ngettext

from lending.domain.states import LoanState
from lending.phrases import Reader
from lending.queries.borrowers_loans import MyLoan


@dataclass(frozen=True, slots=True)
class Headline:
    """Three lines: what the big one means, the big one, and the day with the hour, or what to do."""

    lead: str
    big: str
    rest: str


def headline(loan: MyLoan, reader: Reader, *, at: datetime) -> Headline:
    """How a loan stands at ``at``, on the clock of the branch that lent the kit, which is the reader's zone."""
    if loan.state is LoanState.CLAIMED:
        return Headline(
            _("You told us that you returned this kit."), _("We are looking for it"), _("Call us any time.")
        )
    if loan.state is LoanState.LOST:
        rest = _("Bring it back to any desk, and you no longer owe us the price of the kit.")
        return Headline(_("This kit counts as lost."), _("Have you found it?"), rest)
    if loan.state is LoanState.INCOMPLETE:
        day = reader.weekday(loan.incomplete_until) if loan.incomplete_until else ""
        lead = _("Your kit is back. Please still bring us:")
        return Headline(lead, reader.listed(list(loan.missing)), _("by %(day)s", day=day) if day else "")
    if loan.state is not LoanState.OUT:
        return Headline(_("Your kit is back."), _("Thank you!"), _("We look through it, and then we are done."))
    return _out(loan, reader, at)


def _out(loan: MyLoan, reader: Reader, at: datetime) -> Headline:
    day, hour = reader.weekday(loan.due_at), reader.hour(loan.due_at)
    if loan.due_at < at:
        rest = _("Please bring it back as soon as you can. Do you need help with that? Call us.")
        return Headline(_("It was due on"), day, rest)
    zone = ZoneInfo(loan.zone)
    days = (loan.due_at.astimezone(zone).date() - at.astimezone(zone).date()).days
    when = _("%(day)s, before %(hour)s", day=day, hour=hour)
    if days == 0:
        return Headline(_("Due"), _("today"), when)
    if days == 1:
        return Headline(_("Due"), _("tomorrow"), when)
    return Headline(_("Due in"), ngettext("%(num)s day", "%(num)s days", days), when)
