"""How many kits are free for people without a session, for other programs."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from lending.api import answers, current
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Day, Page
from lending.api.paging import after, cursor_of
from lending.domain.permissions import Act
from lending.queries.availability import StockAvailability, availability
from lending.queries.scope import branches_of


class AvailabilityQuery(Page):
    """Whose kits, and the last day of interest."""

    branch = CodeText()
    until = Day()


class Change(Schema):
    """From a day on until the next, so many kits are free; below 0 that many are missing."""

    on = fields.Date(required=True)
    free = fields.Integer(required=True)


class StockAnswer(Schema):
    """The kits of one type at one branch. free counts today's; timeline holds the days on which that changes."""

    branch = answers.text()
    kit_type = answers.text()
    free = fields.Integer(required=True)
    timeline = fields.List(fields.Nested(Change), required=True)


class AvailabilityPage(Schema):
    """A page of stocks by branch and kit type; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(StockAnswer), required=True)
    next = answers.optional(fields.String)


@call("GET", "/availability", Act.SEE_TODAY, query=AvailabilityQuery, gives=AvailabilityPage, tag="Kits")
def get_availability(query: Body) -> Any:
    """List the kits that are free at one's branches, today and on the days to come"""
    by = current.actor()
    with current.library().db.read() as session:
        wanted = branches_of(by)
        if "branch" in query:
            wanted = frozenset({branch_of(session, query["branch"], by)})
        found = availability(session, branch_ids=wanted, until=query.get("until"), at=current.now())
    behind = after(query.get("cursor")) or ""
    rest = sorted((stock for stock in found if _place(stock) > behind), key=_place)
    shown = rest[: query["limit"]]
    return {
        "items": [
            {
                "branch": stock.branch,
                "kit_type": stock.kit_type,
                "free": stock.free,
                "timeline": [{"on": point.on, "free": point.free} for point in stock.points],
            }
            for stock in shown
        ],
        "next": cursor_of(_place(shown[-1])) if len(rest) > len(shown) else None,
    }


def _place(stock: StockAvailability) -> str:
    return f"{stock.branch} {stock.kit_type}"
