"""Forecast pages: what sessions will be short of on their first pick-up day, and the transfers that would help.

Source: RULES 4, "Shortage forecast"; the issue "Kits follow cohorts", 7.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from lending.domain.permissions import Act
from lending.queries.forecast import CohortForecast, cohort_forecast, coming_forecasts
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
    )


def _line(found: CohortForecast) -> dict[str, Any]:
    """A forecast as lists and headings show it."""
    return {
        "session": found.name,
        "on": current.reader().day(found.on),
        "gap": found.gap,
        "promised": sum(row.promised for row in found.branches),
        "waiting": sum(row.waiting for row in found.branches),
        "transfers": sum(move.kits for move in found.transfers),
        "url": url_for("forecast.show", code=found.cohort),
    }
