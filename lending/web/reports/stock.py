"""Stock and turnaround: how much the kits are used, and how long they take from one patron to the next.

Source: RULES 7, "utilisation (kit-days out / kit-days in service); turnaround and hold wait (median, p90); ready on the
shelf versus waiting in the queue".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.charts import Kind
from lending.domain.periods import Period
from lending.domain.permissions import Act
from lending.models.counts import Measure
from lending.queries.stock_days import (
    DurationFigures,
    StockFigures,
    StockOn,
    durations,
    durations_by_branch,
    stock_by_branch,
    stock_figures,
)
from lending.reporting.report import Adding, Column, Figure, Number, Report, Row, Section, Table, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import showing
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.frame import voice

bp = Blueprint("stock", __name__, url_prefix="/reports")

MOST_DAYS = 31
"""Days that a chart shows one by one; of a longer period it shows one a week."""

Durations = Mapping[Measure, DurationFigures]


@bp.get("/stock")
@allow(Act.SEE_COUNTS)
def page() -> ResponseReturnValue:
    """How the kits were used."""
    choice = chosen()
    return showing.page(_report(choice), choice, endpoint="stock.page", filters=("period", "branch", "kit_type"))


@bp.get("/stock.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same as a file."""
    return showing.file(_report(chosen()), form)


def _report(choice: Choice) -> Report:
    scope, kinds = choice.branch_ids, choice.kit_type_ids
    with current.library().db.read() as session:
        now, before = (stock_figures(session, scope, each, kit_type_ids=kinds) for each in _both(choice))
        took, took_before = (durations(session, scope, each, kit_type_ids=kinds) for each in _both(choice))
        here = stock_by_branch(session, scope, choice.period, kit_type_ids=kinds)
        branch_took = durations_by_branch(session, scope, choice.period, kit_type_ids=kinds)
    reader = current.reader()
    return Report(
        name="stock",
        title=_("Stock and turnaround"),
        period=period_words(choice.period, reader),
        before=period_words(choice.before, reader),
        made_at=current.now(),
        narrowed=tuple(pair for pair in choice.narrowed() if pair[0] != _("Program")),
        figures=(*_stock(now, before), *_times(took, took_before)),
        sections=(_by_day(now), _by_branch(here, now, choice), _by_time(branch_took, took, choice), _shelf(now)),
        adding=_adding(now, before),
        notes=() if now.days else (_("No day of this period has been counted yet: the kits are counted each night."),),
        on=choice.period.last,
    )


def _both(choice: Choice) -> tuple[Period, Period]:
    return choice.period, choice.before


def _stock(now: StockFigures, before: StockFigures) -> tuple[Figure, ...]:
    """How the kits stood at the end of the last day that was counted, and how much they were used."""
    last, was = now.latest, before.latest
    on = _("End of %(day)s", day=current.reader().day(last.day)) if last is not None else ""

    def figure(name: str, field: str, definition: str) -> Figure:
        value, earlier = (None if day is None else getattr(day, field) for day in (last, was))
        measure = "" if last is None else _measure(field, last)
        number = Number(value, url="#by-day")
        return Figure(name, number, definition, before=Number(earlier), note=on, note_leaves=True, measure=measure)

    return (
        Figure(
            _("Utilization"),
            Number(now.utilisation, Unit.SHARE, url="#by-branch"),
            _("Days that kits were out of the days that kits were in service, each kit counted each day."),
            before=Number(before.utilisation, Unit.SHARE),
        ),
        figure(
            _("In service"),
            "in_service",
            _("Kits that belong here and are not withdrawn, lost or missing."),
        ),
        figure(_("Out"), "out", _("Kits that were with patrons at the end of the day.")),
        figure(_("Free"), "free", _("Kits that could be lent at the end of the day.")),
        figure(
            _("Being made ready"),
            "turnaround",
            _("Kits back from a patron that wait for inspection, a part, a repair, or a step of getting ready."),
        ),
        figure(
            _("Ready on the shelf"),
            "ready",
            _("Kits on the hold shelf for somebody, at the end of the day."),
        ),
        figure(
            _("Waiting for a kit"),
            "waiting",
            _("People in a queue without the promise of a kit, at the end of the day."),
        ),
    )


_PARTS = ("out", "turnaround", "ready", "free")
"""What the kits in service are, one or the other."""


