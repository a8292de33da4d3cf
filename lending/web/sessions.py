"""Session pages: which there are, one with its days and numbers, and planning, moving, copying and cancelling it.

"Session" is what people call a cohort. Source: RULES 4; issue "Kits follow cohorts", Build 1 and 5.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.cohorts import WorkshopMode
from lending.programs.cancelling import cancel_cohort, preview_cancellation
from lending.programs.cohorts import TEXTS, CohortTexts, copy_cohort, plan_cohort
from lending.programs.plans import CohortChange
from lending.programs.redating import change_cohort, preview_change
from lending.programs.rescheduling import WorkshopChange, change_workshop, drop_workshop
from lending.programs.timetable import WeeklyWorkshops
from lending.queries import branches as places
from lending.queries import cohorts as queries
from lending.queries.cohorts import CohortShown, Phase, StockShown, WorkshopShown
from lending.web import current
from lending.web.access import allow
from lending.web.forms import KeyedForm, fill, offer
from lending.web.posting import posted, status
from lending.web.redatings import in_two_steps, preview_page
from lending.web.session_forms import (
    CancelForm,
    CopyForm,
    NewSessionForm,
    SessionForm,
    WorkshopForm,
    pools_given,
    with_pools,
)
from lending.web.session_view import line, page_of

bp = Blueprint("sessions", __name__, url_prefix="/sessions")


@bp.get("")
@allow(Act.ENROL)
def index() -> ResponseReturnValue:
    """The sessions that are held now, are to come, and are past."""
    by, on = current.actor(), current.today()
    with current.library().db.read() as session:
        found = {phase: queries.cohorts_by_date(session, by=by, on=on, phase=phase) for phase in Phase}
    return render_template(
        "sessions/list.html",
        **{phase.value: [line(one) for one in cohorts] for phase, cohorts in found.items()},
        may_plan=current.may_anywhere(Act.PLAN_COHORT),
        may_close=current.may_anywhere(Act.CLOSE_BRANCH),
    )


@bp.get("/<code>")
@allow(Act.ENROL)
def show(code: str) -> ResponseReturnValue:
    """One session with its workshops, its kits by library, and its numbers."""
    found = _cohort(code)
    with current.library().db.read() as session:
        closed = queries.closed_workshops(session, code)
    return render_template("sessions/show.html", session=page_of(found, closed))


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def new() -> ResponseReturnValue:
    """Plan a session."""
    stocks = _stocks()
    form: Any = with_pools(NewSessionForm, stocks)()
    with current.library().db.read() as session:
        offer(form.program, [(one.code, one.name) for one in queries.programs(session, by=current.actor())])

    def do(session: Any, at: datetime, by: Any) -> None:
        plan_cohort(
            session,
            code=form.code.data.strip(),
            program=form.program.data,
            name=form.name.data,
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data or form.starts_on.data,
            return_by=form.return_by.data,
            pickup_from=form.pickup_from.data,
            capacity=form.capacity.data,
            pools=pools_given(form, stocks),
            workshops=_weekly(form, session),
            texts=CohortTexts(**_texts(form)),
            spaces=current.spaces(),
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("%(name)s is planned.", name=form.name.data), "done")
        return redirect(url_for("sessions.show", code=form.code.data.strip()), 303)
    return _form_page(form, heading=_("Plan a session"), submit=_("Plan it"), back_url=url_for("sessions.index"))


@bp.route("/<code>/edit", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def edit(code: str) -> ResponseReturnValue:
    """Change a session: first what would move, then one button."""
    found, stocks = _cohort(code), _stocks()
    form: Any = with_pools(SessionForm, stocks)()
    if request.method == "GET":
        _fill(form, found, stocks)

    def change() -> CohortChange:
        dates = {name: form[name].data for name in ("starts_on", "ends_on", "return_by", "pickup_from")}
        # A day that was left as it is follows the first one; only what was typed anew is somebody's own wish.
        given = {name: day for name, day in dates.items() if day is not None and day != getattr(found, name)}
        own = _texts(form)
        return CohortChange(
            name=form.name.data, capacity=form.capacity.data, pools=pools_given(form, stocks), **given, **own
        )

    step = in_two_steps(
        form,
        lambda session, at, by: preview_change(session, cohort=found.code, change=change(), at=at, by=by),
        lambda session, at, by, seen: change_cohort(
            session, cohort=found.code, change=change(), seen=seen, at=at, by=by
        ),
    )
    if step.done:
        flash(_("%(name)s is changed, and its kits follow.", name=form.name.data), "done")
        return redirect(url_for("sessions.show", code=code), 303)
    heading = _("Change %(name)s", name=found.name)
    if step.preview is not None:
        return preview_page(step, heading=heading, confirm=_("Change it"), active="plans")
    return _form_page(form, heading=heading, submit=_("See what changes"), back_url=url_for("sessions.show", code=code))


@bp.route("/<code>/copy", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def copy(code: str) -> ResponseReturnValue:
    """Plan the next session like this one."""
    found, form = _cohort(code), CopyForm()

    def do(session: Any, at: datetime, by: Any) -> None:
        copy_cohort(
            session,
            cohort=found.code,
            code=form.code.data.strip(),
            name=form.name.data,
            starts_on=form.starts_on.data,
            spaces=current.spaces(),
            at=at,
            by=by,
        )

    if posted(form, do):
        flash(_("%(name)s is planned. Look for workshops on closed days.", name=form.name.data), "done")
        return redirect(url_for("sessions.show", code=form.code.data.strip()), 303)
    heading, back_url = _("Copy %(name)s to the next one", name=found.name), url_for("sessions.show", code=code)
    return _form_page(form, heading=heading, submit=_("Copy"), back_url=back_url)


@bp.route("/<code>/cancel", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def cancel(code: str) -> ResponseReturnValue:
    """Cancel a session: first what ends and moves, then one button."""
    found, form = _cohort(code), CancelForm()
    on = current.today()
    with current.library().db.read() as session:
        others = [
            one
            for phase in (Phase.CURRENT, Phase.COMING)
            for one in queries.cohorts_by_date(session, by=current.actor(), on=on, phase=phase)
            if one.program == found.program and one.code != found.code
        ]
    offer(form.carry_to, [("", _("No other session")), *((one.code, one.name) for one in others)])
    carry_to = form.carry_to.data or None
    step = in_two_steps(
        form,
        lambda session, at, by: preview_cancellation(session, cohort=found.code, carry_to=carry_to, at=at, by=by),
        lambda session, at, by, seen: cancel_cohort(
            session, cohort=found.code, reason=form.reason.data, carry_to=carry_to, seen=seen, at=at, by=by
        ),
    )
    if step.done:
        flash(_("%(name)s is canceled, and everybody will be told.", name=found.name), "done")
        return redirect(url_for("sessions.show", code=code), 303)
    heading = _("Cancel %(name)s", name=found.name)
    if step.preview is not None:
        return preview_page(step, heading=heading, confirm=_("Cancel the session"), active="plans")
    return _form_page(form, heading=heading, submit=_("See what ends"), back_url=url_for("sessions.show", code=code))


@bp.route("/<code>/workshops/<public_id>", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def workshop(code: str, public_id: str) -> ResponseReturnValue:
    """Rename a workshop, or hold it at another time or place."""
    found = _cohort(code)
    held = _workshop(found, public_id)
    form, zone = WorkshopForm(), ZoneInfo(found.zone)
    with current.library().db.read() as session:
        all_places = places.branches(session)
    ids = {place.code: place.branch_id for place in all_places}
    offer(form.branch, [("", _("Nowhere, online")), *((place.code, place.name) for place in all_places)])
    if request.method == "GET":
        starts_at = held.starts_at.astimezone(zone)
        minutes = int((held.ends_at - held.starts_at).total_seconds()) // 60
        fill(form, {"title": held.title, "on": starts_at.date(), "starts": starts_at.time(), "minutes": minutes})
        fill(form, {"mode": held.mode.value, "branch": held.branch or ""})

    def do(session: Any, at: datetime, by: Any) -> None:
        change = WorkshopChange(
            title=form.title.data,
            starts_at=datetime.combine(form.on.data, form.starts.data, zone),
            minutes=form.minutes.data,
            mode=WorkshopMode(form.mode.data),
            branch_id=ids.get(form.branch.data, 0),
        )
        change_workshop(session, workshop=public_id, change=change, at=at, by=by)

    if posted(form, do):
        flash(_("%(name)s is changed.", name=form.title.data), "done")
        return redirect(url_for("sessions.show", code=code), 303)
    page = render_template(
        "sessions/workshop.html",
        form=form,
        heading=_("Change workshop %(n)s of %(name)s", n=held.n, name=found.name),
        submit=_("Save"),
        back_url=url_for("sessions.show", code=code),
        drop_url=url_for("sessions.drop", code=code, public_id=public_id) if held.starts_at > current.now() else None,
    )
    return page, status(form)


@bp.route("/<code>/workshops/<public_id>/drop", methods=["GET", "POST"])
@allow(Act.PLAN_COHORT)
def drop(code: str, public_id: str) -> ResponseReturnValue:
    """Drop a workshop that will not be held: first what that means, then one button."""
    found, form = _cohort(code), KeyedForm()

    def do(session: Any, at: datetime, by: Any) -> None:
        if drop_workshop(session, workshop=public_id, at=at, by=by).cohort != found.code:
            raise Refused.because(Reason.NOT_FOUND)

    if posted(form, do):
        flash(_("The workshop is dropped, and everybody will be told."), "done")
        return redirect(url_for("sessions.show", code=code), 303)
    held, reader = _workshop(found, public_id), current.reader()
    page = render_template(
        "sessions/drop.html",
        form=form,
        heading=_("Drop workshop %(n)s of %(name)s", n=held.n, name=found.name),
        submit=_("Drop the workshop"),
        back_url=url_for("sessions.workshop", code=code, public_id=public_id),
        title=held.title,
        when=reader.moment(held.starts_at),
    )
    return page, status(form)


def _cohort(code: str) -> CohortShown:
    with current.library().db.read() as session:
        return queries.cohort(session, code, by=current.actor())


def _workshop(found: CohortShown, public_id: str) -> WorkshopShown:
    for held in found.workshops:
        if held.id == public_id:
            return held
    raise Refused.because(Reason.NOT_FOUND)


def _stocks() -> list[StockShown]:
    with current.library().db.read() as session:
        return queries.stocks(session)


def _texts(form: Any) -> dict[str, Any]:
    return {**{name: form[name].data or "" for name in TEXTS}, "first_day_mandatory": form.first_day_mandatory.data}


def _fill(form: Any, found: CohortShown, stocks: list[StockShown]) -> None:
    names = ("name", "starts_on", "ends_on", "return_by", "pickup_from", "capacity", "first_day_mandatory", *TEXTS)
    fill(form, {name: getattr(found, name) for name in names})
    kits = {(pool.branch, pool.kit_type): pool.kits for pool in found.pools}
    for stock, field in zip(stocks, form.pool_fields(), strict=True):
        field.data = kits.get((stock.branch, stock.kit_type))


def _weekly(form: Any, session: Any) -> WeeklyWorkshops | None:
    if form.first_on.data is None or form.starts.data is None:
        return None
    place = current.station()
    return WeeklyWorkshops(
        first_on=form.first_on.data,
        starts=form.starts.data,
        zone=place.zone if place else current.library().settings.zone,
        minutes=form.minutes.data or 90,
        count=form.count.data or 6,
        mode=WorkshopMode(form.mode.data),
    )


def _form_page(form: KeyedForm, *, heading: str, submit: str, back_url: str) -> ResponseReturnValue:
    page = render_template("sessions/edit.html", form=form, heading=heading, submit=submit, back_url=back_url)
    return page, 200 if "again" in request.form else status(form)
