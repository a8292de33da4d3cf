"""Sessions: how many people had a seat, picked a kit up, came to the workshops, brought it back on time, and answered.

Source: RULES 7, "funnel enrolled → picked up → attended ≥ 4 of 6 → on time → answered".
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lending.charts import Kind
from lending.domain.counting import share_of
from lending.domain.periods import Period, between
from lending.domain.permissions import Act, Role
from lending.errors import Reason, Refused
from lending.queries.funnels import Funnel, funnels
from lending.queries.report_rows import sessions_held
from lending.queries.surveys import answered
from lending.reporting.report import Column, Figure, Number, Report, Row, Section, Table, Unit
from lending.web import current
from lending.web.access import allow
from lending.web.reports import showing
from lending.web.reports.choosing import Choice, chosen, period_words
from lending.web.reports.frame import voice

bp = Blueprint("funnels", __name__, url_prefix="/reports")

_EARLIEST = timedelta(days=92)
"""How long before a session begins its first kit may have been picked up."""


@bp.get("/sessions")
@allow(Act.SEE_COUNTS)
def page() -> ResponseReturnValue:
    """The sessions of a period together and one by one, or with ``cohort`` one alone."""
    choice = chosen()
    return showing.page(_report(choice), choice, endpoint="funnels.page", filters=("period", "branch", "program"))


@bp.get("/sessions.<any(csv,xlsx):form>")
@allow(Act.EXPORT_STATISTICS)
def file(form: str) -> ResponseReturnValue:
    """The same as a file."""
    return showing.file(_report(chosen()), form)


def under_way(session: Session, choice: Choice) -> tuple[Section, ...]:
    """The sessions of today, where there are any: how many people have come how far."""
    today = between(choice.today, choice.today)
    found = _read(session, choice, today)
    return (_each(found, choice),) if found else ()


def _read(session: Session, choice: Choice, period: Period) -> list[Funnel]:
    """The sessions of a period. Answers are anonymous: they are of all libraries together, or not told."""
    everywhere = choice.branch is None and (current.branch_ids() is None or current.person().role is Role.PROGRAM)
    answers = answered(session, sessions_held(session, period)) if everywhere else None
    at, program_id = current.now(), choice.program_id
    return funnels(session, choice.branch_ids, period, at=at, program_id=program_id, answered=answers)


def _report(choice: Choice) -> Report:
    with current.library().db.read() as session:
        found = _read(session, choice, choice.period)
    cohort = request.args.get("cohort")
    if cohort:
        found = [one for one in found if one.cohort == cohort]
        if not found:
            raise Refused.because(Reason.NOT_FOUND)
    reader = current.reader()
    steps = _steps(found)
    return Report(
        name="sessions",
        title=found[0].name if cohort else _("Sessions"),
        period=period_words(choice.period, reader),
        made_at=current.now(),
        narrowed=tuple(pair for pair in choice.narrowed() if pair[0] != _("Kind of kit")),
        figures=_figures(found, steps),
        sections=(_funnel(found, choice.today), _each(found, choice)) if found else (_each(found, choice),),
        notes=_notes(found, choice.today),
        on=choice.period.last,
    )


def _notes(found: Sequence[Funnel], today: date) -> tuple[str, ...]:
    """Which sessions are not over: their last steps are still to come."""
    running = ", ".join(one.name for one in found if one.ends_on >= today)
    return (_("Not over yet, with its last steps still to come: %(sessions)s.", sessions=running),) if running else ()


Steps = Sequence[tuple[str, str, int | None]]
"""The steps in their order: name, what it means, and how many people."""


def _steps(found: Sequence[Funnel]) -> Steps:
    answers = [one.answered for one in found if one.answered is not None]
    attended = [one.attended for one in found if one.attended is not None]
    often = {(one.enough, one.workshops) for one in found}
    enough = (
        _("Came to %(enough)s of %(all)s workshops", enough=min(often)[0], all=min(often)[1])
        if len(often) == 1 and min(often)[1]
        else _("Came to two thirds of the workshops")
    )
    return (
        (
            _("Had a seat"),
            _("People with a seat in a session of the period. Who moved to another session counts there."),
            sum(one.enrolled for one in found),
        ),
        (
            _("Picked up a kit"),
            _("Of those, people to whom a kit was checked out."),
            sum(one.picked_up for one in found),
        ),
        (
            enough,
            _("People who signed in to at least two thirds of their session's workshops. Recorded views do not count."),
            sum(attended) if attended else None,
        ),
        (
            _("Brought it back on time"),
            _("People who brought back every kit by closing on its due date. Kits still out do not count yet."),
            sum(one.on_time for one in found),
        ),
        (
            _("Answered the survey"),
            _("Answers to the survey at the end. They are anonymous, and so never of one library."),
            sum(answers) if answers else None,
        ),
    )


_PICKED_UP = 1
"""The step that is known while a session runs; those after it come at its end."""


def _figures(found: Sequence[Funnel], steps: Steps) -> tuple[Figure, ...]:
    url = "#each"
    figures = [
        Figure(_("Sessions held"), Number(len(found), Unit.THINGS, url=url), _("Sessions with a day in the period."))
    ]
    figures += [
        Figure(name, Number(people, url=url), definition, measure=f"step-{place}")
        for place, (name, definition, people) in enumerate(steps)
    ]
    return tuple(figures)


def _funnel(found: Sequence[Funnel], today: date) -> Section:
    spoken, steps = voice(), _steps(found)
    over = [one for one in found if one.ends_on < today]
    rows = tuple(
        Row(name, (Number(people, measure=f"step-{place}"), _share(place, found if place <= _PICKED_UP else over)))
        for place, (name, _definition, people) in enumerate(steps)
    )

    def tell(table: Table) -> str:
        seats, picked_up = table.rows[0].numbers[0], table.rows[1].numbers[0]
        if seats.hidden is not None or picked_up.hidden is not None:
            return str(_("Too few to tell without telling of single people"))
        told = {"picked_up": spoken.count(picked_up.value or 0), "seats": spoken.count(seats.value or 0)}
        return str(_("%(picked_up)s of %(seats)s people with a seat picked up a kit", **told))

    return Section(
        "funnel",
        tell,
        Table(
            _("How far people came"),
            _("Step"),
            (
                Column(_("People")),
                Column(_("Of those with a seat"), _("Of the last three steps, in the sessions that are over.")),
            ),
            rows,
        ),
        Kind.FUNNEL,
        (0,),
        _("Bars that grow shorter from step to step, in tracks as long as the first one."),
    )


def _share(place: int, of: Sequence[Funnel]) -> Number:
    """How many of those with a seat came to a step; unknown where no session is over."""
    steps = _steps(of)
    people, seats = (steps[place][2], steps[0][2]) if of else (None, None)
    share = None if people is None or seats is None else share_of(people, seats)
    return Number(share, Unit.SHARE, cases=(people, seats))


def _each(found: Sequence[Funnel], choice: Choice) -> Section:
    steps = _steps(found)
    rows = tuple(
        Row(
            one.name,
            (
                Number(one.enrolled, url=_seats(one, choice)),
                Number(one.picked_up, url=_check_outs(one, choice)),
                Number(one.attended, url=url_for("workshops.of_session", code=one.cohort)),
                Number(one.on_time),
                Number(one.answered),
            ),
            url=url_for("funnels.page", cohort=one.cohort, **choice.arguments),
        )
        for one in found
    )
    sums = tuple(Number(people) for _name, _definition, people in steps)

    def tell(table: Table) -> str:
        if not table.rows:
            return str(_("No session was held in this period"))
        if len(table.rows) == 1:
            return _out_of(table.rows[0])
        return voice().ngettext(
            "%(num)s session was held in this period", "%(num)s sessions were held in this period", len(table.rows)
        ) % {"num": len(table.rows)}

    heads = tuple(Column(name, measure=f"step-{place}") for place, (name, _definition, _people) in enumerate(steps))
    total = Row(_("Together"), sums) if len(rows) > 1 else None
    return Section("each", tell, Table(_("Session by session"), _("Session"), heads, rows, total))


def _out_of(row: Row) -> str:
    """What became of one session's seats."""
    seats, picked_up = row.numbers[:2]
    if seats.value is None or picked_up.value is None:
        return str(_("%(session)s: too few to tell without telling of single people", session=row.label))
    told = {"session": row.label, "picked_up": voice().count(picked_up.value), "seats": voice().count(seats.value)}
    return str(_("%(session)s: %(picked_up)s of %(seats)s people with a seat have picked up a kit", **told))


def _seats(one: Funnel, choice: Choice) -> str:
    """The people whom a session counts, at the libraries that are looked at."""
    branch = None if choice.branch is None else choice.branch.code
    return url_for("roster.show", code=one.cohort, who="seats", branch=branch)


def _check_outs(one: Funnel, choice: Choice) -> str:
    """The check-outs of a session of kits of every kind, from months before it began: kits may be picked up early."""
    begins = one.starts_on - _EARLIEST
    given: dict[str, Any] = {"period": "days", "from": begins.isoformat(), "to": choice.today.isoformat()}
    given |= {name: code for name, code in choice.narrowing.items() if name != "kit_type"}
    return url_for("rows.page", counter="check_out", cohort=one.cohort, **given)
