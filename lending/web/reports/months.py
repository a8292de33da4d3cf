"""Months: which of them are reported, closing one, and what has changed in it since.

A closed month's figures stay as they were reported; what is counted now stands beside them, and the difference is a
restatement. Source: RULES 7, "A month is closed"; issue "Managers see what circulated", Build 2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.circulation import closing_months
from lending.circulation.closing_months import close_month
from lending.domain.actors import Actor
from lending.domain.counting import Counter, PartCounter
from lending.domain.periods import Period, PeriodKind, read_period
from lending.domain.permissions import Act
from lending.models.base import new_public_id
from lending.models.counts import Measure
from lending.queries.closed_months import MonthState, Restated, month_states, reported
from lending.queries.report_rows import VERBS, session_names
from lending.reporting import words
from lending.reporting.report import Adding, Column, Number, Report, Row, Section, Table, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.names import names
from lending.web.posting import NotDone, pressed
from lending.web.reports import showing
from lending.web.reports.choosing import Choice, chosen
from lending.web.reports.circulation import link
from lending.web.reports.frame import voice, ways
from lending.web.reports.rows import OPEN_LOANS

bp = Blueprint("months", __name__, url_prefix="/reports/months")


@bp.get("")
@allow(Act.CLOSE_MONTH)
def page() -> ResponseReturnValue:
    """The last thirteen months, this one first, and at how many libraries each is closed."""
    with current.library().db.read() as session:
        states = month_states(session, current.branch_ids(), at=current.now())
    months = dict.fromkeys(state.month for state in states)
    lines = [_line(month, [state for state in states if state.month == month]) for month in months]
    over = next((line for line in lines if line["over"]), None)
    last_open = over["name"] if over is not None and over["waits"] else None
    return render_template("reports/months.html", lines=lines, last_open=last_open, ways=ways("months.page", {}))


@bp.get("/<month>")
@allow(Act.CLOSE_MONTH)
def show(month: str, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    """One month: where it is closed, what was reported, and what is counted now."""
    period, choice = _month(month), chosen()
    states = _states(period)
    shown, status = showing.page(
        _report(period, states, choice),
        choice,
        endpoint="months.show",
        active="months.page",
        template="reports/month.html",
        filters=("branch",),
        states=[_state(state) for state in states],
        waits=sum(state.may_be_closed for state in states),
        month=period.name,
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return shown, not_done.status if not_done.sentences else status


@bp.post("/<month>/close")
@allow(Act.CLOSE_MONTH)
def close(month: str) -> ResponseReturnValue:
    """Close a month at one library (``branch``), or at every one of the person's where it waits."""
    period, asked = _month(month), request.form.get("branch", "")
    own, states = {place.code: place.branch_id for place in chosen().branches}, _states(period)
    if asked not in {"", *own} or not (asked or any(state.is_over for state in states)):
        abort(404)
    codes = [asked] if asked else [state.branch for state in states if state.may_be_closed]

    def do(session: Session, at: datetime, by: Actor) -> None:
        for branch_id in sorted(own[code] for code in codes):
            close_month(session, branch_id=branch_id, month=period.first, at=at, by=by)

    not_done = pressed(do)
    if not_done is not None:
        return show(month, not_done)
    flash(
        _("%(month)s is closed. Its figures stay as they are now.", month=current.reader().month(period.first)), "done"
    )
    return redirect(url_for(".show", month=period.name), 303)


@bp.get("/<month>.<any(csv,xlsx):form>")
@allow(Act.CLOSE_MONTH)
def file(month: str, form: str) -> ResponseReturnValue:
    """What was reported and what is counted now, as a file."""
    period = _month(month)
    return showing.file(_report(period, _states(period), chosen()), form)


def _month(name: str) -> Period:
    """The month of an address; no other period has such a page."""
    try:
        period = read_period(name)
    except ValueError:
        abort(404)
    if period.kind is not PeriodKind.MONTH or period.first > current.today():
        abort(404)
    return period


def _states(period: Period) -> list[MonthState]:
    """How the month stands at each of the person's libraries."""
    today = current.today()
    back = (today.year - period.first.year) * 12 + today.month - period.first.month
    with current.library().db.read() as session:
        states = month_states(session, current.branch_ids(), at=current.now(), months=back + 2)
    return [state for state in states if state.month == period.first]


