"""Closings of a library: what is entered, and a new one with the dates that it moves shown before it is entered.

Source: RULES 3, "Emergency closing"; SCREENS, "calendars and closures with a preview of what they re-date".
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lending.circulation.closures import ClosurePlan, enter_closure, preview_closure, remove_closure
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.queries import branches as places
from lending.queries.branches import BranchShown
from lending.queries.closures import closures
from lending.web import current
from lending.web.access import allow
from lending.web.forms import offer
from lending.web.posting import NotDone, pressed, status
from lending.web.redatings import days, in_two_steps, preview_page
from lending.web.session_forms import ClosureForm

bp = Blueprint("closures", __name__, url_prefix="/closures")

WHOLE_LIBRARY = "library"
"""What stands in an address for every branch; a branch's code has no small letters."""


@bp.get("")
@allow(Act.CLOSE_BRANCH)
def index() -> ResponseReturnValue:
    """The closings to come, of the person's libraries and of all of them together."""
    return _page()


@bp.route("/new", methods=["GET", "POST"])
@allow(Act.CLOSE_BRANCH)
def new() -> ResponseReturnValue:
    """Enter a closing: first the dates that it moves, then one button."""
    form, here = ClosureForm(), _here()
    everywhere = [("", _("All libraries"))] if current.branch_ids() is None else []
    offer(form.branch, [*everywhere, *((code, place.name) for code, place in here.items())])

    def plan() -> ClosurePlan:
        code = form.branch.data
        return ClosurePlan(
            branch_id=here[code].branch_id if code else None,
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
            reason=form.reason.data,
            hours=form.hours.data or "",
            emergency=form.emergency.data,
        )

    step = in_two_steps(
        form,
        lambda session, at, by: preview_closure(session, plan=plan(), at=at, by=by),
        lambda session, at, by, seen: enter_closure(session, plan=plan(), seen=seen, at=at, by=by),
    )
    if step.done:
        flash(_("The closing is entered, and the dates that it hits have moved."), "done")
        return redirect(url_for("closures.index"), 303)
    heading = _("Close a library")
    if step.preview is not None:
        return preview_page(step, heading=heading, confirm=_("Enter the closing"), active="plans")
    back_url = url_for("closures.index")
    page = render_template(
        "sessions/edit.html", form=form, heading=heading, submit=_("See what changes"), back_url=back_url
    )
    return page, status(form)


@bp.post("/<place>/<starts_on>/<ends_on>/remove")
@allow(Act.CLOSE_BRANCH)
def remove(place: str, starts_on: str, ends_on: str) -> ResponseReturnValue:
    """Take a closing back; dates that it moved stay where they are."""
    here = _here()
    if place != WHOLE_LIBRARY and place not in here:
        raise Refused.because(Reason.NOT_FOUND)
    branch_id = None if place == WHOLE_LIBRARY else here[place].branch_id
    try:
        first, last = date.fromisoformat(starts_on), date.fromisoformat(ends_on)
    except ValueError:
        raise Refused.because(Reason.NOT_FOUND) from None

    def do(session: Any, at: datetime, by: Any) -> None:
        hours = request.form.get("hours")
        remove_closure(session, branch_id=branch_id, starts_on=first, ends_on=last, hours=hours, at=at, by=by)

    not_done = pressed(do)
    if not_done is not None:
        return _page(not_done)
    flash(_("The closing is taken back. Dates that it moved stay where they are."), "done")
    return redirect(url_for("closures.index"), 303)


def _here() -> dict[str, BranchShown]:
    """The libraries that this person may close, by code."""
    with current.library().db.read() as session:
        return {place.code: place for place in places.branches(session, current.branch_ids())}


def _page(not_done: NotDone = NotDone()) -> ResponseReturnValue:
    here = _here()
    with current.library().db.read() as session:
        found = closures(session, since=current.today())
    shown = [
        {
            "branch": one.branch_name or _("All libraries"),
            "days": days(one.starts_on, one.ends_on),
            "hours": one.hours,
            "reason": one.reason,
            "emergency": one.emergency,
            "remove_url": _remove_url(one.branch, one.starts_on, one.ends_on),
        }
        for one in found
        if one.branch is None or one.branch in here
    ]
    page = render_template("closures/list.html", closures=shown, problems=not_done.sentences, key=new_public_id())
    return page, not_done.status


def _remove_url(branch: str | None, starts_on: date, ends_on: date) -> str | None:
    """Where its button posts to; nobody takes back the whole library's but who closes it."""
    if branch is None and current.branch_ids() is not None:
        return None
    address: str = url_for(
        "closures.remove",
        place=branch or WHOLE_LIBRARY,
        starts_on=starts_on.isoformat(),
        ends_on=ends_on.isoformat(),
    )
    return address
