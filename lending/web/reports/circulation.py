"""Circulation: what was lent in a period, beside the comparable one before; by library, month, day, kind and session.

Source: RULES 7, "Manager's counts"; issue "Managers see what circulated", Build 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.charts import Kind
from lending.domain.counting import Counter
from lending.domain.periods import Period, months_until
from lending.domain.permissions import Act
from lending.domain.small_cells import rank
from lending.queries.counts import By, Circulated, circulated
from lending.queries.report_rows import session_names
from lending.reporting import findings, words
from lending.reporting.month_sums import month_measure, months_adding
from lending.reporting.report import Adding, Column, Figure, Number, Report, Row, Section, Table
from lending.web import current
from lending.web.access import allow
from lending.web.reports import showing
from lending.web.reports.choosing import OWN_DAYS, Choice, chosen, period_words
from lending.web.reports.frame import voice

bp = Blueprint("circulation", __name__, url_prefix="/reports")

CHECK_OUT = Counter.CHECK_OUT

FIGURES = (
    Counter.CHECK_OUT,
    Counter.RETURN,
    Counter.STAFF_RENEWAL,
    Counter.PATRON_RENEWAL,
    Counter.AUTO_RENEWAL,
    Counter.EXCHANGE,
    Counter.IN_LIBRARY,
)
"""What stands by itself, in this order; none of them is added to another."""

BESIDE = (Counter.STAFF_RENEWAL, Counter.PATRON_RENEWAL, Counter.AUTO_RENEWAL, Counter.EXCHANGE, Counter.IN_LIBRARY)
"""What tables show beside check-outs."""

MONTHS = 13
"""Months of the chart: a year, and the same month of the year before."""

RECENT = 7
"""Months of the chart beside today's numbers; the last of them is this one."""

LONGEST_BY_DAY = 62
"""Days up to which a line by day can be read."""


@bp.get("/circulation")
@allow(Act.SEE_COUNTS)
def page() -> ResponseReturnValue:
    """What circulated."""
    choice = chosen()
    return showing.page(_report(choice), choice, endpoint="circulation.page")


