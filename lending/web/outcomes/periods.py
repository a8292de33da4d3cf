"""Which period and which programme a page of outcomes is about: the last twelve months, or a fiscal year.

Source: SCREENS, "Manager pages".
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from lending.domain.periods import Period, PeriodKind, fiscal_year_of, months_until, read_period
from lending.domain.permissions import Role
from lending.queries.cohorts import programs
from lending.web import current

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a page is about, and what else may be chosen: values and words. ``program`` is a code, ``None`` for all, and
    empty for none: whoever leads programs sees one of theirs at a time.
    """

    period: Period
    program: str | None
    periods: list[tuple[str, str]]
    programs: list[tuple[str, str]]


def chosen() -> Chosen:
    """What the address asks for; this month and every programme where it asks for nothing that there is."""
    today = current.today()
    months = list(months_until(today, MONTHS).months())[::-1]
    year = fiscal_year_of(today, current.library().own_settings().fiscal_year_begins)
    offered = [*months, year, year.before()]
    try:
        period = read_period(request.args.get("period", months[0].name))
    except ValueError:
        period = months[0]
    if period not in offered:
        offered.insert(0, period)
    with current.library().db.read() as session:
        found = [(one.code, one.name) for one in programs(session, by=current.actor())]
    leads = current.person().role is Role.PROGRAM
    asked = request.args.get("program") or None
    if asked not in {code for code, _name in found}:
        asked = next((code for code, _name in found), "") if leads else None
    return Chosen(
        period=period,
        program=asked,
        periods=[(one.name, _words(one)) for one in offered],
        programs=found if leads else [("", _("All programs")), *found],
    )


def _words(period: Period) -> str:
    reader = current.reader()
    if period.kind is PeriodKind.MONTH:
        return reader.month(period.first)
    return str(
        _("%(first)s to %(last)s", first=reader.day_and_year(period.first), last=reader.day_and_year(period.last))
    )