def _measure(field: str, day: StockOn) -> str:
    """A number of the stock on a day, which stands in several places."""
    return f"{field}:{day.day.isoformat()}"


def _adding(now: StockFigures, before: StockFigures) -> tuple[Adding, ...]:
    """Each day's kits in service are those that are out, being made ready, on the shelf or free.

    So small numbers of kits are hidden like those of people: they would tell how many are out, or ready for somebody.
    """
    found = [Adding(_measure("in_service", day), tuple(_measure(each, day) for each in _PARTS)) for day in now.days]
    last = now.latest
    if last is not None and before.latest is not None:
        # The numbers before stand under the measure of those beside them.
        then = tuple(f"{_measure(each, last)}@before" for each in ("in_service", *_PARTS))
        found.append(Adding(then[0], then[1:]))
    return tuple(found)


_TIMES = (Measure.TURNAROUND, Measure.HOLD_WAIT)
_UNITS = {Measure.TURNAROUND: Unit.HOURS, Measure.HOLD_WAIT: Unit.DAYS}


def _times(now: Durations, before: Durations) -> tuple[Figure, ...]:
    names = {
        Measure.TURNAROUND: (
            _("Turnaround, median"),
            _("Half of the kits took no longer from being received to being free again."),
            _("Turnaround, 9 of 10"),
            _("Nine of ten kits took no longer from being received to being free again."),
        ),
        Measure.HOLD_WAIT: (
            _("Wait for a kit, median"),
            _("Half of the people who got a kit on the shelf waited no longer for it."),
            _("Wait for a kit, 9 of 10"),
            _("Nine of ten people who got a kit on the shelf waited no longer for it."),
        ),
    }
    found = []
    for measure in _TIMES:
        median, half, most, nine = names[measure]
        for name, definition, of in ((median, half, "median"), (most, nine, "p90")):
            found.append(
                Figure(
                    name,
                    _took(now[measure], of, url="#by-time"),
                    definition,
                    before=_took(before[measure], of),
                )
            )
    return tuple(found)


def _took(figures: DurationFigures, of: str, url: str | None = None) -> Number:
    return Number(getattr(figures, of), _UNITS[figures.measure], cases=(figures.n,), url=url)


def _shown_days(figures: StockFigures) -> Sequence[StockOn]:
    """Every day of a month; of longer periods one a week, the last one among them."""
    days = figures.days
    return days if len(days) <= MOST_DAYS else [day for day in days if (days[-1].day - day.day).days % 7 == 0]


def _label(day: date) -> str:
    return current.reader().day(day)


def _by_day(now: StockFigures) -> Section:
    spoken = voice()
    rows = tuple(
        Row(
            _label(day.day),
            (*(Number(getattr(day, field), measure=_measure(field, day)) for field in (*_PARTS, "in_service")),),
            on=day.day,
        )
        for day in _shown_days(now)
    )

    def tell(table: Table) -> str:
        if not table.rows:
            return str(_("No day of this period has been counted yet"))
        last = table.rows[-1]
        out, in_service = last.numbers[0], last.numbers[4]
        if out.value is None or in_service.value is None:
            return str(_("Too few to tell without telling of single people"))
        told = {"out": spoken.count(out.value), "all": spoken.count(in_service.value), "day": last.label}
        return str(_("%(out)s of %(all)s kits in service were out at the end of %(day)s", **told))

    columns = (Column(_("Out")), Column(_("Being made ready")), Column(_("On the shelf")), Column(_("Free")))
    return Section(
        "by-day",
        tell,
        Table(_("The kits at the end of each day"), _("Day"), (*columns, Column(_("In service"))), rows),
        Kind.STACKED,
        (0, 1, 2, 3),
        _("Bars, one for each day: kits out at the foot, then those being made ready, on the shelf, and free on top."),
        _("One day a week is shown.") if len(now.days) > MOST_DAYS else "",
    )


