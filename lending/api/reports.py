"""What circulated, and months that were reported, for other programs.

What leaves here hides counts under five: such a number is null, and ``hidden`` names it, because null alone is unknown.
Source: INTERFACES, "GET /reports/circulation"; RULES 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy.orm import Session

from lending.api import answers, current
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Text
from lending.api.indicators import ReportQuery, number_of, program_of, scope_of
from lending.circulation.closing_months import DURATIONS, close_month
from lending.domain.actors import Actor
from lending.domain.counting import RENEWALS, Counter
from lending.domain.periods import named, read_period
from lending.domain.permissions import Act
from lending.domain.small_cells import Shown, hidden
from lending.errors import Reason, Refused, hidden_as
from lending.queries.closed_months import MonthState, Restated, month_states, reported
from lending.queries.counts import TIMES, By, Circulated, circulated

MEASURES: Mapping[str, Callable[[Circulated], int | None]] = {
    "checkouts": lambda row: row.n(Counter.CHECK_OUT),
    "renewals": lambda row: row.n(*RENEWALS),
    "auto_renewals": lambda row: row.n(Counter.AUTO_RENEWAL),
    "in_library": lambda row: row.n(Counter.IN_LIBRARY),
    "households": lambda row: row.served.households,
    "patrons": lambda row: row.served.patrons,
}
"""The numbers of a row. They are counted apart; renewals are those that staff or the patron asked for."""

ORDER = (By.DAY, By.WEEK, By.MONTH, By.BRANCH, By.KIT_TYPE, By.COHORT, By.PROGRAM)


class ByText(fields.Field[Any]):
    """Names with commas between: month,branch."""

    def _deserialize(self, value: Any, *_arguments: Any, **_options: Any) -> tuple[By, ...]:
        try:
            wanted = {By(name.strip()) for name in str(value).split(",") if name.strip()}
        except ValueError:
            raise ValidationError("Of day, week, month, branch, kit_type, cohort and program, with commas.") from None
        if len(wanted & TIMES) > 1:
            raise ValidationError("Only one of day, week and month.")
        return tuple(each for each in ORDER if each in wanted)


class CirculationQuery(ReportQuery):
    """Which days and branch, and what the rows are by, such as month,branch; without it one row."""

    by = ByText(load_default=())


class CirculationRow(Schema):
    """One row. day, week and month are first days; cohort and program are empty for open loans.

    households and patrons are null where they are unknown: they are counted by month and by fiscal year, and never by
    session. A number under 5 is null as well, and hidden names it.
    """

    day = fields.Date()
    week = fields.Date()
    month = fields.Date()
    branch = fields.String()
    kit_type = fields.String()
    cohort = fields.String()
    program = fields.String()
    checkouts = answers.optional(fields.Integer)
    renewals = answers.optional(fields.Integer)
    auto_renewals = answers.optional(fields.Integer)
    in_library = answers.optional(fields.Integer)
    households = answers.optional(fields.Integer)
    patrons = answers.optional(fields.Integer)
    hidden = fields.List(fields.String(validate=validate.OneOf(list(MEASURES))), required=True)


class CirculationAnswer(Schema):
    """The rows, in the order of what they are by."""

    items = fields.List(fields.Nested(CirculationRow), required=True)


class MonthsQuery(Schema):
    """Of which branch; without it of all one's branches."""

    branch = CodeText()


class MonthAnswer(Schema):
    """A month by its first day at a branch; closed_at is null while its figures are not reported."""

    month = fields.Date(required=True)
    branch = answers.text()
    is_over = fields.Boolean(required=True)
    closed_at = answers.optional(fields.AwareDateTime)


class MonthsAnswer(Schema):
    """The last thirteen months, this one first."""

    items = fields.List(fields.Nested(MonthAnswer), required=True)


class ClosingGiven(Schema):
    """A month that is over, such as 2026-11, and the branch whose figures are reported."""

    month = Text(7, required=True)
    branch = CodeText(required=True)


class FigureAnswer(Schema):
    """A figure of a closed month: reported then, counted now. What is under 5 is null, and hidden says so.

    Null that is not hidden is unknown.
    """

    branch = answers.text()
    kit_type = fields.String(required=True)
    cohort = fields.String(required=True)
    figure = answers.text()
    reported = answers.optional(fields.Integer)
    now = answers.optional(fields.Integer)
    difference = answers.optional(fields.Integer)
    hidden = fields.Boolean(required=True)


class FiguresAnswer(Schema):
    """The figures of a month at the branches that closed it; where the difference is not 0, it is a restatement."""

    items = fields.List(fields.Nested(FigureAnswer), required=True)


