"""A report on a page and in files. What a printer takes out of the library is hidden as in a file.

Numbers that are too small to leave stand on the page twice, once for the screen and once, hidden, for paper; so do
charts that hold one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from lending.domain.permissions import Act
from lending.phrases import WHY_HIDDEN
from lending.reporting import files
from lending.reporting.drawing import drawing
from lending.reporting.leaving import leaving
from lending.reporting.report import Definitions, Figure, Number, Report, Row, Section, Unit
from lending.reporting.voice import Voice
from lending.web import current
from lending.web.reports import choosing
from lending.web.reports.choosing import Choice
from lending.web.reports.frame import voice, ways

FORMS = ("csv", "xlsx")


def page(
    report: Report,
    choice: Choice,
    *,
    endpoint: str,
    template: str = "reports/page.html",
    active: str = "",
    filters: tuple[str, ...] = ("period", "branch", "kit_type", "program"),
    **more: Any,
) -> tuple[str, int]:
    """The report as a page. ``endpoint`` is the page's own; its files are the endpoint ``file`` beside it.

    ``active`` is the page that it belongs to, where it is another.
    """
    spoken = voice()
    notes = Definitions()
    out = leaving(report)
    shown = render_template(
        template,
        report=report,
        figures=[_figure(one, left, notes, spoken) for one, left in zip(report.figures, out.figures, strict=True)],
        sections=[_section(one, left, notes, spoken) for one, left in zip(report.sections, out.sections, strict=True)],
        definitions=_defined(report),
        ways=ways(active or endpoint, choice.arguments),
        choice=choice,
        filters=filters,
        periods=choosing.period_choices(choice, spoken.reader),
        exports=_exports(endpoint, choice),
        hides=report != out,
        made_at=spoken.reader.moment_and_year(report.made_at),
        why_hidden=spoken.gettext(WHY_HIDDEN),
        **more,
    )
    return shown, 422 if choice.wrong else 200


def file(report: Report, form: str) -> ResponseReturnValue:
    """The report as a file to keep, without what may not leave."""
    if form not in FORMS:
        abort(404)
    spoken, out = voice(), leaving(report)
    name = f"{report.name}-{_plain(report)}.{form}"
    body: Any = files.as_csv(out, spoken) if form == "csv" else files.as_xlsx(out, spoken)
    answer = Response(body, content_type=files.CSV if form == "csv" else files.XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _plain(report: Report) -> str:
    """A file's name says the last day that it tells of."""
    on = report.on or current.today()
    return re.sub(r"[^0-9-]", "", on.isoformat())


def _exports(endpoint: str, choice: Choice) -> list[tuple[str, str]]:
    """The addresses of the files, for who may take them."""
    if not current.may_anywhere(Act.EXPORT_STATISTICS):
        return []
    beside = f"{endpoint.partition('.')[0]}.file"
    given = {**request.view_args, **choice.arguments} if request.view_args else choice.arguments
    return [(form.upper(), url_for(beside, form=form, **given)) for form in FORMS]


def _defined(report: Report) -> list[dict[str, Any]]:
    return [
        {"mark": place, "name": name, "sentence": sentence}
        for place, (name, sentence) in enumerate(report.definitions(), start=1)
    ]


def _figure(figure: Figure, left: Figure, notes: Definitions, spoken: Voice) -> dict[str, Any]:
    return {
        "name": figure.name,
        "mark": notes.number(figure.name) if figure.definition else None,
        **_number(figure.number, left.number, spoken),
        "before": None if figure.before is None else _number(figure.before, left.before, spoken),
        "change": _change(figure, spoken),
        "change_left": _change(left, spoken),
        "note": figure.note,
        "note_leaves": figure.note_leaves,
        "late": figure.late,
        "words": figure.number.value is None or figure.number.unit in (Unit.HOURS, Unit.DAYS),
    }


def _change(figure: Figure, spoken: Voice) -> str:
    """How much a count has changed in percent, where there are enough to say so."""
    now, before = figure.number, figure.before
    counts = now.unit in (Unit.PEOPLE, Unit.THINGS)
    if not counts or before is None or now.value is None or not before.value or before.value < 20:
        return ""
    return spoken.number(Number(now.value / before.value - 1, Unit.CHANGE))


def _number(number: Number, left: Number | None, spoken: Voice) -> dict[str, Any]:
    """A number as it is read, where it leads, and what stands on paper where that is something else."""
    shown, on_paper = spoken.number(number), spoken.number(number if left is None else left)
    return {"shown": shown, "on_paper": None if shown == on_paper else on_paper, "url": number.url}


def _section(section: Section, left: Section, notes: Definitions, spoken: Voice) -> dict[str, Any]:
    table = section.table
    heads = [
        {"head": column.head, "mark": notes.number(column.head) if column.definition else None}
        for column in table.columns
    ]
    lines: Callable[[Row, Row], dict[str, Any]] = lambda row, out: _line(row, out, spoken)  # noqa: E731 - used twice
    total = None if table.total is None or left.table.total is None else lines(table.total, left.table.total)
    on_screen, on_paper = (drawing(one, spoken, name=f"{one.key}{tail}") for one, tail in ((section, ""), (left, "-p")))
    hides = table != left.table
    return {
        "key": section.key,
        "finding": section.finding,
        "finding_on_paper": left.finding if left.finding != section.finding else None,
        "chart": on_screen,
        "chart_leaves": not hides,
        "chart_on_paper": on_paper if hides else Markup(),
        "caption": table.caption,
        "head": table.head,
        "heads": heads,
        "rows": [lines(row, out) for row, out in zip(table.rows, left.table.rows, strict=True)],
        "total": total,
        "wide": len(table.columns) > 3,
        "note": section.note,
    }


def _line(row: Row, left: Row, spoken: Voice) -> dict[str, Any]:
    return {
        "label": row.label,
        "url": row.url,
        "numbers": [_number(one, out, spoken) for one, out in zip(row.numbers, left.numbers, strict=True)],
    }
