"""Branches: the list, each with its hours and stations, and the forms that add and change them.

Other hours move dates, so what would move is listed before they are saved. Source: SCREENS, "Administration"; the
permission sheet.
"""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy.orm import Session
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length, Optional

from lending.circulation.branch_changes import BranchPlan, change_branch, preview_branch
from lending.circulation.branches import add_branch, add_station, rename_station
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.queries import branches as queries
from lending.queries.branches import BranchShown
from lending.queries.closures import closures
from lending.queries.staff import stations
from lending.web import current
from lending.web.access import allow
from lending.web.forms import fill
from lending.web.hours import USUAL, HoursForm, offer_zones, week_in_words, zone_field
from lending.web.posting import NotDone, posted, pressed, status
from lending.web.redatings import days, in_two_steps, preview_page

bp = Blueprint("branches", __name__, url_prefix="/administration/branches")

_NEEDED = lazy_gettext("Fill this in.")
_SHOWN = ("code", "name", "address", "phone", "zone", "floats")


class BranchForm(HoursForm):
    """What a branch is, and when it is open."""

    FIRST = ("name", "code", "address", "phone", "zone", "floats")

    name = StringField(lazy_gettext("Name"), validators=[InputRequired(_NEEDED), Length(max=120)])
    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("A short one for labels and lists, such as ELA: capital letters, digits, hyphens."),
        filters=[lambda text: text.strip().upper() if text else text],
        validators=[InputRequired(_NEEDED), Length(max=16)],
    )
    address = StringField(
        lazy_gettext("Address"),
        description=lazy_gettext("On one line, as patrons should read it."),
        validators=[Optional(), Length(max=240)],
    )
    phone = StringField(lazy_gettext("Telephone"), validators=[Optional(), Length(max=32)])
    zone = zone_field()
    floats = BooleanField(
        lazy_gettext("Kits that come back here stay here"),
        description=lazy_gettext("Without it, a kit of another library goes back there."),
    )

    def plan(self) -> BranchPlan:
        """What the form says."""
        texts = {name: self[name].data or "" for name in ("code", "name", "zone", "address", "phone")}
        return BranchPlan(**texts, hours=self.hours(), floats=bool(self.floats.data))


@bp.get("")
@allow(Act.ADMINISTER)
def index() -> ResponseReturnValue:
    """Every branch."""
    with current.library().db.read() as session:
        found = queries.branches(session)
        places = stations(session, None)
    desks: dict[int, list[str]] = {}
    for place in places:
        desks.setdefault(place.branch_id, []).append(place.name)
    listed = [
        {
            "name": one.name,
            "code": one.code,
            "url": url_for("branches.show", branch=one.code),
            "hours": week_in_words(one.hours),
            "stations": desks.get(one.branch_id, []),
        }
        for one in found
    ]
    return render_template("branches/list.html", branches=listed)


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def new() -> ResponseReturnValue:
    """Add a branch, with a first station."""
    form = BranchForm()
    offer_zones(form.zone)
    if request.method == "GET":
        fill(form, {"zone": current.library().settings.zone})
        form.show_hours(USUAL)
    if posted(form, lambda session, at, by: open_branch(session, form.plan(), at, by)):
        flash(_("%(branch)s is added, with a first station.", branch=form.name.data), "done")
        return redirect(url_for("branches.show", branch=form.code.data), 303)
    page = render_template(
        "branches/edit.html",
        form=form,
        heading=_("Add a library"),
        submit=_("Add"),
        back_url=url_for("branches.index"),
    )
    return page, status(form)


def open_branch(session: Session, plan: BranchPlan, at: datetime, by: Actor) -> int:
    """A branch with the one station that every desk needs; gives its id."""
    branch_id = add_branch(
        session,
        code=plan.code,
        name=plan.name,
        zone=plan.zone,
        hours=plan.hours,
        address=plan.address,
        phone=plan.phone,
        floats=plan.floats,
        at=at,
        by=by,
    )
    add_station(session, branch_id=branch_id, name=_("Desk 1"), at=at, by=by)
    return branch_id


@bp.get("/<branch>")
@allow(Act.ADMINISTER)
def show(branch: str) -> ResponseReturnValue:
    """One branch, its stations, and the closings to come."""
    return _page(_branch(branch))


@bp.route("/<branch>/edit", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def edit(branch: str) -> ResponseReturnValue:
    """Change a branch; what other hours would move is listed first."""
    found, form = _branch(branch), BranchForm()
    offer_zones(form.zone, found.zone)
    if request.method == "GET":
        fill(form, {name: getattr(found, name) for name in _SHOWN})
        form.show_hours(found.hours)

    step = in_two_steps(
        form,
        lambda session, at, by: preview_branch(session, branch_id=found.branch_id, plan=form.plan(), at=at, by=by),
        lambda session, at, by, seen: change_branch(
            session, branch_id=found.branch_id, plan=form.plan(), seen=seen, at=at, by=by
        ),
        asks=lambda preview: bool(preview.moved or preview.stays),
    )
    if step.done:
        flash(_("%(branch)s is saved.", branch=form.name.data), "done")
        return redirect(url_for("branches.show", branch=form.code.data), 303)
    heading = _("Change %(branch)s", branch=found.name)
    if step.preview is not None:
        return preview_page(step, heading=heading, confirm=_("Save the new hours"), active="administration")
    page = render_template(
        "branches/edit.html",
        form=form,
        heading=heading,
        submit=_("Save"),
        back_url=url_for("branches.show", branch=found.code),
    )
    return page, status(form)


@bp.post("/<branch>/stations")
@allow(Act.ADMINISTER)
def stand(branch: str) -> ResponseReturnValue:
    """Add a station, or call one something else."""
    found = _branch(branch)
    name, station = request.form.get("name", ""), request.form.get("station")

    def do(session: Session, at: datetime, by: Actor) -> None:
        if station is None:
            add_station(session, branch_id=found.branch_id, name=name, at=at, by=by)
        else:
            rename_station(session, branch_id=found.branch_id, station=station, name=name, at=at, by=by)

    not_done = pressed(do)
    if not_done is not None:
        return _page(found, not_done)
    flash(_("The station is saved."), "done")
    return redirect(url_for("branches.show", branch=found.code), 303)


def _branch(code: str) -> BranchShown:
    with current.library().db.read() as session:
        found = queries.branch(session, code)
    if found is None:
        raise Refused.because(Reason.NOT_FOUND)
    return found


def _page(branch: BranchShown, not_done: NotDone = NotDone()) -> ResponseReturnValue:
    with current.library().db.read() as session:
        places = stations(session, [branch.branch_id])
        ahead = closures(session, since=current.today(), branch=branch.code)
    page = render_template(
        "branches/show.html",
        branch=branch,
        hours=week_in_words(branch.hours),
        stations=[place.name for place in places],
        closings=[(days(one.starts_on, one.ends_on), one.reason, one.hours or _("closed")) for one in ahead[:12]],
        problems=not_done.sentences,
        key=new_public_id(),
    )
    return page, not_done.status
