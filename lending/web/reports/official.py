"""Official lists: the funder's indicators, and the Public Libraries Survey's elements with the checks it makes itself.

Source: issue "Managers see what circulated", Build 4; RULES 7, "The funder's list".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.charts import Kind
from lending.domain import indicators as funder
from lending.domain.counting import Counter
from lending.domain.indicators import Indicator
from lending.domain.periods import month_of, named
from lending.domain.permissions import Act
from lending.domain.public_survey import ATTENDANCE, CIRCULATION, OF_PEOPLE, SUMS, SurveyElements
from lending.domain.public_survey import NAMES as ELEMENTS
from lending.queries.counts import By, Circulated
from lending.queries.indicators import Indicators, indicators
from lending.queries.public_survey import public_survey
from lending.queries.scope import Branches
from lending.reporting import findings
from lending.reporting.report import Adding, Column, Figure, Number, Report, Row, Section, Table, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import showing
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.circulation import link
from lending.web.reports.frame import voice
from lending.web.reports.outcome_tables import reach

bp = Blueprint("official", __name__, url_prefix="/reports")

FILTERS = ("period", "branch", "kit_type", "program")


@bp.get("/official")
@allow(Act.SEE_COUNTS)
def page() -> ResponseReturnValue:
    """The lists for a funder and for the survey."""
    choice = chosen()
    return showing.page(_report(choice), choice, endpoint="official.page", filters=FILTERS)


@bp.get("/official.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same as a file."""
    return showing.file(_report(chosen()), form)


def funders_list(choice: Choice) -> Indicators:
    """The indicators of what was chosen; without a library of all that the reader may see, and what is on line."""
    with current.library().db.read() as session:
        return indicators(
            session,
            scope_of(choice),
            choice.period,
            zone=current.library().settings.zone,
            at=current.now(),
            led=current.actor().program_ids,
            kit_type_id=choice.kit_type_id,
            program_id=choice.program_id,
            kinds=choice.kinds,
        )


def scope_of(choice: Choice) -> Branches:
    """The libraries that are looked at; ``None`` for the whole system, with what belongs to no library."""
    everywhere = choice.branch is None and current.branch_ids() is None
    return None if everywhere else choice.branch_ids


def figures_of(found: Indicators, choice: Choice, wanted: tuple[Indicator, ...]) -> tuple[Figure, ...]:
    """Some of the list, each with its definition and the rows behind it."""
    held_on = "" if found.held_on is None else _("End of %(day)s", day=current.reader().day(found.held_on))
    notes = dict.fromkeys((Indicator.READY, Indicator.QUEUED), held_on)
    return tuple(
        Figure(
            _(funder.NAMES[which]),
            Number(found.numbers[which], _unit(which), url=_rows_of(which, choice)),
            _(funder.DEFINITIONS[which]),
            note=notes.get(which, ""),
            note_leaves=True,
            measure="check_out" if which is Indicator.CHECK_OUTS else which.value,
        )
        for which in wanted
    )


def notes_of(choice: Choice, uncounted: int) -> tuple[str, ...]:
    """What its reader is told, so that nobody takes one library's workshops, or a sum with a gap, for all there was."""
    notes = []
    if scope_of(choice) is not None:
        notes.append(online_note())
    if uncounted:
        notes.append(uncounted_note(uncounted))
    return tuple(notes)


def online_note() -> str:
    """Said where one library is looked at: most of the workshops its people came to are in none of its numbers."""
    return str(_("Online workshops count for the whole system and for their program, never for one library."))


def uncounted_note(uncounted: int) -> str:
    """Said where the attendance of a workshop is in no sum, so that nobody takes the sum for whole."""
    sentence = voice().ngettext(
        "Of %(num)s workshop nobody knows the attendance; it is in no sum of attendance.",
        "Of %(num)s workshops nobody knows the attendance; they are in no sum of attendance.",
        uncounted,
    )
    return sentence % {"num": uncounted}


def _unit(which: Indicator) -> Unit:
    return Unit.PEOPLE if which in funder.PEOPLE else Unit.THINGS


def _rows_of(which: Indicator, choice: Choice) -> str:
    """Where the rows behind a number are."""
    if which is Indicator.CHECK_OUTS:
        return link(choice, Counter.CHECK_OUT)
    if which in (Indicator.READY, Indicator.QUEUED):
        return url_for("stock.page", **choice.arguments) + "#shelf"
    if which in (Indicator.ASSEMBLED, Indicator.DISTRIBUTED):
        return url_for("stock.page", **choice.arguments) + "#by-branch"
    if which in (Indicator.HOUSEHOLDS, Indicator.LOCATIONS):
        return "#by-month" if which is Indicator.HOUSEHOLDS else "#by-branch"
    return url_for("outcomes.page", **choice.arguments) + "#workshops"


