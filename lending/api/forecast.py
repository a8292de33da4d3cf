"""Kits on their way between branches, and what a session will be short of, for other programs.

Source: RULES 4, "Shortage forecast"; RULES 5, "the list of what should have arrived".
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from lending.api import answers, current
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText
from lending.domain.permissions import Act
from lending.domain.states import KitState
from lending.queries.forecast import CohortForecast, cohort_forecast, program_forecast
from lending.queries.scope import branches_of
from lending.queries.transfers import transfers


class TransferQuery(Schema):
    """Whose transfers; without a branch those of all one's branches."""

    branch = CodeText()


class Travelling(Schema):
    """A kit on its way. late: it should have arrived, or nobody knows since when it travels."""

    kit = answers.text()
    kit_type = answers.text()
    state = fields.Enum(KitState, by_value=True, required=True)
    from_branch = answers.text()
    to_branch = answers.text()
    sent_at = answers.optional(fields.AwareDateTime, format="iso")
    late = fields.Boolean(required=True)


class TransferLists(Schema):
    """What is on its way to one's branches and from them, the longest under way first."""

    incoming = fields.List(fields.Nested(Travelling), required=True)
    outgoing = fields.List(fields.Nested(Travelling), required=True)


class ForecastQuery(Schema):
    """A cohort, or all that are to come of a programme; by their codes."""

    cohort = CodeText()
    program = CodeText()

    @validates_schema
    def _one_of_two(self, data: Body, **_options: Any) -> None:
        if ("cohort" in data) == ("program" in data):
            raise ValidationError("Either a cohort or a program.", "cohort")


class BranchForecast(Schema):
    """One branch and kit type on the first pick-up day; expected are kits free for this cohort then."""

    branch = answers.text()
    kit_type = answers.text()
    set_aside = fields.Integer(required=True)
    expected = fields.Integer(required=True)
    promised = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    gap = fields.Integer(required=True)
    surplus = fields.Integer(required=True)


class SuggestedTransfer(Schema):
    """Kits that nobody asks for at one branch and that another is short of."""

    from_branch = answers.text()
    to_branch = answers.text()
    kit_type = answers.text()
    kits = fields.Integer(required=True)


class Forecast(Schema):
    """What a cohort will be short of on a day, and the transfers that would help."""

    cohort = answers.text()
    on = fields.Date(required=True)
    gap = fields.Integer(required=True)
    branches = fields.List(fields.Nested(BranchForecast), required=True)
    transfers = fields.List(fields.Nested(SuggestedTransfer), required=True)


class Forecasts(Schema):
    """One forecast for each cohort, the first to begin first."""

    items = fields.List(fields.Nested(Forecast), required=True)


@call("GET", "/transfers", Act.TRANSFER_KIT, query=TransferQuery, gives=TransferLists, tag="Kits")
def get_transfers(query: Body) -> Any:
    """List the kits on their way to and from one's branches"""
    by = current.actor()
    with current.library().db.read() as session:
        wanted = branches_of(by)
        if "branch" in query:
            wanted = frozenset({branch_of(session, query["branch"], by)})
        return transfers(session, branch_ids=wanted, at=current.now())


@call("GET", "/forecast", Act.PLAN_COHORT, Act.TRANSFER_KIT, query=ForecastQuery, gives=Forecasts, tag="Sessions")
def get_forecast(query: Body) -> Any:
    """Forecast what a cohort, or each of a programme's, will be short of"""
    by, at = current.actor(), current.now()
    with current.library().db.read() as session:
        if "cohort" in query:
            found = [cohort_forecast(session, query["cohort"], at=at, by=by)]
        else:
            found = program_forecast(session, query["program"], at=at, by=by)
    return {"items": [_shown(one) for one in found]}


def _shown(found: CohortForecast) -> Body:
    shown = {**asdict(found), "gap": found.gap}
    del shown["pickup_from"]
    return shown
