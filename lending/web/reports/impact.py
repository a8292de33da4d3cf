"""The impact page: one printed page for a funder, with six numbers, one chart, their definitions and the period.

It is made of what is counted now, and holds no number that may not leave the library, on the screen either.
Source: issue "Managers see what circulated", Build 6; SCREENS, "Impact page".
"""

from __future__ import annotations

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.charts import Kind
from lending.domain.counting import Counter
from lending.domain.indicators import Indicator
from lending.domain.periods import between, month_of
from lending.domain.permissions import Act
from lending.domain.surveys import AGREES
from lending.queries.counts import By, circulated
from lending.queries.surveys import survey_results
from lending.reporting import findings
from lending.reporting.leaving import leaving
from lending.reporting.report import Column, Figure, Number, Report, Row, Section, Table, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import showing
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.frame import voice
from lending.web.reports.official import figures_of, funders_list, scope_of, uncounted_note

bp = Blueprint("impact", __name__, url_prefix="/reports")

NUMBERS = (Indicator.HOUSEHOLDS, Indicator.CHECK_OUTS, Indicator.EVENTS, Indicator.ATTENDED, Indicator.REACH)
REGISTERED = (Indicator.REGISTERED,)
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
    found = funders_list(choice)
    name = current.library().own_settings().name
    return Report(
        name="impact",
        title=_("What the kits did: %(library)s", library=name) if choice.branch is None else choice.branch.name,
        period=period_words(choice.period, current.reader()),
        made_at=current.now(),
        narrowed=choice.narrowed(),
        figures=(*figures_of(found, choice, NUMBERS), _learned(choice) or figures_of(found, choice, REGISTERED)[0]),
        sections=(_by_month(choice),),
        notes=(uncounted_note(found.uncounted),) if found.uncounted else (),
        on=choice.period.last,
    )


def _by_month(choice: Choice) -> Section:
    """The check-outs of the last twelve months of the period, whose heading compares the last two."""
    first = month_of(choice.period.last)
    for _month in range(MONTHS - 1):
        first = first.before()
    months = between(first.first, choice.period.last)
    narrowed = {"kit_type_id": choice.kit_type_id, "program_id": choice.program_id}
    with current.library().db.read() as session:
        counted = circulated(session, scope_of(choice), months, (By.MONTH,), **narrowed)
    found = {row.at[By.MONTH]: row.n(Counter.CHECK_OUT) for row in counted}
    spoken = voice()
    rows = tuple(Row(spoken.month(one.first), (Number(found.get(one.first, 0)),)) for one in months.months())

    def tell(table: Table) -> str:
        then, now = table.rows[-2], table.rows[-1]
        return findings.check_outs(spoken, now.numbers[0], then.numbers[0], period=now.label, before=then.label)

    return Section(
        "by-month",
        tell,
        Table(_("Check-outs by month"), _("Month"), (Column(_("Check-outs")),), rows),
        Kind.BARS,
        (0,),
        _("Bars: the check-outs of each month."),
    )


def _learned(choice: Choice) -> Figure | None:
    """How many of those who answered say that they learned something; ``None`` where too few answered to tell."""
    program = None if choice.program is None else choice.program.code
    with current.library().db.read() as session:
        told = survey_results(session, scope_of(choice), choice.period, program=program).statements["learned"]
    if not told.is_shown:
        return None
    note = voice().ngettext("%(num)s answer", "%(num)s answers", told.n) % {"num": voice().count(told.n)}
    return Figure(
        _("Learned something"),
        Number(
            told.agree / told.n,
            Unit.SHARE,
            cases=(told.n,),
            url=url_for("outcomes.page", **choice.arguments),
        ),
        _("Of the people who answered, those who said %(least)s or 5 of 5 to “I learned something”.", least=AGREES),
        note=note,
    )