def _line(month: date, states: Sequence[MonthState]) -> dict[str, Any]:
    closed, waits = sum(state.closed_at is not None for state in states), sum(state.may_be_closed for state in states)
    return {
        "name": current.reader().month(month),
        "url": url_for(".show", month=f"{month:%Y-%m}"),
        "closed": closed,
        "waits": waits,
        "all": len(states),
        "over": any(state.is_over for state in states),
    }


def _state(state: MonthState) -> dict[str, Any]:
    return {
        "branch": state.branch,
        "name": state.branch_name,
        "may_be_closed": state.may_be_closed,
        "closed": None if state.closed_at is None else current.reader().day_and_year(state.closed_at),
        "by": state.closed_by,
    }


def _report(period: Period, states: Sequence[MonthState], choice: Choice) -> Report:
    with current.library().db.read() as session:
        found = reported(session, choice.branch_ids, period.first)
        called = session_names(session, {row.cohort for row in found})
    reader, branch = current.reader(), None if choice.branch is None else choice.branch.code
    here = [state for state in states if branch in (None, state.branch)]
    closed = [state for state in here if state.closed_at is not None]
    together = _together(found, period, choice, is_whole=closed == here)
    return Report(
        name="month",
        title=_title(reader.month(period.first)),
        period="",
        made_at=current.now(),
        narrowed=choice.narrowed()[:1],
        sections=(together, _changes(found, called, period, choice)) if found or closed else (),
        adding=tuple(_adding(found)),
        on=period.last,
    )


def _title(month: str) -> str:
    """A month at the beginning of a line, which Spanish writes small elsewhere."""
    return month[:1].upper() + month[1:]


def _together(found: Sequence[Restated], period: Period, choice: Choice, *, is_whole: bool) -> Section:
    """Each figure of all libraries that closed the month, as far as it may be added up.

    ``is_whole``: all that are looked at closed it. A sum of some alone has no list, which would have more rows.
    """
    told, branches = defaultdict[str, list[Restated]](list), {row.branch for row in found}
    for row in found:
        told[row.figure].append(row)
    known = _figure_names()
    ordered = [name for name in known if name in told and (len(branches) == 1 or name not in closing_months.NO_SUM)]
    sums = {name: (_sum(row.reported for row in told[name]), _sum(row.now for row in told[name])) for name in ordered}
    urls = {name: _acts_of(name, period, choice) if is_whole else None for name in ordered}
    rows = tuple(Row(known[name], _numbers(name, *sums[name], urls[name], measure=name)) for name in ordered)
    changed = sum(then != now for then, now in sums.values())
    spoken = voice()

    def tell(table: Table) -> str:
        if not changed:
            return str(_("Nothing has changed since this month was reported"))
        return spoken.ngettext(
            "%(num)s figure has changed since this month was reported",
            "%(num)s figures have changed since this month was reported",
            changed,
        ) % {"num": changed}

    note = (
        "" if len(branches) < 2 else _("Households, patrons and medians are told of one library at a time: choose one.")
    )
    return Section("reported", tell, Table(_("As reported, and now"), _("Figure"), _heads(), rows), note=note)


def _sum(numbers: Iterable[int | None]) -> int | None:
    """What single figures come to; what is unknown is of one library, and stands by itself."""
    known = [n for n in numbers if n is not None]
    return sum(known) if known else None


def _acts_of(figure: str, period: Period, choice: Choice, **of: str | None) -> str | None:
    """The acts that a figure counts now; ``None`` where it counts none that can be listed."""
    is_listed = figure in {counter.value for counter in VERBS}
    return link(choice, Counter(figure), period=period.name, **of) if is_listed else None