@bp.get("/circulation.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same as a file."""
    return showing.file(_report(chosen()), form)


def link(choice: Choice, counter: Counter, **more: str | None) -> str:
    """The acts behind a number of this report; ``more`` narrows or replaces what the choice says."""
    given = {**choice.arguments, **{name: value for name, value in more.items() if value is not None}}
    return url_for("rows.page", counter=counter.value, **given)


def link_before(choice: Choice, counter: Counter, **more: str | None) -> str:
    """The same in the period before."""
    return link(choice, counter, period=choice.before.name, **more)


def counted(session: Session, choice: Choice, period: Period, *by: By) -> list[Circulated]:
    """The counts of a period within what was chosen; without ``by`` one row."""
    return circulated(
        session, choice.branch_ids, period, by, kit_type_id=choice.kit_type_id, program_id=choice.program_id
    )


def _report(choice: Choice) -> Report:
    with current.library().db.read() as session:
        now, before = (counted(session, choice, each)[0] for each in (choice.period, choice.before))
        by_month = counted(session, choice, _year(choice), By.MONTH)
        sections = _sections(session, choice, by_month)
    reader = current.reader()
    return Report(
        name="circulation",
        title=_("Circulation"),
        period=period_words(choice.period, reader),
        before=period_words(choice.before, reader),
        made_at=current.now(),
        narrowed=choice.narrowed(),
        figures=_figures(choice, now, before),
        sections=sections,
        adding=tuple(_adding(choice, now, before, by_month)),
        on=choice.period.last,
    )


def _figures(choice: Choice, now: Circulated, before: Circulated) -> tuple[Figure, ...]:
    found = [
        Figure(
            _(words.COUNTERS[counter][0]),
            Number(now.n(counter), url=link(choice, counter)),
            _(words.COUNTERS[counter][1]),
            before=Number(before.n(counter), url=link_before(choice, counter)),
            measure=counter.value,
        )
        for counter in FIGURES
    ]
    served = ((words.HOUSEHOLDS, words.HOUSEHOLDS_ARE, "households"), (words.PATRONS, words.PATRONS_ARE, "patrons"))
    found[1:1] = [
        Figure(
            _(name),
            Number(getattr(now.served, of), url="#by-month"),
            _(definition),
            before=Number(getattr(before.served, of)),
            measure=of,
        )
        for name, definition, of in served
    ]
    return tuple(found)


def _year(choice: Choice) -> Period:
    """The months of the chart: up to the end of the period."""
    return months_until(choice.period.last, MONTHS)


def _sections(session: Session, choice: Choice, by_month: list[Circulated]) -> tuple[Section, ...]:
    def by(each: By, period: Period) -> list[Circulated]:
        return counted(session, choice, period, each)

    found = [_by_branch(choice, by(By.BRANCH, choice.period), by(By.BRANCH, choice.before))]
    found.append(_by_month(choice, by_month))
    if 1 < choice.period.days <= LONGEST_BY_DAY:
        found.append(_by_day(choice, by(By.DAY, choice.period), by(By.DAY, choice.before)))
    found.append(_by_kit_type(choice, by(By.KIT_TYPE, choice.period)))
    cohorts = by(By.COHORT, choice.period)
    names = session_names(session, {str(row.at[By.COHORT]) for row in cohorts})
    found.append(_by_cohort(choice, cohorts, names))
    return tuple(found)


def _by_branch(choice: Choice, now: list[Circulated], before: list[Circulated]) -> Section:
    """This period beside the one before, library by library, with those that lent nothing."""
    spoken, reader = voice(), current.reader()
    names = {place.code: place.name for place in choice.places}
    counts = _counts_by(By.BRANCH, now)
    then = _counts_by(By.BRANCH, before)
    rows = tuple(
        Row(
            name,
            (
                Number(then.get(code, 0), url=link_before(choice, CHECK_OUT, branch=code)),
                Number(counts.get(code, 0), url=link(choice, CHECK_OUT, branch=code)),
            ),
        )
        for code, name in sorted(names.items(), key=lambda pair: (rank(counts.get(pair[0])), pair[1]))
    )
    whole = _sum_of(rows, link_before(choice, CHECK_OUT), link(choice, CHECK_OUT))
    told = {"period": period_words(choice.period, reader), "before": period_words(choice.before, reader)}
    kind = None if len(rows) < 2 else Kind.GROUPED if len(rows) <= 4 else Kind.ROWS
    table = Table(
        _("Check-outs by library"),
        _("Library"),
        (
            Column(told["before"], measure=f"{CHECK_OUT.value}@before"),
            Column(told["period"], measure=CHECK_OUT.value),
        ),
        rows,
        whole,
    )
    return Section(
        "by-branch",
        lambda table: (
            findings.check_outs(spoken, table.total.numbers[1], table.total.numbers[0], **told)
            if table.total is not None
            else ""
        ),
        table,
        kind,
        (0, 1) if kind is Kind.GROUPED else (1,),
        _("Bars: the check-outs of each library, the most first."),
    )


def _by_month(choice: Choice, rows: list[Circulated]) -> Section:
    spoken, reader = voice(), current.reader()
    found = {row.at[By.MONTH]: row for row in rows}
    months = list(_year(choice).months())
    lines = []
    for month in months:
        row, counted_of = found.get(month.first), month.until(choice.period.last)
        served = row.served.households if row is not None else 0
        numbers = (
            Number(
                row.n(counter) if row is not None else 0,
                url=link(choice, counter, period=counted_of.name),
                measure=month_measure(counter.value, counted_of),
            )
            for counter in (CHECK_OUT, *BESIDE)
        )
        lines.append(Row(spoken.month(month.first), (*numbers, Number(served)), on=month.first))
    last = choice.period.last
    until = reader.day_and_year(last)
    note = "" if months[-1].last == last else _("The last month is counted up to %(day)s.", day=until)
    return Section(
        "by-month",
        lambda table: findings.most(
            spoken,
            table,
            one=_("%(now)s check-outs in %(label)s"),
            first=_("The month with the most check-outs was %(label)s, with %(now)s"),
            nothing=_("No check-outs in the last year"),
        ),
        Table(
            _("Month by month"),
            _("Month"),
            (*_heads(CHECK_OUT, *BESIDE), Column(_(words.HOUSEHOLDS), _(words.HOUSEHOLDS_ARE))),
            tuple(lines),
        ),
        Kind.BARS,
        (0,),
        _("Bars: the check-outs of each month, the last one at the end."),
        note,
        darkest=max(range(len(lines)), key=lambda place: (lines[place].numbers[0].value or 0, place)),
    )


def recent(session: Session, choice: Choice) -> Section:
    """Check-outs of the months that are over, and of this one so far: the last two that are over are compared."""
    spoken = voice()
    year = months_until(choice.today, RECENT)
    found = {row.at[By.MONTH]: row for row in counted(session, choice, year, By.MONTH)}
    lines = tuple(
        Row(
            spoken.month(month.first),
            (
                Number(
                    found[month.first].n(CHECK_OUT) if month.first in found else 0,
                    url=link(choice, CHECK_OUT, period=month.name),
                ),
            ),
        )
        for month in year.months()
    )

    def tell(table: Table) -> str:
        then, now = table.rows[-3], table.rows[-2]
        return findings.check_outs(spoken, now.numbers[0], then.numbers[0], period=now.label, before=then.label)

    return Section(
        "recent",
        tell,
        Table(
            _("Check-outs by month"),
            _("Month"),
            (Column(_(words.COUNTERS[CHECK_OUT][0]), _(words.COUNTERS[CHECK_OUT][1])),),
            lines,
        ),
        Kind.BARS,
        (0,),
        _("Bars: the check-outs of each month, the last one at the end."),
        _("The last month is not over yet."),
        darkest=-2,
    )


def _adding(choice: Choice, now: Circulated, before: Circulated, by_month: list[Circulated]) -> Iterator[Adding]:
    """The lines of the months add up to the figures of the period and of the one before, where they lie within."""
    found = {row.at[By.MONTH]: row for row in by_month}
    months = {
        month.until(choice.period.last): found[month.first] for month in _year(choice).months() if month.first in found
    }
    for counter in (CHECK_OUT, *BESIDE):
        numbers = {month: row.n(counter) for month, row in months.items()}
        for period, whole, tail in ((choice.period, now, ""), (choice.before, before, "@before")):
            yield months_adding(counter.value + tail, whole.n(counter), period, measure=counter.value, months=numbers)


def _by_day(choice: Choice, now: list[Circulated], before: list[Circulated]) -> Section:
    spoken, reader = voice(), current.reader()
    counts, then = _counts_by(By.DAY, now), _counts_by(By.DAY, before)
    lines = []
    for place in range(choice.period.days):
        day, earlier = (period.first + timedelta(days=place) for period in (choice.period, choice.before))
        given = {"period": OWN_DAYS, "from": day.isoformat(), "to": day.isoformat()}
        here = link(choice, CHECK_OUT, **given)
        was = Number(None)
        if earlier in choice.before:
            given |= {"from": earlier.isoformat(), "to": earlier.isoformat()}
            was = Number(then.get(earlier, 0), url=link(choice, CHECK_OUT, **given))
        lines.append(Row(reader.day(day), (Number(counts.get(day, 0), url=here), was), on=day))
    # Of a longer period before, the last days stand beside none of these.
    whole = link_before(choice, CHECK_OUT) if choice.before.days <= choice.period.days else None
    return Section(
        "by-day",
        lambda table: findings.most(
            spoken,
            table,
            one=_("%(now)s check-outs on %(label)s"),
            first=_("The busiest day was %(label)s, with %(now)s check-outs"),
            nothing=_("No check-outs on any of these days"),
        ),
        Table(
            _("Day by day"),
            _("Day"),
            (
                Column(period_words(choice.period, reader), measure=CHECK_OUT.value),
                Column(_("The same day of %(period)s", period=period_words(choice.before, reader))),
            ),
            tuple(lines),
            _sum_of(tuple(lines), link(choice, CHECK_OUT), whole),
        ),
        Kind.LINE,
        (0, 1),
        _("A line: check-outs day by day; dashed, the period before."),
    )


def _by_kit_type(choice: Choice, rows: list[Circulated]) -> Section:
    spoken = voice()
    names = {one.code: one.name for one in choice.kit_types}
    lines = tuple(
        Row(names.get(code, code), _numbers(row, choice, kit_type=code)) for code, row in _most_first(By.KIT_TYPE, rows)
    )
    return Section(
        "by-kind",
        lambda table: findings.most(
            spoken,
            table,
            one=_("All %(now)s check-outs were of one kind: %(label)s"),
            first=_("%(label)s was lent the most: %(now)s of %(all)s check-outs"),
            nothing=_("No kit of any kind was checked out"),
        ),
        Table(
            _("By kind of kit"), _("Kind of kit"), _heads(CHECK_OUT, *BESIDE), lines, _sum_of(lines, *_links(choice))
        ),
        Kind.ROWS if len(lines) > 1 else None,
        (0,),
        _("Bars: the check-outs of each kind of kit, the most first."),
    )


def _by_cohort(choice: Choice, rows: list[Circulated], names: Mapping[str, str]) -> Section:
    spoken = voice()
    lines = tuple(
        Row(names.get(code, code) or _("Open loans"), _numbers(row, choice, cohort=code or "none"))
        for code, row in _most_first(By.COHORT, rows)
    )
    return Section(
        "by-session",
        lambda table: findings.most(
            spoken,
            table,
            one=_("All %(now)s check-outs were for one: %(label)s"),
            first=_("%(label)s had the most check-outs: %(now)s of %(all)s"),
            nothing=_("Nothing was checked out in this period"),
        ),
        Table(_("By session"), _("Session"), _heads(CHECK_OUT, *BESIDE), lines, _sum_of(lines, *_links(choice))),
        Kind.ROWS if 1 < len(lines) <= 12 else None,
        (0,),
        _("Bars: the check-outs of each session, the most first."),
    )


def _heads(*counters: Counter) -> tuple[Column, ...]:
    return tuple(
        Column(_(words.COUNTERS[each][0]), _(words.COUNTERS[each][1]), measure=each.value) for each in counters
    )


def _numbers(row: Circulated, choice: Choice, **of: str) -> tuple[Number, ...]:
    return tuple(Number(row.n(counter), url=link(choice, counter, **of)) for counter in (CHECK_OUT, *BESIDE))


def _counts_by(by: By, rows: list[Circulated]) -> Mapping[Any, int]:
    return {row.at[by]: row.n(CHECK_OUT) for row in rows}


def _most_first(by: By, rows: list[Circulated]) -> list[tuple[str, Circulated]]:
    ordered = sorted(rows, key=lambda row: (rank(row.n(CHECK_OUT)), str(row.at[by])))
    return [(str(row.at[by]), row) for row in ordered]


def _links(choice: Choice) -> tuple[str, ...]:
    return tuple(link(choice, counter) for counter in (CHECK_OUT, *BESIDE))


def _sum_of(rows: tuple[Row, ...], *urls: str | None) -> Row:
    """The line that adds up, with where each of its numbers leads; what is unknown is left out."""
    sums = [sum(row.numbers[place].value or 0 for row in rows) for place in range(len(urls))]
    return Row(_("Together"), tuple(Number(value, url=url) for value, url in zip(sums, urls, strict=True)))
