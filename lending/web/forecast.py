"""Forecast pages: what sessions will be short of on their first pick-up day, and the transfers that would help.

Source: RULES 4, "Shortage forecast"; the issue "Kits follow cohorts", 7.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from lending.domain.permissions import Act
from lending.queries.forecast import BranchForecast, CohortForecast, cohort_forecast, coming_forecasts
from lending.web import current
from lending.web.access import allow
from lending.web.names import names

bp = Blueprint("forecast", __name__)


@bp.get("/forecast")
@allow(Act.PLAN_COHORT, Act.TRANSFER_KIT)
def index() -> ResponseReturnValue:
    """The sessions that are not over, each with what it will be short of."""
    with current.library().db.read() as session:
        found = coming_forecasts(session, at=current.now(), by=current.actor())
    return render_template("forecast/list.html", forecasts=[_line(one) for one in found])


@bp.get("/sessions/<code>/forecast")
@allow(Act.PLAN_COHORT, Act.TRANSFER_KIT)
def show(code: str) -> ResponseReturnValue:
    """One session, branch by branch."""
    with current.library().db.read() as session:
        found = cohort_forecast(session, code, at=current.now(), by=current.actor())
    known = names()
    transfers = [
        {
            "from_branch": known.branch(move.from_branch),
            "to_branch": known.branch(move.to_branch),
            "kit_type": known.kit_type(move.kit_type),
            "kits": move.kits,
            "url": url_for("transfers.show", to=move.to_branch),
        }
        for move in found.transfers
    ]
    return render_template(
        "forecast/show.html",
        forecast=_line(found),
        rows=found.branches,
        kit_types=known.kit_types,
        transfers=transfers,
        waits=[_wait(row) for row in found.branches if row.waiting > row.gap],
        edit_url=url_for("sessions.edit", code=code) if current.may_anywhere(Act.PLAN_COHORT) else None,
    )


def _wait(row: BranchForecast) -> str:
    """Those who wait for no more than a larger allotment: the library will have the kits."""
    kits = row.waiting - row.gap
    sentence: str = ngettext(
        "%(num)s person waits at %(branch)s for a kit that will be free: raise what is set aside there by %(num)s.",
        "%(num)s people wait at %(branch)s for kits that will be free: raise what is set aside there by %(num)s.",
        kits,
        branch=row.branch_name,
    )
    return sentence


def _line(found: CohortForecast) -> dict[str, Any]:
    """A forecast as lists and headings show it."""
    return {
        "session": found.name,
        "on": current.reader().day(found.pickup_from),
        "pickup": _pickup(found),
        "gap": found.gap,
        "promised": sum(row.promised for row in found.branches),
        "waiting": sum(row.waiting for row in found.branches),
        "transfers": sum(move.kits for move in found.transfers),
        "url": url_for("forecast.show", code=found.cohort),
    }


def _pickup(found: CohortForecast) -> str:
    """When kits are first picked up; once that has come, the forecast is for today."""
    reader = current.reader()
    first = _("Pick-up from %(day)s", day=reader.day(found.pickup_from))
    if found.on == found.pickup_from:
        return str(first)
    today = _("Forecast for %(day)s", day=reader.day(found.on))
    return f"{first}. {today}"
