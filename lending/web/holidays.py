"""Public holidays of a state, as a suggestion: nobody's calendar knows them before a person has entered them.

Source: RULES 3, "public holidays are a suggestion to import, never the truth".
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from lending.circulation.closures import ClosurePlan, enter_closure, preview_closure
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused
from lending.models.base import new_public_id
from lending.queries.closures import closures
from lending.web import current
from lending.web.access import allow
from lending.web.posting import NotDone, pressed
from lending.web.redatings import days

bp = Blueprint("holidays", __name__, url_prefix="/closures/holidays")

YEARS_AHEAD = 2
USUAL_STATE = "CA"
"""The state of the library that this program was made after."""


@bp.route("", methods=["GET", "POST"])
@allow(Act.ADMINISTER)
def page() -> ResponseReturnValue:
    """The holidays of a year, each with the dates that it would move; those that are ticked are entered."""
    state, year = _asked()
    suggested = _suggested(state, year)
    if request.method == "GET":
        return _page(state, year, suggested)
    ticked = [(on, suggested[on]) for on in suggested if request.form.get(f"day-{on.isoformat()}")]
    moved: list[int] = []

    def do(session: Session, at: datetime, by: Actor) -> None:
        found = [enter_closure(session, plan=ClosurePlan(None, on, on, name), at=at, by=by) for on, name in ticked]
        moved[:] = [len(each.moved) for each in found]

    not_done = pressed(do)
    if not_done is not None:
        return _page(state, year, suggested, not_done)
    told = ngettext("%(num)s holiday is entered.", "%(num)s holidays are entered.", len(ticked))
    if sum(moved):
        told += " " + ngettext("%(num)s date has moved.", "%(num)s dates have moved.", sum(moved))
    flash(told, "done")
    return redirect(url_for("closures.index"), 303)


def _asked() -> tuple[str, int]:
    """The state and the year that the address names."""
    import holidays  # a large table, which few pages need

    state = request.args.get("state", USUAL_STATE)
    this_year = current.today().year
    try:
        year = int(request.args.get("year", this_year))
    except ValueError:
        raise Refused.because(Reason.NOT_FOUND) from None
    if state not in holidays.list_supported_countries()["US"] or not this_year <= year <= this_year + YEARS_AHEAD:
        raise Refused.because(Reason.NOT_FOUND)
    return state, year


def _suggested(state: str, year: int) -> dict[date, str]:
    """The holidays still to come."""
    import holidays

    found = holidays.country_holidays("US", subdiv=state, years=year, language="en_US")
    return {on: name for on, name in sorted(found.items()) if on >= current.today()}


def _page(state: str, year: int, suggested: dict[date, str], not_done: NotDone = NotDone()) -> ResponseReturnValue:
    import holidays

    at, by = current.now(), current.actor()
    lines: list[dict[str, Any]] = []
    with current.library().db.read() as session:
        entered = [one for one in closures(session, since=current.today()) if one.branch is None and not one.hours]
        for on, name in suggested.items():
            there = any(one.starts_on <= on <= one.ends_on for one in entered)
            plan = ClosurePlan(None, on, on, name)
            moves = 0 if there else len(preview_closure(session, plan=plan, at=at, by=by).moved)
            lines.append({"on": on.isoformat(), "day": days(on, on), "name": name, "there": there, "moves": moves})
    html = render_template(
        "closures/holidays.html",
        state=state,
        states=sorted(holidays.list_supported_countries()["US"]),
        year=year,
        years=[current.today().year + ahead for ahead in range(YEARS_AHEAD + 1)],
        lines=lines,
        problems=not_done.sentences,
        key=new_public_id(),
        action=url_for("holidays.page", state=state, year=year),
        heading=_("Public holidays"),
    )
    return html, not_done.status
