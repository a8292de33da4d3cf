"""What surveys were answered, for other programs: how many agree, of five answers or more.

What people wrote is for staff to read on the page, and leaves by no door. Source: RULES 7, "Report % agree of answers,
with n"; RULES 8.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from lending.api import answers, current
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.indicators import ReportQuery, program_of
from lending.domain.periods import between
from lending.domain.permissions import Act
from lending.domain.small_cells import hidden
from lending.domain.surveys import STATEMENTS
from lending.queries.scope import branches_of
from lending.queries.surveys import survey_results


class SurveysQuery(ReportQuery):
    """Which days, branch and program (their codes): of workshops held, and of sessions that ended on these days."""


class StatementAnswer(Schema):
    """One statement. agree_percent is of those who answered it; both are null where they are under five."""

    statement = fields.String(required=True, validate=validate.OneOf(STATEMENTS))
    answered = answers.optional(fields.Integer)
    agree_percent = answers.optional(fields.Integer)


class SurveysAnswer(Schema):
    """What was answered in a period. answered is null, and hidden is true, where some answered but under five."""

    answered = answers.optional(fields.Integer)
    hidden = fields.Boolean(required=True)
    items = fields.List(fields.Nested(StatementAnswer), required=True)


@call("GET", "/reports/surveys", Act.SEE_COUNTS, query=SurveysQuery, gives=SurveysAnswer, tag="Reports")
def get_surveys(query: Body) -> Any:
    """Read what surveys were answered in a period"""
    by = current.actor()
    with current.library().db.read() as session:
        scope = branches_of(by)
        if "branch" in query:
            scope = frozenset({branch_of(session, query["branch"], by)})
        period = between(query["from_"], query["to"])
        found = survey_results(session, scope, period, program=program_of(session, query).code)
    (shown,) = hidden([found.answers])
    items = []
    for name in STATEMENTS:
        one = found.statements[name]
        n = one.n if one.is_shown or one.n == 0 else None
        items.append({"statement": name, "answered": n, "agree_percent": one.percent})
    return {
        "answered": shown if isinstance(shown, int) else None,
        "hidden": not isinstance(shown, int),
        "items": items,
    }
