"""Last week in figures, for a mail on Monday: a report like the pages', without what may not leave the library.

Source: SCREENS, "Monday e-mail"; RULES 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from babel import Locale
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from sqlalchemy.orm import Session

from lending import paths
from lending.domain.counting import Counter
from lending.domain.library_settings import LibrarySettings
from lending.domain.periods import Period
from lending.domain.small_cells import rank
from lending.queries.branches import branches
from lending.queries.counts import By, Circulated, circulated
from lending.queries.losses import overdue_now
from lending.queries.scope import Branches
from lending.reporting import findings, words
from lending.reporting.leaving import leaving
from lending.reporting.report import Column, Figure, Number, Report, Row, Section, Table
from lending.reporting.voice import Voice

FIGURES = (
    Counter.CHECK_OUT,
    Counter.RETURN,
    Counter.LATE_RETURN,
    Counter.STAFF_RENEWAL,
    Counter.PATRON_RENEWAL,
    Counter.LOST,
    Counter.UNFILLED,
)


def weekly_report(
    session: Session, scope: Branches, programs: Sequence[int] | None, week: Period, *, voice: Voice, at: datetime
) -> Report:
    """A week beside the one before, of the reader's libraries or of the programs that they lead, as it may leave."""
    now, before = (_counted(session, scope, programs, each) for each in (week, week.before()))
    late = sum(row.overdue for row in overdue_now(session, scope, at=at)) if programs is None else None
    days = voice.reader.days
    report = Report(
        name="week",
        title=voice.gettext("Last week: %(week)s") % {"week": days(week.first, week.last)},
        period=days(week.first, week.last),
        before=days(week.before().first, week.before().last),
        made_at=at,
        figures=(*_figures(now, before, voice), *_late(late, voice)),
        sections=(_by_branch(session, scope, now, before, week, voice),),
        on=week.last,
    )
    return leaving(report)


def _counted(session: Session, scope: Branches, programs: Sequence[int] | None, period: Period) -> list[Circulated]:
    if programs is None:
        return circulated(session, scope, period, [By.BRANCH])
    return [row for each in programs for row in circulated(session, scope, period, [By.BRANCH], program_id=each)]


def _sum(rows: Sequence[Circulated], counter: Counter) -> int:
    return sum(row.n(counter) for row in rows)


def _figures(now: Sequence[Circulated], before: Sequence[Circulated], voice: Voice) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            voice.gettext(words.COUNTERS[counter][0]),
            Number(_sum(now, counter)),
            voice.gettext(words.COUNTERS[counter][1]),
            before=Number(_sum(before, counter)),
            measure=counter.value,
        )
        for counter in FIGURES
    )


def _late(late: int | None, voice: Voice) -> tuple[Figure, ...]:
    if late is None:
        return ()
    name = voice.gettext("Overdue now")
    return (
        Figure(
            name,
            Number(late),
            voice.gettext("Kits that are out after they were due, at this moment, whatever the period."),
        ),
    )


def _by_branch(
    session: Session,
    scope: Branches,
    now: Sequence[Circulated],
    before: Sequence[Circulated],
    week: Period,
    voice: Voice,
) -> Section:
    counter = Counter.CHECK_OUT
    lines = []
    for place in branches(session, scope):
        numbers = (_sum([row for row in rows if row.at[By.BRANCH] == place.code], counter) for rows in (now, before))
        lines.append(Row(place.name, tuple(Number(n) for n in numbers)))
    lines.sort(key=lambda row: (rank(row.numbers[0].value), row.label))
    days = voice.reader.days
    told = {"period": days(week.first, week.last), "before": days(week.before().first, week.before().last)}

    def tell(table: Table) -> str:
        if table.total is None:
            return ""
        return findings.check_outs(voice, table.total.numbers[0], table.total.numbers[1], **told)

    heads = (
        Column(told["period"], measure=counter.value),
        Column(told["before"], measure=f"{counter.value}@before"),
    )
    whole = Row(voice.gettext("Together"), (Number(_sum(now, counter)), Number(_sum(before, counter))))
    table = Table(voice.gettext("Check-outs by library"), voice.gettext("Library"), heads, tuple(lines), whole)
    return Section("by-branch", tell, table)


def text_of(report: Report, voice: Voice, library: LibrarySettings) -> str:
    """The plain side of the mail."""
    section = report.sections[0]
    figures = (f"{one.name}: {voice.number(one.number)}{_then(one, voice)}" for one in report.figures)
    lines = [library.name, report.title, "", section.finding, "", *figures]
    if len(section.table.rows) > 1:
        lines += ["", f"{section.table.caption}:"]
        lines += [f"{row.label}: {voice.number(row.numbers[0])}" for row in section.table.rows]
    lines += ["", voice.gettext("What these numbers mean") + ":"]
    lines += [f"{name}: {sentence}" for name, sentence in report.definitions()]
    return "\n".join([*lines, "", *_end(voice)]) + "\n"


def html_of(report: Report, voice: Voice, library: LibrarySettings) -> str:
    """The HTML side of the mail."""
    section = report.sections[0]
    figures = [(figure.name, voice.number(figure.number), _before(figure, voice)) for figure in report.figures]
    rows = [(row.label, *(voice.number(number) for number in row.numbers)) for row in section.table.rows]
    return _template().render(
        lang=voice.reader.locale.replace("_", "-"),
        direction=Locale.parse(voice.reader.locale).text_direction,
        library=library.name,
        colour=library.main_colour,
        title=report.title,
        finding=section.finding,
        heads=(voice.gettext("Figure"), report.period, report.before),
        figures=figures,
        caption=section.table.caption,
        by=voice.gettext("Library"),
        rows=rows if len(rows) > 1 else [],
        meaning=voice.gettext("What these numbers mean"),
        definitions=report.definitions(),
        end=_end(voice),
    )


def _before(figure: Figure, voice: Voice) -> str:
    return "" if figure.before is None else voice.number(figure.before)


def _then(figure: Figure, voice: Voice) -> str:
    if figure.before is None:
        return ""
    return " (" + voice.gettext("%(number)s before") % {"number": voice.number(figure.before)} + ")"


def _end(voice: Voice) -> list[str]:
    return [
        voice.gettext("Counts from 1 to 4 are not shown in a mail. The pages under Reports show them to you."),
        voice.gettext("You can turn this mail off on the page Your account."),
    ]


@cache
def _template() -> Template:
    loader = FileSystemLoader(paths.TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("mail/weekly.html")