@call("GET", "/reports/circulation", Act.SEE_COUNTS, query=CirculationQuery, gives=CirculationAnswer, tag="Reports")
def get_circulation(query: Body) -> Any:
    """Read what circulated in a period"""
    library = current.library()
    period = named(query["from_"], query["to"], library.own_settings().fiscal_year_begins)
    with library.db.read() as session:
        of = program_of(session, query)
        rows = circulated(session, scope_of(session, query), period, query["by"], program_id=of.id)
    told: list[Body] = [{str(by): value for by, value in row.at.items()} | {"hidden": []} for row in rows]
    for name, measure in MEASURES.items():
        numbers = [measure(row) for row in rows]
        for item, number, shown in zip(told, numbers, hidden(numbers), strict=True):
            item[name] = number_of(shown)
            if _is_hidden(number, shown):
                item["hidden"].append(name)
    return {"items": told}


@call("GET", "/reports/months", Act.CLOSE_MONTH, query=MonthsQuery, gives=MonthsAnswer, tag="Reports")
def get_months(query: Body) -> Any:
    """List the last months, and which of them are closed"""
    with current.library().db.read() as session:
        found = month_states(session, scope_of(session, query), at=current.now())
    return {"items": [_month(state) for state in found]}


@call("GET", "/reports/months/<month>", Act.CLOSE_MONTH, query=MonthsQuery, gives=FiguresAnswer, tag="Reports")
def get_reported_month(query: Body, month: str) -> Any:
    """Read a closed month as it was reported, and as it is counted now"""
    first = _first_day(month)
    with current.library().db.read() as session:
        found = reported(session, scope_of(session, query), first)
    by_figure: dict[str, list[Restated]] = {}
    for row in found:
        by_figure.setdefault(row.figure, []).append(row)
    items = [item for rows in by_figure.values() for item in _figures(rows)]
    return {"items": sorted(items, key=lambda item: [item[key] for key in ("branch", "kit_type", "cohort", "figure")])}


@call("POST", "/reports/months", Act.CLOSE_MONTH, takes=ClosingGiven, gives=MonthAnswer, tag="Reports")
def post_month(body: Body) -> Any:
    """Close a month that is over: its figures as reported are kept"""
    at, first = current.now(), _first_day(body["month"])

    def do(session: Session, by: Actor) -> object:
        with hidden_as(Reason.NOT_FOUND):
            return close_month(session, branch_id=branch_of(session, body["branch"], by), month=first, at=at, by=by)

    def show(session: Session, _act: str) -> Body:
        branch_id = branch_of(session, body["branch"], current.actor())
        found = month_states(session, {branch_id}, at=at, months=_months_since(first, at.date()))
        return _month(next(state for state in found if state.month == first))

    return key_welcome(do, show, body=body)


def _months_since(first: date, today: date) -> int:
    """How many months back a list has to go to hold the one that begins on ``first``."""
    return max((today.year - first.year) * 12 + today.month - first.month, 0) + 2


def _first_day(month: str) -> date:
    try:
        period = read_period(month)
    except ValueError:
        raise Refused.because(Reason.VALUE_WRONG, field="month") from None
    if period.name != month or len(month) != len("2026-11"):
        raise Refused.because(Reason.VALUE_WRONG, field="month")
    return period.first


def _month(state: MonthState) -> Body:
    return {
        "month": state.month,
        "branch": state.branch,
        "is_over": state.is_over,
        "closed_at": state.closed_at,
    }


def _figures(rows: Sequence[Restated]) -> list[Body]:
    """The rows of one figure as they leave; a difference only beside two numbers that are shown."""
    counts = rows[0].figure not in DURATIONS  # hours and days tell of nobody by themselves
    then: list[Shown] = hidden([row.reported for row in rows]) if counts else [row.reported for row in rows]
    now: list[Shown] = hidden([row.now for row in rows]) if counts else [row.now for row in rows]
    return [
        {
            "branch": row.branch,
            "kit_type": row.kit_type,
            "cohort": row.cohort,
            "figure": row.figure,
            "reported": number_of(was),
            "now": number_of(are),
            "difference": None if number_of(was) is None or number_of(are) is None else row.difference,
            "hidden": _is_hidden(row.reported, was) or _is_hidden(row.now, are),
        }
        for row, was, are in zip(rows, then, now, strict=True)
    ]


def _is_hidden(n: int | None, shown: Shown) -> bool:
    return n is not None and number_of(shown) is None