def _by_branch(here: Sequence[StockFigures], now: StockFigures, choice: Choice) -> Section:
    names = {place.code: place.name for place in choice.places}
    kinds = {one.code: one.name for one in choice.kit_types}
    rows = []
    for one in here:
        last = one.latest
        label = f"{names.get(one.branch or '', '')}, {kinds.get(one.kit_type or '', '')}"
        numbers = (Number(None if last is None else getattr(last, field)) for field in _OF_BRANCH)
        rows.append(Row(label, (Number(one.utilisation, Unit.SHARE), *numbers)))
    rows.sort(key=lambda row: (-(row.numbers[0].value or 0), row.label))
    day = now.latest
    whole = None
    if day is not None and len(rows) > 1 and all(one.latest is not None and one.latest.day == day.day for one in here):
        sums = (Number(getattr(day, field)) for field in _OF_BRANCH)
        whole = Row(_("Together"), (Number(now.utilisation, Unit.SHARE), *sums))

    def tell(table: Table) -> str:
        known = [row for row in table.rows if row.numbers[0].value is not None]
        if not known:
            return str(_("Nobody knows yet how much the kits were used"))
        most = known[0]
        told = {"label": most.label, "share": voice().share(most.numbers[0].value or 0)}
        return str(_("Used the most: %(label)s, %(share)s of the time", **told))

    heads = (
        Column(_("Utilization")),
        *(
            Column(name, measure="" if day is None else _measure(field, day))
            for field, name in zip(_OF_BRANCH, _names_of_branch(), strict=True)
        ),
    )
    return Section(
        "by-branch",
        tell,
        Table(_("By library and kind of kit"), _("Library and kind"), heads, tuple(rows), whole),
        Kind.SHARES if 1 < len(rows) <= 25 else None,
        (0,),
        _("Bars: how much of the time the kits of each library and kind were out, the most first."),
    )


_OF_BRANCH = ("in_service", "out", "free", "waiting")


def _names_of_branch() -> tuple[str, ...]:
    return _("In service"), _("Out"), _("Free"), _("Waiting for a kit")


def _by_time(by_branch: Mapping[str, Durations], together: Durations, choice: Choice) -> Section:
    names = {place.code: place.name for place in choice.places}

    def numbers(took: Durations) -> tuple[Number, ...]:
        pairs = [(took[measure], of) for measure in _TIMES for of in ("median", "p90")]
        counted = [Number(took[measure].n) for measure in _TIMES]
        times = [_took(figures, of) for figures, of in pairs]
        return (counted[0], times[0], times[1], counted[1], times[2], times[3])

    rows = tuple(Row(names.get(code, code), numbers(took)) for code, took in sorted(by_branch.items()))
    whole = Row(_("Together"), numbers(together))

    def tell(table: Table) -> str:
        median = whole.numbers[1] if table.total is None else table.total.numbers[1]
        if median.hidden is not None:
            return str(_("Too few to tell without telling of single people"))
        if median.value is None:
            return str(_("No kit became free again in this period"))
        return str(_("Half of the kits were free again within %(time)s", time=voice().hours(median.value)))

    heads = (
        Column(_("Kits made ready")),
        Column(_("Median")),
        Column(_("9 of 10")),
        Column(_("Waits that ended")),
        Column(_("Median wait")),
        Column(_("Wait, 9 of 10")),
    )
    note = _("Medians are made of all kits together and are no averages of the lines above.")
    return Section("by-time", tell, Table(_("How long things took"), _("Library"), heads, rows, whole), note=note)


def _shelf(now: StockFigures) -> Section:
    spoken = voice()
    rows = tuple(
        Row(
            _label(day.day),
            tuple(Number(getattr(day, of), measure=_measure(of, day)) for of in ("ready", "waiting")),
            on=day.day,
        )
        for day in _shown_days(now)
    )

    def tell(table: Table) -> str:
        if not table.rows:
            return str(_("No day of this period has been counted yet"))
        ready, waiting = table.rows[-1].numbers
        if ready.value is None or waiting.value is None:
            return str(_("Too few to tell without telling of single people"))
        told = {"ready": spoken.count(ready.value), "waiting": spoken.count(waiting.value)}
        return str(_("%(ready)s kits were ready on the shelf, and %(waiting)s people waited for one", **told))

    return Section(
        "shelf",
        tell,
        Table(
            _("Ready and waiting at the end of each day"),
            _("Day"),
            (Column(_("Ready on the shelf")), Column(_("Waiting for a kit"))),
            rows,
        ),
        Kind.LINE,
        (0, 1),
        _("Two lines: kits ready on the hold shelf; dashed, people who wait for a kit."),
    )
