"""Closings of a branch or of the whole library, for other programs. Source: INTERFACES, "/closures"; RULES 3."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from marshmallow import Schema, fields
from sqlalchemy.orm import Session

from lending.api import answers, current, redatings
from lending.api.acts import key_welcome
from lending.api.calls import call
from lending.api.circulation import Body, branch_of
from lending.api.fields import CodeText, Day, Flag, Page, Text
from lending.api.paging import after, cursor_of
from lending.circulation.closures import ClosurePlan, enter_closure, preview_closure, remove_closure
from lending.domain.actors import Actor
from lending.domain.permissions import Act
from lending.errors import Reason, Refused, hidden_as
from lending.queries.closures import closures, redating_after

WHOLE_LIBRARY = "library"
"""What stands in an address for every branch; a branch's code has no small letters."""


class ClosureGiven(Schema):
    """Days, first and last included; without hours the branch is closed, without a branch the whole library is."""

    branch = CodeText(allow_none=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    hours = Text(60, load_default="", metadata={"description": "10:00-13:00, or nothing when it is closed."})
    reason = Text(120, required=True)
    emergency = Flag(load_default=False)


class NewClosure(ClosureGiven, redatings.Seen):
    """A closing that is entered; seen confirms its preview."""


class ClosureAnswer(Schema):
    """A closing; branch is null for the whole library."""

    branch = answers.optional(fields.String)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    hours = answers.text()
    reason = answers.text()
    emergency = fields.Boolean(required=True)


class RedatedClosure(ClosureAnswer):
    """A closing, and what it changed or, in a preview, would change."""

    redated = fields.Nested(redatings.Redated, required=True)


class ClosurePage(Schema):
    """A page of closings, the next first; next is the cursor of the page behind it."""

    items = fields.List(fields.Nested(ClosureAnswer), required=True)
    next = answers.optional(fields.String)


class ClosureQuery(Page):
    """Which closings: of a branch and the whole library, that end on a day or later (today)."""

    branch = CodeText()
    since = Day()


class WhichClosing(Schema):
    """Which one is taken back, where several are entered for the same days; empty for the one without hours."""

    hours = Text(60)


class Removed(Schema):
    """The closing that is taken back."""

    starts_on = Day(required=True)
    ends_on = Day(required=True)


@call("GET", "/closures", query=ClosureQuery, gives=ClosurePage, tag="Branches")
def get_closures(query: Body) -> Any:
    """List closings, the next first"""
    cursor = after(query.get("cursor"))
    skip = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 9 else 0
    since = query.get("since") or current.today()
    with current.library().db.read() as session:
        found = closures(session, since=since, branch=query.get("branch"))
    end = skip + query["limit"]
    items = [asdict(one) for one in found[skip:end]]
    return {"items": items, "next": cursor_of(str(end)) if len(found) > end else None}


@call(
    "POST",
    "/closures",
    Act.CLOSE_BRANCH,
    takes=NewClosure,
    query=redatings.Preview,
    gives=RedatedClosure,
    tag="Branches",
)
def post_closure(body: Body, query: Body) -> Any:
    """Close a branch or the whole library, and move the dates that it hits"""
    at = current.now()
    if query["preview"]:
        with current.library().db.read() as session:
            by = current.actor()
            return _shown(body) | {
                "redated": redatings.shown(preview_closure(session, plan=_plan(session, body, by), at=at, by=by))
            }

    def do(session: Session, by: Actor) -> object:
        return enter_closure(session, plan=_plan(session, body, by), seen=body.get("seen"), at=at, by=by)

    def show(session: Session, act: str) -> Body:
        return _shown(body) | {"redated": redatings.shown(redating_after(session, act))}

    return key_welcome(do, show, body=body)


@call(
    "DELETE",
    "/closures/<place>/<starts_on>/<ends_on>",
    Act.CLOSE_BRANCH,
    query=WhichClosing,
    gives=Removed,
    tag="Branches",
)
def delete_closure(query: Body, place: str, starts_on: str, ends_on: str) -> Any:
    """Take back a closing; dates that it moved stay where they are"""
    first, last = _day(starts_on), _day(ends_on)

    def do(session: Session, by: Actor) -> object:
        branch_id = None if place == WHOLE_LIBRARY else branch_of(session, place, by)
        with hidden_as(Reason.NOT_FOUND):
            remove_closure(
                session,
                branch_id=branch_id,
                starts_on=first,
                ends_on=last,
                hours=query.get("hours"),
                at=current.now(),
                by=by,
            )
        return None

    return key_welcome(do, lambda session, act: {"starts_on": first, "ends_on": last}, body=query)


def _plan(session: Session, body: Body, by: Actor) -> ClosurePlan:
    code = body.get("branch")
    branch_id = None if code is None else branch_of(session, code, by)
    plain = {name: body[name] for name in ("starts_on", "ends_on", "hours", "reason", "emergency")}
    return ClosurePlan(branch_id, **plain)


def _shown(body: Body) -> Body:
    return {name: body.get(name) for name in ("branch", "starts_on", "ends_on", "hours", "reason", "emergency")}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused.because(Reason.NOT_FOUND) from None