def _changes(found: Sequence[Restated], called: dict[str, str], period: Period, choice: Choice) -> Section:
    """What exactly changed: where, of which kind and session."""
    known, places = _figure_names(), names()
    rows = []
    for place, row in enumerate(found):
        if row.has_changed:
            of = [
                places.branch(row.branch),
                places.kit_type(row.kit_type) if row.kit_type else "",
                called.get(row.cohort, ""),
            ]
            label = ", ".join([known.get(row.figure, row.figure), *(part for part in of if part)])
            at = {"branch": row.branch, "kit_type": row.kit_type or None, "cohort": row.cohort or OPEN_LOANS}
            url = _acts_of(row.figure, period, choice, **at)
            rows.append(Row(label, _numbers(row.figure, row.reported, row.now, url, measure=_of(row, place))))
    spoken = voice()

    def tell(table: Table) -> str:
        if not rows:
            return str(_("No restatements"))
        return spoken.ngettext("%(num)s restatement", "%(num)s restatements", len(rows)) % {"num": len(rows)}

    return Section("restated", tell, Table(_("Restatements"), _("What changed"), _heads(), tuple(rows)))


def _adding(found: Sequence[Restated]) -> Iterator[Adding]:
    """What changed is a part of its figure; the rest is alike in what was reported and in what is counted now."""
    for figure in {row.figure for row in found} - closing_months.NO_SUM:
        changed = [_of(row, place) for place, row in enumerate(found) if row.figure == figure and row.has_changed]
        alike = sum(row.now or 0 for row in found if row.figure == figure and not row.has_changed)
        for when in (_THEN, _NOW):
            parts = (*(f"{part}{when}" for part in changed), f"{figure}@alike")
            yield Adding(f"{figure}{when}", parts, unseen=((parts[-1], alike),))


def _of(row: Restated, place: int) -> str:
    return f"{row.figure}@{place}"


def _heads() -> tuple[Column, ...]:
    return (
        Column(_("Reported"), _("As it was counted when the month was closed. It never changes.")),
        Column(_("Now"), _("As it is counted now, with every correction since.")),
        Column(_("Difference"), _("What came to it since the month was closed, or went.")),
    )


_THEN, _NOW = "@reported", "@now"


def _numbers(
    figure: str, then: int | None, now: int | None, url: str | None = None, *, measure: str
) -> tuple[Number, ...]:
    unit = _UNITS.get(figure, Unit.PEOPLE)
    difference = None if then is None or now is None else now - then
    # What came to it is no count of people by itself, and goes where one of the two may not be told.
    # No difference is no hours, where a turnaround of less than an hour is said to be one.
    of_change = unit if unit is not Unit.PEOPLE and difference else Unit.THINGS
    return (
        Number(then, unit, measure=measure + _THEN),
        Number(now, unit, url=url, measure=measure + _NOW),
        Number(difference, of_change, cases=(then, now)),
    )


_UNITS = {
    closing_months.KIT_DAYS_IN_SERVICE: Unit.THINGS,
    closing_months.KIT_DAYS_OUT: Unit.THINGS,
    closing_months.MEDIANS[Measure.TURNAROUND]: Unit.HOURS,
    closing_months.NINETIETHS[Measure.TURNAROUND]: Unit.HOURS,
    closing_months.MEDIANS[Measure.HOLD_WAIT]: Unit.DAYS,
    closing_months.NINETIETHS[Measure.HOLD_WAIT]: Unit.DAYS,
    **{closing_months.PART + part.value: Unit.THINGS for part in PartCounter},
}


def _figure_names() -> dict[str, str]:
    """What the figures of a month are called, in the order of the page."""
    return {
        **{counter.value: str(_(words.COUNTERS[counter][0])) for counter in Counter},
        closing_months.HOUSEHOLDS: str(_(words.HOUSEHOLDS)),
        closing_months.PATRONS: str(_(words.PATRONS)),
        closing_months.KIT_DAYS_IN_SERVICE: str(_("Kit-days in service")),
        closing_months.KIT_DAYS_OUT: str(_("Kit-days out")),
        closing_months.MEDIANS[Measure.TURNAROUND]: str(_("Turnaround, median")),
        closing_months.NINETIETHS[Measure.TURNAROUND]: str(_("Turnaround, 9 of 10")),
        closing_months.MEDIANS[Measure.HOLD_WAIT]: str(_("Wait for a kit, median")),
        closing_months.NINETIETHS[Measure.HOLD_WAIT]: str(_("Wait for a kit, 9 of 10")),
        **{
            closing_months.PART + part.value: str(_("Parts: %(what)s", what=_(words.PARTS[part][0])))
            for part in PartCounter
        },
    }
