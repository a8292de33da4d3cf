"""The impact page: one printed page for a funder, with six numbers, one chart, their definitions and the period.

It is made of what is counted now, and holds no number that may not leave the library, on the screen either.
Source: issue "Managers see what circulated", Build 6; SCREENS, "Impact page".
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.charts import Kind
from lending.domain.counting import Counter
from lending.domain.indicators import Indicator
from lending.domain.periods import Period, month_of, months_until
from lending.domain.permissions import Act, Role
from lending.domain.small_cells import SMALLEST_SHOWN
from lending.domain.surveys import AGREES
from lending.queries.counts import By, circulated
from lending.queries.surveys import survey_results
from lending.reporting import findings
from lending.reporting.leaving import leaving
from lending.reporting.month_sums import month_measure, months_adding
from lending.reporting.report import Column, Figure, Number, Report, Row, Section, Table, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import showing
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.frame import voice
from lending.web.reports.official import figures_of, funders_list, notes_of, scope_of
from lending.web.reports.outcome_tables import reach

bp = Blueprint("impact", __name__, url_prefix="/reports")

NUMBERS = (Indicator.HOUSEHOLDS, Indicator.CHECK_OUTS, Indicator.EVENTS, Indicator.ATTENDED, Indicator.REACH)
REGISTERED = (Indicator.REGISTERED,)
CHECK_OUT = Counter.CHECK_OUT.value
MONTHS = 12
"""How many months the chart shows, the last of the period at its end."""


@bp.get("/impact")
@allow(Act.EXPORT_STATISTICS)
def page() -> ResponseReturnValue:
    """One page to hand to a funder."""
    choice = chosen()
    return showing.page(leaving(_report(choice)), choice, endpoint="impact.page", template="reports/impact.html")


@bp.get("/impact.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same as a file."""
    return showing.file(_report(chosen()), form)


def _report(choice: Choice) -> Report:
    found, months = funders_list(choice), _check_outs(choice)
    check_outs = found.numbers[Indicator.CHECK_OUTS] or 0
    return Report(
        name="impact",
        title=_("What the kits did: %(library)s", library=_of(choice)),
        period=period_words(choice.period, current.reader()),
        made_at=current.now(),
        narrowed=choice.narrowed(),
        figures=(*figures_of(found, choice, NUMBERS), _learned(choice) or figures_of(found, choice, REGISTERED)[0]),
        sections=(_by_month(months),),
        adding=(
            months_adding(CHECK_OUT, check_outs, choice.period, measure=CHECK_OUT, months=months),
            *reach(found.workshops),
        ),
        notes=notes_of(choice, found.uncounted),
        on=choice.period.last,
    )


def _of(choice: Choice) -> str:
    """Whose page it is: the library as a whole, or the one branch that is looked at."""
    own = choice.branches if current.branch_ids() is not None else ()
    only = choice.branch or (own[0] if len(own) == 1 else None)
    return current.library().own_settings().name if only is None else only.name


def _check_outs(choice: Choice) -> dict[Period, int]:
    """The check-outs of the last twelve months of the period, the last of them up to its end."""
    months = months_until(choice.period.last, MONTHS)
    narrowed = {"kit_type_id": choice.kit_type_id, "program_id": choice.program_id}
    with current.library().db.read() as session:
        counted = circulated(session, scope_of(choice), months, (By.MONTH,), **narrowed)
    found = {row.at[By.MONTH]: row.n(Counter.CHECK_OUT) for row in counted}
    return {one.until(choice.period.last): found.get(one.first, 0) for one in months.months()}


def _by_month(months: Mapping[Period, int]) -> Section:
    """The chart, whose heading compares the last two months that are over."""
    spoken, last = voice(), max(month.last for month in months)
    is_over = last == month_of(last).last
    rows = tuple(
        Row(spoken.month(month.first), (Number(n, measure=month_measure(CHECK_OUT, month)),), on=month.first)
        for month, n in months.items()
    )

    def tell(table: Table) -> str:
        then, now = table.rows[-2:] if is_over else table.rows[-3:-1]
        return findings.check_outs(spoken, now.numbers[0], then.numbers[0], period=now.label, before=then.label)

    return Section(
        "by-month",
        tell,
        Table(_("Check-outs by month"), _("Month"), (Column(_("Check-outs")),), rows),
        Kind.BARS,
        (0,),
        _("Bars: the check-outs of each month."),
        "" if is_over else _("The last month is counted up to %(day)s.", day=current.reader().day_and_year(last)),
        darkest=-1 if is_over else -2,
    )


def _learned(choice: Choice) -> Figure | None:
    """How many of those who answered say that they learned something; ``None`` where too few answered to tell.

    Answers about a session are of all its libraries: of one alone nothing is told.
    """
    if choice.branch is not None or (current.branch_ids() is not None and current.person().role is not Role.PROGRAM):
        return None
    program = choice.program_code
    with current.library().db.read() as session:
        told = survey_results(session, scope_of(choice), choice.period, program=program).statements["learned"]
    if told.percent is None or 0 < told.agree < SMALLEST_SHOWN:
        return None
    of = {"n": voice().count(told.n), "least": AGREES}
    return Figure(
        _("Learned something"),
        Number(
            told.percent / 100,
            Unit.SHARE,
            cases=(told.n, told.agree),
            url=url_for("outcomes.page", **choice.arguments),
        ),
        _("Of %(n)s people who answered, those who said %(least)s or 5 of 5 to “I learned something”.", **of),
    )