def _report(choice: Choice) -> Report:
    found = funders_list(choice)
    with current.library().db.read() as session:
        survey = public_survey(
            session,
            scope_of(choice),
            choice.period,
            zone=current.library().settings.zone,
            at=current.now(),
            led=current.actor().program_ids,
            kit_type_id=choice.kit_type_id,
            program_id=choice.program_id,
        )
    return Report(
        name="official",
        title=_("Official lists"),
        period=period_words(choice.period, current.reader()),
        made_at=current.now(),
        narrowed=choice.narrowed(),
        figures=figures_of(found, choice, tuple(Indicator)),
        sections=(_by_month(found, choice), _by_branch(found, choice), _survey(survey)),
        adding=tuple(_adding(found, survey)),
        notes=notes_of(choice, found.uncounted),
        on=choice.period.last,
    )


def _by_month(found: Indicators, choice: Choice) -> Section:
    """The check-outs of each month."""
    rows = tuple(
        Row(
            voice().month(_day(row, By.MONTH)),
            (
                Number(row.n(Counter.CHECK_OUT), url=link(choice, Counter.CHECK_OUT, period=_within(row, choice))),
                Number(row.served.households),
            ),
            on=_day(row, By.MONTH),
        )
        for row in found.by_month
    )
    total = Row(
        _("Together"),
        (
            Number(found.numbers[Indicator.CHECK_OUTS], url=link(choice, Counter.CHECK_OUT)),
            Number(found.numbers[Indicator.HOUSEHOLDS]),
        ),
    )
    period = period_words(choice.period, current.reader())

    def tell(table: Table) -> str:
        number = table.rows[-1].numbers[0] if table.total is None else table.total.numbers[0]
        return findings.check_outs_of(voice(), number, period=period)

    return Section(
        "by-month",
        tell,
        Table(
            _("Check-outs by month"),
            _("Month"),
            (Column(_("Check-outs"), measure="check_out"), Column(_("Households served"))),
            rows,
            total,
        ),
        Kind.BARS if len(rows) > 1 else None,
        (0,),
        _("Bars: the check-outs of each month."),
        _("Households are counted anew in each month and are never added up."),
    )


def _by_branch(found: Indicators, choice: Choice) -> Section:
    names = {place.code: place.name for place in choice.places}
    rows = tuple(
        Row(
            names.get(str(row.at[By.BRANCH]), str(row.at[By.BRANCH])),
            (Number(row.n(Counter.CHECK_OUT), url=link(choice, Counter.CHECK_OUT, branch=str(row.at[By.BRANCH]))),),
        )
        for row in found.by_branch
        if row.n(Counter.CHECK_OUT)
    )
    rows = tuple(sorted(rows, key=lambda row: row.label))
    total = Row(_("Together"), (Number(found.numbers[Indicator.CHECK_OUTS], url=link(choice, Counter.CHECK_OUT)),))

    def tell(table: Table) -> str:
        n = len(table.rows)
        sentence = voice().ngettext("%(num)s library lent kits", "%(num)s libraries lent kits", n)
        return sentence % {"num": voice().count(n)}

    columns = (Column(_("Check-outs"), measure="check_out"),)
    return Section(
        "by-branch",
        tell,
        Table(_("Check-outs by library"), _("Library"), columns, rows, total),
        Kind.ROWS if 1 < len(rows) <= 25 else None,
        (0,),
        _("Bars: the check-outs of each library."),
    )


def _adding(found: Indicators, survey: SurveyElements) -> Iterator[Adding]:
    """What the two lists have in common: circulation is check-outs and renewals, attendance is attendance."""
    for total, parts in SUMS:
        yield Adding(_element(total), tuple(map(_element, parts)))
    yield Adding(_element(ATTENDANCE), (Indicator.ATTENDED.value,))
    renewals = (survey[CIRCULATION] or 0) - (found.numbers[Indicator.CHECK_OUTS] or 0)
    # The funder's own number stays: that of the survey is hidden before it.
    yield Adding(_element(CIRCULATION), ("check_out", "renewals"), (("renewals", renewals),), gives_way=True)
    yield from reach(found.workshops)


def _element(number: int) -> str:
    """What the number of an element is called."""
    return f"element:{number}"


def _survey(found: SurveyElements) -> Section:
    rows = tuple(
        Row(
            f"{one.number}. {_(ELEMENTS[one.number])}",
            (Number(one.n, Unit.PEOPLE if one.number in OF_PEOPLE else Unit.THINGS, measure=_element(one.number)),),
        )
        for one in found.elements
    )

    def tell(_table: Table) -> str:
        if found.sessions_agree and found.attendance_agrees:
            return str(_("Public Libraries Survey: totals by age and by format agree"))
        return str(_("Public Libraries Survey: totals by age and by format do not agree; do not send them"))

    return Section(
        "survey",
        tell,
        Table(_("Public Libraries Survey"), _("Element"), (Column(_("Number")),), rows),
        note=_(
            "Circulation is check-outs and renewals of every kind, each of a whole kit. A hybrid workshop is one"
            " session in person, its attendance split. Views count within 30 days of posting and are never attendance."
        ),
    )


def _within(row: Circulated, choice: Choice) -> str:
    """The days of a row's month that lie in the period, as an address says them."""
    month = month_of(_day(row, By.MONTH))
    return named(max(month.first, choice.period.first), min(month.last, choice.period.last)).name


def _day(row: Circulated, by: By) -> date:
    day = row.at[by]
    assert isinstance(day, date)  # noqa: S101 - a month is its first day
    return day
